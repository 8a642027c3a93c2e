/**
 * @file calls.c
 * Goroutines that make system calls, and a small scheduler: see calls.h. Instrumented, so that what it reads is part of
 * the execution.
 */
#include "calls.h"

static int64_t want[WORLD_GS], begun[WORLD_GS], back[WORLD_GS], ended[WORLD_GS];
static bool blocks[WORLD_GS];
void (*calls_kernel)(void), (*calls_then)(void);

void calls_make(int nps, int nms, int ngs)
{
    world_make(nps, nms, ngs);
    store_relaxed(&sched.lastpoll, 0); /* somebody else polls */
    for (int i = 0; i < ngs; i++)
        gs[i]->stack = (stack){1 << 12, UINTPTR_MAX >> 1};
}

void calls_program(int g, int n)
{
    want[g] = n;
}

void calls_blocking(int g, int n)
{
    want[g] = n;
    blocks[g] = true;
}

void calls_away(int g, int m, int p)
{
    world_run(m, g);
    store_relaxed(&gs[g]->atomicstatus, Gsyscall);
    store_relaxed(&gs[g]->stackguard0, stackPreempt);
    gs[g]->syscallsp = gs[g]->stack.hi;
    gs[g]->throwsplit = true;
    ms[m]->oldp = ps[p];
    ms[m]->syscalltick = load_relaxed(&ps[p]->syscalltick);
    store_relaxed(&ps[p]->syscalltick, ms[m]->syscalltick + 1);
}

void calls_park(int m)
{
    lock(&sched.lock);
    mput(ms[m]);
    unlock(&sched.lock);
}

/** The running G's number. */
static int me(void)
{
    return (int)getg()->goid - 1;
}

/** The G has come back from a call and runs: with a P, and in order. */
static void came_back(void)
{
    world_own();
    ex_ghost_add(&back[me()], 1);
}

/** The G ends, and its M has its P for others. */
static _Noreturn void end(void)
{
    G *gp = getg();
    M *mp = getm();
    if (calls_then)
        calls_then();
    ex_ghost_set(&ended[me()], 1);
    casgstatus(gp, Grunning, Gdead);
    setg(mp->g0);
    dropg();
    schedule();
}

/** The calls that are left. One function, so that each exitsyscall has the frame of its entersyscall. */
static _Noreturn void go_on(bool away)
{
    for (;;) {
        if (!away) {
            if (calls_begun(me()) == want[me()])
                end();
            ex_ghost_add(&begun[me()], 1);
            if (blocks[me()])
                entersyscallblock();
            else
                entersyscall();
        }
        away = false;
        if (calls_kernel)
            calls_kernel();
        exitsyscall();
        came_back();
    }
}

void calls_go(void)
{
    world_own();
    go_on(false);
}

void calls_return(void)
{
    go_on(true);
}

/** gogo: the G goes on where it stood in exitsyscall, or begins. */
void world_ran(G *gp)
{
    P *pp = getp();
    if (gp->throwsplit) {
        store_relaxed(&pp->syscalltick, load_relaxed(&pp->syscalltick) + 1);
        gp->syscallsp = 0;
        gp->throwsplit = false;
        came_back();
    }
    go_on(false);
}

void calls_parked(void)
{
    M *mp = getm();
    mPark();
    acquirep(mp->nextp);
    mp->nextp = NULL;
    schedule();
}

bool calls_retake(int p, bool sysretake)
{
    lock(&allpLock);
    uint32_t n = retake_syscall(ps[p], &ps[p]->sysmontick, world_clock, sysretake);
    unlock(&allpLock);
    return n;
}

void calls_take(int g)
{
    lock(&sched.lock);
    P *pp = pidleget();
    unlock(&sched.lock);
    acquirep(pp);
    execute(gs[g], false);
}

/** sysmon's sleeps: the second is its end. */
static void naps(uint32_t us)
{
    static int64_t n;
    (void)us;
    if (ex_ghost_add(&n, 1) == 1)
        ex_end();
}

void calls_sysmon(void)
{
    timeseam.usleep = naps;
    sysmon();
    __builtin_unreachable();
}

int calls_begun(int g)
{
    return (int)ex_ghost_get(&begun[g]);
}

int calls_back(int g)
{
    return (int)ex_ghost_get(&back[g]);
}

void calls_all_back(int n)
{
    int64_t made = 0, counted = 0;
    for (int i = 0; i < load_relaxed(&gomaxprocs); i++)
        counted += (int64_t)load_relaxed(&ps[i]->n.syscalls);
    for (int i = 0; i < WORLD_GS; i++)
        made += begun[i];
    for (int i = 0; i < n; i++)
        EX_CHECK(ended[i], "g%d never ran to its end: it came back from %d calls and is %s", i, (int)back[i],
                 gstatusname(readgstatus(gs[i])));
    EX_CHECK(made == counted, "%d system calls were made, and p.n.syscalls has %d: counted on a P that somebody else has", (int)made,
             (int)counted);
    world_sound();
}

/* ---- a small scheduler ---- */

/** An M with a P does not look for work any more. */
static void stop_spinning(M *mp)
{
    if (!load_relaxed(&mp->spinning)) /* own field */
        return;
    store_relaxed(&mp->spinning, false);
    fetch_add_seqcst(&sched.nmspinning, -1);
}

/** A G off the global queue; or NULL, and the P is idle now. The P does not go to sleep beside something that it must do. */
static G *next(bool *again)
{
    lock(&sched.lock);
    P *pp = getp();
    G *gp = globrunqget();
    *again = !gp && (load_relaxed(&sched.gcwaiting) || load_relaxed(&pp->runSafePointFn));
    if (!gp && !*again)
        pidleput(releasep());
    unlock(&sched.lock);
    return gp;
}

void schedule(void)
{
    M *mp = getm();
    if (mp->locks != 0)
        ex_fail("schedule: m%ld holds locks (%d)", (long)mp->id, mp->locks);
    if (mp->lockedg) {
        stoplockedm();
        execute(mp->lockedg, false);
    }
    for (;;) {
        world_own();
        stop_spinning(mp);
        if (load_relaxed(&sched.gcwaiting)) { /* as findrunnable does */
            gcstopm();
            continue;
        }
        if (load_relaxed(&mp->p->runSafePointFn)) /* claimed by CAS */
            runSafePointFn();
        bool again;
        G *gp = next(&again);
        if (gp && gp->lockedm)
            startlockedm(gp);
        else if (gp)
            execute(gp, false);
        else if (!again)
            stopm();
    }
}

bool notetsleep(note *n, int64_t ns)
{
    (void)ns;
    notesleep(n);
    return true;
}

bool preemptall(void)
{
    return false;
}

void wakep(void)
{
}

void checkdead(void)
{
}

uint32_t retake(int64_t now)
{
    (void)now;
    return 0;
}

size_t scavenge(void)
{
    return 0;
}

int64_t timeSleepUntil(void)
{
    return INT64_MAX;
}

void newm(void (*fn)(void), P *pp, int64_t id)
{
    (void)fn, (void)id;
    ex_fail("a new M is made for p%d, where none was needed", pp ? pp->id : -1);
}

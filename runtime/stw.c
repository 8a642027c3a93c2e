/**
 * @file stw.c
 * Stopping the world, and asking every P to do something at a safe point.
 *
 * The stopper asks; it cannot force. A P stops in one of three ways: its M comes to schedule(), sees gcwaiting and parks
 * (gcstopm); or it is in a system call, and the stopper takes it by CAS, or its M gives it in as it enters
 * (entersyscall_gcwait); or it is idle, and lies on the list. stopwait counts those that are missing.
 */
#include "core.h"

/** Held (as a goroutine semaphore) while the world is stopped or about to be: one stopper at a time. */
static _Atomic uint32_t worldsema = 1;
/** What GOMAXPROCS will be when the world starts again; 0: as it is. */
static int32_t newprocs;
/** The program set GOMAXPROCS itself: the runtime no longer follows the cgroup. */
_Atomic bool customgomaxprocs;

/** Takes every P that nobody runs on: those in system calls and the idle ones. sched.lock held. */
static void stop_idle_ps(void)
{
    int32_t n = load_relaxed(&gomaxprocs);
    for (int32_t i = 0; i < n; i++) {
        P *pp = allp[i];
        /* seq_cst: either we see the Psyscall of reentersyscall, or it sees gcwaiting, set before; relaxed, both might
         * miss. CAS: races with exitsyscall and retake, and acquires what reentersyscall released. */
        if (load_seqcst(&pp->status) == Psyscall && cas(&pp->status, Psyscall, Pgcstop)) {
            trace_(pp, traceEvGoSysBlock, 0, 0);
            fetch_add_relaxed(&pp->syscalltick, 1); /* the call's M must not believe that it still has this P */
            sched.stopwait--;
        }
    }
    for (P *pp; (pp = pidleget()) != NULL; sched.stopwait--)
        store_relaxed(&pp->status, Pgcstop);
}

void stopTheWorldWithSema(void)
{
    M *mp = getm();
    P *pp = mp->p;
    lock(&sched.lock);
    sched.stopwait = load_relaxed(&gomaxprocs);
    store_seqcst(&sched.gcwaiting, true); /* seen by Ms before they take or keep a P; ordered with their status changes */
    preemptall();
    store_relaxed(&pp->status, Pgcstop);
    sched.stopwait--;
    stop_idle_ps();
    bool wait = sched.stopwait > 0;
    unlock(&sched.lock);
    while (wait) {
        /* A G may have missed the request, or its M may have changed Ps meanwhile: ask again every 100 us. */
        if (notetsleep(&sched.stopnote, 100 * NSEC_PER_USEC)) {
            noteclear(&sched.stopnote);
            break;
        }
        preemptall();
    }
    if (sched.stopwait != 0)
        throw_("stopTheWorld: not stopped (stopwait %d)", sched.stopwait);
    int32_t n = load_relaxed(&gomaxprocs);
    for (int32_t i = 0; i < n; i++)
        if (load_relaxed(&allp[i]->status) != Pgcstop)
            throw_("stopTheWorld: p%d is not stopped but has status %u", i, load_relaxed(&allp[i]->status));
    trace_(pp, traceEvSTWStart, 0, 0);
}

void startTheWorldWithSema(void)
{
    M *mp = acquirem();
    if (netpollinited()) {
        int32_t delta;
        gList list = netpoll(0, &delta);
        injectglist(&list);
        netpollAdjustWaiters(delta);
    }
    lock(&sched.lock);
    P *p1 = procresize(newprocs ? newprocs : load_relaxed(&gomaxprocs));
    newprocs = 0;
    store_seqcst(&sched.gcwaiting, false);
    if (load_relaxed(&sched.sysmonwait)) {
        store_relaxed(&sched.sysmonwait, 0);
        notewakeup(&sched.sysmonnote);
    }
    unlock(&sched.lock);
    trace_(mp->p, traceEvSTWEnd, 0, 0);
    while (p1) {
        P *pp = p1;
        p1 = pp->link;
        M *sleeper = load_relaxed(&pp->m);
        if (sleeper) {
            store_relaxed(&pp->m, NULL);
            if (sleeper->nextp)
                throw_("startTheWorld: m%ld already has a next P", (long)sleeper->id);
            sleeper->nextp = pp;
            notewakeup(&sleeper->park);
        } else {
            newm(NULL, pp, -1);
        }
    }
    wakep(); /* there may be more to do than there were Ps with work */
    releasem(mp);
}

/** On g0: the stopper itself counts as waiting meanwhile, so that a dump shows why. */
static void stw_on_g0(void *gp)
{
    casgstatus(gp, Grunning, Gwaiting);
    stopTheWorldWithSema();
    casgstatus(gp, Gwaiting, Grunning);
}

static void startw_on_g0(void *unused)
{
    (void)unused;
    startTheWorldWithSema();
}

void stopTheWorld(const char *reason)
{
    (void)reason;
    semacquire(&worldsema, false, waitReasonSemacquire);
    M *mp = acquirem(); /* from here to startTheWorld this G stays on this M */
    if (mp->locks != 1)
        throw_("stopTheWorld: holding locks (%d)", mp->locks - 1);
    getg()->waitreason = waitReasonSemacquire;
    systemstack(stw_on_g0, getg());
}

void startTheWorld(void)
{
    systemstack(startw_on_g0, NULL);
    releasem(getm());
    semrelease(&worldsema, false);
}

void freezetheworld(void)
{
    store_seqcst(&freezing, 1);
    /* stopwait so large that no count-down reaches 0, and exitsyscall's fast path knows it */
    for (int i = 0; i < 5; i++) {
        sched.stopwait = freezeStopWait;
        store_seqcst(&sched.gcwaiting, true);
        if (!preemptall())
            break;
        usleep_(1000);
    }
}

int gomaxprocs_set(int n)
{
    preemptcheck();
    if (n > 0)
        store_relaxed(&customgomaxprocs, true); /* a switch: whoever follows the cgroup looks with the world stopped */
    int old = load_relaxed(&gomaxprocs);        /* changes only while the world is stopped, and we are part of it */
    if (n <= 0 || n == old)
        return old;
    stopTheWorld("GOMAXPROCS");
    old = load_relaxed(&gomaxprocs);
    newprocs = n < MAXGOMAXPROCS ? n : MAXGOMAXPROCS;
    startTheWorld();
    return old;
}

void gomaxprocs_follow(int n)
{
    if (n == load_relaxed(&gomaxprocs)) /* as above */
        return;
    stopTheWorld("GOMAXPROCS");
    if (!load_relaxed(&customgomaxprocs))
        newprocs = n;
    startTheWorld();
}

/* ---- safe points ---- */

/** Every P that is idle or in a system call runs fn through us; the others at their next safe point. */
static void foreachp_g0(void *p)
{
    void (*fn)(P *) = *(void (**)(P *))p;
    M *mp = acquirem();
    P *mine = mp->p;
    int32_t n = load_relaxed(&gomaxprocs);
    lock(&sched.lock);
    if (sched.safePointWait)
        throw_("forEachP: sched.safePointWait != 0");
    sched.safePointWait = n - 1;
    sched.safePointFn = fn;
    for (int32_t i = 0; i < n; i++)
        if (allp[i] != mine)
            store_seqcst(&allp[i]->runSafePointFn, 1); /* taken by CAS, by whoever owns the P */
    preemptall();
    for (P *pp = load_relaxed(&sched.pidle); pp; pp = pp->link)
        if (cas(&pp->runSafePointFn, 1, 0)) {
            fn(pp);
            sched.safePointWait--;
        }
    bool wait = sched.safePointWait > 0;
    unlock(&sched.lock);
    fn(mine);
    for (int32_t i = 0; i < n; i++) {
        P *pp = allp[i];
        /* A P in a system call: take it, and let handoffp run the function. */
        if (load_relaxed(&pp->status) == Psyscall && load_relaxed(&pp->runSafePointFn) == 1 &&
            cas(&pp->status, Psyscall, Pidle)) {
            trace_(pp, traceEvGoSysBlock, 0, 0);
            fetch_add_relaxed(&pp->syscalltick, 1);
            handoffp(pp);
        }
    }
    while (wait) {
        if (notetsleep(&sched.safePointNote, 100 * NSEC_PER_USEC)) {
            noteclear(&sched.safePointNote);
            break;
        }
        preemptall();
    }
    for (int32_t i = 0; i < n; i++)
        if (load_relaxed(&allp[i]->runSafePointFn))
            throw_("forEachP: p%d did not run fn", i);
    lock(&sched.lock);
    sched.safePointFn = NULL;
    unlock(&sched.lock);
    releasem(mp);
}

void forEachP(void (*fn)(P *pp))
{
    semacquire(&worldsema, false, waitReasonSemacquire);
    systemstack(foreachp_g0, &fn);
    semrelease(&worldsema, false);
}

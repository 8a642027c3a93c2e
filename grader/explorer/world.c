/**
 * @file world.c
 * A small world of Gs, Ms and Ps: see world.h. Not instrumented: it only sets up and checks.
 */
#include "world.h"
#include "engine.h"

P *ps[WORLD_PS];
M *ms[WORLD_MS];
G *gs[WORLD_GS];
static int np, nm, ng;
static int64_t taken[WORLD_GS];
static struct ex_sem births; /* threads that were made and have not begun */

bool world_fatal(const char *msg)
{
    return eng->sc->fatal && eng->sc->fatal(msg);
}

_Noreturn void ex_unwritten(const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    __builtin_vsnprintf(text, sizeof text, fmt, ap);
    fail("unwritten", "%s", text);
}

/** A field and its name. */
#define NAME(obj, field, fmt, ...) ex_name(&(obj)->field, sizeof(obj)->field, fmt "." #field, ##__VA_ARGS__)

static void name_p(P *pp)
{
    int i = pp->id;
    ex_name(pp, sizeof *pp, "p%d", i);
    ex_value((uintptr_t)pp, "p%d", i);
    NAME(pp, status, "p%d", i);
    NAME(pp, link, "p%d", i);
    NAME(pp, m, "p%d", i);
    NAME(pp, schedtick, "p%d", i);
    NAME(pp, syscalltick, "p%d", i);
    NAME(pp, preempt, "p%d", i);
    NAME(pp, runqhead, "p%d", i);
    NAME(pp, runqtail, "p%d", i);
    NAME(pp, runnext, "p%d", i);
    NAME(pp, runSafePointFn, "p%d", i);
    NAME(pp, sysmontick, "p%d", i);
    NAME(pp, gFree, "p%d", i);
    NAME(pp, goidcache, "p%d", i);
    ex_name(&pp->n.syscalls, sizeof pp->n.syscalls, "p%d.n.syscalls", i);
    for (int k = 0; k < RUNQ_SIZE; k++)
        ex_name(&pp->runqslots[k], sizeof pp->runqslots[k], "p%d.runq[%d]", i, k);
    ex_guard(pp->runqslots, sizeof pp->runqslots);
}

static void name_m(M *mp)
{
    int i = (int)mp->id;
    ex_name(mp, sizeof *mp, "m%d", i);
    ex_value((uintptr_t)mp, "m%d", i);
    ex_name(mp->g0, sizeof *mp->g0, "m%d.g0", i);
    ex_value((uintptr_t)mp->g0, "m%d.g0", i);
    NAME(mp->g0, m, "m%d.g0", i);
    NAME(mp->g0, preempt, "m%d.g0", i);
    NAME(mp, curg, "m%d", i);
    NAME(mp, procid, "m%d", i);
    NAME(mp, p, "m%d", i);
    NAME(mp, nextp, "m%d", i);
    NAME(mp, oldp, "m%d", i);
    NAME(mp, syscalltick, "m%d", i);
    NAME(mp, locks, "m%d", i);
    NAME(mp, spinning, "m%d", i);
    NAME(mp, park, "m%d", i);
    NAME(mp, schedlink, "m%d", i);
    NAME(mp, lockedg, "m%d", i);
    NAME(mp, freeWait, "m%d", i);
    NAME(mp, signalPending, "m%d", i);
    NAME(mp, lockedExt, "m%d", i);
    NAME(mp, blocked, "m%d", i);
}

static void name_g(G *gp, int i)
{
    ex_name(gp, sizeof *gp, "g%d", i);
    ex_value((uintptr_t)gp, "g%d", i);
    NAME(gp, atomicstatus, "g%d", i);
    NAME(gp, m, "g%d", i);
    NAME(gp, schedlink, "g%d", i);
    NAME(gp, lockedm, "g%d", i);
    NAME(gp, preempt, "g%d", i);
    NAME(gp, stackguard0, "g%d", i);
    NAME(gp, param, "g%d", i);
    NAME(gp, waitsince, "g%d", i);
    NAME(gp, syscallsp, "g%d", i);
    NAME(gp, throwsplit, "g%d", i);
}

static void name_sched(void)
{
    ex_name(&sched, sizeof sched, "sched");
    NAME(&sched, lock, "sched");
    NAME(&sched, midle, "sched");
    NAME(&sched, nmidle, "sched");
    NAME(&sched, nmidlelocked, "sched");
    NAME(&sched, pidle, "sched");
    NAME(&sched, npidle, "sched");
    NAME(&sched, nmspinning, "sched");
    NAME(&sched, needspinning, "sched");
    NAME(&sched, runq, "sched");
    NAME(&sched, runqsize, "sched");
    NAME(&sched, gcwaiting, "sched");
    NAME(&sched, stopwait, "sched");
    NAME(&sched, stopnote, "sched");
    NAME(&sched, sysmonwait, "sched");
    NAME(&sched, sysmonnote, "sched");
    NAME(&sched, sysmonlock, "sched");
    NAME(&sched, nmsys, "sched");
    NAME(&sched, mnext, "sched");
    NAME(&sched, nmfreed, "sched");
    NAME(&sched, freem, "sched");
    NAME(&sched, lastpoll, "sched");
    NAME(&sched, pollUntil, "sched");
    NAME(&sched, pollingNet, "sched");
    NAME(&sched, safePointFn, "sched");
    NAME(&sched, safePointWait, "sched");
    NAME(&sched, safePointNote, "sched");
    ex_name(&allpLock, sizeof allpLock, "allpLock");
    ex_name(idlepMask, sizeof idlepMask, "idlepMask");
    ex_name(timerpMask, sizeof timerpMask, "timerpMask");
    ex_name(&gomaxprocs, sizeof gomaxprocs, "gomaxprocs");
    for (int i = 0; i < WORLD_PS; i++)
        ex_name(&allp[i], sizeof allp[i], "allp[%d]", i);
    for (int i = 0; i < WORLD_WORDS; i++)
        ex_name(&world_words[i], sizeof world_words[i], "word%d", i);
    ex_name(&newmHandoff, sizeof newmHandoff, "newmHandoff");
    NAME(&newmHandoff, lock, "newmHandoff");
    NAME(&newmHandoff, newm, "newmHandoff");
    NAME(&newmHandoff, waiting, "newmHandoff");
    NAME(&newmHandoff, wake, "newmHandoff");
    NAME(&newmHandoff, haveTemplateThread, "newmHandoff");
    NAME(&forcegc, lock, "forcegc");
    NAME(&forcegc, g, "forcegc");
    NAME(&forcegc, idle, "forcegc");
    ex_name(&allm, sizeof allm, "allm");
    ex_name(&births, sizeof births, "births");
}

static G *make_g(void)
{
    G *gp = ex_alloc(sizeof *gp, ARCH_CACHE_LINE);
    gp->stack = (stack){1 << 20, 1 << 21}; /* nobody runs on it; sp checks find every address inside or not as they like */
    gp->sched.g = gp;
    return gp;
}

static M *make_m(int i)
{
    M *mp = i ? ex_alloc(sizeof *mp, ARCH_CACHE_LINE) : &m0;
    mp->id = i;
    mp->g0 = i ? make_g() : &g0;
    mp->gsignal = make_g();
    mp->rand = 0x9e3779b97f4a7c15ull * (uint64_t)(i + 1) | 1;
    store_relaxed(&mp->g0->m, mp);
    store_relaxed(&mp->procid, (uint32_t)i + 1);
    mp->alllink = load_relaxed(&allm);
    store_relaxed(&allm, mp);
    return mp;
}

void world_make(int nps, int nms, int ngs)
{
    np = nps;
    nm = nms;
    ng = ngs;
    store_relaxed(&gomaxprocs, nps);
    ncpu = nps;
    sched.maxmcount = 10000;
    sched.mnext = nms;
    store_relaxed(&sched.lastpoll, world_clock);
    store_relaxed(&mainStarted, true);
    for (int i = 0; i < nms; i++)
        name_m(ms[i] = make_m(i));
    setg(ms[0]->g0);
    for (int i = 0; i < nps; i++) {
        allp[i] = ps[i] = ex_alloc(sizeof(P), ARCH_CACHE_LINE);
        ps[i]->id = i;
        name_p(ps[i]);
    }
    for (int i = 0; i < ngs; i++) {
        gs[i] = make_g();
        gs[i]->goid = (uint64_t)i + 1;
        store_relaxed(&gs[i]->atomicstatus, Grunnable);
        allgadd(gs[i]);
        name_g(gs[i], i);
    }
    name_sched();
}

void world_hold(int m, int p)
{
    ms[m]->p = ps[p];
    store_relaxed(&ps[p]->m, ms[m]);
    store_relaxed(&ps[p]->status, Prunning);
}

void world_run(int m, int g)
{
    store_relaxed(&gs[g]->atomicstatus, Grunning);
    store_relaxed(&gs[g]->m, ms[m]);
    store_relaxed(&ms[m]->curg, gs[g]);
}

void world_idle(int p)
{
    lock(&sched.lock);
    pidleput(ps[p]);
    unlock(&sched.lock);
}

void world_as(int m)
{
    G *curg = load_relaxed(&ms[m]->curg);
    setg(curg ? curg : ms[m]->g0);
}

void world_own(void)
{
    static int64_t look;
    ex_ghost_get(&look); /* others may come in between: what follows reads what they change */
    M *mp = load_relaxed(&getg()->m);
    P *pp = mp->p;
    EX_CHECK(pp, "m%ld goes on, and has no P", (long)mp->id);
    M *other = load_relaxed(&pp->m);
    uint32_t status = load_relaxed(&pp->status);
    EX_CHECK(other, "m%ld goes on with p%d, which is nobody's", (long)mp->id, pp->id);
    EX_CHECK(other == mp, "m%ld goes on with p%d, which belongs to m%ld", (long)mp->id, pp->id, (long)other->id);
    EX_CHECK(status == Prunning, "m%ld goes on with p%d, whose status is %u, not Prunning", (long)mp->id, pp->id, status);
    world_use_p(pp);
}

/* ---- threads that the code under test makes ---- */

static int64_t born[WORLD_MS], nborn, nbegun;

void world_born(M *mp)
{
    M *me = getm();
    EX_CHECK(!me->p || me->locks > 0, "m%ld makes a thread for m%ld, and may be preempted meanwhile", (long)me->id, (long)mp->id);
    EX_CHECK(ex_ghost_get(&nborn) < WORLD_MS, "%d threads and more are made", WORLD_MS);
    mp->rand = (uint64_t)mp->id * 2 + 1; /* not the time */
    ex_ghost_set(&born[ex_ghost_add(&nborn, 1)], (int64_t)(uintptr_t)mp);
    ex_post(&births);
}

int world_births(M *mp)
{
    int n = 0;
    for (int64_t i = 0; i < ex_ghost_get(&nborn); i++)
        n += !mp || (M *)(uintptr_t)ex_ghost_get(&born[i]) == mp;
    return n;
}

void world_be_born(void)
{
    ex_wait(&births);
    M *mp = (M *)(uintptr_t)ex_ghost_get(&born[ex_ghost_add(&nbegun, 1)]);
    setg(mp->g0);
    mstart();
}

int world_owners(int p)
{
    int n = 0;
    for (M *mp = load_relaxed(&allm); mp; mp = mp->alllink) {
        EX_CHECK(mp->nextp != ps[p] || world_births(mp), "m%ld was given p%d and sleeps, or has no thread", (long)mp->id, p);
        n += (mp->p == ps[p]) + (mp->nextp == ps[p]);
    }
    for (P *pp = load_relaxed(&sched.pidle); pp; pp = pp->link)
        n += pp == ps[p];
    return n;
}

void world_take(G *gp)
{
    if (!gp)
        return;
    int i = 0;
    while (i < ng && gs[i] != gp)
        i++;
    EX_CHECK(i < ng, "%p was handed out, and is no G", (void *)gp);
    EX_CHECK(ex_ghost_add(&taken[i], 1) == 0, "g%d was handed out twice", i);
}

int world_taken(int g)
{
    return (int)ex_ghost_get(&taken[g]);
}

void world_drain(void)
{
    bool inherit;
    for (int i = 0; i < np; i++)
        for (G *gp; (gp = runqget(ps[i], &inherit)) != NULL;)
            world_take(gp);
    for (G *gp; (gp = globrunqget()) != NULL;)
        world_take(gp);
}

void world_nothing_lost(int n)
{
    for (int i = 0; i < n; i++)
        EX_CHECK(taken[i], "g%d was lost", i);
}

void world_sound(void)
{
    int idle = 0;
    for (P *pp = load_relaxed(&sched.pidle); pp; pp = pp->link, idle++) {
        EX_CHECK(!load_relaxed(&pp->m), "p%d is on the idle list and belongs to m%ld", pp->id, (long)load_relaxed(&pp->m)->id);
        EX_CHECK(load_relaxed(&pp->status) == Pidle, "p%d is on the idle list with status %u", pp->id, load_relaxed(&pp->status));
        EX_CHECK(idle <= np, "the idle list goes round in a circle");
    }
    EX_CHECK(idle == load_relaxed(&sched.npidle), "%d Ps are idle, npidle says %d", idle, load_relaxed(&sched.npidle));
    for (int i = 0; i < np; i++) {
        int owners = 0;
        for (int k = 0; k < nm; k++)
            owners += ms[k]->p == ps[i];
        M *mp = load_relaxed(&ps[i]->m);
        EX_CHECK(owners <= 1, "%d Ms believe that they have p%d", owners, i);
        EX_CHECK(!mp || mp->p == ps[i] || mp->nextp == ps[i], "p%d says that it belongs to m%ld, which does not know of it", i, (long)mp->id);
    }
    int spinning = 0;
    for (int k = 0; k < nm; k++)
        spinning += load_relaxed(&ms[k]->spinning);
    int counted = load_relaxed(&sched.nmspinning), unborn = world_births(NULL); /* which may be going to spin */
    EX_CHECK(counted >= spinning && counted <= spinning + unborn, "%d Ms spin, nmspinning says %d", spinning, counted);
}

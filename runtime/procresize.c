/**
 * @file procresize.c
 * Ps: how an M takes one and leaves it, and how many there are.
 *
 * A P and its M point to each other, or to nobody. wirep ties both ends and refuses to do it if either is tied already:
 * two Ms that believe that they own one P is the worst bug that a scheduler can have.
 */
#include "core.h"

P *allp[MAXGOMAXPROCS];
mutex allpLock;
_Atomic int32_t gomaxprocs;
int32_t ncpu;
_Atomic uint32_t idlepMask[MAXGOMAXPROCS / 32];
_Atomic uint32_t timerpMask[MAXGOMAXPROCS / 32];

void wirep(P *pp)
{
    M *mp = getm();
    M *other = load_relaxed(&pp->m); /* nobody's P: no M writes it; somebody's: we throw */
    uint32_t status = load_relaxed(&pp->status);
    if (mp->p)
        throw_("wirep: m%ld already has p%d", (long)mp->id, mp->p->id);
    if (other)
        throw_("wirep: p%d has m%ld and status %u, wanted none and idle", pp->id, (long)other->id, status);
    if (status != Pidle)
        throw_("wirep: p%d has no M, but status %u, wanted idle", pp->id, status);
    mp->p = pp;
    store_release(&pp->m, mp);            /* pairs with preemptone's acquire: it looks into the M */
    store_relaxed(&pp->status, Prunning); /* ours already: only its owner changes it from here on */
}

void acquirep(P *pp)
{
    wirep(pp);
    trace_(pp, traceEvProcStart, (uint64_t)getm()->id, 0);
}

P *releasep(void)
{
    M *mp = getm();
    P *pp = mp->p;
    if (!pp)
        throw_("releasep: m%ld has no P", (long)mp->id);
    M *other = load_relaxed(&pp->m); /* ourselves, or the P is not ours: then we throw */
    uint32_t status = load_relaxed(&pp->status);
    if (!other)
        throw_("releasep: m%ld holds p%d, which has no M, and status %u", (long)mp->id, pp->id, status);
    if (other != mp || status != Prunning)
        throw_("releasep: m%ld holds p%d, which has m%ld and status %u", (long)mp->id, pp->id, (long)other->id, status);
    trace_(pp, traceEvProcStop, (uint64_t)mp->id, 0);
    store_relaxed(&pp->m, NULL);
    mp->p = NULL;
    store_release(&pp->status, Pidle); /* pairs with the load of whoever gets the P next */
    return pp;
}

/** Makes allp[id], or wakes it from Pdead. */
static void pinit(int32_t id)
{
    P *pp = allp[id];
    if (!pp) {
        pp = persistentalloc(sizeof *pp, ARCH_CACHE_LINE);
        allp[id] = pp;
    }
    pp->id = id;
    store_relaxed(&pp->status, Pgcstop);
    pmask_set(timerpMask, id); /* it may get timers while it runs */
    pmask_clear(idlepMask, id);
}

/** GOMAXPROCS shrank: everything that pp has moves elsewhere. */
static void pdestroy(P *pp)
{
    /* The queue, from its tail, to the head of the global one: that keeps the order, with runnext first. */
    while (load_relaxed(&pp->runqhead) != load_relaxed(&pp->runqtail)) {
        uint32_t t = load_relaxed(&pp->runqtail) - 1;
        store_relaxed(&pp->runqtail, t); /* the world is stopped: nobody else looks */
        globrunqputhead(load_relaxed(&pp->runqslots[t % RUNQ_SIZE]));
    }
    G *gp = load_relaxed(&pp->runnext);
    if (gp) {
        globrunqputhead(gp);
        store_relaxed(&pp->runnext, NULL);
    }
    timers_move(pp);
    gfpurge(pp);
    smallstack_flush(pp);
    stackcache_clear(pp);
    pmask_clear(timerpMask, pp->id);
    store_relaxed(&pp->status, Pdead);
}

P *procresize(int32_t n)
{
    int32_t old = load_relaxed(&gomaxprocs); /* the world is stopped */
    if (old < 0 || n <= 0 || n > MAXGOMAXPROCS)
        throw_("procresize: %d Ps wanted, at least 1 and at most %d are possible", n, MAXGOMAXPROCS);
    sched.procresizetime = nanotime();
    lock(&allpLock);
    for (int32_t i = old; i < n; i++)
        pinit(i);
    unlock(&allpLock);

    M *mp = getm();
    if (mp->p && mp->p->id < n) {
        store_relaxed(&mp->p->status, Prunning);
    } else {
        /* Leave a P that is about to die before anything is moved out of it. */
        if (mp->p) {
            store_relaxed(&mp->p->m, NULL);
            mp->p = NULL;
        }
        store_relaxed(&allp[0]->m, NULL);
        store_relaxed(&allp[0]->status, Pidle);
        acquirep(allp[0]);
    }
    for (int32_t i = n; i < old; i++)
        pdestroy(allp[i]);

    lock(&allpLock);
    store_relaxed(&gomaxprocs, n);
    unlock(&allpLock);
    randomOrder_reset((uint32_t)n);

    P *runnable = NULL;
    for (int32_t i = n - 1; i >= 0; i--) {
        P *pp = allp[i];
        if (pp == mp->p)
            continue;
        store_relaxed(&pp->status, Pidle);
        if (runqempty(pp)) {
            pidleput(pp);
        } else {
            store_relaxed(&pp->m, mget());
            pp->link = runnable;
            runnable = pp;
        }
    }
    return runnable;
}

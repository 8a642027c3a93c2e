/**
 * @file stats.c
 * Totals of the counters that each P keeps for itself.
 */
#include "core.h"

/* Adds what pp counted. */
static void addcounters(SchedStats *st, P *pp)
{
    pcounters *n = &pp->n; /* each counter has one writer and orders nothing: relaxed */
    st->schedules += load_relaxed(&n->schedules);
    st->steals += load_relaxed(&n->steals);
    st->handoffs += load_relaxed(&n->handoffs);
    st->retakes += load_relaxed(&n->retakes);
    st->preemptions += load_relaxed(&n->preemptions);
    st->syscalls += load_relaxed(&n->syscalls);
    st->netpollwakes += load_relaxed(&n->netpolls);
    st->spawns += load_relaxed(&n->spawns);
}

void schedstats(SchedStats *st)
{
    *st = (SchedStats){0};
    lock(&allpLock); /* procresize adds Ps under it; those beyond gomaxprocs keep their counts */
    for (int i = 0; i < MAXGOMAXPROCS && allp[i]; i++)
        addcounters(st, allp[i]);
    unlock(&allpLock);
    st->netpollwakes += load_relaxed(&sched.netpollwakes); /* counters: order nothing */
    st->futexcalls = load_relaxed(&sched.futexcalls);
    st->gs = (uint64_t)load_relaxed(&allglen);
    lock(&sched.lock);
    st->threads = (uint64_t)sched.mnext;
    st->threadslive = (uint64_t)(sched.mnext - sched.nmfreed);
    unlock(&sched.lock);
}

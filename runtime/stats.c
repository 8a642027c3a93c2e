/**
 * @file stats.c
 * Totals of the counters that each P keeps for itself.
 *
 * Counting must not cost anything, so no two Ms write the same cache line for it where it matters: a counter belongs to a
 * P, and so to the M that holds it, which adds without an atomic operation. The sum is made when somebody asks.
 */
#include "core.h"

void countany(size_t counter)
{
    G *gp = getg();
    M *mp = gp ? load_relaxed(&gp->m) : NULL; /* own field; NULL in the first instructions of the boot */
    P *pp = mp ? mp->p : NULL;
    if (pp)
        count((_Atomic uint64_t *)((char *)&pp->n + counter));
    else
        fetch_add_relaxed((_Atomic uint64_t *)((char *)&sched.n + counter), 1); /* orders nothing */
}

/** Adds what n counted. */
static void addcounters(SchedStats *st, pcounters *n)
{
    /* each counter has one writer (or is added to atomically) and orders nothing: relaxed */
    st->schedules += load_relaxed(&n->schedules);
    st->steals += load_relaxed(&n->steals);
    st->handoffs += load_relaxed(&n->handoffs);
    st->retakes += load_relaxed(&n->retakes);
    st->preemptions += load_relaxed(&n->preemptions);
    st->asyncpreempts += load_relaxed(&n->asyncpreempts);
    st->preemptsignals += load_relaxed(&n->preemptsignals);
    st->syscalls += load_relaxed(&n->syscalls);
    st->netpollwakes += load_relaxed(&n->netpolls);
    st->futexsleeps += load_relaxed(&n->futexsleeps);
    st->futexwakes += load_relaxed(&n->futexwakes);
    st->spawns += load_relaxed(&n->spawns);
    st->exits += load_relaxed(&n->exits);
}

/** All of it, as it stands: who holds the locks gets a consistent answer, a dying program the best there is. */
RACY static void addall(SchedStats *st)
{
    *st = (SchedStats){0};
    for (int i = 0; i < MAXGOMAXPROCS && allp[i]; i++) /* those beyond gomaxprocs keep their counts */
        addcounters(st, &allp[i]->n);
    addcounters(st, &sched.n);
    st->netpollwakes += load_relaxed(&sched.netpollwakes); /* counters: order nothing */
    st->gs = (uint64_t)load_relaxed(&allglen);
    st->sysbytes = load_relaxed(&sysbytes);
    st->unguarded = (uint64_t)load_relaxed(&unguarded);
    st->threads = (uint64_t)sched.mnext;
    st->threadsended = (uint64_t)sched.nmfreed;
}

void schedstats(SchedStats *st)
{
    lock(&sched.lock); /* protects the counts of threads */
    lock(&allpLock);   /* procresize adds Ps under it */
    addall(st);
    unlock(&allpLock);
    unlock(&sched.lock);
    st->stackbytes = stackcache_bytes();
}

void printstats(void)
{
    SchedStats st;
    addall(&st);
#define N(name) (unsigned long)st.name
    print("schedstats: schedules=%lu steals=%lu handoffs=%lu retakes=%lu preemptions=%lu asyncpreempts=%lu "
          "preemptsignals=%lu syscalls=%lu netpollwakes=%lu futexsleeps=%lu futexwakes=%lu spawns=%lu exits=%lu "
          "threads=%lu threadsended=%lu gs=%lu sysbytes=%lu guards=%s unguarded=%lu\n",
          N(schedules), N(steals), N(handoffs), N(retakes), N(preemptions), N(asyncpreempts), N(preemptsignals),
          N(syscalls), N(netpollwakes), N(futexsleeps), N(futexwakes), N(spawns), N(exits), N(threads), N(threadsended),
          N(gs), N(sysbytes), load_relaxed(&noguardmarkers) ? "mprotect" : "markers", N(unguarded));
#undef N
}

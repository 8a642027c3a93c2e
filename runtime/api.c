/**
 * @file api.c
 * Small functions of the public interface.
 */
#include "core.h"

int numcpu(void)
{
    return ncpu;
}

uint64_t goid(void)
{
    return getg()->goid;
}

int gothreadid(void)
{
    return (int)load_relaxed(&getm()->procid); /* own thread */
}

int numgoroutine(void)
{
    int64_t n = load_relaxed(&allglen) - load_relaxed(&sched.ngsys); /* statistics; exact when nothing is starting or ending */
    lock(&sched.gFree.lock);
    n -= sched.gFree.n;
    unlock(&sched.gFree.lock);
    int32_t procs = load_relaxed(&gomaxprocs);
    for (int32_t i = 0; i < procs; i++)
        n -= __atomic_load_n(&allp[i]->gFree.n, __ATOMIC_RELAXED); /* its owner may be changing it: a statistic */
    return n < 1 ? 1 : (int)n;
}

int setmaxthreads(int n)
{
    lock(&sched.lock);
    int old = sched.maxmcount;
    if (n > 0)
        sched.maxmcount = n;
    bool exceeded = sched.mnext - sched.nmfreed > sched.maxmcount;
    unlock(&sched.lock);
    if (exceeded) {
        print("runtime: program exceeds %d-thread limit\n", n);
        throw_("thread exhaustion");
    }
    return old;
}

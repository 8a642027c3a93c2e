/**
 * @file gc.c
 * What a collection is here.
 *
 * C has no tracing collector, and this runtime does not pretend to have one. But it has garbage of its own:
 * the stacks of goroutines that have ended, and stacks that lie in caches. A collection stops the world, as
 * a collector's phases do, gives that memory back to the system, and starts the world again.
 */
#include "core.h"

int64_t forcegcperiod = 120 * NSEC_PER_SEC;

/** Frees the stacks of the dead Gs on list. The world is stopped. */
static void sweeplist(gList *list)
{
    for (G *gp = list->head; gp; gp = gp->schedlink) {
        stackfree(gp->stack);
        gp->stack = (stack){0, 0};
        store_relaxed(&gp->stackguard0, 0); /* nobody preempts a dead G */
    }
}

/**
 * On g0: sweeps every list of dead Gs and every cache. A dead G has a stack of the default size or none
 * (gfput), so what is freed lies in a cache or in the pool afterwards, and stackcache_clear counts it with
 * the rest.
 */
static void sweep(void *result)
{
    size_t *bytes = result;
    int32_t n = load_relaxed(&gomaxprocs); /* the world is stopped */
    for (int32_t i = 0; i < n; i++)
        gfpurge(allp[i]); /* to the global lists: those with a stack are together then */
    for (int32_t i = 0; i < n; i++)
        smallstack_flush(allp[i]);
    while (smallstack_trim())
        ;
    lock(&sched.gFree.lock);
    gList dead = sched.gFree.stack;
    sched.gFree.stack.head = NULL;
    unlock(&sched.gFree.lock);
    sweeplist(&dead);
    lock(&sched.gFree.lock);
    for (G *gp; (gp = glist_pop(&dead)) != NULL;)
        glist_push(&sched.gFree.noStack, gp);
    unlock(&sched.gFree.lock);
    *bytes = stackcache_clear(NULL);
}

void gcStart(const char *reason)
{
    size_t bytes = 0;
    int64_t begun = nanotime();
    stopTheWorld(reason);
    int64_t stopped = nanotime();
    trace_(getp(), traceEvGC, 0, 0);
    systemstack(sweep, &bytes);
    int64_t now = nanotime();
    store_relaxed(&sched.lastgc, now); /* one word; sysmon's trigger */
    startTheWorld();
    if (debug.gctrace > 0)
        print("gc @%ldms: %s: stop %ldus, sweep %ldus, %zu bytes of stacks\n",
              (long)((begun - sched.starttime) / NSEC_PER_MSEC), reason, (long)((stopped - begun) / 1000),
              (long)((now - stopped) / 1000), bytes);
}

void gogc(void)
{
    preemptcheck();
    gcStart("gogc");
}

/**
 * @file gc.c
 * What a collection is here.
 *
 * C has no tracing collector, and this runtime does not pretend to have one. But it has garbage of its own:
 * the stacks of goroutines that have ended, and stacks that lie in caches. A collection stops the world, as
 * a collector's phases do, and makes what each P keeps everybody's; then it starts the world again, and gives
 * that memory back to the system beside it, as a collector sweeps: a system call for each stack, which would be
 * a second for a million of them.
 */
#include "core.h"

int64_t forcegcperiod = 120 * NSEC_PER_SEC;

enum { BATCH = 32 }; /* dead Gs whose stacks are freed at a time: so long nobody can preempt us */

/** On g0, the world is stopped: what the Ps keep goes to where all can take it. */
static void gather(void *unused)
{
    (void)unused;
    int32_t n = load_relaxed(&gomaxprocs); /* the world is stopped */
    for (int32_t i = 0; i < n; i++) {
        gfpurge(allp[i]);
        smallstack_flush(allp[i]);
        stackcache_clear(allp[i]);
    }
}

/** Frees the stacks of up to BATCH dead Gs. A dead G has a stack of the default size or none (gfput). false: none had one. */
static bool sweepdead(void)
{
    gList dead = {NULL};
    lock(&sched.gFree.lock);
    for (int i = 0; i < BATCH && sched.gFree.stack.head; i++)
        glist_push(&dead, glist_pop(&sched.gFree.stack)); /* still counted: they come back below */
    unlock(&sched.gFree.lock);
    if (!dead.head)
        return false;
    for (G *gp = dead.head; gp; gp = gp->schedlink) { /* on no list that others know: ours */
        stackfree(gp->stack);
        gp->stack = (stack){0, 0};
        store_relaxed(&gp->stackguard0, 0); /* nobody preempts a dead G */
    }
    lock(&sched.gFree.lock);
    for (G *gp; (gp = glist_pop(&dead)) != NULL;)
        glist_push(&sched.gFree.noStack, gp);
    unlock(&sched.gFree.lock);
    return true;
}

/** How far a sweep has come. */
struct sweep {
    int64_t dead;  /* Gs that were dead when the world stopped: no more are swept, or a busy program would keep us for ever */
    size_t bytes;  /* given back so far */
    bool more;     /* there is something left to do */
};

/** On g0, beside the others: one step. What is freed here lies in our own P's cache, and goes from there to the pool. */
static void sweepsome(void *p)
{
    struct sweep *s = p;
    bool freed = s->dead > 0 && sweepdead();
    s->dead -= BATCH;
    freed |= smallstack_trim();
    stackcache_clear(getp());
    size_t n = stackpool_release();
    s->bytes += n;
    s->more = freed || n > 0;
}

void gcStart(const char *reason)
{
    int64_t begun = nanotime();
    stopTheWorld(reason);
    int64_t stopped = nanotime();
    trace_(getp(), traceEvGC, 0, 0);
    systemstack(gather, NULL);
    struct sweep s = {.dead = __atomic_load_n(&sched.gFree.n, __ATOMIC_RELAXED)}; /* the world is stopped */
    size_t most = stackcache_bytes() + (size_t)s.dead * STACK_DEFAULT;
    store_relaxed(&sched.lastgc, nanotime()); /* one word; sysmon's trigger */
    startTheWorld();
    do {
        systemstack(sweepsome, &s);
        preemptcheck();
    } while (s.more && s.bytes < most);
    if (debug.gctrace > 0)
        print("gc @%ldms: %s: stop %ldus, sweep %ldus, %zu bytes of stacks\n",
              (long)((begun - sched.starttime) / NSEC_PER_MSEC), reason, (long)((stopped - begun) / 1000),
              (long)((nanotime() - stopped) / 1000), s.bytes);
}

void gogc(void)
{
    preemptcheck();
    gcStart("gogc");
}

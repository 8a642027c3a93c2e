/**
 * @file scavenge.c
 * Giving memory back while the program is quiet.
 *
 * A goroutine that ends leaves its stack behind, with the dead G or in a cache, and whatever it touched stays
 * in memory: after a burst of goroutines that may be much. Once nothing has run for a while sysmon returns it
 * to the system. The next burst will pay for fresh pages, so this must not happen between two requests of a
 * busy server; a forced collection does the same, but stops the world for it.
 *
 * What a P keeps belongs to the M that holds the P. An idle P has none; it lies on sched.pidle, and can leave
 * that list only under sched.lock. So whoever holds sched.lock owns what all Ps keep whose bit is set in
 * idlepMask, which changes under the same lock. A P is never taken off the list and put back: a forEachP that
 * looks in between would miss it.
 *
 * To give memory back takes long, a system call for each stack, and an M that comes back to life needs
 * sched.lock at once. So under the lock what the Ps keep is only moved to where it is everybody's; from there
 * it goes back to the system without it.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** Dead Gs whose stacks are freed at a time; in between it is seen whether the program is still quiet. */
enum { BATCH = 32 };

/** Frees the stacks of up to BATCH dead Gs of the global list, into the pool: we have no P. false: no
 * such G. */
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
/* END SOLUTION */

size_t scavenge(void)
{
    /* BEGIN SOLUTION
     * Write me: for each P: under sched.lock, if it is idle, gfpurge, smallstack_flush and stackcache_clear: all
     * that it kept is nobody's then. GOMAXPROCS may change in between. Then, without sched.lock and while a P
     * is idle: memory of the pool, to which go the stacks of some dead Gs on the global list, and what
     * smallstack_trim frees. */
    for (int32_t i = 0, n = 1; i < n; i++) {
        lock(&sched.lock);
        n = load_relaxed(&gomaxprocs); /* changes only with sched.lock held */
        if (i < n && pmask_read(idlepMask, (uint32_t)i)) {
            gfpurge(allp[i]);
            smallstack_flush(allp[i]);
            stackcache_clear(allp[i]);
        }
        unlock(&sched.lock);
    }
    size_t bytes = 0;
    while (load_relaxed(&sched.npidle) > 0) { /* a hint: somebody is back at work */
        size_t n = stackpool_release();
        bytes += n;
        if (n == 0 && !sweepdead() && !smallstack_trim())
            break;
    }
    return bytes;
    /* END SOLUTION */
}

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

size_t scavenge(void)
{
    /* Write me: for each P: under sched.lock, if it is idle, gfpurge, smallstack_flush and stackcache_clear: all
     * that it kept is nobody's then. GOMAXPROCS may change in between. Then, without sched.lock and while a P
     * is idle: memory of the pool, to which go the stacks of some dead Gs on the global list, and what
     * smallstack_trim frees. */
    unwritten();
}

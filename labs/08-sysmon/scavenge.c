/**
 * @file scavenge.c
 * Giving memory back while the program is quiet.
 *
 * Free stacks lie in the caches of the Ps, and whatever they touched stays in memory: after a burst of
 * goroutines that may be much. Once nothing has run for a while sysmon returns it to the system; the next
 * burst will pay for fresh pages, so this must not happen between two requests of a busy server.
 *
 * A P's cache belongs to the M that holds the P. An idle P has none; it lies on sched.pidle, and can leave
 * that list only under sched.lock. So whoever holds sched.lock owns the caches of all Ps whose bit is set in
 * idlepMask, which changes under the same lock. The lock is dropped between Ps, for an M that comes back to
 * life meanwhile, but a P is never taken off the list and put back: a forEachP that looks in between would
 * miss it.
 */
#include "core.h"

size_t scavenge(void)
{
    /* Write me: for each P: under sched.lock, if it is idle, stackcache_clear. GOMAXPROCS may change in
     * between. */
    unwritten();
}

/**
 * @file findrunnable.c
 * Where the next goroutine comes from, and how an M that finds none goes to sleep without missing one.
 *
 * The order of the search is an order of price. Own queue: no lock, warm cache. Global queue: a lock.
 * Network: a system call. Other Ps: their cache lines. Every 61st time slice the global queue comes first, or
 * two goroutines that ready each other for ever would starve it.
 *
 * The hard part is to stop. The M gives its P up; a moment before, somebody may have queued a G and seen no
 * reason to wake anybody, because this M still spun. Both sides write, then read what the other wrote:
 *
 *     the M that parks                          who makes a G runnable
 *     P onto the idle list                      G onto a queue
 *     nmspinning - 1                            fence
 *     fence                                     nmspinning > 0? then it will be found: done
 *     all queues once more: a G? take it        idle P? wake an M for it
 *
 * With both fences one of the two must see the other; leave out either, or look before the count goes down,
 * and once in a long while neither does: a G waits beside an idle P, until something else happens. This is
 * the "delicate dance".
 *
 * One M that has nothing better to do sleeps in the poller instead of on its note, until the network or the
 * next timer wants something. sched.lastpoll is 0 meanwhile, so that everybody knows that somebody is there.
 *
 * Of the helpers below that may come back without a P, each returns a G, or NULL; with NULL, m.p tells
 * whether there is a P to search with again.
 */
#include "core.h"

G *findrunnable(bool *inheritTime, bool *tryWakeP)
{
    /* Write me: stop if the world is to stop, run the safe-point function, run due timers. Then the places in
     * the order that the contract names. Spin (steal) only if fewer than half of the busy Ps' Ms do. Nothing:
     * under sched.lock check the stops and the global queue a last time, give the P up, do the dance, wait.
     * Start again. */
    (void)inheritTime, (void)tryWakeP;
    unwritten();
}

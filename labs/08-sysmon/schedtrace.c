/**
 * @file schedtrace.c
 * HANDOFFDEBUG=schedtrace=1000: what the scheduler looks like, one line a second, as Go prints it.
 *
 *     SCHED 1009ms: gomaxprocs=2 idleprocs=1 threads=4 spinningthreads=0 needspinning=0 idlethreads=1
 *     runqueue=0 [ 0 0 ] schedticks=[ 3 5 ]                           (all on one line)
 *
 * In order: milliseconds since the start, Ps, those of them that are idle, Ms, those that look for work,
 * whether a waker found no P, parked Ms, length of the global queue, of each P's own, and how many time
 * slices each P has begun.
 *
 * With scheddetail=1 there follows a line for each P, M and G. mallocing, throwing and preemptoff are Go's;
 * this runtime has no such states, and prints what Go does for an M that is in none.
 *
 * sched.lock keeps the lists still, but not what hangs on them: Ms and Gs go on while they are read. So each
 * pointer is read once, tested, and then used; and two numbers of one line may be from different moments. The
 * text is made under the lock and written after it: standard error may be a pipe that nobody reads, and the
 * scheduler must not wait for it.
 */
#include "core.h"

void schedtrace(bool detailed)
{
    /* Write me: memory first. Under sched.lock the text: the line, and either its two lists or the rest of
     * Go's detailed line with a line for each P, M and G. Unlocked: one write. */
    (void)detailed;
    unwritten();
}

/**
 * @file steal.c
 * Work stealing: the other Ps, visited in an order that no two thieves share.
 *
 * Every other P is visited four times. Thieves that all began with P 0 would fight for its ring while the
 * rest went unvisited; so each pass begins at a random P and goes on in random steps. A step that has no
 * common divisor with the number of Ps visits each of them exactly once before it comes back: no list of
 * visited ones is kept, and none is forgotten.
 *
 * Timers and runnext are left alone until the last pass. Their owner is about to get to them, and a runnext
 * that is stolen from a busy P is most likely the other half of a conversation.
 *
 * Idle Ps have no Gs (idle.c) and are passed over, but they may have timers: an M that set one may have given
 * its P up since.
 */
#include "core.h"

void randomOrder_reset(uint32_t count)
{
    /* Write me: which numbers up to count have no common divisor with it? */
    (void)count;
    unwritten();
}

randomEnum randomOrder_start(uint32_t r)
{
    /* Write me: r chooses the place and, independently, the step. */
    (void)r;
    unwritten();
}

G *stealWork(int64_t *now, int64_t *pollUntil, bool *inheritTime, bool *newWork)
{
    /* Write me: four passes over all Ps but yourself and the idle ones. If the world is to stop, say that
     * there is something new and leave. In the last pass run other Ps' timers too (an idle P may have some):
     * what they ready lands in your own queue. *pollUntil becomes the earliest timer that you saw. */
    (void)now, (void)pollUntil, (void)inheritTime, (void)newWork;
    unwritten();
}

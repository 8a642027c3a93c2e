/**
 * @file schedule.c
 * One round of the scheduler, and how many Ms look for work at a time.
 *
 * schedule() runs on an M's g0 whenever its goroutine stops: it asks findrunnable() for the next one and
 * jumps into it. It never returns; the next round begins when that goroutine parks, yields, ends or blocks.
 *
 * How many Ms shall be awake? One a P as long as there is work, none without. To wake a thread for each G
 * that is readied would drown a busy program in wake-ups; to wake none would leave Ps idle. The answer is the
 * *spinning* M: one that has a P and no work yet and is looking for some. sched.nmspinning counts them. The
 * rule:
 *
 *   - who makes a G runnable wakes an M only if no M spins (wakep): a spinning M will find the G;
 *   - the spinning M that finds work stops spinning, and if it was the last one wakes another
 *     (resetspinning). So wake-ups spread one by one, for as long as they find work;
 *   - a spinning M that finds nothing looks once more after it has stopped being counted (findrunnable.c, the
 *     delicate dance): a G may have been put somewhere by somebody who saw that it still spun.
 */
#include "core.h"

void wakep(void)
{
    /* Write me: a fence, then: does somebody spin already? Else claim the one place, by CAS from 0. Take an
     * idle P under sched.lock; if there is none give the place back. startm does the rest. No preemption
     * while you hold a P that no M has. */
    unwritten();
}

void resetspinning(void)
{
    /* Write me: not spinning, not counted, and perhaps somebody must look in our place. */
    unwritten();
}

void execute(G *gp, bool inheritTime)
{
    /* Write me: tie G and M to each other before the status says that it runs; a preemption request for its
     * last run is stale; count the time slice unless it goes on in the present one; then jump. */
    (void)gp, (void)inheritTime;
    unwritten();
}

void schedule(void)
{
    /* Write me: check that nothing is held. An M that is locked to a G waits for that one. Else find one;
     * stop spinning before you run it; a G that is locked to another M is handed over to that, with the P:
     * then again. */
    unwritten();
}

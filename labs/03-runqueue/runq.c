/**
 * @file runq.c
 * The run queue of a P: a ring without locks, and one place of honour in front of it.
 *
 * Every goroutine that becomes runnable passes through here, so this is where a lock would hurt most. There
 * is none, because the two ends of the ring are written by different people:
 *
 *   runqtail  only the owner of the P writes it. It fills a slot first, then moves the tail: that publishes
 *             the slot.
 *   runqhead  moves only by compare-and-swap, by the owner and by thieves from other Ps. Whoever succeeds
 *             owns the Gs between the old head and the new one; whoever fails has read Gs that are not his,
 *             and forgets them.
 *
 * Head and tail count for ever and wrap at 2^32; a slot is an index modulo RUNQ_SIZE. So tail - head,
 * computed without sign, is always the length: 0 is empty, RUNQ_SIZE is full, and no slot is wasted to tell
 * the two apart.
 *
 * A thief reads slots that the owner may be about to overwrite, which is why the slots are atomics (relaxed:
 * the order comes from head and tail). It finds out at its compare-and-swap whether what it read counted.
 *
 * runnext holds the G that the running G has just readied. It runs next, before the ring and in what is left
 * of the time slice, so that two goroutines that talk to each other behave as one that switches sides. A full
 * ring sends half of itself to the global queue, which any P takes from.
 */
#include "core.h"

void runqput(P *pp, G *gp, bool next)
{
    /* Write me: with next, trade gp for what is in runnext; whatever you hold then (maybe nothing) goes to
     * the tail. Is there room for it? If not, runqputslow; if that finds that there is room after all, try
     * again. */
    (void)pp, (void)gp, (void)next;
    unwritten();
}

bool runqputslow(P *pp, G *gp, uint32_t h, uint32_t t)
{
    /* Write me: check that the ring was full; claim its older half by one CAS on the head (a thief may win
     * it: false). Only then are those Gs yours to link, in order, with gp last. One hold of sched.lock for
     * all of them. */
    (void)pp, (void)gp, (void)h, (void)t;
    unwritten();
}

void runqputbatch(P *pp, gQueue *q)
{
    /* Write me: fill slots while there is room, publish them all by one store of the tail; the rest, if any,
     * goes to the global queue. */
    (void)pp, (void)q;
    unwritten();
}

G *runqget(P *pp, bool *inheritTime)
{
    /* Write me: runnext by one CAS. If it fails a thief has taken it, and nobody but you could put another
     * there: go on to the ring. There, read the slot before the CAS that makes it yours. */
    (void)pp, (void)inheritTime;
    unwritten();
}

bool runqempty(P *pp)
{
    /* Write me: three words make the answer, and you cannot read them at once. What if runqput kicks a G out
     * of runnext into the ring after you read the tail, and runqget empties runnext before you read that? */
    (void)pp;
    unwritten();
}

uint32_t runqgrab(P *pp, _Atomic(G *) *batch, uint32_t batchHead, bool stealRunNextG)
{
    /* Write me: how many are there, and how many are half of that, so that the last one can be stolen too? An
     * impossible number means that head and tail are from different times: look again. Copy, then CAS. An
     * empty ring: runnext, if you may; see runtime/labs/lab03.h for when to wait first. */
    (void)pp, (void)batch, (void)batchHead, (void)stealRunNextG;
    unwritten();
}

G *runqsteal(P *pp, P *p2, bool stealRunNextG)
{
    /* Write me: grab straight into your own ring, behind the tail where nobody looks yet. The last one is for
     * you to run; the others become visible by one store of the tail. */
    (void)pp, (void)p2, (void)stealRunNextG;
    unwritten();
}

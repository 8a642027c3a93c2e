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
    /* BEGIN SOLUTION
     * Write me: a fence, then: does somebody spin already? Else claim the one place, by CAS from 0. Take an
     * idle P under sched.lock; if there is none give the place back. startm does the rest. No preemption
     * while you hold a P that no M has. */
    /* the G is queued, then we look for spinners; pairs with stopspinning: queue and count the other way */
    fence_seqcst();
    if (load_relaxed(&sched.nmspinning) != 0) /* ordered by the fence */
        return;
    /* Not in Go, saves the lock when all Ps are busy. There is no idle P, and the note for who drops one is
     * written: it will spin, after a fence (startspinning), and see our G. pidleput counts before the fence
     * in stopspinning. */
    if (load_relaxed(&sched.npidle) == 0 && load_relaxed(&sched.needspinning) == 1)
        return;
    if (!cas(&sched.nmspinning, 0, 1)) /* one waker at a time; full order: it counts as a spinner from here */
        return;
    /* a P that is on no list and has no M must not wait for a preempted G: the world could not stop */
    M *mp = acquirem();
    lock(&sched.lock);
    P *pp = pidlegetSpinning();
    /* others may have relied on us: see needspinning */
    if (!pp && fetch_add_seqcst(&sched.nmspinning, -1) < 1)
        throw_("wakep: negative nmspinning");
    unlock(&sched.lock);
    if (pp)
        startm(pp, true, false);
    releasem(mp);
    /* END SOLUTION */
}

void resetspinning(void)
{
    /* BEGIN SOLUTION
     * Write me: not spinning, not counted, and perhaps somebody must look in our place. */
    M *mp = getm();
    if (!load_relaxed(&mp->spinning)) /* own field */
        throw_("resetspinning: not a spinning m");
    store_relaxed(&mp->spinning, false);
    if (fetch_add_seqcst(&sched.nmspinning, -1) < 1) /* full order, as all changes of the count */
        throw_("findrunnable: negative nmspinning");
    wakep();
    /* END SOLUTION */
}

void execute(G *gp, bool inheritTime)
{
    /* BEGIN SOLUTION
     * Write me: tie G and M to each other before the status says that it runs; a preemption request for its
     * last run is stale; count the time slice unless it goes on in the present one; then jump. */
    M *mp = getm();
    P *pp = mp->p;
    store_relaxed(&mp->curg, gp); /* sysmon may look at once: it finds a G that is not yet running */
    store_relaxed(&gp->m, mp);    /* ours: we took it off a queue */
    casgstatus(gp, Grunnable, Grunning);
    gp->waitsince = 0;
    gp->trackingp = pp;
    store_relaxed(&gp->preempt, false); /* may drop a request that has just come: sysmon asks again */
    store_relaxed(&gp->stackguard0, gp->stack.lo + STACK_GUARD);
    if (!inheritTime)
        store_relaxed(&pp->schedtick, load_relaxed(&pp->schedtick) + 1); /* one writer; sysmon compares it */
    count(&pp->n.schedules);
    trace_(pp, traceEvGoStart, gp->goid, 0);
    gogo(&gp->sched);
    /* END SOLUTION */
}

void schedule(void)
{
    /* BEGIN SOLUTION
     * Write me: check that nothing is held. An M that is locked to a G waits for that one. Else find one;
     * stop spinning before you run it; a G that is locked to another M is handed over to that, with the P:
     * then again. */
    M *mp = getm();
    if (mp->locks != 0)
        throw_("schedule: holding locks (%d)", mp->locks);
    if (mp->lockedg) {
        stoplockedm();
        execute(mp->lockedg, false); /* no time slice of its own was counted for it: a new one */
    }
    for (;;) {
        P *pp = mp->p;
        store_relaxed(&pp->preempt, false); /* we are scheduling: that was what it asked for */
        if (load_relaxed(&mp->spinning) && !runqempty(pp))
            throw_("schedule: spinning with local work (p%d)", pp->id);
        bool inheritTime, tryWakeP;
        G *gp = findrunnable(&inheritTime, &tryWakeP);
        if (load_relaxed(&mp->spinning)) /* own field */
            resetspinning();
        if (tryWakeP)
            wakep();
        runqwarm(mp->p);
        if (!gp->lockedm)
            execute(gp, inheritTime);
        startlockedm(gp); /* parks; comes back with a P */
    }
    /* END SOLUTION */
}

/**
 * @file idle.c
 * The lists of what has nothing to do: idle Ps and idle Ms.
 *
 * Both are stacks, last in first out, under sched.lock: who idled last has the warmest cache. A P on the list
 * is in Pidle, belongs to nobody and has an empty queue: if it had Gs, nobody would look there for them.
 *
 * npidle and the two bit masks repeat what the list says for those who look without the lock. idlepMask tells
 * thieves whom not to visit. timerpMask tells them whose timers are worth a look; an idle P's bit stays set
 * only while it has timers, since nobody but an owner adds one.
 */
#include "core.h"

void pidleput(P *pp)
{
    /* BEGIN SOLUTION
     * Write me: refuse a P that has work or is not idle. Masks, list, count: what must be visible before the
     * count is? */
    if (!runqempty(pp))
        throw_("pidleput: P has non-empty run queue (p%d)", pp->id);
    if (load_relaxed(&pp->status) != Pidle) /* the caller owns pp */
        throw_("pidleput: p%d has status %u, not idle", pp->id, load_relaxed(&pp->status));
    if (timers_empty(pp))
        pmask_clear(timerpMask, (uint32_t)pp->id);
    pmask_set(idlepMask, (uint32_t)pp->id);
    pp->link = load_relaxed(&sched.pidle); /* sched.lock */
    /* to readers without the lock only a hint: they take the lock next */
    store_relaxed(&sched.pidle, pp);
    /* before the parking M's fence; pairs with the loads in wakep and findrunnable */
    fetch_add_seqcst(&sched.npidle, 1);
    /* END SOLUTION */
}

P *pidleget(void)
{
    /* BEGIN SOLUTION
     * Write me: the last one put; its new owner may add timers and Gs at once, so the masks change first. */
    P *pp = load_relaxed(&sched.pidle); /* sched.lock */
    if (!pp)
        return NULL;
    pmask_set(timerpMask, (uint32_t)pp->id);
    pmask_clear(idlepMask, (uint32_t)pp->id);
    store_relaxed(&sched.pidle, pp->link); /* as in pidleput */
    pp->link = NULL;
    if (fetch_add_seqcst(&sched.npidle, -1) <= 0) /* under the lock this is exact */
        throw_("pidleget: npidle is negative");
    return pp;
    /* END SOLUTION */
}

P *pidlegetSpinning(void)
{
    /* BEGIN SOLUTION
     * Write me: there is work and nobody to run it: leave a note for the next M that drops a P. */
    P *pp = pidleget();
    if (!pp)
        /* read by findrunnable, before it drops a P, under the same lock */
        store_seqcst(&sched.needspinning, 1);
    return pp;
    /* END SOLUTION */
}

M *mget(void)
{
    /* BEGIN SOLUTION
     * Write me: the last one put. */
    M *mp = sched.midle;
    if (mp) {
        sched.midle = mp->schedlink;
        mp->schedlink = NULL;
        sched.nmidle--;
    }
    return mp;
    /* END SOLUTION */
}

void mput(M *mp)
{
    /* BEGIN SOLUTION
     * Write me: one M less that could run something. Was it the last? */
    mp->schedlink = sched.midle;
    sched.midle = mp;
    sched.nmidle++;
    checkdead();
    /* END SOLUTION */
}

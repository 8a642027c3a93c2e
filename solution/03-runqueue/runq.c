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
    /* BEGIN SOLUTION
     * Write me: with next, trade gp for what is in runnext; whatever you hold then (maybe nothing) goes to
     * the tail. Is there room for it? If not, runqputslow; if that finds that there is room after all, try
     * again. */
    if (next) {
        /* release: what we wrote to gp is there for the thief that takes it (acquire in runqgrab) */
        gp = swap_acqrel(&pp->runnext, gp);
        if (!gp)
            return;
    }
    for (;;) {
        /* pairs with the release CAS of takers: they have read their slots */
        uint32_t h = load_acquire(&pp->runqhead);
        uint32_t t = load_relaxed(&pp->runqtail); /* only the owner writes it */
        if (t - h < RUNQ_SIZE) {
            store_relaxed(&pp->runqslots[t % RUNQ_SIZE], gp); /* published by the tail */
            store_release(&pp->runqtail, t + 1);              /* pairs with the acquire load in runqgrab */
            return;
        }
        if (runqputslow(pp, gp, h, t))
            return;
    }
    /* END SOLUTION */
}

bool runqputslow(P *pp, G *gp, uint32_t h, uint32_t t)
{
    /* BEGIN SOLUTION
     * Write me: check that the ring was full; claim its older half by one CAS on the head (a thief may win
     * it: false). Only then are those Gs yours to link, in order, with gp last. One hold of sched.lock for
     * all of them. */
    const uint32_t n = RUNQ_SIZE / 2;
    if (t - h != RUNQ_SIZE)
        throw_("runqputslow: queue is not full (p%d, head %u, tail %u)", pp->id, h, t);
    if (!cas_release(&pp->runqhead, h, h + n)) /* as in runqget; a failure means that a thief made room */
        return false;
    /* A thief must read its slots before its CAS. We may do it now: only the owner overwrites them. */
    gQueue q = {NULL, NULL};
    for (uint32_t i = 0; i < n; i++)
        /* written by an owner: ourselves */
        gqueue_pushback(&q, load_relaxed(&pp->runqslots[(h + i) % RUNQ_SIZE]));
    gqueue_pushback(&q, gp);
    lock(&sched.lock);
    globrunqputbatch(&q, (int32_t)n + 1);
    unlock(&sched.lock);
    return true;
    /* END SOLUTION */
}

void runqputbatch(P *pp, gQueue *q)
{
    /* BEGIN SOLUTION
     * Write me: fill slots while there is room, publish them all by one store of the tail; the rest, if any,
     * goes to the global queue. */
    uint32_t h = load_acquire(&pp->runqhead); /* pairs with the release CAS of takers, as in runqput */
    uint32_t t = load_relaxed(&pp->runqtail); /* only the owner writes it */
    while (q->head && t - h < RUNQ_SIZE) {
        store_relaxed(&pp->runqslots[t % RUNQ_SIZE], gqueue_pop(q)); /* published by the tail */
        t++;
    }
    store_release(&pp->runqtail, t); /* pairs with the acquire load in runqgrab */
    if (!q->head)
        return;
    int32_t n = 0;
    for (G *gp = q->head; gp; gp = gp->schedlink)
        n++;
    lock(&sched.lock);
    globrunqputbatch(q, n);
    unlock(&sched.lock);
    /* END SOLUTION */
}

G *runqget(P *pp, bool *inheritTime)
{
    /* BEGIN SOLUTION
     * Write me: runnext by one CAS. If it fails a thief has taken it, and nobody but you could put another
     * there: go on to the ring. There, read the slot before the CAS that makes it yours. */
    G *next = load_relaxed(&pp->runnext); /* the CAS checks it */
    /* release: runqempty, if it sees the NULL, must at its second look see the tail that we moved before */
    if (next && cas_acqrel(&pp->runnext, next, NULL)) {
        *inheritTime = true;
        return next;
    }
    *inheritTime = false;
    for (;;) {
        /* pairs with other takers' CAS: the head is not older than the tail */
        uint32_t h = load_acquire(&pp->runqhead);
        uint32_t t = load_relaxed(&pp->runqtail); /* only the owner writes it */
        if (t == h)
            return NULL;
        G *gp = load_relaxed(&pp->runqslots[h % RUNQ_SIZE]); /* written by an owner: ourselves */
        /* commits: pairs with the acquire in runqput, which reuses the slot */
        if (cas_release(&pp->runqhead, h, h + 1))
            return gp;
    }
    /* END SOLUTION */
}

bool runqempty(P *pp)
{
    /* BEGIN SOLUTION
     * Write me: three words make the answer, and you cannot read them at once. What if runqput kicks a G out
     * of runnext into the ring after you read the tail, and runqget empties runnext before you read that? */
    for (;;) {
        uint32_t h = load_acquire(&pp->runqhead); /* in this order: head, tail, runnext, tail again */
        uint32_t t = load_acquire(&pp->runqtail); /* pairs with runqput's release */
        /* pairs with the CAS of who emptied it: the tail that it knew, we see */
        G *next = load_acquire(&pp->runnext);
        if (t == load_relaxed(&pp->runqtail)) /* cannot move up: the acquire above */
            return h == t && !next;
    }
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** pp's M runs Go code or looks for some: it will come for runnext itself very soon. Any thread; a guess. */
static bool runsnow(P *pp)
{
    if (load_relaxed(&pp->status) != Prunning) /* in a system call or idle: nobody will come soon */
        return false;
    M *mp = load_relaxed(&pp->m);                /* a guess; an M's memory is never given back */
    G *gp = mp ? load_relaxed(&mp->curg) : NULL; /* a guess; nor is a G's. NULL: between two Gs */
    return mp && (!gp || readgstatus(gp) != Gsyscall);
}

/** Takes pp's runnext, the last thing that it has: *gp is it, or NULL if there is none. false: it changed. */
static bool grabnext(P *pp, G **gp)
{
    *gp = load_relaxed(&pp->runnext); /* the CAS checks it */
    if (!*gp)
        return true;
    if (runsnow(pp))
        /* a G that readies another and parks leaves it to its own P; stolen at once, the two would thrash */
        usleep_(3);
    /* acquire: pairs with runqput's swap, the G's fields; release: runqempty */
    return cas_acqrel(&pp->runnext, *gp, NULL);
}
/* END SOLUTION */

uint32_t runqgrab(P *pp, _Atomic(G *) *batch, uint32_t batchHead, bool stealRunNextG)
{
    /* BEGIN SOLUTION
     * Write me: how many are there, and how many are half of that, so that the last one can be stolen too? An
     * impossible number means that head and tail are from different times: look again. Copy, then CAS. An
     * empty ring: runnext, if you may; see runtime/labs/lab03.h for when to wait first. */
    for (;;) {
        uint32_t h = load_acquire(&pp->runqhead); /* pairs with other takers' CAS */
        /* pairs with the owner's release: the slots below t are filled */
        uint32_t t = load_acquire(&pp->runqtail);
        uint32_t n = t - h;
        n -= n / 2;
        if (n == 0) {
            G *gp = NULL;
            if (stealRunNextG && !grabnext(pp, &gp))
                continue;
            if (!gp)
                return 0;
            store_relaxed(&batch[batchHead % RUNQ_SIZE], gp); /* the caller publishes it, or runs it */
            return 1;
        }
        if (n > RUNQ_SIZE / 2)
            continue;
        /* relaxed: the owner may overwrite what we read; then our CAS fails */
        for (uint32_t i = 0; i < n; i++)
            store_relaxed(&batch[(batchHead + i) % RUNQ_SIZE],
                          load_relaxed(&pp->runqslots[(h + i) % RUNQ_SIZE]));
        if (cas_release(&pp->runqhead, h, h + n)) /* commits: pairs with the acquire in runqput */
            return n;
    }
    /* END SOLUTION */
}

G *runqsteal(P *pp, P *p2, bool stealRunNextG)
{
    /* BEGIN SOLUTION
     * Write me: grab straight into your own ring, behind the tail where nobody looks yet. The last one is for
     * you to run; the others become visible by one store of the tail. */
    uint32_t t = load_relaxed(&pp->runqtail); /* only the owner, which we are, writes it */
    uint32_t n = runqgrab(p2, pp->runqslots, t, stealRunNextG);
    if (n == 0)
        return NULL;
    n--;
    G *gp = load_relaxed(&pp->runqslots[(t + n) % RUNQ_SIZE]); /* we wrote it a moment ago */
    if (n == 0)
        return gp;
    uint32_t h = load_acquire(&pp->runqhead); /* pairs with the release CAS of takers, as in runqput */
    if (t - h + n >= RUNQ_SIZE)
        throw_("runqsteal: runq overflow (p%d, head %u, tail %u, %u stolen from p%d)", pp->id, h, t, n,
               p2->id);
    store_release(&pp->runqtail, t + n); /* pairs with the acquire load in runqgrab */
    return gp;
    /* END SOLUTION */
}

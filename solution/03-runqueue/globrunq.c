/**
 * @file globrunq.c
 * The global run queue: a plain list under sched.lock, for Gs that no P has a claim to.
 *
 * What gets here: the overflow of a full local ring; a G that yielded or was preempted, so that everybody
 * else has a turn before it; a G that came back from a system call and found no P; network events that no P
 * has polled. What leaves goes in batches, so that an M takes the lock once for many Gs, but never more than
 * a fair share of the queue for one of gomaxprocs Ps.
 *
 * Every function but injectglist is called with sched.lock held. None of them may call runqput: a full ring
 * would take sched.lock a second time.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** Adds n to sched.runqsize, under sched.lock; those who read it without use it as a hint. */
static void addrunqsize(int32_t n)
{
    store_relaxed(&sched.runqsize, load_relaxed(&sched.runqsize) + n);
}
/* END SOLUTION */

void globrunqput(G *gp)
{
    /* BEGIN SOLUTION
     * Write me: to the tail, and count it. */
    gqueue_pushback(&sched.runq, gp);
    addrunqsize(1);
    /* END SOLUTION */
}

void globrunqputhead(G *gp)
{
    /* BEGIN SOLUTION
     * Write me: to the head, and count it. */
    gqueue_push(&sched.runq, gp);
    addrunqsize(1);
    /* END SOLUTION */
}

void globrunqputbatch(gQueue *q, int32_t n)
{
    /* BEGIN SOLUTION
     * Write me: append all of q, count them; q is empty afterwards. */
    gqueue_pushbackall(&sched.runq, q);
    addrunqsize(n);
    *q = (gQueue){NULL, NULL};
    /* END SOLUTION */
}

G *globrunqget(void)
{
    /* BEGIN SOLUTION
     * Write me: from the head, and count it. */
    G *gp = gqueue_pop(&sched.runq);
    if (gp)
        addrunqsize(-1);
    return gp;
    /* END SOLUTION */
}

G *globrunqgetbatch(int32_t n, gQueue *q)
{
    /* BEGIN SOLUTION
     * Write me: the smallest of what you may have, what there is, and a fair share plus one. The first is
     * returned. */
    *q = (gQueue){NULL, NULL};
    int32_t size = load_relaxed(&sched.runqsize); /* under its lock */
    /* gomaxprocs changes only under sched.lock */
    int32_t share = size / load_relaxed(&gomaxprocs) + 1;
    if (n > size)
        n = size;
    if (n > share)
        n = share;
    if (n <= 0)
        return NULL;
    G *first = gqueue_pop(&sched.runq);
    for (int32_t i = 1; i < n; i++)
        gqueue_pushback(q, gqueue_pop(&sched.runq));
    addrunqsize(-n);
    return first;
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** Appends q, n Gs, to the global queue and starts an M for each, as long as there are idle Ps. */
static void globalandstart(gQueue *q, int32_t n)
{
    lock(&sched.lock);
    globrunqputbatch(q, n);
    unlock(&sched.lock);
    for (; n > 0; n--) {
        /* from pidleget to the end of startm the P is nobody's: no preemption in between */
        M *mp = acquirem();
        lock(&sched.lock);
        P *pp = pidlegetSpinning();
        if (!pp) {
            unlock(&sched.lock);
            releasem(mp);
            return;
        }
        /* under the lock: to a deadlock check, P and M leave their idle lists together */
        startm(pp, false, true);
        unlock(&sched.lock);
        releasem(mp);
    }
}
/* END SOLUTION */

void injectglist(gList *list)
{
    /* BEGIN SOLUTION
     * Write me: all become runnable before the first of them can be found. Without a P: all to the global
     * queue, and an M for each idle P. With one: as many as there are idle Ps go that way, the rest is yours.
     * Ps may have become idle while you counted; who will tell them? */
    gQueue q = {NULL, NULL};
    int32_t n = 0;
    P *pp = getp();
    for (G *gp; (gp = glist_pop(list)) != NULL; n++) {
        trace_(pp, traceEvGoUnpark, gp->goid, 0);
        casgstatus(gp, Gwaiting, Grunnable);
        gqueue_pushback(&q, gp);
    }
    if (n == 0)
        return;
    if (!pp) {
        globalandstart(&q, n);
        return;
    }
    /* a count of the moment: wakep below makes up for what it misses */
    int32_t nidle = load_seqcst(&sched.npidle);
    if (nidle > n)
        nidle = n;
    if (nidle > 0) {
        gQueue globq = {NULL, NULL};
        for (int32_t i = 0; i < nidle; i++)
            gqueue_pushback(&globq, gqueue_pop(&q));
        globalandstart(&globq, nidle);
    }
    if (q.head)
        runqputbatch(pp, &q);
    wakep(); /* for a P that became idle between the count and the put (issue 63555) */
    /* END SOLUTION */
}

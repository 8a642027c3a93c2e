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

void globrunqput(G *gp)
{
    /* Write me: to the tail, and count it. */
    (void)gp;
    unwritten();
}

void globrunqputhead(G *gp)
{
    /* Write me: to the head, and count it. */
    (void)gp;
    unwritten();
}

void globrunqputbatch(gQueue *q, int32_t n)
{
    /* Write me: append all of q, count them; q is empty afterwards. */
    (void)q, (void)n;
    unwritten();
}

G *globrunqget(void)
{
    /* Write me: from the head, and count it. */
    unwritten();
}

G *globrunqgetbatch(int32_t n, gQueue *q)
{
    /* Write me: the smallest of what you may have, what there is, and a fair share plus one. The first is
     * returned. */
    (void)n, (void)q;
    unwritten();
}

void injectglist(gList *list)
{
    /* Write me: all become runnable before the first of them can be found. Without a P: all to the global
     * queue, and an M for each idle P. With one: as many as there are idle Ps go that way, the rest is yours.
     * Ps may have become idle while you counted; who will tell them? */
    (void)list;
    unwritten();
}

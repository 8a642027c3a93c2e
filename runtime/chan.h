/**
 * @file chan.h
 * What chan.c, select.c and sema.c share: the sudog, wait queues and the channel itself.
 */
#ifndef HANDOFF_CHAN_H
#define HANDOFF_CHAN_H

#include "core.h"

/**
 * One goroutine's place in one wait queue. A G that selects has one for each case.
 *
 * While it is queued, the lock of the channel (of the semaphore's bucket) protects it, except
 * g->selectDone. Whoever takes it off the queue owns it until the G is readied; then it is the G's again.
 */
struct sudog {
    G *g;            /**< who waits */
    sudog *next;     /**< next in the wait queue; sema: next address of the bucket */
    sudog *prev;     /**< previous one */
    void *elem;      /**< where the value goes or comes from, mostly on g's stack; sema: the address */
    Chan *c;         /**< the channel */
    sudog *waitlink; /**< next in g->waiting; sema: next waiter of this address; else next free one */
    sudog *waittail; /**< sema: last waiter of this address, in the first one */
    uint32_t ticket; /**< sema: 1 if the waker has taken the unit for the waiter */
    uint16_t icase;  /**< index of the case, when isSelect */
    bool isSelect;   /**< g waits on other channels too: who wakes it must win g->selectDone first */
    bool success;    /**< woken by a value; false: by close */
};

/** A sudog from the P's cache. On a user G. Mirrors acquireSudog. */
sudog *acquireSudog(void);
/** Gives s back; it is on no queue. Mirrors releaseSudog. */
void releaseSudog(sudog *s);

/** Sudogs that were taken and not given back; exact while nobody takes or gives one. */
int64_t sudogsinuse(void);

/** Who waits on one side of a channel, first come first served. The channel's lock protects it. */
typedef struct waitq {
    /** longest waiting, or NULL; read without the lock as a hint by the try operations */
    _Atomic(sudog *) first;
    sudog *last;            /**< latest */
} waitq;

/** Adds s at the tail. */
void waitq_enqueue(waitq *q, sudog *s);
/** Takes the longest waiting one that no other channel has woken already, or NULL. */
sudog *waitq_dequeue(waitq *q);
/** Takes s off, if it is still there. */
void waitq_remove(waitq *q, sudog *s);

/** A channel. Everything but the constants is protected by lock; closed, qcount and the queues' heads are
 * also read as hints. */
struct Chan {
    mutex lock;                /**< see there */
    _Atomic bool closed;       /**< chan_close was called */
    size_t elemsize;           /**< bytes of an element; constant */
    size_t dataqsiz;           /**< elements that fit into buf; constant */
    _Atomic size_t qcount;     /**< elements in buf */
    size_t sendx;              /**< where the next one goes */
    size_t recvx;              /**< where the next one comes from */
    /** receivers that wait; empty or sendq is (but for one G that selects both) */
    waitq recvq;
    waitq sendq;               /**< senders that wait */
    _Alignas(16) unsigned char buf[]; /**< the ring */
};

/**
 * Gives *elem to the receiver sg, which was taken off c->recvq: straight into its variable. c->lock held.
 * @return the G to ready when all locks are released
 */
G *chan_handto(Chan *c, sudog *sg, const void *elem);
/**
 * Receives into elem (may be NULL) while the sender sg, taken off c->sendq, waits: from it if c has no
 * buffer; else the buffer's head, and sg's value goes to its tail. c->lock held.
 * @return the G to ready when all locks are released
 */
G *chan_takefrom(Chan *c, sudog *sg, void *elem);
/** Puts *elem into the buffer, which has room. c->lock held. */
void chan_bufput(Chan *c, const void *elem);
/** Takes the buffer's head into elem (may be NULL). c->lock held. */
void chan_bufget(Chan *c, void *elem);
/** Parks the running G for good. */
_Noreturn void parkforever(waitReason reason);

#endif

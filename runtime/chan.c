/**
 * @file chan.c
 * Channels.
 *
 * A channel is a lock, a ring of elements and two queues of waiting goroutines. At any time at most one of
 * three things is there: waiting receivers (then the buffer is empty), waiting senders (then it is full),
 * or neither.
 *
 * A value passes from a sender to a receiver that waits without a stop in the buffer: the sender writes it
 * straight into the receiver's variable, on the stack of a goroutine that is parked. That is safe because
 * the receiver cannot run before it is readied, and whoever took its sudog off the queue is the only one
 * who may do that. It saves a copy, and it saves the receiver from taking the lock again. The receiver then
 * goes to the runnext slot of the sender's P: the value is still in this CPU's cache when it looks at it.
 *
 * A goroutine parks with the lock held; gopark's last step, on the scheduler's stack, releases it. So
 * nobody can find the sudog on the queue before the G has a saved context and is Gwaiting.
 *
 * The try operations look before they lock: a stale answer is an answer that was right at some moment
 * during the call.
 */
#include "chan.h"

/* ---- wait queues ---- */

void waitq_enqueue(waitq *q, sudog *s)
{
    s->next = NULL;
    s->prev = q->last;
    if (q->last)
        q->last->next = s;
    else
        store_relaxed(&q->first, s); /* under the lock; a hint for the try operations */
    q->last = s;
}

void waitq_remove(waitq *q, sudog *s)
{
    if (!s->prev && load_relaxed(&q->first) != s) /* under the lock */
        return; /* a waker that lost the race for selectDone has dropped it already */
    if (s->prev)
        s->prev->next = s->next;
    else
        store_relaxed(&q->first, s->next); /* under the lock; a hint for the try operations */
    if (s->next)
        s->next->prev = s->prev;
    else
        q->last = s->prev;
    s->next = s->prev = NULL;
}

sudog *waitq_dequeue(waitq *q)
{
    for (;;) {
        sudog *s = load_relaxed(&q->first); /* under the lock */
        if (!s)
            return NULL;
        waitq_remove(q, s);
        /* Races with wakers of the same select that hold other channels' locks: one wins. The G reads
         * what the winner wrote after goready, which orders it; so the exchange itself needs no order. */
        if (s->isSelect && !cas(&s->g->selectDone, 0u, 1u))
            continue;
        return s;
    }
}

_Noreturn void parkforever(waitReason reason)
{
    static mutex never; /* taken for the moment of parking only */
    lock(&never);
    goparkunlock(&never, reason);
    throw_("a goroutine came back from a wait that nothing can end");
}

/* ---- elements ---- */

/* Copies one element. Eight bytes is by far the most frequent size. */
static inline void elemcopy(const Chan *c, void *dst, const void *src)
{
    if (c->elemsize == 8)
        __builtin_memcpy(dst, src, 8);
    else if (c->elemsize > 0)
        __builtin_memcpy(dst, src, c->elemsize);
}

/* Adds d to qcount. c->lock held. */
static inline void addcount(Chan *c, size_t d)
{
    /* written under the lock; a hint for those without */
    store_relaxed(&c->qcount, load_relaxed(&c->qcount) + d);
}

void chan_bufput(Chan *c, const void *elem)
{
    elemcopy(c, c->buf + c->sendx * c->elemsize, elem);
    if (++c->sendx == c->dataqsiz)
        c->sendx = 0;
    addcount(c, 1);
}

void chan_bufget(Chan *c, void *elem)
{
    if (elem)
        elemcopy(c, elem, c->buf + c->recvx * c->elemsize);
    if (++c->recvx == c->dataqsiz)
        c->recvx = 0;
    addcount(c, (size_t)-1);
}

/* sg's operation is done: says so to its G, which the caller will ready. */
static inline G *complete(sudog *sg, bool success)
{
    sg->success = success;
    sg->g->param = sg;
    return sg->g;
}

G *chan_handto(Chan *c, sudog *sg, const void *elem)
{
    if (sg->elem) {
        elemcopy(c, sg->elem, elem);
        sg->elem = NULL;
    }
    return complete(sg, true);
}

G *chan_takefrom(Chan *c, sudog *sg, void *elem)
{
    if (c->dataqsiz == 0) {
        if (elem)
            elemcopy(c, elem, sg->elem);
    } else {
        chan_bufget(c, elem);
        chan_bufput(c, sg->elem);
    }
    sg->elem = NULL;
    return complete(sg, true);
}

/* Waits in q with elem until somebody has completed the operation; c->lock is held and gets released.
 * True: by a value; false: by close. The sudog is on the stack, which in Go could move: whoever takes it off
 * the queue is done with it when he readies the G, and nobody else can. */
static bool chan_wait(Chan *c, waitq *q, void *elem, waitReason reason)
{
    G *gp = getg();
    sudog sg = {.g = gp, .elem = elem, .c = c};
    gp->waiting = &sg;
    gp->param = NULL;
    waitq_enqueue(q, &sg);
    goparkunlock(&c->lock, reason);
    if (gp->waiting != &sg || gp->param != &sg)
        throw_("channel: goroutine %llu was woken by somebody else than its channel",
               (unsigned long long)gp->goid);
    gp->waiting = NULL;
    gp->param = NULL;
    return sg.success;
}

/* ---- send ---- */

/* A send cannot go on now. Without the lock it was true a moment ago; with it, it is. */
static bool full(Chan *c)
{
    if (c->dataqsiz == 0)
        return !load_relaxed(&c->recvq.first); /* a hint: no memory is read through it */
    return load_relaxed(&c->qcount) == c->dataqsiz; /* a hint */
}

/* Sends; false only if !block and it cannot be done at once. */
static bool chansend(Chan *c, const void *elem, bool block)
{
    preemptcheck();
    if (!c) {
        if (!block)
            return false;
        parkforever(waitReasonChanSendNil);
    }
    /* closed is read before full: a channel seen open and then full was both at the first of the two
     * reads, since nothing makes an open, full channel ready to send but a receive. */
    /* pairs with chan_close; keeps the two reads in order */
    if (!block && !load_acquire(&c->closed) && full(c))
        return false;
    lock(&c->lock);
    if (load_relaxed(&c->closed)) { /* under the lock */
        unlock(&c->lock);
        gopanic("send on closed channel");
    }
    sudog *sg = waitq_dequeue(&c->recvq);
    if (sg) {
        G *gp = chan_handto(c, sg, elem);
        unlock(&c->lock);
        goready(gp);
        return true;
    }
    if (load_relaxed(&c->qcount) < c->dataqsiz) { /* under the lock */
        chan_bufput(c, elem);
        unlock(&c->lock);
        return true;
    }
    if (!block) {
        unlock(&c->lock);
        return false;
    }
    if (!chan_wait(c, &c->sendq, (void *)elem, waitReasonChanSend))
        gopanic("send on closed channel");
    return true;
}

void chan_send(Chan *c, const void *elem)
{
    chansend(c, elem, true);
}

bool chan_trysend(Chan *c, const void *elem)
{
    return chansend(c, elem, false);
}

/* ---- receive ---- */

/* A receive cannot take a value now; see full. The loads acquire so that what the caller reads next is
 * read later. */
static bool empty(Chan *c)
{
    if (c->dataqsiz == 0)
        return !load_acquire(&c->sendq.first); /* a hint: nothing is read through it */
    return load_acquire(&c->qcount) == 0; /* a hint */
}

/* What a receive from a closed and drained channel yields: zeros. */
static bool recvclosed(Chan *c, void *elem)
{
    if (elem && c->elemsize > 0)
        __builtin_memset(elem, 0, c->elemsize);
    return false;
}

/* Receives; *ok is false if closed and drained. Returns false only if !block and it cannot be done at
 * once. */
static bool chanrecv(Chan *c, void *elem, bool block, bool *ok)
{
    preemptcheck();
    *ok = false;
    if (!c) {
        if (!block)
            return false;
        parkforever(waitReasonChanReceiveNil);
    }
    /* empty before closed: a channel does not open again, so an open one was open when it was seen empty. */
    if (!block && empty(c) && !load_acquire(&c->closed)) /* pairs with the release in chan_close */
        return false;
    lock(&c->lock);
    sudog *sg = waitq_dequeue(&c->sendq);
    if (sg) {
        G *gp = chan_takefrom(c, sg, elem);
        unlock(&c->lock);
        goready(gp);
        return *ok = true;
    }
    if (load_relaxed(&c->qcount) > 0) { /* under the lock */
        chan_bufget(c, elem);
        unlock(&c->lock);
        return *ok = true;
    }
    if (load_relaxed(&c->closed)) { /* under the lock */
        unlock(&c->lock);
        *ok = recvclosed(c, elem);
        return true;
    }
    if (!block) {
        unlock(&c->lock);
        return false;
    }
    *ok = chan_wait(c, &c->recvq, elem, waitReasonChanReceive) || recvclosed(c, elem);
    return true;
}

bool chan_recv(Chan *c, void *elem)
{
    bool ok;
    chanrecv(c, elem, true, &ok);
    return ok;
}

bool chan_tryrecv(Chan *c, void *elem, bool *ok)
{
    bool dummy;
    return chanrecv(c, elem, false, ok ? ok : &dummy);
}

/* ---- making, closing ---- */

Chan *chan_make(size_t elemsize, size_t cap)
{
    size_t bytes;
    if (__builtin_mul_overflow(elemsize, cap, &bytes) || bytes > SIZE_MAX / 4)
        gopanic("makechan: size out of range");
    Chan *c = gomalloc(sizeof(Chan) + bytes);
    c->elemsize = elemsize;
    c->dataqsiz = cap;
    return c;
}

void chan_free(Chan *c)
{
    if (!c)
        return;
    lock(&c->lock); /* also waits for a peer that is just leaving it */
    bool waiters = load_relaxed(&c->recvq.first) || load_relaxed(&c->sendq.first); /* under the lock */
    unlock(&c->lock);
    if (waiters)
        fatal("chan_free: goroutines wait on the channel");
    gofree(c);
}

/* Takes everybody off q and adds their Gs to toready. c->lock held. */
static void dismiss(waitq *q, gQueue *toready)
{
    for (sudog *sg; (sg = waitq_dequeue(q));) {
        sg->elem = NULL;
        gqueue_pushback(toready, complete(sg, false));
    }
}

void chan_close(Chan *c)
{
    preemptcheck();
    if (!c)
        gopanic("close of nil channel");
    lock(&c->lock);
    if (load_relaxed(&c->closed)) { /* under the lock */
        unlock(&c->lock);
        gopanic("close of closed channel");
    }
    /* pairs with the try operations' acquire: what came before the close is seen */
    store_release(&c->closed, true);
    gQueue toready = {0};
    dismiss(&c->recvq, &toready);
    dismiss(&c->sendq, &toready);
    unlock(&c->lock);
    for (G *gp; (gp = gqueue_pop(&toready));) {
        gp->schedlink = NULL;
        goready(gp);
    }
}

size_t chan_len(Chan *c)
{
    return c ? load_relaxed(&c->qcount) : 0; /* stale as soon as it is read, whatever the order */
}

size_t chan_cap(Chan *c)
{
    return c ? c->dataqsiz : 0;
}

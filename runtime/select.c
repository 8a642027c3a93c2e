/**
 * @file select.c
 * Waiting on several channels at once.
 *
 * A select needs the locks of all its channels, first to see that no case can go on, then to stand in all
 * queues at one instant. Two selects that took the same locks in different orders would deadlock, so
 * everybody takes them in the order of the channels' addresses (lockorder; a channel may occur in several
 * cases and is locked once). Which of several ready cases goes on is decided by another order, a random one
 * (pollorder), so that no case can starve another.
 *
 * A G that waits in several queues can be found by several wakers that hold different locks. g->selectDone
 * decides: the first to change it from 0 to 1 has woken the G, the others pass on to the next waiter. The
 * G, when it runs again, takes all locks once more, leaves the queues in which nobody took it, and only
 * then sets selectDone back.
 */
#include "chan.h"

/** Selects of up to this many cases keep their orders on the stack. */
#define SELECT_SMALL 16
/** The most cases: their numbers are kept in 16 bits. */
#define SELECT_MAX 65536

/* One select under way. */
typedef struct selection {
    SelectCase *cases;   /* the caller's */
    uint16_t *pollorder; /* indices of cases with a channel, in random order */
    uint16_t *lockorder; /* the same, by address of the channel */
    int n;               /* length of both */
} selection;

/* The channel of the i'th case in lock order. */
static inline Chan *lockchan(const selection *s, int i)
{
    return s->cases[s->lockorder[i]].c;
}

/* Locks every channel once. */
static void sellock(const selection *s)
{
    for (int i = 0; i < s->n; i++)
        if (i == 0 || lockchan(s, i) != lockchan(s, i - 1))
            lock(&lockchan(s, i)->lock);
}

/* Unlocks them, last first. */
static void selunlock(const selection *s)
{
    for (int i = s->n - 1; i >= 0; i--)
        if (i == 0 || lockchan(s, i) != lockchan(s, i - 1))
            unlock(&lockchan(s, i)->lock);
}

/* Lets order[i] sink to its place in the heap of the first n entries, the largest address on top. */
static void sink(const SelectCase *cases, uint16_t *order, int i, int n)
{
    uint16_t v = order[i];
    for (int child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && (uintptr_t)cases[order[child]].c < (uintptr_t)cases[order[child + 1]].c)
            child++;
        if ((uintptr_t)cases[order[child]].c <= (uintptr_t)cases[v].c)
            break;
        order[i] = order[child];
    }
    order[i] = v;
}

/* Fills both orders from the n cases. Heap sort: no recursion, no memory, never quadratic. */
static void makeorders(selection *s, int n)
{
    s->n = 0;
    for (int i = 0; i < n; i++) {
        if (!s->cases[i].c)
            continue; /* never ready: takes no part */
        uint32_t j = cheaprandn((uint32_t)s->n + 1);
        s->pollorder[s->n] = s->pollorder[j];
        s->pollorder[j] = (uint16_t)i;
        s->lockorder[s->n++] = (uint16_t)i;
    }
    for (int i = s->n / 2 - 1; i >= 0; i--)
        sink(s->cases, s->lockorder, i, s->n);
    for (int i = s->n - 1; i > 0; i--) {
        uint16_t v = s->lockorder[i];
        s->lockorder[i] = s->lockorder[0];
        s->lockorder[0] = v;
        sink(s->cases, s->lockorder, 0, i);
    }
}

/* Does the send case k if it can be done now. All locks held. *gp: a G to ready afterwards. -1: closed. */
static int trysend(const SelectCase *k, G **gp)
{
    Chan *c = k->c;
    if (load_relaxed(&c->closed)) /* under the lock */
        return -1;
    sudog *sg = waitq_dequeue(&c->recvq);
    if (sg) {
        *gp = chan_handto(c, sg, k->elem);
        return 1;
    }
    if (load_relaxed(&c->qcount) == c->dataqsiz) /* under the lock */
        return 0;
    chan_bufput(c, k->elem);
    return 1;
}

/* Does the receive case k if it can be done now. All locks held. *gp: a G to ready afterwards. */
static int tryrecv(SelectCase *k, G **gp)
{
    Chan *c = k->c;
    sudog *sg = waitq_dequeue(&c->sendq);
    k->ok = true;
    if (sg) {
        *gp = chan_takefrom(c, sg, k->elem);
        return 1;
    }
    if (load_relaxed(&c->qcount) > 0) { /* under the lock */
        chan_bufget(c, k->elem);
        return 1;
    }
    k->ok = false;
    if (!load_relaxed(&c->closed)) /* under the lock */
        return 0;
    if (k->elem && c->elemsize > 0)
        __builtin_memset(k->elem, 0, c->elemsize);
    return 1;
}

/* Pass 1: does the first case in poll order that is ready. All locks held, and released if one was.
 * The case's index; -1: none is; -2: a send on a closed channel. */
static int selectready(const selection *s)
{
    for (int i = 0; i < s->n; i++) {
        SelectCase *k = &s->cases[s->pollorder[i]];
        G *gp = NULL;
        int done = k->send ? trysend(k, &gp) : tryrecv(k, &gp);
        if (done == 0)
            continue;
        int index = done < 0 ? -2 : s->pollorder[i];
        selunlock(s);
        if (gp)
            goready(gp);
        return index;
    }
    return -1;
}

/* Pass 2: stands in the queue of every case. All locks held. g->waiting lists the sudogs in lock order. */
static void selectenqueue(const selection *s, G *gp)
{
    sudog **link = &gp->waiting;
    for (int i = 0; i < s->n; i++) {
        SelectCase *k = &s->cases[s->lockorder[i]];
        sudog *sg = acquireSudog();
        sg->g = gp;
        sg->isSelect = true;
        sg->icase = s->lockorder[i];
        sg->elem = k->elem;
        sg->c = k->c;
        *link = sg;
        link = &sg->waitlink;
        waitq_enqueue(k->send ? &k->c->sendq : &k->c->recvq, sg);
    }
    *link = NULL;
    gp->param = NULL;
}

/* gopark's last step: releases the locks. When the first is free somebody may ready gp on another M, but
 * gp then waits for the remaining locks before it touches its sudogs; so each sudog is read before the
 * lock of its channel is released. */
static bool selparkcommit(G *gp, void *unused)
{
    (void)unused;
    Chan *last = NULL;
    for (sudog *sg = gp->waiting; sg; sg = sg->waitlink) {
        if (last && sg->c != last)
            unlock(&last->lock);
        last = sg->c;
    }
    if (last)
        unlock(&last->lock);
    return true;
}

/* Pass 3: leaves the queues in which nobody took gp. All locks held, and released. The case that has
 * been done; -2: a send on a closed channel. */
static int selectleave(const selection *s, G *gp)
{
    sudog *winner = gp->param, *list = gp->waiting;
    gp->param = NULL;
    gp->waiting = NULL;
    store_relaxed(&gp->selectDone, 0u); /* under all locks: every waker holds one of them */
    int index = -1;
    bool success = false;
    for (sudog *sg = list, *next; sg; sg = next) {
        next = sg->waitlink;
        SelectCase *k = &s->cases[sg->icase];
        if (sg == winner) {
            index = sg->icase;
            success = sg->success;
        } else {
            waitq_remove(k->send ? &sg->c->sendq : &sg->c->recvq, sg);
        }
        releaseSudog(sg);
    }
    selunlock(s);
    if (index < 0)
        throw_("select: goroutine %llu was woken by no case", (unsigned long long)gp->goid);
    SelectCase *k = &s->cases[index];
    if (k->send)
        return success ? index : -2;
    k->ok = success;
    if (!success && k->elem && k->c->elemsize > 0)
        __builtin_memset(k->elem, 0, k->c->elemsize);
    return index;
}

/* The select proper; -2: a send on a closed channel. */
static int selectgo(const selection *s, bool block)
{
    sellock(s);
    int index = selectready(s);
    if (index != -1)
        return index;
    if (!block) {
        selunlock(s);
        return -1;
    }
    G *gp = getg();
    if (gp->waiting)
        throw_("select: goroutine %llu waits already", (unsigned long long)gp->goid);
    selectenqueue(s, gp);
    gopark(selparkcommit, NULL, waitReasonSelect);
    sellock(s);
    return selectleave(s, gp);
}

int chan_select(SelectCase *cases, int n, bool block)
{
    preemptcheck();
    if (n < 0 || n > SELECT_MAX)
        fatal("select: %d cases, at most %d are allowed", n, SELECT_MAX);
    uint16_t small[2 * SELECT_SMALL];
    uint16_t *orders = n <= SELECT_SMALL ? small : gomalloc(2 * sizeof(uint16_t) * (size_t)n);
    selection s = {.cases = cases, .pollorder = orders, .lockorder = orders + n};
    makeorders(&s, n);
    int index = -1;
    if (s.n > 0)
        index = selectgo(&s, block);
    if (orders != small)
        gofree(orders);
    if (index == -2)
        gopanic("send on closed channel");
    if (index == -1 && block)
        parkforever(n == 0 ? waitReasonSelectNoCases : waitReasonSelect);
    return index;
}

/**
 * @file timers.c
 * Timers: per P a heap of what is due when.
 *
 * Each P has a heap of its own, so that goroutines on different Ps can sleep and wake without meeting at
 * one lock. The scheduler runs a P's due timers each time it looks for a G (checkTimers); an M that finds
 * nothing to do runs those of other Ps too; the M that blocks in the network poller does so only until the
 * earliest timer of all. So there is no timer thread. What remains is the moment after the poller went to
 * sleep: whoever then sets an earlier timer must wake it (wakeNetPoller).
 *
 * The heap is 4-ary: half as deep as a binary one, and the four children of a node share a cache line,
 * because the heap holds the times themselves beside the pointers.
 *
 * A timer's function runs with the heap unlocked, since it may set and stop timers itself. The timer is
 * inactive by then (or has been set for its next period), and belongs to its user again: nothing of it is
 * touched any more. That is why a user who stops a timer and is told false knows only that fn was called or
 * is about to be; users that must know more pass a sequence number.
 *
 * P.timers.minWhen and timerpMask are hints for those who do not hold the lock. minWhen is written under
 * the lock; whoever makes it earlier then wakes the poller. A bit of timerpMask is set with the first timer
 * of a P and cleared by an M that looks at another P and finds its heap empty: a P that sets and drops one
 * timer again and again pays nothing for it.
 */
#include "core.h"

/** Children of a node. */
#define ARITY 4

/* ---- the heap; all with ts->lock held ---- */

/* Puts w at place i. */
static inline void place(timers *ts, uint32_t i, timerWhen w)
{
    ts->heap[i] = w;
    w.t->index = (int32_t)i;
}

/* Moves w up from place i to where it belongs. */
static void siftup(timers *ts, uint32_t i, timerWhen w)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / ARITY;
        if (w.when >= ts->heap[parent].when)
            break;
        place(ts, i, ts->heap[parent]);
        i = parent;
    }
    place(ts, i, w);
}

/* Moves w down from place i to where it belongs. */
static void siftdown(timers *ts, uint32_t i, timerWhen w)
{
    for (;;) {
        uint32_t first = i * ARITY + 1, least = first;
        if (first >= ts->len)
            break;
        uint32_t end = first + ARITY < ts->len ? first + ARITY : ts->len;
        for (uint32_t c = first + 1; c < end; c++)
            if (ts->heap[c].when < ts->heap[least].when)
                least = c;
        if (w.when <= ts->heap[least].when)
            break;
        place(ts, i, ts->heap[least]);
        i = least;
    }
    place(ts, i, w);
}

/* Publishes the earliest time. */
static inline void updatemin(timers *ts)
{
    int64_t when = ts->len > 0 ? ts->heap[0].when : 0;
    store_release(&ts->minWhen, when); /* read without the lock: checkTimers, timeSleepUntil, findrunnable */
}

/* Makes room for one more. */
static void grow(timers *ts)
{
    uint32_t cap = ts->cap ? 2 * ts->cap : 64;
    timerWhen *heap = gomalloc(cap * sizeof(timerWhen));
    if (ts->len > 0)
        __builtin_memcpy(heap, ts->heap, ts->len * sizeof(timerWhen));
    gofree(ts->heap);
    ts->heap = heap;
    ts->cap = cap;
}

/* Adds t to pp's heap. */
static void insert(P *pp, timer *t)
{
    timers *ts = &pp->timers;
    if (ts->len == ts->cap)
        grow(ts);
    store_release(&t->pp, pp); /* pairs with timer_del's load: it then takes this lock */
    siftup(ts, ts->len++, (timerWhen){t->when, t});
    updatemin(ts);
    if (ts->len == 1 && !pmask_read(timerpMask, (uint32_t)pp->id))
        pmask_set(timerpMask, (uint32_t)pp->id);
}

/* Takes the timer at place i out of the heap and leaves it inactive. */
static void removeat(timers *ts, uint32_t i)
{
    timer *t = ts->heap[i].t;
    timerWhen last = ts->heap[--ts->len];
    if (i < ts->len) {
        if (i > 0 && last.when < ts->heap[(i - 1) / ARITY].when)
            siftup(ts, i, last);
        else
            siftdown(ts, i, last);
    }
    updatemin(ts);
    t->index = -1;
    store_release(&t->pp, NULL); /* pairs with timer_del's load: the timer is its user's again. Last access */
}

/* ---- setting and stopping ---- */

void timer_start(timer *t, int64_t when, int64_t period, void (*fn)(void *, uintptr_t), void *arg,
                 uintptr_t seq)
{
    if (load_relaxed(&t->pp)) /* the user's own: nobody else may start it */
        throw_("timer_start: timer is active");
    if (when <= 0)
        when = 1; /* 0 says in minWhen that there is none */
    t->when = when;
    t->period = period;
    t->fn = fn;
    t->arg = arg;
    t->seq = seq;
    if (!netpollinited())
        netpollGenericInit(); /* an M with nothing to do waits for timers in the poller */
    M *mp = acquirem();
    P *pp = mp->p;
    lock(&pp->timers.lock);
    insert(pp, t);
    bool earliest = t->index == 0;
    unlock(&pp->timers.lock); /* t may be running, and gone, from here on */
    if (earliest)
        wakeNetPoller(when);
    releasem(mp);
}

bool timer_del(timer *t)
{
    for (;;) {
        P *pp = load_acquire(&t->pp); /* pairs with insert and removeat */
        if (!pp)
            return false;
        timers *ts = &pp->timers;
        lock(&ts->lock);
        bool there = load_relaxed(&t->pp) == pp; /* it changes under this lock only */
        if (there)
            removeat(ts, (uint32_t)t->index);
        unlock(&ts->lock);
        if (there)
            return true;
        /* it ran, or moved with a P that was retired */
    }
}

void wakeNetPoller(int64_t when)
{
    /* an M blocks in the poller; pairs with its swap before it computes how long */
    if (load_seqcst(&sched.lastpoll) == 0) {
        int64_t until = load_seqcst(&sched.pollUntil); /* set by that M before it blocks */
        if (until == 0 || until > when)
            netpollBreak();
    } else {
        wakep(); /* nobody does: let an M look for work, it will end in the poller and see the timer */
    }
}

/* ---- running ---- */

/* Runs the earliest timer, which is due; ts->lock is held, dropped while the function runs, and held
 * again. */
static void runone(timers *ts, int64_t now)
{
    timer *t = ts->heap[0].t;
    void (*fn)(void *, uintptr_t) = t->fn;
    void *arg = t->arg;
    uintptr_t seq = t->seq;
    if (t->period > 0) {
        t->when += t->period * (1 + (now - t->when) / t->period); /* missed periods are skipped */
        if (t->when < 0)
            t->when = INT64_MAX;
        siftdown(ts, 0, (timerWhen){t->when, t});
        updatemin(ts);
    } else {
        removeat(ts, 0);
    }
    unlock(&ts->lock);
    fn(arg, seq);
    lock(&ts->lock);
}

/* pp, which is not ours, has no timers: forgets that it may have. */
static void clearmask(P *pp)
{
    lock(&pp->timers.lock);
    if (pp->timers.len == 0)
        pmask_clear(timerpMask, (uint32_t)pp->id); /* insert sets it, under the same lock */
    unlock(&pp->timers.lock);
}

int64_t checkTimers(P *pp, int64_t *now, bool *ran)
{
    timers *ts = &pp->timers;
    /* a hint; pairs with updatemin. A later one wakes the poller */
    int64_t next = load_acquire(&ts->minWhen);
    if (next == 0) {
        if (pp != getp() && pmask_read(timerpMask, (uint32_t)pp->id))
            clearmask(pp);
        return 0;
    }
    if (*now == 0)
        *now = nanotime();
    if (*now < next)
        return next;
    lock(&ts->lock);
    while (ts->len > 0 && ts->heap[0].when <= *now) {
        runone(ts, *now);
        *ran = true;
    }
    next = ts->len > 0 ? ts->heap[0].when : 0;
    unlock(&ts->lock);
    return next;
}

int64_t timeSleepUntil(void)
{
    int64_t next = INT64_MAX;
    lock(&allpLock);
    for (int32_t i = 0; i < load_relaxed(&gomaxprocs); i++) { /* allpLock keeps it still */
        if (!allp[i])
            continue; /* procresize is at work */
        int64_t when = load_acquire(&allp[i]->timers.minWhen); /* a hint; pairs with updatemin */
        if (when != 0 && when < next)
            next = when;
    }
    unlock(&allpLock);
    return next;
}

void timers_move(P *from)
{
    P *to = getp();
    if (from == to)
        throw_("timers_move: P %d is the running one", from->id);
    lock(&from->timers.lock);
    lock(&to->timers.lock); /* two heap locks: the world is stopped, nobody else holds one */
    for (uint32_t i = 0; i < from->timers.len; i++)
        insert(to, from->timers.heap[i].t);
    from->timers.len = 0;
    updatemin(&from->timers);
    pmask_clear(timerpMask, (uint32_t)from->id);
    unlock(&to->timers.lock);
    unlock(&from->timers.lock);
}

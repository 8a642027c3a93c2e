/**
 * @file findrunnable.c
 * Where the next goroutine comes from, and how an M that finds none goes to sleep without missing one.
 *
 * The order of the search is an order of price. Own queue: no lock, warm cache. Global queue: a lock.
 * Network: a system call. Other Ps: their cache lines. Every 61st time slice the global queue comes first, or
 * two goroutines that ready each other for ever would starve it.
 *
 * The hard part is to stop. The M gives its P up; a moment before, somebody may have queued a G and seen no
 * reason to wake anybody, because this M still spun. Both sides write, then read what the other wrote:
 *
 *     the M that parks                          who makes a G runnable
 *     P onto the idle list                      G onto a queue
 *     nmspinning - 1                            fence
 *     fence                                     nmspinning > 0? then it will be found: done
 *     all queues once more: a G? take it        idle P? wake an M for it
 *
 * With both fences one of the two must see the other; leave out either, or look before the count goes down,
 * and once in a long while neither does: a G waits beside an idle P, until something else happens. This is
 * the "delicate dance".
 *
 * One M that has nothing better to do sleeps in the poller instead of on its note, until the network or the
 * next timer wants something. sched.lastpoll is 0 meanwhile, so that everybody knows that somebody is there.
 *
 * Of the helpers below that may come back without a P, each returns a G, or NULL; with NULL, m.p tells
 * whether there is a P to search with again.
 */
#include "core.h"

/* BEGIN SOLUTION */
/* ---- spinning: being counted as one that will find what others queue ---- */

/** Counts this M as spinning. What it looks at afterwards it sees as wakep left it, or newer. */
static void startspinning(M *mp)
{
    store_relaxed(&mp->spinning, true); /* own field */
    fetch_add_seqcst(&sched.nmspinning, 1);
    store_seqcst(&sched.needspinning, 0); /* the note is answered */
    /* pairs with the fence in wakep: who still read the note, or did not count us, has queued its G */
    fence_seqcst();
}

/** Stops counting it. The caller must look at all queues again: the second half of the dance. */
static void stopspinning(M *mp)
{
    store_relaxed(&mp->spinning, false); /* own field */
    if (fetch_add_seqcst(&sched.nmspinning, -1) < 1)
        throw_("findrunnable: negative nmspinning");
    STALL(after_nmspinning_dec);
    /* pairs with the fence in wakep: who saw us spin has queued its G, and our next look finds it */
    fence_seqcst();
}

/** True if the M spins, or has begun to: no more than half as many Ms look for work as have some. */
static bool spins(M *mp)
{
    if (load_relaxed(&mp->spinning)) /* own field */
        return true;
    /* relaxed: how many spin is a matter of cost, not of safety */
    int32_t busy = load_relaxed(&gomaxprocs) - load_relaxed(&sched.npidle);
    if (2 * load_relaxed(&sched.nmspinning) >= busy)
        return false;
    startspinning(mp);
    return true;
}

/* ---- the near places ---- */

/** With sched.lock, which it drops: a batch from the global queue into pp's empty one; the first is returned,
 *  or NULL. */
static G *globalbatch_unlock(P *pp)
{
    gQueue q;
    G *gp = globrunqgetbatch(RUNQ_SIZE / 2, &q);
    unlock(&sched.lock); /* first: runqputbatch may want it */
    if (gp && q.head)
        runqputbatch(pp, &q);
    return gp;
}

/**
 * The first of a list from the poller; the rest is injected. delta as netpoll gave it. NULL: an empty list.
 */
static G *takepolled(gList *list, int32_t delta)
{
    G *gp = glist_pop(list);
    injectglist(list);
    if (gp) {
        trace_(getp(), traceEvGoUnpark, gp->goid, 0);
        casgstatus(gp, Gwaiting, Grunnable);
    }
    /* after all are runnable: a deadlock check must not miss them (issue 60782) */
    netpollAdjustWaiters(delta);
    return gp;
}

/** A look at the network without waiting; one M at a time, none while one waits there. */
static G *pollnow(void)
{
    /* pairs with claimpoll's swap; stale: one look too many or too few */
    if (!netpollinited() || !netpollAnyWaiters() || load_seqcst(&sched.lastpoll) == 0)
        return NULL;
    /* somebody is at it: epoll has a lock of its own (issue 65064) */
    if (swap_acqrel(&sched.pollingNet, 1) != 0)
        return NULL;
    int32_t delta;
    gList list = netpoll(0, &delta);
    store_release(&sched.pollingNet, 0); /* pairs with the swap */
    return takepolled(&list, delta);
}

/** The cheap places in their order: fairness, own queue, global queue, network. */
static G *looknear(P *pp, bool *inheritTime)
{
    G *gp = NULL;
    /* runqsize is a hint, checked under the lock; who puts a G there wakes somebody by wakep's rule */
    if (load_relaxed(&pp->schedtick) % 61 == 0 && load_relaxed(&sched.runqsize) > 0) {
        lock(&sched.lock);
        gp = globrunqget();
        unlock(&sched.lock);
    }
    if (!gp)
        gp = runqget(pp, inheritTime);
    if (!gp && load_relaxed(&sched.runqsize) > 0) { /* a hint, as above */
        lock(&sched.lock);
        gp = globalbatch_unlock(pp);
    }
    return gp ? gp : pollnow();
}

/* ---- without a P ---- */

/** A P that has work, seen without holding one: gets an idle P for it, or NULL. Ps [0, n). */
static P *checkRunqsNoP(int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        if (pmask_read(idlepMask, (uint32_t)i) || runqempty(allp[i]))
            continue;
        lock(&sched.lock);
        P *pp = pidlegetSpinning();
        unlock(&sched.lock);
        return pp; /* none: whoever drops the next one has been told to look */
    }
    return NULL;
}

/** The earliest timer of Ps [0, n) and t; 0 means never. */
static int64_t checkTimersNoP(int32_t n, int64_t t)
{
    for (int32_t i = 0; i < n; i++) {
        if (!pmask_read(timerpMask, (uint32_t)i))
            continue;
        /* pairs with who adds one, then calls wakeNetPoller */
        int64_t when = load_seqcst(&allp[i]->timers.minWhen);
        if (when != 0 && (t == 0 || when < t))
            t = when;
    }
    return t;
}

/**
 * The last look of an M that has given its P up and stopped spinning. n: GOMAXPROCS while it had the P. It
 * may change now, but a P that goes away hands its Gs over with the world stopped, and allp never moves
 * (issue 23098). If there is work, and an idle P for it, the M has that P afterwards and spins again.
 */
static G *lastlook(M *mp, int32_t n)
{
    lock(&sched.lock);
    /* exact, under the lock (issue 55160) */
    P *pp = load_relaxed(&sched.runqsize) > 0 ? pidlegetSpinning() : NULL;
    if (pp) {
        acquirep(pp);
        startspinning(mp);
        return globalbatch_unlock(pp);
    }
    unlock(&sched.lock);
    pp = checkRunqsNoP(n);
    if (pp) {
        acquirep(pp);
        startspinning(mp);
    }
    return NULL;
}

/** True: this M is to wait in the poller, as the only one, and sched.lastpoll is 0. Else, if somebody waits
 *  there, sees to it that it does not sleep past pollUntil. */
static bool claimpoll(int64_t pollUntil)
{
    if (!netpollinited() || (!netpollAnyWaiters() && pollUntil == 0))
        return false;
    /* seq_cst: pairs with wakeNetPoller and handoffp, which ask whether anybody polls */
    if (swap_seqcst(&sched.lastpoll, 0) != 0)
        return true;
    int64_t until = load_seqcst(&sched.pollUntil); /* pairs with pollwait's store */
    if (pollUntil != 0 && (until == 0 || until > pollUntil))
        netpollBreak();
    return false;
}

/** Waits in the poller until something is ready or pollUntil (0: no limit). If a P is free the M has it
 *  afterwards; if not, the events are delivered. */
static G *pollwait(M *mp, bool wasspinning, int64_t now, int64_t pollUntil)
{
    /* pairs with wakeNetPoller, which reads it when lastpoll is 0 */
    store_seqcst(&sched.pollUntil, pollUntil);
    if (mp->p)
        throw_("findrunnable: netpoll with p%d", mp->p->id);
    if (load_relaxed(&mp->spinning)) /* own field */
        throw_("findrunnable: netpoll with spinning");
    int64_t delay = -1;
    if (pollUntil != 0) {
        delay = pollUntil - (now ? now : nanotime());
        if (delay < 0)
            delay = 0;
    }
    int32_t delta;
    gList list = netpoll(delay, &delta);
    store_seqcst(&sched.pollUntil, 0);
    store_seqcst(&sched.lastpoll, nanotime()); /* not the time from before the wait (issue 60276) */
    lock(&sched.lock);
    P *pp = pidleget();
    unlock(&sched.lock);
    if (!pp) {
        injectglist(&list);
        netpollAdjustWaiters(delta);
        return NULL;
    }
    acquirep(pp);
    G *gp = takepolled(&list, delta);
    if (!gp && wasspinning)
        startspinning(mp);
    return gp;
}

/** Gives the P up, unless there is a reason not to, and waits for work. Returns with a P: a G, or NULL to
 *  search again. */
static G *droppandwait(M *mp, int64_t now, int64_t pollUntil)
{
    P *pp = mp->p;
    bool spinning = load_relaxed(&mp->spinning); /* own field */
    int32_t n = load_relaxed(&gomaxprocs);       /* cannot change while we hold a P */
    lock(&sched.lock);
    if (load_seqcst(&sched.gcwaiting) || load_seqcst(&pp->runSafePointFn)) { /* both are set under the lock */
        unlock(&sched.lock);
        return NULL;
    }
    if (load_relaxed(&sched.runqsize) > 0) /* exact, under the lock */
        return globalbatch_unlock(pp);
    /* somebody with a G found no idle P: look for that G first. Set under the lock, by pidlegetSpinning */
    if (!spinning && load_seqcst(&sched.needspinning)) {
        startspinning(mp);
        unlock(&sched.lock);
        return NULL;
    }
    if (releasep() != pp)
        throw_("findrunnable: wrong p");
    pidleput(pp);
    unlock(&sched.lock);
    STALL(after_pidleput);
    G *gp;
    if (spinning) { /* if not, there are spinning Ms enough, or Gs of which every waker has been told */
        stopspinning(mp);
        gp = lastlook(mp, n);
        if (mp->p)
            return gp;
        /* one may have been added while we still counted as awake */
        pollUntil = checkTimersNoP(n, pollUntil);
    }
    if (claimpoll(pollUntil)) {
        gp = pollwait(mp, spinning, now, pollUntil);
        if (mp->p)
            return gp;
    }
    stopm();
    return NULL;
}
/* END SOLUTION */

G *findrunnable(bool *inheritTime, bool *tryWakeP)
{
    /* BEGIN SOLUTION
     * Write me: stop if the world is to stop, run the safe-point function, run due timers. Then the places in
     * the order that the contract names. Spin (steal) only if fewer than half of the busy Ps' Ms do. Nothing:
     * under sched.lock check the stops and the global queue a last time, give the P up, do the dance, wait.
     * Start again. */
    M *mp = getm();
    *inheritTime = false;
    *tryWakeP = false; /* true in Go for workers of the collector and the tracer, which do not exist here */
    for (;;) {
        if (load_seqcst(&sched.gcwaiting)) { /* pairs with stopTheWorld's store */
            gcstopm();
            continue;
        }
        P *pp = mp->p;
        if (load_relaxed(&pp->runSafePointFn)) /* claimed by CAS; checked again under the lock */
            runSafePointFn();
        int64_t now = 0;
        bool ran = false, newwork = false;
        int64_t pollUntil = checkTimers(pp, &now, &ran);
        G *gp = looknear(pp, inheritTime);
        if (!gp && spins(mp))
            gp = stealWork(&now, &pollUntil, inheritTime, &newwork);
        if (!gp && !newwork)
            gp = droppandwait(mp, now, pollUntil);
        if (gp)
            return gp;
    }
    /* END SOLUTION */
}

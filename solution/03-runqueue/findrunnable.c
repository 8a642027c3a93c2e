/**
 * @file findrunnable.c
 * Where the next goroutine comes from, and how an M that finds none goes to sleep without missing one.
 *
 * The order of the search is an order of price. Own queue: no lock, warm cache. Global queue: a lock.
 * Network: a system call. Other Ps: their cache lines. Every 61st time slice the global queue comes first, or
 * two goroutines that ready each other for ever would starve it.
 *
 * Stealing visits every other P four times, each time in another random order, so that thieves do not all
 * fall upon P 0. Timers and runnext are left alone until the last pass: their owner is about to get to them.
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
 */
#include "core.h"

/* BEGIN SOLUTION */
/** Steps that are coprime with the number of Ps: walking a ring with one of them visits each place once. */
static struct {
    uint32_t count;                   /**< Ps; all of this changes only while the world is stopped */
    uint32_t n;                       /**< how many steps there are */
    uint16_t coprimes[MAXGOMAXPROCS]; /**< them */
} stealOrder;

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/** The place after this one. */
static void randomOrder_next(randomEnum *e)
{
    e->i++;
    e->pos = (e->pos + e->inc) % e->count;
}
/* END SOLUTION */

void randomOrder_reset(uint32_t count)
{
    /* BEGIN SOLUTION
     * Write me: which numbers up to count have no common divisor with it? */
    stealOrder.count = count;
    stealOrder.n = 0;
    for (uint32_t i = 1; i <= count; i++)
        if (gcd(i, count) == 1)
            stealOrder.coprimes[stealOrder.n++] = (uint16_t)i;
    /* END SOLUTION */
}

randomEnum randomOrder_start(uint32_t r)
{
    /* BEGIN SOLUTION
     * Write me: r chooses the place and, independently, the step. */
    uint32_t count = stealOrder.count;
    return (randomEnum){
        .count = count, .pos = r % count, .inc = stealOrder.coprimes[r / count % stealOrder.n]};
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** The earlier of two times, of which 0 means never. */
static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/** Steals from p2, and keeps the accounts. */
static G *stealfrom(P *pp, P *p2, bool stealRunNextG)
{
    uint32_t t = load_relaxed(&pp->runqtail); /* own */
    G *gp = runqsteal(pp, p2, stealRunNextG);
    if (gp) {
        uint32_t n = load_relaxed(&pp->runqtail) - t + 1; /* those that it published, and the one in hand */
        store_relaxed(&pp->n.steals, load_relaxed(&pp->n.steals) + n); /* one writer */
        trace_(pp, traceEvSteal, (uint64_t)p2->id, n);
    }
    return gp;
}
/* END SOLUTION */

G *stealWork(int64_t *now, int64_t *pollUntil, bool *inheritTime, bool *newWork)
{
    /* BEGIN SOLUTION
     * Write me: four passes over all Ps but yourself and the idle ones. If the world is to stop, say that
     * there is something new and leave. In the last pass run other Ps' timers too (an idle P may have some):
     * what they ready lands in your own queue. *pollUntil becomes the earliest timer that you saw. */
    enum { tries = 4 };
    P *pp = getp();
    *inheritTime = false;
    *newWork = false;
    for (int try = 0; try < tries; try++) {
        bool last = try == tries - 1;
        for (randomEnum e = randomOrder_start(cheaprand()); e.i < e.count; randomOrder_next(&e)) {
            /* pairs with the store in stopTheWorld: it waits for our P */
            if (load_seqcst(&sched.gcwaiting)) {
                *newWork = true;
                return NULL;
            }
            P *p2 = allp[e.pos];
            if (p2 == pp)
                continue;
            if (last && pmask_read(timerpMask, e.pos)) {
                bool ran = false;
                *pollUntil = earlier(*pollUntil, checkTimers(p2, now, &ran));
                if (ran) {
                    *newWork = true; /* Gs that they readied may have been stolen from us already */
                    G *gp = runqget(pp, inheritTime);
                    if (gp)
                        return gp;
                }
            }
            G *gp = pmask_read(idlepMask, e.pos) ? NULL : stealfrom(pp, p2, last);
            if (gp)
                return gp;
        }
    }
    return NULL;
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** Counts this M as one that looks for work. Everything it looks at after this, it sees as new as wakep left
 * it. */
static void startspinning(M *mp)
{
    store_relaxed(&mp->spinning, true);
    fetch_add_seqcst(&sched.nmspinning, 1);
    store_seqcst(&sched.needspinning, 0); /* the note is answered */
    /* pairs with the fence in wakep: who still read the note, or did not count us, has queued its G */
    fence_seqcst();
}

/** Stops counting it. The caller must look at all queues again: the second half of the dance. */
static void stopspinning(M *mp)
{
    store_relaxed(&mp->spinning, false);
    if (fetch_add_seqcst(&sched.nmspinning, -1) < 1)
        throw_("findrunnable: negative nmspinning");
    STALL(after_nmspinning_dec);
    /* pairs with the fence in wakep: who saw us spin has queued its G, and our next look finds it */
    fence_seqcst();
}

/** A batch from the global queue into pp's empty one; the first is returned, or NULL. sched.lock is held:
 * unlocks it. */
static G *globalbatch_unlock(P *pp)
{
    gQueue q;
    G *gp = globrunqgetbatch(RUNQ_SIZE / 2, &q);
    unlock(&sched.lock); /* first: runqputbatch may want it */
    if (gp && q.head)
        runqputbatch(pp, &q);
    return gp;
}

/** The first of a list from the poller; the rest is injected. delta as netpoll gave it. NULL if the list is
 * empty. */
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
    if (!gp && load_relaxed(&sched.runqsize) > 0) {
        lock(&sched.lock);
        gp = globalbatch_unlock(pp);
    }
    return gp ? gp : pollnow();
}

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

/** The earliest timer of Ps [0, n) and t, without holding a P. */
static int64_t checkTimersNoP(int32_t n, int64_t t)
{
    for (int32_t i = 0; i < n; i++)
        if (pmask_read(timerpMask, (uint32_t)i))
            /* pairs with who adds one, then wakeNetPoller */
            t = earlier(t, load_seqcst(&allp[i]->timers.minWhen));
    return t;
}

/**
 * The last look of an M that has given its P up and stopped spinning. n: GOMAXPROCS while it had the P. It
 * may change now, but a P that goes away hands its Gs over with the world stopped, and allp never moves
 * (issue 23098).
 * @return true: the M has a P and spins again; *gp is a G, or NULL to search from the start
 */
static bool lastlook(M *mp, int32_t n, G **gp)
{
    *gp = NULL;
    lock(&sched.lock);
    /* exact, under the lock (issue 55160) */
    P *pp = load_relaxed(&sched.runqsize) > 0 ? pidlegetSpinning() : NULL;
    if (pp) {
        acquirep(pp);
        startspinning(mp);
        *gp = globalbatch_unlock(pp);
        if (!*gp)
            throw_("findrunnable: global queue counts %d but is empty", load_relaxed(&sched.runqsize));
        return true;
    }
    unlock(&sched.lock);
    pp = checkRunqsNoP(n);
    if (!pp)
        return false;
    acquirep(pp);
    startspinning(mp);
    return true;
}

/** Waits in the poller, as the only M there, until something is ready or pollUntil (0: no limit). Without P.
 *  @return true: the M has a P again; *gp is a G, or NULL. false: the events are delivered, no P was free */
static bool pollwait(M *mp, bool wasspinning, int64_t now, int64_t pollUntil, G **gp)
{
    /* pairs with wakeNetPoller, which reads it when lastpoll is 0 */
    store_seqcst(&sched.pollUntil, pollUntil);
    if (mp->p)
        throw_("findrunnable: netpoll with p%d", mp->p->id);
    if (load_relaxed(&mp->spinning))
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
        return false;
    }
    acquirep(pp);
    *gp = takepolled(&list, delta);
    if (!*gp && wasspinning)
        startspinning(mp);
    return true;
}

/** The M has no P and found nothing: it waits, in the poller or on its note, until it has a P. A G, or NULL:
 * search. */
static G *waitforwork(M *mp, bool wasspinning, int64_t now, int64_t pollUntil)
{
    G *gp = NULL;
    if (netpollinited() && (netpollAnyWaiters() || pollUntil != 0)) {
        /* seq_cst: one M only; pairs with wakeNetPoller and handoffp, which ask whether anybody polls */
        if (swap_seqcst(&sched.lastpoll, 0) != 0) {
            if (pollwait(mp, wasspinning, now, pollUntil, &gp))
                return gp;
        } else if (pollUntil != 0) {
            int64_t until = load_seqcst(&sched.pollUntil); /* somebody polls, but for too long? */
            if (until == 0 || until > pollUntil)
                netpollBreak();
        }
    }
    stopm();
    return NULL;
}

/** Gives the P up and waits for work. Returns with a P: a G, or NULL to search again. */
static G *droppandwait(M *mp, P *pp, int64_t now, int64_t pollUntil)
{
    int32_t n = load_relaxed(&gomaxprocs); /* cannot change while we hold a P */
    lock(&sched.lock);
    if (load_seqcst(&sched.gcwaiting) || load_seqcst(&pp->runSafePointFn)) { /* both are set under the lock */
        unlock(&sched.lock);
        return NULL;
    }
    if (load_relaxed(&sched.runqsize) > 0)
        return globalbatch_unlock(pp);
    bool spinning = load_relaxed(&mp->spinning);
    /* somebody with a G found no idle P: look for that G first */
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
    if (spinning) { /* if not, there are spinning Ms enough, or Gs of which every waker has been told */
        G *gp;
        stopspinning(mp);
        if (lastlook(mp, n, &gp))
            return gp;
        /* one may have been added while we still counted as awake */
        pollUntil = checkTimersNoP(n, pollUntil);
    }
    return waitforwork(mp, spinning, now, pollUntil);
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
    *tryWakeP =
        false; /* true in Go for the workers of the collector and the tracer, which do not exist here */
    for (;;) {
        P *pp = mp->p;
        if (load_seqcst(&sched.gcwaiting)) { /* pairs with stopTheWorld's store */
            gcstopm();
            continue;
        }
        /* claimed by CAS; checked again under the lock before we park */
        if (load_relaxed(&pp->runSafePointFn))
            runSafePointFn();
        int64_t now = 0;
        bool ran = false, newwork = false;
        int64_t pollUntil = checkTimers(pp, &now, &ran);
        G *gp = looknear(pp, inheritTime);
        /* relaxed: how many spin is a matter of cost, not of safety */
        bool spinning = load_relaxed(&mp->spinning);
        if (!gp &&
            (spinning ||
             2 * load_relaxed(&sched.nmspinning) < load_relaxed(&gomaxprocs) - load_relaxed(&sched.npidle))) {
            if (!spinning)
                startspinning(mp);
            gp = stealWork(&now, &pollUntil, inheritTime, &newwork);
        }
        if (!gp && !newwork)
            gp = droppandwait(mp, pp, now, pollUntil);
        if (gp)
            return gp;
    }
    /* END SOLUTION */
}

/**
 * @file startm.c
 * Starting and parking Ms.
 *
 * An M without work sleeps on its own note (m.park) on the idle list. To start one is to give it a P: the
 * waker stores nextp and then signals the note. That order is all the protocol there is: the sleeper takes
 * nextp without looking whether it is set.
 *
 * Between taking a P off the idle list and the moment at which an M holds it, the P is in limbo: on no list,
 * nobody's. A stop-the-world waits for it. Hence acquirem around all of startm. And the M that will run it
 * does not exist yet: its id is reserved before sched.lock is dropped, or checkdead would see work and nobody
 * to do it.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** First function of an M that starts as a spinning one; its starter has counted it in nmspinning. */
static void mspinning(void)
{
    store_relaxed(&getm()->spinning, true); /* own field; read by dumps */
}

/** Wakes nmp, an idle M, with pp. */
static void wakem(M *nmp, P *pp, bool spinning)
{
    if (load_relaxed(&nmp->spinning)) /* it sleeps: nobody writes it */
        throw_("startm: m is spinning");
    if (nmp->nextp)
        throw_("startm: m has p");
    if (spinning && !runqempty(pp))
        throw_("startm: p has runnable gs");
    store_relaxed(&nmp->spinning, spinning); /* ordered by the wake-up; the caller has counted it */
    nmp->nextp = pp;
    STALL(before_nextp_wakeup);
    notewakeup(&nmp->park);
}
/* END SOLUTION */

void startm(P *pp, bool spinning, bool lockheld)
{
    /* BEGIN SOLUTION
     * Write me: not preemptible; with sched.lock: pp or an idle P (none: back; a spinning start must bring
     * its P), then an idle M. None: reserve an id, drop the lock, newm with a first function that sets
     * m.spinning, the lock again if the caller held it. Else the sleeper: check it, spinning, nextp, wake,
     * in this order. */
    M *mp = acquirem(); /* pp is in limbo until nmp has it */
    if (!lockheld)
        lock(&sched.lock);
    if (!pp) {
        if (spinning)
            throw_("startm: P required for spinning=true");
        pp = pidleget();
    }
    M *nmp = pp ? mget() : NULL;
    if (pp && !nmp) {
        int64_t id = mReserveID(); /* counts as a running M from here on */
        unlock(&sched.lock);
        newm(spinning ? mspinning : NULL, pp, id);
        if (lockheld)
            lock(&sched.lock);
        releasem(mp);
        return;
    }
    if (!lockheld)
        unlock(&sched.lock);
    if (nmp)
        wakem(nmp, pp, spinning);
    releasem(mp);
    /* END SOLUTION */
}

void mPark(void)
{
    /* BEGIN SOLUTION
     * Write me: sleep on the M's note, then clear it. */
    M *mp = getm();
    notesleep(&mp->park);
    noteclear(&mp->park);
    /* END SOLUTION */
}

void stopm(void)
{
    /* BEGIN SOLUTION
     * Write me: throw if the M holds locks or a P, or spins. On the idle list under sched.lock, park, take
     * nextp. */
    M *mp = getm();
    if (mp->locks != 0)
        throw_("stopm holding locks");
    if (mp->p)
        throw_("stopm holding p");
    if (load_relaxed(&mp->spinning)) /* own field */
        throw_("stopm spinning");
    lock(&sched.lock);
    mput(mp);
    unlock(&sched.lock);
    mPark();
    P *pp = mp->nextp;
    mp->nextp = NULL;
    acquirep(pp);
    /* END SOLUTION */
}

void gcstopm(void)
{
    /* BEGIN SOLUTION
     * Write me: throw unless the world is to stop. Stop spinning. Give the P up: under sched.lock Pgcstop,
     * one less to wait for, the last one signals stopnote. Then stopm. */
    M *mp = getm();
    if (!load_relaxed(&sched.gcwaiting)) /* it stays set until we have stopped */
        throw_("gcstopm: not waiting for gc");
    if (load_relaxed(&mp->spinning)) { /* own field */
        store_relaxed(&mp->spinning, false);
        /* Nobody need take over: startTheWorld wakes Ms for what there is to do. */
        if (fetch_add_seqcst(&sched.nmspinning, -1) <= 0)
            throw_("gcstopm: negative nmspinning");
    }
    P *pp = releasep();
    lock(&sched.lock);
    store_relaxed(&pp->status, Pgcstop); /* under the lock that the stopper takes before it looks */
    if (fetch_add_relaxed(&sched.stopwait, -1) == 1) /* likewise; exitsyscall reads it as a hint */
        notewakeup(&sched.stopnote);
    unlock(&sched.lock);
    stopm();
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** The main thread cannot end: the process would look dead to its parent. It only stops counting. */
static _Noreturn void mexit_m0(void)
{
    handoffp(releasep());
    lock(&sched.lock);
    sched.nmfreed++;
    checkdead();
    unlock(&sched.lock);
    mPark();
    throw_("locked m0 woke up");
}

/** Takes mp off allm and leaves it to allocm, which waits for freeWait. */
static void munlink(M *mp)
{
    lock(&sched.lock);
    M *prev = load_relaxed(&allm); /* under the lock */
    if (prev == mp) {
        store_release(&allm, mp->alllink); /* pairs with readers without the lock */
    } else {
        while (prev && prev->alllink != mp)
            prev = prev->alllink;
        if (!prev)
            throw_("m not found in allm");
        prev->alllink = mp->alllink;
    }
    store_relaxed(&mp->freeWait, freeMWait); /* before allocm can see it: the same lock */
    mp->freelink = sched.freem;
    sched.freem = mp;
    unlock(&sched.lock);
}
/* END SOLUTION */

void mexit(void)
{
    /* BEGIN SOLUTION
     * Write me: m0 hands its P off, counts as freed, looks for a deadlock and parks for ever. Any other M:
     * unminit; off allm, on to freem with freeMWait; P to somebody else; only then count as freed and
     * checkdead; and as the last thing exitThread, which clears freeWait (hosted: hosted_exitthread). */
    M *mp = getm();
    if (mp == &m0)
        mexit_m0();
    unminit(); /* no signal from here on */
    munlink(mp);
    handoffp(releasep()); /* may start an M for the work that is left, which checkdead must see */
    lock(&sched.lock);
    sched.nmfreed++;
    checkdead();
    unlock(&sched.lock);
    if (ishosted)
        hosted_exitthread(mp);
    exitThread(&mp->freeWait);
    /* END SOLUTION */
}

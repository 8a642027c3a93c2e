/**
 * @file locked.c
 * Goroutines that are bound to a thread.
 *
 * Some things belong to a thread: credentials, namespaces, a signal mask, the context of a graphics library.
 * A goroutine that uses them locks itself to its M: from then on nobody else runs it, and this M runs nobody
 * else. Locks nest; they are counted apart for the program (lockedExt) and the runtime (lockedInt), and both
 * must be undone.
 *
 * The scheduler does not know of locks until it meets one of two situations:
 *   - the M's own goroutine cannot run: stoplockedm gives the P away and parks until somebody brings one;
 *   - another M picks a locked goroutine off a queue: startlockedm takes it, and its own P, to the thread
 *     that it is locked to.
 *
 * A parked locked M does not lie on the idle list; nmidlelocked counts it for checkdead. Whoever is about to
 * bring such an M to life counts it out before.
 *
 * If a goroutine ends while it is locked, its thread ends with it: nobody knows what it has done to it.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** Ties the running G and its M. The caller has counted. */
static void dolockOSThread(G *gp, M *mp)
{
    mp->lockedg = gp;
    gp->lockedm = mp;
}

/** Parts them if both counts are 0. */
static void dounlockOSThread(G *gp, M *mp)
{
    if (mp->lockedInt != 0 || mp->lockedExt != 0)
        return;
    mp->lockedg = NULL;
    gp->lockedm = NULL;
}
/* END SOLUTION */

void lockosthread(void)
{
    /* BEGIN SOLUTION
     * Write me: start the template thread now, while this thread is still clean; count; tie. Overflow is
     * fatal. */
    preemptcheck();
    if (load_relaxed(&newmHandoff.haveTemplateThread) == 0) /* a hint: startTemplateThread decides */
        startTemplateThread();
    M *mp = getm();
    if (mp->lockedExt == UINT32_MAX)
        fatal("LockOSThread nesting overflow");
    mp->lockedExt++;
    dolockOSThread(getg(), mp);
    /* END SOLUTION */
}

void unlockosthread(void)
{
    /* BEGIN SOLUTION
     * Write me: nothing if the program holds no lock; else count down, and part if it was the last of both
     * kinds. */
    M *mp = getm();
    if (mp->lockedExt == 0)
        return;
    mp->lockedExt--;
    dounlockOSThread(getg(), mp);
    /* END SOLUTION */
}

void lockOSThread(void)
{
    /* BEGIN SOLUTION
     * Write me: the runtime's count, and tie. No template thread: the runtime leaves its threads as they
     * are. */
    M *mp = getm();
    mp->lockedInt++;
    dolockOSThread(getg(), mp);
    /* END SOLUTION */
}

void unlockOSThread(void)
{
    /* BEGIN SOLUTION
     * Write me: throw without a lock; count down, and part if it was the last. */
    M *mp = getm();
    if (mp->lockedInt == 0)
        throw_("runtime: internal error: misuse of lockOSThread/unlockOSThread");
    mp->lockedInt--;
    dounlockOSThread(getg(), mp);
    /* END SOLUTION */
}

void incidlelocked(int32_t v)
{
    /* BEGIN SOLUTION
     * Write me: under sched.lock; one more that sleeps may have been the last one. */
    lock(&sched.lock);
    sched.nmidlelocked += v;
    if (v > 0)
        checkdead();
    unlock(&sched.lock);
    /* END SOLUTION */
}

void stoplockedm(void)
{
    /* BEGIN SOLUTION
     * Write me: throw unless M and G are tied both ways. Hand the P off if there is one, count this M as
     * idle, park. Woken: the G must be runnable (throw); take nextp. */
    M *mp = getm();
    G *gp = mp->lockedg;
    if (!gp || gp->lockedm != mp)
        throw_("stoplockedm: inconsistent locking");
    if (mp->p)
        handoffp(releasep());
    incidlelocked(1);
    mPark();
    uint32_t status = readgstatus(gp);
    if (status != Grunnable) {
        print("runtime: stoplockedm: lockedg (goroutine %lu, %s) is not runnable\n", (unsigned long)gp->goid,
              gstatusname(status));
        throw_("stoplockedm: not runnable");
    }
    P *pp = mp->nextp;
    mp->nextp = NULL;
    acquirep(pp);
    /* END SOLUTION */
}

void startlockedm(G *gp)
{
    /* BEGIN SOLUTION
     * Write me: throw if gp's M is this one or has a next P already. Count that M as running before it can
     * run; part from the P, give it as nextp, wake; stopm. */
    M *mp = gp->lockedm;
    if (mp == getm())
        throw_("startlockedm: locked to me");
    if (mp->nextp)
        throw_("startlockedm: m has p");
    incidlelocked(-1);
    mp->nextp = releasep();
    STALL(before_nextp_wakeup);
    notewakeup(&mp->park);
    stopm();
    /* END SOLUTION */
}

/**
 * @file exitsyscall.c
 * Leaving a system call: the thread is back from the kernel, has a goroutine, and no P.
 *
 * There are three ways to go on, tried in the order of what they cost:
 *
 *   the old P     If its status is still Psyscall, one compare-and-swap brings it back. Nothing else was
 *                 touched, the time slice goes on, no lock was taken. Nearly every call ends here.
 *   an idle P     Somebody took the old one, but another lies on the idle list: take it under sched.lock.
 *   none          The goroutine goes to the tail of the global queue, and this thread parks. Whoever has a P
 *                 next will run the goroutine, probably on another thread.
 *
 * The old P may have had a whole life meanwhile: retaken, run by another M, and put into Psyscall by that M's
 * system call. The compare-and-swap cannot tell, and need not: a P in Psyscall is nobody's, whoever wins it
 * owns it. But then *its syscalltick has moved*, and must move once more, so that the other M's call counts
 * as interrupted too.
 *
 * Until one of these ways has succeeded this thread owns no P, and must not read so much as a counter of the
 * old one. And after the third way it may not be the same thread: whatever was read through m before is
 * stale.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** One more system call ended on pp. Owner only. */
static void bumpsyscalltick(P *pp)
{
    store_relaxed(&pp->syscalltick, load_relaxed(&pp->syscalltick) + 1); /* one writer: the owner */
}

/** Tells a sleeping sysmon that a P is leaving the idle list. sched.lock held. */
static void wakesysmon(void)
{
    if (load_relaxed(&sched.sysmonwait)) { /* under the lock that protects it */
        store_relaxed(&sched.sysmonwait, 0);
        notewakeup(&sched.sysmonnote);
    }
}

/** exitsyscallfast_pidle for systemstack; *ok: its result. */
static void pidle_on_g0(void *ok)
{
    *(bool *)ok = exitsyscallfast_pidle();
}

/** There is a P: the G runs again, and a preemption that was asked for meanwhile is not forgotten. */
static void backrunning(G *gp, M *mp)
{
    bumpsyscalltick(mp->p);
    casgstatus(gp, Gsyscall, Grunning);
    trace_(mp->p, traceEvGoSysExit, gp->goid, 0);
    gp->syscallsp = 0;
    mp->locks--;
    /* A request that comes between the load and the store is lost, and made again: sysmon and stopTheWorld
     * repeat theirs. */
    store_relaxed(&gp->stackguard0, load_relaxed(&gp->preempt) ? stackPreempt : gp->stack.lo + STACK_GUARD);
    gp->throwsplit = false;
}
/* END SOLUTION */

__attribute__((noinline)) void exitsyscall(void)
{
    /* BEGIN SOLUTION
     * Write me: locks++; the caller's frame must not have returned since entersyscall (throw). Forget
     * oldp, then try exitsyscallfast with it. Success: syscalltick++, Grunning, syscallsp = 0, locks--,
     * the guard word as g.preempt says, throwsplit. Else locks--, mcall(exitsyscall0), and when somebody
     * runs us again: clean up, by way of getg(). */
    G *gp = getg();
    M *mp = load_relaxed(&gp->m); /* own field */
    mp->locks++;
    if (getcallersp() > gp->syscallsp)
        throw_("exitsyscall: syscall frame is no longer valid");
    gp->waitsince = 0;
    P *oldp = mp->oldp;
    mp->oldp = NULL;
    if (exitsyscallfast(oldp)) {
        backrunning(gp, mp);
        return;
    }
    mp->locks--;
    mcall(exitsyscall0);
    /* execute() has set Grunning and the guard word, perhaps on another thread: mp is stale. */
    P *pp = getp();
    bumpsyscalltick(pp);
    trace_(pp, traceEvGoSysExit, gp->goid, 0);
    gp->syscallsp = 0;
    gp->throwsplit = false;
    /* END SOLUTION */
}

bool exitsyscallfast(P *oldp)
{
    /* BEGIN SOLUTION
     * Write me: not while the world is frozen. The old P by CAS (Psyscall to Pidle), then wirep; if its
     * syscalltick is not the one that we left with, it has lived meanwhile: one more tick. Else, only if
     * there seems to be an idle P, exitsyscallfast_pidle on g0. */
    if (load_relaxed(&sched.stopwait) == freezeStopWait) /* a dying program; nothing is read through it */
        return false;
    /* The load spares the CAS a cache line; the CAS acquires what the P's last owner released. */
    if (oldp && load_relaxed(&oldp->status) == Psyscall && cas(&oldp->status, Psyscall, Pidle)) {
        wirep(oldp);
        if (getm()->syscalltick != load_relaxed(&oldp->syscalltick)) /* ours now */
            bumpsyscalltick(oldp);
        return true;
    }
    bool ok = false;
    if (load_relaxed(&sched.pidle)) /* a hint, checked under the lock */
        systemstack(pidle_on_g0, &ok);
    return ok;
    /* END SOLUTION */
}

bool exitsyscallfast_pidle(void)
{
    /* BEGIN SOLUTION
     * Write me: under sched.lock an idle P, and if there is one, wake a waiting sysmon; then acquirep. */
    lock(&sched.lock);
    P *pp = pidleget();
    if (pp)
        wakesysmon();
    unlock(&sched.lock);
    if (!pp)
        return false;
    acquirep(pp);
    return true;
    /* END SOLUTION */
}

void exitsyscall0(G *gp)
{
    /* BEGIN SOLUTION
     * Write me: Grunnable, dropg; under sched.lock an idle P (then wake sysmon) or the global queue's
     * tail, and in that case remember whether gp is locked to a thread: after the unlock gp may run
     * elsewhere. Then: with a P run gp; a locked one waits for it here; else park and schedule. */
    casgstatus(gp, Gsyscall, Grunnable);
    dropg();
    bool locked = false;
    lock(&sched.lock);
    P *pp = pidleget();
    if (pp) {
        wakesysmon();
    } else {
        globrunqput(gp);
        locked = gp->lockedm != NULL;
    }
    unlock(&sched.lock);
    STALL(after_globrunqput_unlock);
    if (pp) {
        acquirep(pp);
        execute(gp, false);
    }
    if (locked) {
        stoplockedm(); /* gp is locked to this M: nobody else runs it */
        execute(gp, false);
    }
    stopm();
    schedule();
    /* END SOLUTION */
}

/**
 * @file entersyscall.c
 * Entering a system call: the thread goes into the kernel, its P stays behind where others can take it.
 *
 * A system call may come back after 100 ns or after an hour, and nobody knows which. To hand the P to another
 * thread each time would cost more than most calls take. So the M only *marks* that it left: the P's status
 * becomes Psyscall, nobody's P, and the M remembers in m.oldp which one it was. If the call is short, the M
 * finds the mark untouched and takes the P back by one compare-and-swap. If it is long, somebody else wins
 * that compare-and-swap: sysmon, a stop-the-world, or forEachP.
 *
 * Two rules make this safe.
 *   1. Storing Psyscall gives the P away. After it, not even a counter of the P may be touched.
 *   2. From here to exitsyscall the G has no P, so it must not park, must not be preempted and must not call
 *      what needs a P. The guard word is poisoned (stackPreempt) and throwsplit set, so that a preemption
 *      check on the way is found at once instead of one time in a million.
 *
 * While the thread is in the kernel, others may want to walk the G's stack (a dump). They use what save()
 * recorded: the caller's frame, which outlives entersyscall. systemstack() records its own caller's frame in
 * the same place, so each use of it here is followed by another save().
 */
#include "core.h"

void save(uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
    /* BEGIN SOLUTION
     * Write me: refuse (throw) on a system G, whose context belongs to mcall; else record all three in
     * g->sched. */
    G *gp = getg();
    M *mp = load_relaxed(&gp->m); /* own field */
    if (gp == mp->g0 || gp == mp->gsignal)
        throw_("save on system g not allowed");
    gp->sched.pc = pc;
    gp->sched.sp = sp;
    gp->sched.bp = bp;
    gp->sched.ctxt = NULL;
    /* END SOLUTION */
}

void runSafePointFn(void)
{
    /* BEGIN SOLUTION
     * Write me: claim the request (1 to 0) so that it runs once, run it on the P, then, under sched.lock,
     * count this P as done; the last one signals sched.safePointNote. */
    P *pp = getp();
    if (!cas_acqrel(&pp->runSafePointFn, 1, 0)) /* pairs with the store in forEachP: safePointFn is visible */
        return;
    sched.safePointFn(pp);
    lock(&sched.lock);
    sched.safePointWait--;
    if (sched.safePointWait == 0)
        notewakeup(&sched.safePointNote);
    unlock(&sched.lock);
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** runSafePointFn for systemstack. */
static void safepoint_on_g0(void *unused)
{
    (void)unused;
    runSafePointFn();
}

/** Wakes sysmon: it sleeps while nothing happens, and from now on somebody must watch this P. On g0. */
static void entersyscall_sysmon(void *unused)
{
    (void)unused;
    lock(&sched.lock);
    if (load_relaxed(&sched.sysmonwait)) { /* under the lock that protects it */
        store_relaxed(&sched.sysmonwait, 0);
        notewakeup(&sched.sysmonnote);
    }
    unlock(&sched.lock);
}

/** The world is being stopped: gives our late P in, unless somebody else has taken it already. On g0. */
static void entersyscall_gcwait(void *unused)
{
    (void)unused;
    P *pp = getm()->oldp;
    lock(&sched.lock);
    if (sched.stopwait > 0 && cas(&pp->status, Psyscall, Pgcstop)) { /* races with stopTheWorld, retake */
        trace_(pp, traceEvGoSysBlock, 0, 0);
        fetch_add_relaxed(&pp->syscalltick, 1); /* ours by the CAS; exitsyscall compares it */
        if (--sched.stopwait == 0)
            notewakeup(&sched.stopnote);
    }
    unlock(&sched.lock);
}

/** The M has left the P in the kernel's hands for good: somebody else runs it. On g0. */
static void entersyscallblock_handoff(void *unused)
{
    (void)unused;
    P *pp = releasep();
    trace_(pp, traceEvGoSysBlock, load_relaxed(&getm()->curg)->goid, 0);
    handoffp(pp);
}

/** Throws unless the recorded frame lies on the G's stack: a dump would walk into nowhere. */
static void checkframe(G *gp, uintptr_t sp, uintptr_t bp)
{
    if (sp < gp->stack.lo || sp > gp->stack.hi)
        throw_("entersyscall inconsistent sp 0x%lx [0x%lx,0x%lx]", (unsigned long)sp,
               (unsigned long)gp->stack.lo, (unsigned long)gp->stack.hi);
    if (bp != 0 && (bp < gp->stack.lo || bp > gp->stack.hi))
        throw_("entersyscall inconsistent bp 0x%lx [0x%lx,0x%lx]", (unsigned long)bp,
               (unsigned long)gp->stack.lo, (unsigned long)gp->stack.hi);
}

/** The first half of both ways in: no preemption from here on; the frame is on record; G is in Gsyscall. */
static void leaverunning(G *gp, uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
    store_relaxed(&gp->stackguard0, stackPreempt); /* own word; gp->preempt keeps a real request apart */
    gp->throwsplit = true;
    save(pc, sp, bp);
    gp->syscallsp = sp;
    gp->syscallpc = pc;
    gp->syscallbp = bp;
    casgstatus(gp, Grunning, Gsyscall);
    checkframe(gp, sp, bp);
}
/* END SOLUTION */

void reentersyscall(uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
    /* BEGIN SOLUTION
     * Write me: locks++; poison the guard; record the frame; Gsyscall; check that the frame is on the
     * stack. Then, while the P is still ours: count the call, wake a waiting sysmon, run a pending
     * safe-point function, note syscalltick. Then part from the P, both ways, and publish it as Psyscall:
     * the last access. A stop-the-world that began meanwhile gets it at once. locks--. After each
     * systemstack: save again. */
    G *gp = getg();
    M *mp = load_relaxed(&gp->m); /* own field */
    mp->locks++;                  /* sched is half-way between two states */
    leaverunning(gp, pc, sp, bp);

    P *pp = mp->p;
    count(&pp->n.syscalls);
    if (load_relaxed(&traceon)) { /* a switch */
        trace_(pp, traceEvGoSysCall, gp->goid, 0);
        save(pc, sp, bp);
    }
    /* A hint, checked again under the lock. sysmon sets it only while no P runs, before this one left the
     * idle list. */
    if (load_relaxed(&sched.sysmonwait)) {
        systemstack(entersyscall_sysmon, NULL);
        save(pc, sp, bp);
    }
    if (load_relaxed(&pp->runSafePointFn)) { /* claimed by CAS; if it comes later, handoffp runs it */
        systemstack(safepoint_on_g0, NULL);
        save(pc, sp, bp);
    }

    mp->syscalltick = load_relaxed(&pp->syscalltick); /* ours until the store below */
    store_relaxed(&pp->m, NULL);                      /* ordered by the store below */
    mp->oldp = pp;
    mp->p = NULL;
    /* A release, for whoever takes the P by CAS, and ordered before the load of gcwaiting: either
     * stopTheWorld, which sets gcwaiting and then looks at the status, sees Psyscall, or we see gcwaiting. */
    store_seqcst(&pp->status, Psyscall);
    STALL(after_publish_psyscall);
    if (load_seqcst(&sched.gcwaiting)) { /* pairs with the store in stopTheWorldWithSema */
        systemstack(entersyscall_gcwait, NULL);
        save(pc, sp, bp);
    }
    mp->locks--;
    /* END SOLUTION */
}

__attribute__((noinline)) void entersyscall(void)
{
    /* BEGIN SOLUTION
     * Write me: reentersyscall for the frame of the function that called this one. */
    reentersyscall(getcallerpc(), getcallersp(), getcallerbp());
    /* END SOLUTION */
}

__attribute__((noinline)) void entersyscallblock(void)
{
    /* BEGIN SOLUTION
     * Write me: as reentersyscall up to Gsyscall, but this P will not come back: count the call, note
     * syscalltick and move it on at once, and on g0 releasep and handoffp. Save again, locks--. */
    uintptr_t pc = getcallerpc(), sp = getcallersp(), bp = getcallerbp();
    G *gp = getg();
    M *mp = load_relaxed(&gp->m); /* own field */
    mp->locks++;
    leaverunning(gp, pc, sp, bp); /* throws if we are in a call already: the P is gone then */

    P *pp = mp->p;
    count(&pp->n.syscalls);
    mp->syscalltick = load_relaxed(&pp->syscalltick);     /* still ours */
    store_relaxed(&pp->syscalltick, mp->syscalltick + 1); /* one writer: the owner */
    trace_(pp, traceEvGoSysCall, gp->goid, 0);
    systemstack(entersyscallblock_handoff, NULL);
    save(pc, sp, bp);
    mp->locks--;
    /* END SOLUTION */
}

/**
 * @file handoffp.c
 * Handing a P over: from an M that the kernel keeps to one that can use it.
 *
 * The rule of handoffp: it must start an M in every case in which findrunnable, run with this P, would find
 * something. Otherwise the P goes to sleep beside work, and nobody will wake it. The checks go from cheap to
 * exact: queues without a lock, then the same again under sched.lock, where nobody can put a G on the global
 * queue or the world into a stop unseen.
 *
 * And it must not start one needlessly: a thread start costs more than most system calls last.
 *
 * retake_syscall is sysmon's side: it takes a P away from an M that has been in the same system call for too
 * long. "The same call" is known by p.syscalltick, which moves whenever a call ends: sysmon must have seen
 * the same value before. The compare-and-swap from Psyscall decides against the M that may be returning at
 * this moment.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** The world is to stop: pp is one less to wait for. sched.lock held. */
static void handin(P *pp)
{
    store_relaxed(&pp->status, Pgcstop); /* under the lock that the stopper takes before it looks */
    if (fetch_add_relaxed(&sched.stopwait, -1) == 1) /* likewise; exitsyscall reads it as a hint */
        notewakeup(&sched.stopnote);
}

/** Runs a pending safe-point function for pp, which has no M that would. sched.lock held. */
static void safepoint(P *pp)
{
    /* The claim decides between us and a late runSafePointFn. */
    if (!load_relaxed(&pp->runSafePointFn) || !cas_acqrel(&pp->runSafePointFn, 1, 0))
        return;
    sched.safePointFn(pp);
    if (--sched.safePointWait == 0)
        notewakeup(&sched.safePointNote);
}

/**
 * True if pp needs an M after all: for global work, or because nobody else would poll the network. sched.lock
 * held.
 */
static bool wantsm(void)
{
    if (load_relaxed(&sched.runqsize) != 0) /* exact: the lock protects it */
        return true;
    /* The last running P, and nobody is in a blocking poll. Both are hints; sysmon polls too. */
    return load_relaxed(&sched.npidle) == load_relaxed(&gomaxprocs) - 1 && load_relaxed(&sched.lastpoll) != 0;
}
/* END SOLUTION */

void handoffp(P *pp)
{
    /* BEGIN SOLUTION
     * Write me, in this order: local or global work: start an M. Nobody spins and no P is idle: start a
     * spinning one (count it first, by CAS). Under sched.lock: a stop-the-world gets the P; the safe-point
     * function; global work again; the last running P while nobody polls: start an M, without the lock.
     * Else idle, and wake the poller for pp's timers. */
    count(&pp->n.handoffs);
    trace_(pp, traceEvProcHandoff, 0, 0);
    if (!runqempty(pp) || load_relaxed(&sched.runqsize) != 0) { /* a hint, repeated under the lock */
        startm(pp, false, false);
        return;
    }
    /* seq_cst: part of the spinning protocol, pairs with wakep and resetspinning */
    if (load_seqcst(&sched.nmspinning) + load_seqcst(&sched.npidle) == 0 && cas(&sched.nmspinning, 0, 1)) {
        store_seqcst(&sched.needspinning, 0); /* the M that we start is what was asked for */
        startm(pp, true, false);
        return;
    }
    lock(&sched.lock);
    if (load_seqcst(&sched.gcwaiting)) { /* set under the lock */
        handin(pp);
        unlock(&sched.lock);
        return;
    }
    safepoint(pp);
    if (wantsm()) {
        unlock(&sched.lock);
        startm(pp, false, false);
        return;
    }
    int64_t when = load_relaxed(&pp->timers.minWhen); /* pp is ours: nobody adds a timer to it */
    pidleput(pp);
    unlock(&sched.lock);
    STALL(after_pidleput);
    if (when != 0)
        wakeNetPoller(when); /* without the lock: it may start an M */
    /* END SOLUTION */
}

uint32_t retake_syscall(P *pp, sysmontick *pd, int64_t now, bool sysretake)
{
    /* BEGIN SOLUTION
     * Write me: nothing unless Psyscall. A new tick: note it with now, and that is all, unless sysretake.
     * Leave it as long as nobody could use the P (no local work, and somebody spins or is idle) and 10 ms
     * are not over. Else: drop allpLock; one more M counts as running while you take the P (CAS) and hand
     * it off; the lock again. */
    if (debug.nohandoff || load_relaxed(&pp->status) != Psyscall) /* a hint; the CAS decides */
        return 0;
    uint32_t t = load_relaxed(&pp->syscalltick); /* moves at the end of each call */
    if (!sysretake && pd->syscalltick != t) {
        pd->syscalltick = t;
        pd->syscallwhen = now;
        return 0;
    }
    /* Even if nobody needs it now: a P in a system call keeps sysmon from its long sleep. */
    if (runqempty(pp) && load_relaxed(&sched.nmspinning) + load_relaxed(&sched.npidle) > 0 &&
        pd->syscallwhen + 10 * NSEC_PER_MSEC > now) /* hints: we look again in a moment */
        return 0;

    unlock(&allpLock); /* before sched.lock in the order, and not needed: a P is never freed */
    /* The M may return from its call, find no P and park, before ours runs: for checkdead one more runs. */
    incidlelocked(-1);
    uint32_t n = 0;
    STALL(before_retake_cas);
    if (cas(&pp->status, Psyscall, Pidle)) { /* acquires what reentersyscall released */
        trace_(pp, traceEvGoSysBlock, 0, 0);
        trace_(pp, traceEvProcRetake, 0, 0);
        count(&pp->n.retakes);
        store_relaxed(&pp->syscalltick, load_relaxed(&pp->syscalltick) + 1); /* ours now */
        n = 1;
        handoffp(pp);
    }
    incidlelocked(1);
    lock(&allpLock);
    return n;
    /* END SOLUTION */
}

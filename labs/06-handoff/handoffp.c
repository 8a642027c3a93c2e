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

void handoffp(P *pp)
{
    /* Write me, in this order: local or global work: start an M. Nobody spins and no P is idle: start a
     * spinning one (count it first, by CAS). Under sched.lock: a stop-the-world gets the P; the safe-point
     * function; global work again; the last running P while nobody polls: start an M, without the lock.
     * Else idle, and wake the poller for pp's timers. */
    (void)pp;
    unwritten();
}

uint32_t retake_syscall(P *pp, sysmontick *pd, int64_t now, bool sysretake)
{
    /* Write me: nothing unless Psyscall. A new tick: note it with now, and that is all, unless sysretake.
     * Leave it as long as nobody could use the P (no local work, and somebody spins or is idle) and 10 ms
     * are not over. Else: drop allpLock; one more M counts as running while you take the P (CAS) and hand
     * it off; the lock again. */
    (void)pp, (void)pd, (void)now, (void)sysretake;
    unwritten();
}

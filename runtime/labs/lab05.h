/**
 * @file labs/lab05.h
 * The contracts of lab 05: leaving a system call. Included by labs.h, where the words are explained.
 */
#ifndef HANDOFF_LAB05_H
#define HANDOFF_LAB05_H

#include "runtime2.h"

/** @defgroup lab05 Lab 05: leaving a system call
 * labs/05-exitsyscall: exitsyscall.c
 *
 * Until one of the ways below has given the M a P, nothing of its old one may be read or written but the status.
 * @{ */

/**
 * The system call is over: gets a P back and returns in Grunning, perhaps on another M.
 *
 * Throws "exitsyscall: syscall frame is no longer valid" if the caller's frame lies above syscallsp, as it does without an
 * entersyscall. Forgets m.oldp before it tries it.
 *
 * - exitsyscallfast succeeds: p.syscalltick++, casgstatus to Grunning, syscallsp = 0, throwsplit = false, and stackguard0 =
 *   stackPreempt if g.preempt is set, else stack.lo + STACK_GUARD. It is still the same time slice: schedtick stays.
 * - Else mcall(exitsyscall0), with m.locks as it was before the call. When the G runs again, on whatever M: the tick of the P
 *   that it has now, syscallsp and throwsplit as above; the rest was done by execute.
 *
 * m.locks changes in between only. Mirrors exitsyscall.
 */
void exitsyscall(void);
/**
 * Tries to get a P without giving up the G; true with m.p set.
 *
 * - Not at all while sched.stopwait is freezeStopWait: the program dies.
 * - oldp (may be NULL), if its status is Psyscall and a CAS makes that Pidle; then wirep. If p.syscalltick is not m.syscalltick
 *   others have had it in between: p.syscalltick++. Takes no lock.
 * - Else, only if sched.pidle is not NULL, exitsyscallfast_pidle on g0.
 *
 * Changes no G's status. Mirrors exitsyscallfast.
 */
bool exitsyscallfast(P *oldp);
/**
 * Takes a P off the idle list, under sched.lock, and acquires it; true with m.p set. If there was one and sched.sysmonwait is set
 * it becomes 0 and sysmonnote is signalled, under the same lock. On g0, without m.p. Mirrors exitsyscallfast_pidle.
 */
bool exitsyscallfast_pidle(void);
/**
 * The slow way, on g0: gp becomes Grunnable and is parted from the M (dropg).
 *
 * Then, under sched.lock, an idle P, which wakes sysmon as above; or gp goes to the tail of the global queue. When the lock is
 * free again a queued gp is no longer ours: whether it is locked to a thread must be known by then.
 *
 * - With a P: acquirep and execute, as a new time slice.
 * - gp queued, and it was locked: stoplockedm, and execute it here.
 * - Else stopm and schedule.
 *
 * Does not return. Mirrors exitsyscall0.
 */
void exitsyscall0(G *gp);
/** @} */

#endif

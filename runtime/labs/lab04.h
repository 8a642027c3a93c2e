/**
 * @file labs/lab04.h
 * The contracts of lab 04: entering a system call. Included by labs.h, where the words are explained.
 */
#ifndef HANDOFF_LAB04_H
#define HANDOFF_LAB04_H

#include "labs/lab01.h"

/** @defgroup lab04 Lab 04: entering a system call
 * labs/04-entersyscall: entersyscall.c, syscall.c
 *
 * Between entersyscall() and exitsyscall() a G has its stack and its M, but no P: it must not park, and a preemption check
 * is a bug (it throws). A G's status changes by casgstatus() only, a P is given away as each function says.
 * @{ */

/**
 * Records pc, sp and bp in the running G's sched, for dumps (gogo is not used on it).
 *
 * On a user G. On g0 or gsignal, whose sched belongs to mcall, it throws "save on system g not allowed". Mirrors save.
 */
void save(uintptr_t pc, uintptr_t sp, uintptr_t bp);
/**
 * Prepares the M for a system call that may block. pc, sp, bp: the frame at which a dump shall begin; it outlives the call.
 *
 * In this order:
 * - m.locks++; stackguard0 = stackPreempt and throwsplit = true: from here on a preemption check throws;
 * - the frame, in sched (save) and in syscallpc, syscallsp, syscallbp; then casgstatus to Gsyscall, which throws if there
 *   was no exitsyscall since the last time. If sp is not in [stack.lo, stack.hi], or bp is neither there nor 0, it throws
 *   "entersyscall inconsistent ...";
 * - while the P is still the M's: p.n.syscalls++; and if p.runSafePointFn is set, runSafePointFn on g0;
 * - here or at any later point: if sched.sysmonwait is set, then under sched.lock, if it still is, it becomes 0 and
 *   sysmonnote is signalled;
 * - m.syscalltick = p.syscalltick, which stays as it is; p.m = NULL, m.oldp = p, m.p = NULL; and p.status = Psyscall. This
 *   store is the last access to the P, which anybody may take from now on: who does, by CAS, sees all that came before it;
 * - if gcwaiting is set now, as seen after that store (the stopper sets it, and then looks at the statuses): under
 *   sched.lock, if stopwait > 0 and the P goes from Psyscall to Pgcstop by CAS: p.syscalltick++, stopwait--, and at 0
 *   stopnote is signalled. If the CAS fails somebody else has the P: nothing to do;
 * - m.locks--. sched holds the frame (systemstack overwrites it: save again after each).
 *
 * The P's queue and the idle list are not touched, and without those reasons sched.lock is not taken. Mirrors
 * reentersyscall.
 */
void reentersyscall(uintptr_t pc, uintptr_t sp, uintptr_t bp);
/**
 * reentersyscall for the frame of the calling function: pc is in that function, sp and bp are its own. On a user G; on g0 it
 * throws. Mirrors entersyscall.
 */
void entersyscall(void);
/**
 * The same for a call that is known to block: the P is handed off at once, and never in Psyscall.
 *
 * Locks, guard, frame, status and checks as in reentersyscall. Then p.n.syscalls++, m.syscalltick = p.syscalltick,
 * p.syscalltick++ (the call counts as over: the P does not come back), and on g0 releasep and handoffp, in Gsyscall. m.oldp is
 * not set. Mirrors entersyscallblock.
 */
void entersyscallblock(void);
/**
 * System call that may block, three arguments: preemptcheck, entersyscall, the raw call, exitsyscall, whether it succeeds or
 * fails. Nothing else may stand between the two.
 *
 * On a user G; on g0 and gsignal it is the raw call and changes no state. EINTR is not retried. With debug.syscalltrace a
 * finished call prints "syscall <trap>: 0x<result in hexadecimal>" or "syscall <trap>: errno <number>" to standard error.
 * Mirrors syscall.Syscall.
 */
sysret Syscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3);
/** Syscall with six arguments. Mirrors syscall.Syscall6. */
sysret Syscall6(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5, uintptr_t a6);
/**
 * If the M's P has runSafePointFn set: claims it (1 to 0 by CAS: it runs once a request) and calls sched.safePointFn(p). Then,
 * under sched.lock, safePointWait--, and at 0 safePointNote is signalled. On g0, with m.p. Mirrors runSafePointFn.
 */
void runSafePointFn(void);
/** @} */

#endif

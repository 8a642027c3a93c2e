/**
 * @file labs/lab08.h
 * The contracts of lab 08: the system monitor. Included by labs.h, where the words are explained.
 */
#ifndef HANDOFF_LAB08_H
#define HANDOFF_LAB08_H

#include "runtime2.h"

/** @defgroup lab08 Lab 08: the system monitor
 * labs/08-sysmon: sysmon.c, retake.c, preempt.c, forcegc.c, scavenge.c, schedtrace.c
 * @{ */

/**
 * How long sysmon sleeps before its next round, in microseconds.
 *
 * @param idle   rounds in a row that took no P
 * @param delay  what this function returned last time
 * @return 20 if idle is 0; delay as long as idle is at most 50; twice delay after that; 10000 at most.
 * Mirrors the top of sysmon's loop.
 */
uint32_t sysmon_delay(uint32_t idle, uint32_t delay);
/**
 * Body of the monitor's thread, on an M without P. Never holds a P, never runs a G, never returns. First,
 * under sched.lock: one more M in sched.nmsys, then checkdead(). Then for ever:
 *
 *   1. usleep_(sysmon_delay(idle, delay)); idle is 0 at the start.
 *   2. The long sleep, unless debug.schedtrace is positive: if nothing runs (sched.gcwaiting is set, or
 *      sched.npidle == gomaxprocs), first looked at without a lock and then again under sched.lock, and if the
 *      next timer (timeSleepUntil) lies ahead: sysmonwait = 1, unlock, notetsleep(&sched.sysmonnote, ns), lock,
 *      sysmonwait = 0, noteclear, unlock. ns is half of forcegcperiod or the time to the next timer, whichever
 *      is less. Woken by the note: idle = 0 and delay = 20. After a time-out the back-off goes on.
 *   3. With sched.sysmonlock held, and nanotime() read anew, one round of duties.
 *
 * Wakers (entersyscall, exitsyscall, startTheWorld) test and clear sysmonwait, and wake the note, under
 * sched.lock. The duties of a round, in this order, in which "now" is the time read in step 3:
 *
 *   - Network: if netpollinited() and sched.lastpoll is not 0 and more than 10 ms ago, lastpoll becomes now by
 *     CAS; only who wins that polls: netpoll(0). If there are Gs: incidlelocked(-1), injectglist,
 *     incidlelocked(1), netpollAdjustWaiters.
 *   - Memory: see scavenge. It looks whether all Ps are idle, so it comes before what may wake a goroutine.
 *   - CPU limit: sysmonUpdateGOMAXPROCS(now), at most once in a second, not if debug.updatemaxprocs is 0.
 *   - Timers: startm(NULL, false, false) if one is overdue by more than 1 ms and some P is idle.
 *   - Ps: retake(now). If it took one, idle = 0, else idle + 1.
 *   - Collection: if gcTriggerTime(now) and forcegc.idle: under forcegc.lock, idle = false and injectglist of
 *     forcegc.g.
 *   - Trace: schedtrace(debug.scheddetail > 0) if debug.schedtrace is positive and so many milliseconds have
 *     passed since the last one, whose time is 0 at first (in 64 bits).
 *
 * Mirrors sysmon.
 */
void sysmon(void);
/**
 * One look at all Ps, with allpLock held. For each that is in Prunning or Psyscall (NULL entries are
 * skipped): if p.schedtick is not the noted one (p.sysmontick), notes it and now; else, if it was noted 10
 * ms ago (forcePreemptNS) or earlier, preemptone(p). A P in Psyscall is then given to retake_syscall(p,
 * &p->sysmontick, now, sysretake), where sysretake says that the slice is over. That drops allpLock for a
 * while: gomaxprocs is read again after each P. @return how many Ps were taken. Mirrors retake.
 */
uint32_t retake(int64_t now);
/**
 * Asks the G that pp runs to yield: g.preempt = true, then g.stackguard0 = stackPreempt; and unless
 * debug.asyncpreemptoff, p.preempt = true and preemptM(m). False, with nothing changed, if there is nobody
 * to ask: pp has no M, or the caller's; the M runs no goroutine (curg is NULL, or its g0), or one in
 * Gsyscall. Best effort: pp, its M and its G may change meanwhile, and the wrong G may be asked. Takes no lock.
 * Mirrors preemptone.
 */
bool preemptone(P *pp);
/** preemptone for each P in Prunning; true if any was asked. Mirrors preemptall. */
bool preemptall(void);
/**
 * A collection is due: the last one (sched.lastgc; at first the program's start) is more than forcegcperiod
 * ago. lastgc == 0: no time has been noted yet; not due. Mirrors gcTriggerTime.
 */
bool gcTriggerTime(int64_t now);
/**
 * Body of the goroutine that runs forced collections. Sets forcegc.g. Then for ever: under forcegc.lock,
 * throws "forcegc: phase error" if forcegc.idle is set, else sets it, and parks by goparkunlock(&forcegc.lock,
 * waitReasonForceGCIdle); when it is readied, gcStart("forced"). Mirrors forcegchelper.
 */
void forcegchelper(void *arg);
/** Starts it by newproc_system. Mirrors the init in proc.go. */
void forcegc_start(void);
/**
 * Prints the scheduler's state to standard error as Go does. Without detail one line, here in three; ms
 * since sched.starttime, threads: mnext - nmfreed; the two lists have a number for each P, the length of
 * its ring and its schedtick:
 *
 *     SCHED 1009ms: gomaxprocs=2 idleprocs=1 threads=4 spinningthreads=0 needspinning=0
 *     idlethreads=1 runqueue=0
 *     [ 0 0 ] schedticks=[ 3 5 ]
 *
 * With detail the first line ends otherwise, and each P, M (of allm) and G (of allgs) has a line, two
 * blanks before it. Ids that there are none of are "nil"; flags are true or false, but dying is 0 or 1;
 * mallocing and throwing are 0 and preemptoff is empty here; behind a G's status stands its waitreason, also
 * if it does not wait:
 *
 *     ... runqueue=0 gcwaiting=false nmidlelocked=0 stopwait=0 sysmonwait=false
 *       P0: status=1 schedtick=3 syscalltick=7 m=0 runqsize=0 gfreecnt=0 timerslen=0
 *       M0: p=0 curg=1 mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=false blocked=false lockedg=nil
 *       G1: status=2(chan receive) m=0 lockedm=nil
 *
 * Reads under sched.lock, writes without it. Each pointer that others change is read once. Mirrors
 * schedtrace.
 */
void schedtrace(bool detailed);
/**
 * Gives memory of free stacks back to the system, while the program is quiet. For each P on the idle list,
 * under sched.lock: gfpurge, smallstack_flush and stackcache_clear, all of which are short. What they moved is
 * nobody's now, and gives its memory back without sched.lock: by turns stackpool_release, and the stacks of at
 * most 32 dead Gs on sched.gFree.stack are freed, which puts them into the pool, and the Gs move to noStack; and
 * smallstack_trim. Until none finds anything, or no P is idle any more (sched.npidle, a hint will do): then the quiet time is
 * over. Never takes a P off the idle list.
 *
 * sysmon calls it when the program is quiet: at most once a second it looks whether all Ps are idle and
 * fewer than 8 time slices (the sum of all schedticks) were begun since the look before (time and sum are 0
 * at first); of several such looks in a row those after a call that returned 0 lead to no other. A call that
 * returned something may have been cut short, because a P was needed for a moment.
 *
 * @return the sum of what stackpool_release returned
 */
size_t scavenge(void);
/** @} */

#endif

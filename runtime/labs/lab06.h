/**
 * @file labs/lab06.h
 * The contracts of lab 06: threads and hand-off. Included by labs.h, where the words are explained.
 */
#ifndef HANDOFF_LAB06_H
#define HANDOFF_LAB06_H

#include "runtime2.h"

/** @defgroup lab06 Lab 06: threads and hand-off
 * labs/06-handoff: note.c, newm.c, clone_<cpu>.S, startm.c, handoffp.c, locked.c, template.c, checkdead.c
 *
 * "Throws" means throw_ with the text that is given, "fatal" the function of that name. Each throw_ and fatal
 * here that happens with sched.lock held, in mReserveID and checkdead, releases it first: a dump or a
 * schedtrace may want it.
 * @{ */

/** Clears n for its next use. Only after the sleeper has returned. Mirrors noteclear. */
void noteclear(note *n);
/**
 * Signals n, then wakes its sleeper, if there is one. A second time without noteclear in between throws
 * "notewakeup - double wakeup". Any thread. Mirrors notewakeup.
 */
void notewakeup(note *n);
/**
 * Sleeps in the kernel until n is signalled, at once if it is; never returns before that, whatever the kernel
 * says. On g0 only: throws "notesleep not on g0". Does not clear n. Mirrors notesleep.
 */
void notesleep(note *n);
/**
 * Sleeps until n is signalled or ns nanoseconds (by nanotime) have passed since the call, however often the
 * kernel returns early; ns < 0: no limit. On g0 only: throws "notetsleep not on g0". Mirrors notetsleep.
 * @return true if n is signalled, even if the time is over
 */
bool notetsleep(note *n, int64_t ns);
/**
 * notetsleep for a user G: between entersyscallblock and exitsyscall, so that its P is handed off meanwhile.
 * On g0: throws "notetsleepg on g0". Mirrors notetsleepg.
 */
bool notetsleepg(note *n, int64_t ns);

/**
 * The next M id, sched.mnext, which it moves on. If more Ms live then than sched.maxmcount (those in nmfreed
 * do not): prints "runtime: program exceeds N-thread limit" and throws "thread exhaustion". sched.lock held.
 * Mirrors mReserveID.
 */
int64_t mReserveID(void);
/**
 * A new M for pp (may be NULL): g0 and gsignal with stacks, tied to it (hosted build: g0 without a stack),
 * mstartfn fn, and last mcommoninit(mp, id), which puts it on allm. It has no thread yet.
 *
 * First it empties sched.freem of the exited Ms whose freeWait is no longer freeMWait, and frees their stacks
 * (stackfree) and TLS blocks (tls_free). The M structure stays memory for ever: sysmon may still look at it.
 * On any stack. Mirrors allocm.
 */
M *allocm(P *pp, void (*fn)(void), int64_t id);
/**
 * Makes an M (allocm, nextp = pp, sigmask = initSigmask) whose thread runs fn, if it is not NULL, and then
 * schedule with pp. The M that calls it is not preemptible from allocm to the start of the thread.
 *
 * If a program has locked the calling M (lockedExt), the new M goes to the head of newmHandoff.newm
 * (schedlink) instead, under newmHandoff.lock, and the template thread is woken if it waits, which it then does
 * no more (waiting = false: the next one must not wake it a second time); without one:
 * throws "on a locked thread with no template thread". Else newm1. Mirrors newm.
 */
void newm(void (*fn)(void), P *pp, int64_t id);
/**
 * Starts the thread of mp, which allocm made: newosproc in the pure build, hosted_newosproc in the hosted
 * one. Mirrors newm1.
 */
void newm1(M *mp);
/**
 * The thread of mp: linux_clone into mstart, with stack.hi of g0, the TLS block of tls_alloc and the flags
 * CLONE_VM, FS, FILES, SIGHAND, SYSVSEM, THREAD and SETTLS, no others. All signals are blocked around it, and
 * the caller's mask restored.
 *
 * EAGAIN is tried again, 20 times in all, with usleep_ of 1, 2, ... ms in between. After a failure it prints
 *
 *     runtime: failed to create new OS thread (have N already; errno=E)
 *     runtime: may need to increase max user processes (ulimit -u)
 *
 * where N is the number of Ms that live, and the second line is for EAGAIN only; then it throws "newosproc".
 * Mirrors newosproc.
 */
void newosproc(M *mp);
/**
 * The clone system call, in assembly. Mirrors clone in sys_linux_<cpu>.s.
 *
 * The child stands on a stack of its own that ends at stk (which need not be aligned), and shares nothing
 * with the caller's frame: mp, gp and fn reach it in registers. It stores its thread id in mp->procid, makes
 * mp gp's M and gp its G, and calls fn with frame pointer 0, the end of a backtrace. If fn returns, the
 * thread, and only that, exits with status 111.
 *
 * @param flags  as the kernel's, CLONE_SETTLS among them
 * @param tls    the child's thread pointer
 * @return in the parent: the child's thread id or -errno
 */
int linux_clone(int flags, void *stk, M *mp, G *gp, void (*fn)(void), void *tls);
/**
 * Starts an M to run pp, or, if pp is NULL, an idle P, if there is one. Takes the idle M that was last put on
 * the list (mget); else makes one, whose id it reserves (mReserveID) in the same critical section of
 * sched.lock in which it took the P.
 *
 * An idle M is given m.spinning and nextp, and then woken by notewakeup(&park). A new one sets m.spinning
 * itself, as its mstartfn. From taking the P until the M is woken or its thread started the caller is not
 * preemptible (acquirem).
 *
 * @param pp        a P that nobody holds, in Pidle and not on the list; or NULL
 * @param spinning  the new M shall spin; the caller has counted it in nmspinning. With pp NULL: throws
 *                  "startm: P required for spinning=true"
 * @param lockheld  the caller holds sched.lock, and does again afterwards; it is dropped only while an M is
 *                  made
 *
 * Throws "startm: m is spinning", "startm: m has p" if the idle M is so, "startm: p has runnable gs" if pp is
 * not empty though spinning. Mirrors startm.
 */
void startm(P *pp, bool spinning, bool lockheld);
/**
 * Parks the M on the idle list (mput, under sched.lock) until somebody gives it a P; returns with that P
 * (acquirep), nextp is NULL again. On g0. Throws "stopm holding locks", "stopm holding p", "stopm spinning".
 * Mirrors stopm.
 */
void stopm(void);
/** Parks this M on its note: notesleep, noteclear. On g0. Mirrors mPark. */
void mPark(void);
/**
 * Stops for a stop-the-world: drops the spinning state (nmspinning; throws "gcstopm: negative nmspinning"),
 * gives the P up as Pgcstop, counts stopwait down and wakes stopnote at 0, both under sched.lock, and parks
 * (stopm). Without gcwaiting it throws "gcstopm: not waiting for gc". On g0. Mirrors gcstopm.
 */
void gcstopm(void);
/**
 * Gives pp, which no M holds (Pidle, not on the list), to an M, or makes it idle. In this order:
 *
 *   1. its queue or the global one is not empty: startm(pp, false, false)
 *   2. no M spins and no P is idle: nmspinning 0 -> 1 by CAS, needspinning = 0, startm(pp, true, false)
 *   3. under sched.lock from here: gcwaiting: Pgcstop, stopwait - 1, at 0 notewakeup(&stopnote); done
 *   4. runSafePointFn, by CAS 1 -> 0: sched.safePointFn(pp), safePointWait - 1, at 0
 *      notewakeup(&safePointNote)
 *   5. the global queue is not empty: startm(pp, false, false)
 *   6. all other Ps are idle, and nobody is in a blocking poll (lastpoll != 0): startm(pp, false, false)
 *   7. pidleput
 *   8. without the lock again: if pp had timers, wakeNetPoller with their minWhen as it was before pidleput
 *
 * startm and wakeNetPoller are called without sched.lock. Called without sched.lock and allpLock. Counts
 * n.handoffs first, and records traceEvProcHandoff. Mirrors handoffp.
 */
void handoffp(P *pp);
/**
 * sysmon's look at a P in a system call. In Psyscall, else it does nothing (nor if debug.nohandoff):
 *
 *   - pd->syscalltick is not pp's (and not sysretake): notes it with now, and that is all;
 *   - pp's queue is empty, some M spins or some P is idle, and since pd->syscallwhen less than 10 ms have
 *     passed: leaves it;
 *   - else takes it: allpLock dropped; incidlelocked(-1); Psyscall -> Pidle by CAS; if that succeeds
 *     syscalltick + 1, then handoffp; incidlelocked(1); allpLock held again.
 *
 * @param pd        sysmon's notes about pp
 * @param sysretake the time slice is over: it need not be the same call as at the last look; pd is not
 *                  updated
 * @return 1 if taken, else 0
 *
 * Called with allpLock held. Counts n.retakes, and records traceEvGoSysBlock and traceEvProcRetake before the
 * tick moves. Mirrors the half of retake that is about system calls.
 */
uint32_t retake_syscall(P *pp, sysmontick *pd, int64_t now, bool sysretake);
/**
 * Ends this M's thread. On g0, with a P.
 *
 * m0 only stops to count: handoffp, then under sched.lock nmfreed + 1 and checkdead, then mPark for ever;
 * woken it throws "locked m0 woke up". Any other: unminit; off allm and on sched.freem with freeWait =
 * freeMWait, under sched.lock; handoffp; after that, under sched.lock, nmfreed + 1 and checkdead; last
 * exitThread(&freeWait), or hosted_exitthread. Mirrors mexit.
 */
_Noreturn void mexit(void);
/**
 * Parks an M that is locked to a G (which does not run) until somebody brings a P for it (nextp, park):
 * handoffp of its P if it holds one, then incidlelocked(1), mPark; returns with nextp acquired. It is on no
 * idle list meanwhile. Throws "stoplockedm: inconsistent locking" unless M and G point to each other,
 * "stoplockedm: not runnable" if it is woken and its G is not Grunnable. On g0. Mirrors stoplockedm.
 */
void stoplockedm(void);
/**
 * Gives this M's P to the M that gp is locked to: incidlelocked(-1), releasep, nextp, then notewakeup(&park),
 * then stopm. Throws "startlockedm: locked to me", "startlockedm: m has p". On g0. Mirrors startlockedm.
 */
void startlockedm(G *gp);
/** Adds v to nmidlelocked under sched.lock; v > 0: checkdead. Mirrors incidlelocked. */
void incidlelocked(int32_t v);
/**
 * Starts the template thread, newm(templateThread, NULL, -1), if newmHandoff.haveTemplateThread is 0 (CAS).
 * Not preemptible between the CAS and the start of the thread. Mirrors startTemplateThread.
 */
void startTemplateThread(void);
/**
 * Body of the template thread. Counts itself in nmsys, then checkdead (both under sched.lock). For ever:
 * calls newm1 for the Ms on newmHandoff.newm, from the head on and without newmHandoff.lock, until it finds
 * the list empty under the lock (an M that newm1 has started may be on another list at once: its schedlink is
 * read before); in the same critical section waiting = true and noteclear(&wake); then sleeps
 * on wake. Mirrors templateThread.
 */
void templateThread(void);
/*
 * lockosthread and unlockosthread (handoff.h) are written here too. They count in m.lockedExt. The G and its
 * M are tied (m.lockedg, g.lockedm) as long as lockedExt or lockedInt is not 0. lockosthread first starts the
 * template thread, if there is none yet; past UINT32_MAX it is fatal: "LockOSThread nesting overflow".
 * unlockosthread does nothing if lockedExt is 0.
 */
/**
 * Locks the running G to its M for the runtime's own purposes: lockedInt + 1. No template thread. Mirrors
 * lockOSThread.
 */
void lockOSThread(void);
/**
 * Undoes one lockOSThread. Without one it throws "runtime: internal error: misuse of
 * lockOSThread/unlockOSThread". Mirrors unlockOSThread.
 */
void unlockOSThread(void);
/**
 * Looks for a deadlock. sched.lock held. Nothing while a fatal error is printed (panicking).
 *
 * The Ms that live (mnext - nmfreed) less nmidle, nmidlelocked and nmsys are at work. More than 0: all is
 * well. Less: throws "checkdead: inconsistent counts". 0: it looks at the goroutines that are not the
 * runtime's (issystem). One runnable, running or in a system call: throws "checkdead: runnable g". None
 * waiting: fatal "no goroutines (main called runtime.Goexit) - deadlock!". A timer of any P pending: all is
 * well. Else fatal "all goroutines are asleep - deadlock!". Mirrors checkdead.
 */
void checkdead(void);
/** @} */

#endif

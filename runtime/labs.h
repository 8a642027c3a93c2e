/**
 * @file labs.h
 * The contracts of the eight labs: every function that a student writes, with what callers rely on.
 *
 * One section a lab. The implementation of section N lives in labs/NN-name/ (the student's) or in the reference's
 * module; any mix of them makes a whole runtime. Go function names are kept where there is one.
 *
 * Words used: "on g0" means that getg() is the M's g0; "owner" of a P is the M that holds it; "the world is stopped"
 * means that no other M holds a P.
 */
#ifndef HANDOFF_LABS_H
#define HANDOFF_LABS_H

#include "runtime2.h"
#include "linux.h"

/** Reports "<function> is not written yet (<file>:<line>)" and ends the process with status 70. */
_Noreturn void unwritten_at(const char *func, const char *file, int line);
/** Called with that report before it is printed, if it is set. The test guest sets it. */
extern void (*unwritten_hook)(const char *text);
/** The same, called by the assembly skeletons. */
_Noreturn void unwritten_asm(const char *func);
/** The body of a function that a lab still asks for. */
#define unwritten() unwritten_at(__func__, __FILE__, __LINE__)

/** @defgroup lab01 Lab 01: raw system calls
 * labs/01-rawsyscall: rawsyscall_<cpu>.S, rawsyscall.c, linux.c, vdso.c, clock.c, vdsocall_<cpu>.S, syscalls.in
 * @{ */

/** What a system call returned. */
typedef struct sysret {
    uintptr_t r1;  /**< the result, or (uintptr_t)-1 after an error */
    uintptr_t r2;  /**< the second result register; 0 after an error */
    uintptr_t err; /**< errno, or 0 */
} sysret;

/**
 * Makes system call num with six arguments and nothing else: no scheduler state is touched, no libc is used.
 *
 * Errors are exactly the results -4095 to -1 (unsigned compare); everything else is data. All words go to the kernel and
 * come back with all their bits. Keeps the registers that a function must keep; callable on any stack, also before the
 * runtime is up. In assembly. Mirrors Syscall6 in internal/runtime/syscall/linux.
 */
sysret linux_Syscall6(uintptr_t num, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5, uintptr_t a6);
/** System call with up to three arguments; the other three are 0. Keeps the P: only for calls that do not block. Changes
 *  nothing of the G, the M or the P. */
sysret RawSyscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3);
/** System call with up to six arguments. Likewise. */
sysret RawSyscall6(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5, uintptr_t a6);
/**
 * A clone or vfork whose child runs on the caller's stack and in its memory (CLONE_VM | CLONE_VFORK) until it calls exec or
 * exits. Returns twice: first in the child with r1 == 0, then in the parent. By then the child has called other functions,
 * so nothing that the parent needs may lie below the caller's frame: the return address travels in a register. Results as
 * linux_Syscall6's. In assembly. Mirrors rawVforkSyscall.
 */
sysret rawVforkSyscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3);

/* The runtime's private system calls. They never change scheduler state; callable on any stack, from signal handlers
 * too. Each makes one system call, the one that is named, and returns the result, or -errno. EINTR is not retried. */

/** read(2). */
intptr_t linux_read(int fd, void *p, size_t n);
/** write(2). */
intptr_t linux_write(int fd, const void *p, size_t n);
/** openat(2) relative to the working directory (AT_FDCWD). */
int linux_open(const char *path, int flags, int mode);
/** close(2). Never retried. */
int linux_close(int fd);
/** mmap(2): the address, or -errno in [-4095, -1]. */
intptr_t linux_mmap(void *addr, size_t n, int prot, int flags, int fd, int64_t off);
/** munmap(2). */
int linux_munmap(void *addr, size_t n);
/** mprotect(2). */
int linux_mprotect(void *addr, size_t n, int prot);
/** madvise(2). */
int linux_madvise(void *addr, size_t n, int advice);
/** futex(2): op is FUTEX_WAIT_PRIVATE (ts: relative time-out or NULL) or FUTEX_WAKE_PRIVATE (ts NULL). */
int linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts);
/** gettid(2). */
int linux_gettid(void);
/** getpid(2). */
int linux_getpid(void);
/** tgkill(2) to a thread of this process. */
int linux_tgkill(int pid, int tid, int sig);
/** kill(2). */
int linux_kill(int pid, int sig);
/** rt_sigaction(2) with the kernel's own structure; a signal set has 8 bytes. */
int linux_sigaction(int sig, const struct ksigaction *new_, struct ksigaction *old);
/** rt_sigprocmask(2), 64 signals. */
int linux_sigprocmask(int how, const uint64_t *set, uint64_t *old);
/** sigaltstack(2). */
int linux_sigaltstack(const struct kstack *new_, struct kstack *old);
/** sched_getaffinity(2) of the calling thread: bytes written, or -errno. */
int linux_sched_getaffinity(void *mask, size_t n);
/** clock_gettime(2) by a real system call; the vDSO's fallback. */
int linux_clock_gettime(int clock, struct ktimespec *ts);
/** nanosleep(2); what remains after a signal is not asked for. */
int linux_nanosleep(const struct ktimespec *req);
/** epoll_create1(2). */
int linux_epoll_create(int flags);
/** epoll_ctl(2). */
int linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
/** epoll_pwait(2) without a mask; timeout in milliseconds, -1 for ever. */
int linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout);
/** eventfd2(2). */
int linux_eventfd(uint32_t init, int flags);
/** pipe2(2). fds is written on success only. */
int linux_pipe(int fds[2], int flags);
/** fcntl(2). */
int linux_fcntl(int fd, int cmd, uintptr_t arg);
/** prctl(2) with one argument. */
int linux_prctl(int op, uintptr_t arg);
/** sched_yield(2). Mirrors osyield. */
void osyield(void);
/** Sleeps the thread for us microseconds with one nanosleep; the real clock behind usleep(). Mirrors usleep. */
void linux_usleep(uint32_t us);
/** Ends the process, all its threads, with this status: exit_group. Mirrors exit. */
_Noreturn void exitprocess(int code);
/**
 * Ends the calling thread only (the exit system call), after it has stored 0 to *wait (release: pairs with the acquire
 * load in allocm). Must not touch its stack after that store: somebody may unmap it. Mirrors exitThread.
 */
_Noreturn void exitThread(_Atomic uint32_t *wait);
/**
 * CPUs in the affinity mask of the process: the bits that are set in the bytes that the kernel wrote to a mask of 8192
 * bytes; at least 1, also after an error. Mirrors getCPUCount.
 */
int getCPUCount(void);

/**
 * Finds a symbol in the ELF image whose header is at base: the vDSO, once, at boot, or a test's own image. Reads program
 * headers (the load address is that of the first PT_LOAD, wherever in the file that begins) and the dynamic section
 * (DT_GNU_HASH is preferred, DT_HASH understood), never section headers. The symbol must be defined, global or weak, a
 * function or untyped, and of the named version; if one that is called name will not do, another may. An image that has no
 * versions at all will do, and NULL asks for none.
 *
 * The image may be damaged: nothing outside of the header's page and of what the PT_LOADs cover is read, no search goes
 * round in circles, and a symbol outside is none.
 *
 * @return the address of the symbol name, or NULL if there is none, also if base is NULL or no 64-bit ELF image
 */
void *vdso_lookup(const void *base, const char *name, const char *version);
/**
 * Reads auxv (pairs of type and value, ending with type 0) and sets vdsoClockGettime to the symbol ARCH_VDSO_CLOCK of version
 * ARCH_VDSO_VERSION of the image at AT_SYSINFO_EHDR. No such entry, or one that is 0, or no such symbol: NULL.
 */
void vdsoauxv(const uintptr_t *auxv);
/**
 * Monotonic nanoseconds: by vdsoClockGettime, without a system call; if there is none, or it fails, by linux_clock_gettime.
 * There may be no G yet (getg() is NULL), or one without an M.
 *
 * A user G (m.curg) makes the call on its M's g0 stack, from g0->sched.sp downwards; whoever else runs (g0, gsignal, nobody)
 * on the present stack. During the call m.vdsoPC is where the caller of nanotime1 goes on and m.vdsoSP its stack pointer
 * then; afterwards both are what they were before, so that a signal handler may ask in the middle. A handler that sees
 * vdsoSP != 0 must find vdsoPC set: PC is written first, and put back last. Mirrors nanotime1.
 */
int64_t nanotime1(void);
/** Nanoseconds since 1970, found in the same way. Mirrors walltime. */
int64_t walltime1(void);
/** The vDSO's clock_gettime, or NULL. */
extern int (*vdsoClockGettime)(int clock, struct ktimespec *ts);
/**
 * Returns fn(clock, ts), called on the stack that ends at sp (rounded down to a multiple of 16 here), or on the present one if
 * sp is 0. The stack pointer is valid at each instruction: a signal may come. In assembly.
 */
int vdsocall(int (*fn)(int clock, struct ktimespec *ts), int clock, struct ktimespec *ts, uintptr_t sp);
/** @} */

/** @defgroup lab02 Lab 02: context
 * labs/02-context: context_<cpu>.S, stack.c, goroutine.c
 * @{ */

/**
 * Goes on with the context in buf: makes buf->g the running G, loads the floating-point control words (those that differ;
 * MXCSR's sticky flags are nobody's and do not count), the callee-saved registers, bp and sp, sets buf->sp, ctxt and bp to 0,
 * and jumps to buf->pc with buf->ctxt as the first argument. A NULL buf->g faults before anything has changed: the check is a
 * read through it. A second gogo on the same buf faults, too, for its sp is 0. Does not return. Mirrors gogo.
 */
_Noreturn void gogo(gobuf *buf);
/**
 * Saves the caller's context in its g->sched (g; pc and sp as they are after mcall has returned; bp, the callee-saved registers
 * and the control words, all as the caller has them), makes the M's g0 the running G, goes to its stack at g0->sched.sp, which
 * stays as it is, with frame pointer 0, and calls fn(gp), which must not return. A later gogo(&gp->sched) comes back here,
 * perhaps on another thread. Nothing below the saved sp is needed then. On g0: badmcall. If fn returns: badmcall2. Mirrors mcall.
 */
void mcall(void (*fn)(G *gp));
/**
 * Runs fn(arg) on the M's g0 stack, at g0->sched.sp like mcall, with g0 as the running G, and returns. On g0 or gsignal
 * already: a plain call, on the present stack. On any other G than the M's curg: badsystemstack. While fn runs, g->sched's pc,
 * sp and bp are those of the caller (as after the return), so that a dump can walk the G's stack; afterwards sp and bp are 0.
 * So it overwrites what g->sched held. fn must not park and must not schedule; it may call systemstack. Mirrors systemstack.
 *
 * In all three, sp points into a stack of this thread at each instruction: a signal may come between any two.
 */
void systemstack(void (*fn)(void *arg), void *arg);
/**
 * Where a goroutine's function returns to: calls goexit1. The return address is goexit_frame + 1, behind a nop, so that
 * pc - 1, which is what a backtrace looks up, is in it too.
 */
void goexit_frame(void);
/**
 * Prepares buf so that gogo calls fn(arg) as if goexit_frame + 1 had called it: sp, pc, ctxt and bp (0: there is no caller's
 * frame). On entry buf->sp is the stack's top, of any alignment, and g and fpcw have been set. In assembly. Mirrors gostartcall.
 */
void gostartcall(gobuf *buf, void (*fn)(void *arg), void *arg);

/**
 * A stack of at least n bytes (rounded up to pages, aligned to 16), with a guard page below. On g0.
 *
 * Stacks of STACK_DEFAULT come from the P's cache, without a lock; an empty cache gets 16 from the pool of all (those that
 * others gave back first), under one lock. An M without a P takes one from the pool. All other sizes come from the system.
 * Throws, with a text that begins "stackalloc: ", if there is no memory (for a size that nobody has, too), or if a guard
 * page cannot be had: neither from MADV_GUARD_INSTALL, which old kernels turn down, nor otherwise. Mirrors stackalloc.
 */
stack stackalloc(size_t n);
/**
 * Gives a stack back: one of STACK_DEFAULT to the P's cache, or, without a P, to the pool; all others to the system. The cache
 * holds at most 32: if it is full, 16 go to the pool first. On g0; not the stack that it runs on. Mirrors stackfree.
 */
void stackfree(stack stk);
/**
 * Gives the memory of free stacks back to the system: those in pp's cache (which must be the caller's, or nobody's) and in
 * the pool; pp == NULL: of all Ps and the pool, while the world is stopped. The address space is kept for later stacks, which
 * find zeros there.
 *
 * @return bytes of stacks, of which only those that were touched had memory
 */
size_t stackcache_clear(P *pp);
/** Bytes that stackcache_clear(NULL) would return now: free stacks in all caches and the pool. Takes no lock; may be stale. */
size_t stackcache_bytes(void);

/** A new G with a stack of n bytes (n == 0: none) and stackguard0 = stack.lo + STACK_GUARD, in Gidle, else zero. On g0. Mirrors malg. */
G *malg(size_t n);
/**
 * Puts a dead G on pp's free list; at 64 it moves all but 31 to sched.gFree (those with a stack to one list, those without to
 * the other) under one lock. A stack of another size than STACK_DEFAULT is freed first. Throws if gp is not in Gdead: "not
 * dead". pp is the caller's. Afterwards gp may be anybody's. Mirrors gfput.
 */
void gfput(P *pp, G *gp);
/**
 * Takes a dead G from pp's list, or NULL. An empty list is first filled from sched.gFree under one lock, up to 32 and those
 * with a stack first; without a lock if sched.gFree.n says that there are none. What is returned has a stack, of the default size if it
 * needed a new one, and is in Gdead. pp is the caller's. On g0. Mirrors gfget.
 */
G *gfget(P *pp);
/** Moves all of pp's dead Gs to the global lists, under one lock. pp is the caller's, or the world is stopped. Mirrors gfpurge. */
void gfpurge(P *pp);
/**
 * A goid that was never used, from pp's batch. An empty batch is filled with the GOID_BATCH ids behind sched.goidgen by one
 * atomic addition. The first id of all is 1. pp is the caller's. Mirrors the goidcache part of newproc1.
 */
uint64_t goidnext(P *pp);
/**
 * Makes a G in Grunnable that will call fn(arg) on a stack of stacksize bytes (0: STACK_DEFAULT; else at least STACK_MIN, in
 * pages): reuses a dead one, or allocates one, which is Gdead before allgadd shows it to others. Its context is by
 * gostartcall at the top of the stack, with GOBUF_FPCW_DEFAULT. Sets goid, parentgoid (callergp's), gopc (callerpc), startfn,
 * startarg, stackwant (the size that it came to) and stackguard0; all other fields are those of a fresh G (see gdestroy). On
 * no queue.
 *
 * fn == NULL is fatal: "go of nil func value". Throws if what gfget gave it is not in Gdead or has no stack. On g0, with m.p.
 * Mirrors newproc1.
 */
G *newproc1(void (*fn)(void *arg), void *arg, G *callergp, uintptr_t callerpc, size_t stacksize);
/** Ends the running goroutine: records traceEvGoEnd, then mcall(goexit0). Reached through goexit_frame. Mirrors goexit1. */
void goexit1(void);
/** On g0: gdestroy(gp), then schedule(). Mirrors goexit0. */
void goexit0(G *gp);
/**
 * On g0: Grunning -> Gdead; clears all that belonged to the goroutine: lockedm and m.lockedg, syscallsp, syscallpc, syscallbp,
 * waitsince, waitreason, param, waiting, selectDone, defers, timer, trackingp, preempt, throwsplit, asyncSafePoint, issystem
 * (counted in sched.ngsys), paniconfault; dropg; gfput, and does not touch gp afterwards.
 *
 * If gp was locked to its thread (m.lockedExt), the thread ends with it: gogo(&m.g0->sched), where mstart1 left the way to
 * the end of mstart0. If the runtime itself had locked it (m.lockedInt), that is a bug: throws "exited a goroutine internally
 * locked to the OS thread". Mirrors gdestroy.
 */
void gdestroy(G *gp);
/** @} */

/** @defgroup lab03 Lab 03: run queues and the scheduler
 * labs/03-runqueue: runq.c, globrunq.c, idle.c, schedule.c, steal.c, findrunnable.c
 *
 * Events (trace_): traceEvGoStart in execute, traceEvGoUnpark where a G from the poller becomes runnable (injectglist,
 * findrunnable), traceEvSteal in stealWork.
 * @{ */

/**
 * Puts a runnable G on the local queue of pp.
 *
 * @param pp    the caller's own P (only its owner may call this)
 * @param gp    a G in Grunnable that is on no other queue
 * @param next  true: gp takes the runnext slot and the G that it displaces goes to the tail; false: gp goes to the tail
 *
 * A full ring overflows: its older half and the displaced G go to the global queue (runqputslow). Takes sched.lock only
 * then. Never blocks, never wakes anybody: the caller decides about wakep(). Mirrors runqput.
 */
void runqput(P *pp, G *gp, bool next);
/**
 * Moves the older half of pp's full ring (RUNQ_SIZE/2 Gs, in order) and then gp to the tail of the global queue, in one
 * hold of sched.lock. h and t are head and tail as runqput saw them; t - h must be RUNQ_SIZE, else it throws
 * "runqputslow: queue is not full".
 * @return false if a thief moved the head meanwhile: nothing was done, try runqput again. Mirrors runqputslow.
 */
bool runqputslow(P *pp, G *gp, uint32_t h, uint32_t t);
/**
 * Puts all of q on pp's ring, in order; what does not fit goes to the tail of the global queue. runnext is left alone.
 * Owner only; sched.lock not held. Mirrors runqputbatch.
 */
void runqputbatch(P *pp, gQueue *q);
/**
 * Takes the next G of pp, or NULL: runnext first (then *inheritTime = true: it runs in the present time slice), then the
 * ring (false). Owner only. Mirrors runqget.
 */
G *runqget(P *pp, bool *inheritTime);
/** True if pp's queue was empty at one instant; never true while a G is always in it. Anybody. Mirrors runqempty. */
bool runqempty(P *pp);
/**
 * Copies the older half (rounded up) of pp's ring to batch, a ring of RUNQ_SIZE slots, from index batchHead on, and
 * takes it out of pp. If the ring is empty and stealRunNextG, takes runnext instead; but if pp is Prunning and has an M,
 * and that M is not in a system call (it runs no G, or one that is not in Gsyscall), it calls usleep_(3) first, and begins
 * anew if runnext is another by then.
 * @return how many. Anybody. Mirrors runqgrab.
 */
uint32_t runqgrab(P *pp, _Atomic(G *) *batch, uint32_t batchHead, bool stealRunNextG);
/**
 * Steals half of p2's queue into pp's ring, which is empty, by runqgrab; returns one of the stolen Gs (the last), or NULL.
 * Throws "runqsteal: runq overflow" if they do not fit behind what the ring has after all. Owner of pp. Mirrors runqsteal.
 */
G *runqsteal(P *pp, P *p2, bool stealRunNextG);

/** Puts gp at the tail of the global queue. sched.lock held. Mirrors globrunqput. */
void globrunqput(G *gp);
/** Puts gp at the head of the global queue. sched.lock held. Mirrors globrunqputhead. */
void globrunqputhead(G *gp);
/** Appends q (n Gs) to the global queue and empties q. sched.lock held. Mirrors globrunqputbatch. */
void globrunqputbatch(gQueue *q, int32_t n);
/** Takes one G from the head of the global queue, or NULL. sched.lock held. Mirrors globrunqget. */
G *globrunqget(void);
/**
 * Takes min(n, runqsize, runqsize/gomaxprocs + 1) Gs from the head of the global queue: returns the first, the others in
 * *q (emptied first). sched.lock held. Mirrors globrunqgetbatch.
 */
G *globrunqgetbatch(int32_t n, gQueue *q);

/**
 * Puts pp on the idle list and counts it (npidle, idlepMask); clears its bit in timerpMask if it has no timers. Throws
 * "pidleput: P has non-empty run queue" if it has Gs, and another text if its status is not Pidle. sched.lock held.
 * Mirrors pidleput.
 */
void pidleput(P *pp);
/**
 * Takes a P off the idle list, the last one put, or NULL; sets its bit in timerpMask. sched.lock held. Mirrors pidleget.
 */
P *pidleget(void);
/** The same for work that waits: if there is none, sets sched.needspinning. sched.lock held. Mirrors pidlegetSpinning. */
P *pidlegetSpinning(void);
/** Takes an M off the idle list (sched.midle), the last one put, or NULL. sched.lock held. Mirrors mget. */
M *mget(void);
/** Puts mp on the idle list, counts it, and looks for a deadlock (checkdead). sched.lock held. Mirrors mput. */
void mput(M *mp);

/**
 * Starts one more spinning M (startm) if there is none and a P is idle. Call after making a G runnable. While it works,
 * the M to be is counted in nmspinning; without an idle P it is not in the end, and sched.needspinning is 1. The caller cannot be preempted while
 * the P belongs to nobody (acquirem). Mirrors wakep.
 */
void wakep(void);
/**
 * The spinning M has found work: stops being counted, and wakes another (wakep). Throws if the M does not spin, and
 * "negative nmspinning" if that is what it would become. Mirrors resetspinning.
 */
void resetspinning(void);
/**
 * Runs gp on this M, never returns: curg and gp.m are set before Grunnable -> Grunning (casgstatus); clears gp.preempt
 * and gp.waitsince and restores the guard; starts a new time slice (schedtick++) unless inheritTime. Counts p.n.schedules.
 * On g0, with a P. Mirrors execute.
 */
_Noreturn void execute(G *gp, bool inheritTime);
/**
 * One round of the scheduler: finds a runnable G and executes it. On g0, with a P. Throws "schedule: holding locks" if
 * m.locks != 0, and "schedule: spinning with local work" if the M spins and its P has Gs. Clears p.preempt. An M that is
 * locked to a G calls stoplockedm() and executes that one, in a new time slice; a G that is locked to another M is given
 * to it by startlockedm(), and the search begins anew. A spinning M stops spinning (resetspinning) before it runs a G.
 * Mirrors schedule.
 */
_Noreturn void schedule(void);
/**
 * Finds a runnable G; parks the M while there is none. On g0, with a P; returns with a (perhaps different) P. Mirrors
 * findRunnable. Each round, from the top:
 *
 * 1.  sched.gcwaiting: gcstopm(), and begin anew. p.runSafePointFn: runSafePointFn(). Due timers: checkTimers().
 * 2.  If p.schedtick is a multiple of 61: one G from the global queue.
 * 3.  The local queue.
 * 4.  The global queue: a batch (globrunqgetbatch of RUNQ_SIZE/2), the rest of it to the local queue.
 * 5.  The network without waiting, netpoll(0), if netpollinited() and netpollAnyWaiters() and sched.lastpoll is not 0,
 *     and nobody else does so at this moment (pollingNet). The first G is returned, the others are injected.
 * 6.  If the M spins, or 2*nmspinning < gomaxprocs - npidle (then it spins from now on): stealWork(). Wherever an M begins
 *     to spin here: m.spinning, nmspinning + 1, and needspinning = 0, for the note is answered.
 * 7.  Under sched.lock: begin anew for gcwaiting or runSafePointFn; the global queue again, as in 4; an M that does not
 *     spin but sees needspinning spins and begins anew. Else the P goes onto the idle list.
 * 8.  An M that spun stops being counted (throws "negative nmspinning" if that is what it would become), and only then
 *     looks once more: at the global queue, and at the local queues of all Ps that are not idle. Is there a G, and an idle P
 *     (pidlegetSpinning)? Then it takes that P and spins again. Then at all timers, for 9.
 * 9.  If netpollinited(), and somebody waits for the network or there is a timer, and sched.lastpoll was not 0 when this
 *     M set it to 0: netpoll(delay) until the earliest timer (no timer: -1) with sched.pollUntil set to that (no timer: 0).
 *     Afterwards pollUntil is 0, lastpoll the time, and if there is an idle P the M goes on with that: with the first G,
 *     the others injected; or, without any, from the top, spinning if it did before. No idle P: all are injected.
 *     If another M polls, but for longer than the earliest timer: netpollBreak().
 * 10. stopm(), and begin anew.
 *
 * @param inheritTime   set: as runqget says
 * @param tryWakeP      set: wake another M, this G was not taken from a queue that somebody else watches
 */
G *findrunnable(bool *inheritTime, bool *tryWakeP);
/**
 * Steals from the other Ps that are not idle (idlepMask), in four passes, each in an order of its own
 * (randomOrder_start). Only in the last one runnext may be stolen, and the timers of other Ps are run (checkTimers; idle
 * ones too, timerpMask says which may have some): if any ran, *newWork = true and the own queue is looked at first.
 * *pollUntil becomes the earliest of itself and the timers seen (0: none). sched.gcwaiting: returns NULL with *newWork.
 * Counts every G that it takes in the own p.n.steals.
 * @return the G, with *inheritTime as runqget says, or NULL. *now is as in checkTimers. Mirrors stealWork.
 */
G *stealWork(int64_t *now, int64_t *pollUntil, bool *inheritTime, bool *newWork);
/** A walk over count positions that visits each once: from pos on, in steps of inc, modulo count. */
typedef struct randomEnum {
    uint32_t i;     /**< visits so far */
    uint32_t count; /**< how many in all */
    uint32_t pos;   /**< where */
    uint32_t inc;   /**< the step, coprime with count */
} randomEnum;
/** Finds the steps that are coprime with count; procresize calls it. Mirrors randomOrder.reset. */
void randomOrder_reset(uint32_t count);
/** Begins at a place and with a step that follow from r: every pair is chosen for some r. Mirrors randomOrder.start. */
randomEnum randomOrder_start(uint32_t r);
/**
 * Makes every G of the list, which are in Gwaiting, runnable, and puts it where an M will find it. Without m.p: all to
 * the global queue, and an M (startm) for each as long as there are idle Ps. With it: the first ones so, one for each
 * idle P; the others on the own ring, or if it is full on the global queue; then wakep(). A P is taken (pidlegetSpinning: a
 * G for which none is left leaves the note) and startm called in one hold of sched.lock, so that no deadlock check sees the P
 * gone and nobody with it. Mirrors injectglist.
 */
void injectglist(gList *list);
/** @} */

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
 * (schedlink) instead, under newmHandoff.lock, and the template thread is woken if it waits; without one:
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
 * the list empty under the lock; in the same critical section waiting = true and noteclear(&wake); then sleeps
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

/** @defgroup lab07 Lab 07: the network poller
 * labs/07-netpoll: netpoll.c (no system call in it), netpoll_epoll.c (the back end).
 *
 * A G that waits for a descriptor parks by gopark() with waitReasonIOWait; the poller, a deadline or a close makes it
 * runnable. Everything the module asks of the kernel goes through lab 01's linux_epoll_create(), linux_eventfd(),
 * linux_epoll_ctl(), linux_epoll_wait(), linux_write() and linux_read(); every mutex through lock() and unlock(); every
 * deadline through timer_start() and timer_del(), and the time through timeseam. The functions that make Gs runnable
 * (goready()) need a P.
 * @{ */

/** Values of pollDesc.rg and wg that are no G. */
enum {
    pdNil = 0,   /**< nobody waits, and no event has come since the last pollReset */
    pdReady = 1, /**< an event has come; whoever waits next need not park */
    pdWait = 2   /**< a G is about to park, but has not parked yet */
};
/** Results of pollReset, pollWait and netpollcheckerr. */
enum {
    pollNoError = 0,       /**< go on */
    pollErrClosing = 1,    /**< pollUnblock was called */
    pollErrTimeout = 2,    /**< the deadline has passed */
    pollErrNotPollable = 3 /**< the last event was an error and nothing else; reading only */
};
/** Bits of pollDesc.atomicInfo, below the fdseq. */
enum {
    pollClosing = 1,              /**< closing */
    pollEventErr = 2,             /**< the last event was EPOLLERR alone */
    pollExpiredReadDeadline = 4,  /**< rd < 0 */
    pollExpiredWriteDeadline = 8, /**< wd < 0 */
    pollFDSeqShift = 16,          /**< the low bits of fdseq stand from here on */
    pollFDSeqMask = 0xffff        /**< so many of them */
};

/**
 * What the poller knows of one file descriptor. It lies in memory from persistentalloc(), which is never given back, since
 * a late event or timer may still point to it; fdseq, rseq and wseq tell those that they are late. Closed ones are used
 * again. Mirrors pollDesc.
 *
 * rg and wg change by compare-and-swap or exchange only (but pollReset and pollOpen may store pdNil). The fields below
 * lock are published, for those who do not hold it, in atomicInfo: after each change, before anybody is woken for it.
 */
typedef struct pollDesc {
    struct pollDesc *link;        /**< next free one; under the free list's lock */
    int fd;                       /**< constant while in use */
    _Atomic uintptr_t fdseq;      /**< changes at each pollClose, never 0 while in use; part of the epoll tag */
    _Atomic uint32_t atomicInfo;  /**< closing, error and deadline bits, and fdseq */
    _Atomic uintptr_t rg;         /**< pdNil, pdReady, pdWait, or the G that is parked to read */
    _Atomic uintptr_t wg;         /**< likewise for writing */

    mutex lock;                   /**< protects what follows */
    bool closing;                 /**< pollUnblock was called */
    bool rrun;                    /**< rt was started, and not stopped since; true also after it went off */
    bool wrun;                    /**< likewise wt */
    uintptr_t rseq;               /**< changes whenever rt is moved or stopped, and at each pollOpen */
    uintptr_t wseq;               /**< likewise wt */
    timer *rt;                    /**< the timer of the read deadline, and of both if rd == wd > 0; for ever this pollDesc's */
    timer *wt;                    /**< the timer of the write deadline */
    int64_t rd;                   /**< read deadline: 0 none, < 0 expired, else nanotime */
    int64_t wd;                   /**< write deadline */
} pollDesc;

/** Number of Gs parked in the poller, as far as netpollAdjustWaiters has been told. */
extern _Atomic uint32_t netpollWaiters;
/** True once netpollinit has returned, not before. Mirrors netpollinited. */
bool netpollinited(void);
/** Calls netpollinit once; who comes while that runs waits on a mutex until it is done. Mirrors netpollGenericInit. */
void netpollGenericInit(void);
/**
 * Registers fd for both directions and as long as it is open. Sets the poller up if nobody has.
 *
 * @param fd   a non-blocking descriptor, not registered yet
 * @param err  0, or the errno of epoll_ctl (EPERM: it cannot be polled, as a regular file)
 * @return a pollDesc in the state of a new one, whatever its last use left; NULL on an error, then it is free again
 *
 * Throws if somebody waits on the pollDesc that was believed free ("blocked read on free polldesc", "blocked write ...").
 * Mirrors poll_runtime_pollOpen.
 */
pollDesc *pollOpen(int fd, int *err);
/**
 * Takes the descriptor out of the back end (netpollclose), then gives pd back with another fdseq. The caller closes the
 * descriptor afterwards. Throws if pollUnblock was not called ("close polldesc w/o unblock"), or if a G waits on pd
 * ("blocked read on closing polldesc", "blocked write ..."). Mirrors poll_runtime_pollClose.
 */
void pollClose(pollDesc *pd);
/**
 * Before an I/O attempt in mode 'r' or 'w': a pollErr value; if there is no error, readiness of that direction from
 * before is forgotten. Mirrors poll_runtime_pollReset.
 */
int pollReset(pollDesc *pd, int mode);
/**
 * Parks the G until mode is ready, the deadline passes or pd is closed. Woken by none of these (the deadline that woke it
 * was moved before it ran), it waits again. A pollErr value; an error that is there already is returned at once. One G
 * at a time for each direction. Mirrors poll_runtime_pollWait.
 */
int pollWait(pollDesc *pd, int mode);
/**
 * Sets the deadline of 'r', 'w' or both ('r' + 'w').
 *
 * @param d  > 0: so many nanoseconds from now (the sum is INT64_MAX if it would be more); 0: none; < 0: it has passed
 *
 * Nothing on a closing pd. A deadline that has passed stays so until the next call: each pollReset and pollWait fails.
 * Two equal deadlines share the timer rt, and wt is stopped. A timer that is moved or stopped gets a new seq. A deadline
 * in the past wakes who waits, after the lock was released. Needs a P. Mirrors poll_runtime_pollSetDeadline.
 */
void pollSetDeadline(pollDesc *pd, int64_t d, int mode);
/**
 * Closes pd for waiters: publishes that, stops both timers (with new seqs), wakes both directions, the latter after the
 * lock was released. Twice: throws "unblock on closing polldesc". Needs a P. Mirrors poll_runtime_pollUnblock.
 */
void pollUnblock(pollDesc *pd);
/**
 * Waits for mode: true if it became ready (which is used up), false if closed, timed out or just woken.
 *
 * @param waitio  wait for I/O only: park although pd may be closing or past its deadline
 *
 * Announces itself in the word (pdWait) before the last look at the errors and before gopark(). A second waiter throws
 * "double wait"; a word that is not pdNil, pdReady or pdWait after waking throws "corrupted polldesc". When the G has
 * parked, and only then, netpollWaiters goes up by one. Mirrors netpollblock.
 */
bool netpollblock(pollDesc *pd, int mode, bool waitio);
/**
 * Leaves pdReady (ioready) or pdNil in the word of mode; a pdReady that is there stays. Any thread.
 *
 * @param delta  decreased by one if a G is returned; may be NULL
 * @return the G that was parked, for the caller to make runnable, else NULL
 *
 * Mirrors netpollunblock.
 */
G *netpollunblock(pollDesc *pd, int mode, bool ioready, int32_t *delta);
/**
 * Makes 'r', 'w' or both ('r' + 'w') ready, and pushes the Gs that were parked onto toRun, the reader before the writer
 * (so the writer comes out first). Returns the change of netpollWaiters, which it leaves to the caller. Mirrors
 * netpollready.
 */
int32_t netpollready(gList *toRun, pollDesc *pd, int mode);
/**
 * The error of pd for mode: closing, then that mode's deadline, then an event error (reading only). From atomicInfo
 * alone, without the lock. Mirrors netpollcheckerr.
 */
int netpollcheckerr(pollDesc *pd, int mode);
/**
 * Sets or clears pollEventErr in atomicInfo, and no other bit, without the lock; nothing if the fdseq that stands there is
 * not seq. seq 0: whatever stands there. Mirrors setEventErr.
 */
void netpollSetEventErr(pollDesc *pd, bool err, uintptr_t seq);
/**
 * Adds delta to netpollWaiters. Whoever decreases it does so after the Gs have been made runnable: in between nobody may
 * believe that there is nothing left to wait for. Mirrors netpollAdjustWaiters.
 */
void netpollAdjustWaiters(int32_t delta);
/** True if some G waits in the poller. Mirrors netpollAnyWaiters. */
bool netpollAnyWaiters(void);
/**
 * The function of the deadline timers, with the seq that the timer was started with: nothing if that is not the present
 * one (of rt if read, else of wt). Else the deadline of each direction named becomes -1 and is published, and who waits
 * is woken, after the lock was released. Throws "inconsistent read deadline" ("write") if none was set. Needs a P.
 * Mirrors netpolldeadlineimpl.
 */
void netpolldeadline(pollDesc *pd, uintptr_t seq, bool read, bool write);

/* The back end: epoll. */

/**
 * Creates the epoll descriptor and an eventfd, both close-on-exec, the latter non-blocking and in the set for EPOLLIN,
 * level-triggered. If any of it fails it throws, and names the system call. Mirrors netpollinit.
 */
void netpollinit(void);
/**
 * Adds fd for EPOLLIN, EPOLLOUT and EPOLLRDHUP, edge-triggered, with data that tells pd and its fdseq of now: 0 or errno.
 * Mirrors netpollopen.
 */
int netpollopen(int fd, pollDesc *pd);
/** Removes fd explicitly, as a duplicate of it may stay open: 0 or errno. Mirrors netpollclose. */
int netpollclose(int fd);
/**
 * The Gs that became ready.
 *
 * @param delay  < 0: waits without limit; 0: does not wait; > 0: waits so many nanoseconds, as milliseconds: at least one,
 *               else rounded down, at most 1e9
 * @param delta  receives the change of netpollWaiters, for netpollAdjustWaiters after the Gs are runnable
 *
 * EPOLLIN, RDHUP, HUP and ERR make reading ready, OUT, HUP and ERR writing; EPOLLERR and nothing else is an event error,
 * any other event takes that back. An event of an earlier fdseq does nothing at all. The eventfd is read, and after that
 * the next netpollBreak let through, only by a call that may wait; another leaves both alone. EINTR: a call with a time
 * limit returns an empty list, others go on. Before netpollinit: an empty list, at once. Any other error throws "netpoll
 * failed", an event of the eventfd that is not EPOLLIN alone throws a text with "eventfd". Without a P if it may wait.
 * Mirrors netpoll.
 */
gList netpoll(int64_t delay, int32_t *delta);
/**
 * Makes the netpoll that waits, or the next that would, return: one write of 8 bytes to the eventfd, and none while an
 * earlier one has not been read. EINTR is tried again, EAGAIN is good; any other error throws, naming netpollBreak. Anybody,
 * without lock. What the caller did before is seen by who comes back from that netpoll, also if this call did not write
 * because an earlier one was just being read: a compare-and-swap that fails publishes nothing, and a store acquires
 * nothing. Mirrors netpollBreak.
 */
void netpollBreak(void);
/** @} */

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
 * to ask: pp has no M, or the caller's; the M runs no goroutine, or one in Gsyscall. Best effort: pp, its M
 * and its G may change meanwhile, and the wrong G may be asked. Takes no lock. Mirrors preemptone.
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
 * under sched.lock: gfpurge and stackcache_clear. Then the stacks of the dead Gs on sched.gFree.stack are
 * freed, which puts them into the pool, and the Gs move to noStack; after at most 32 of them stackcache_clear
 * of any idle P, again under sched.lock, empties the pool; if there is no idle P the quiet time is over, and
 * so is scavenge. Never takes a P off the idle list.
 *
 * sysmon calls it when the program is quiet: at most once a second it looks whether all Ps are idle and
 * fewer than 8 time slices (the sum of all schedticks) were begun since the look before (time and sum are 0
 * at first); of several such looks in a row only the first leads to a call.
 *
 * @return the sum of what stackcache_clear returned
 */
size_t scavenge(void);
/** @} */

#endif

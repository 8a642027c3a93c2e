/**
 * @file core.h
 * The given core of the runtime: what the labs' functions call and students do not write.
 */
#ifndef HANDOFF_CORE_H
#define HANDOFF_CORE_H

#include <stdarg.h>
#include "runtime2.h"
#include "labs.h"
#include "glist.h"
#include "trace.h"

/**
 * A function that reads what others may be writing, for a human reader: a dump, a trace. ThreadSanitizer is told not to complain;
 * the explorer, which must see every access, is not.
 */
#ifdef HANDOFF_EXPLORED
#define RACY
#define EXPLORED true
#else
#define RACY __attribute__((no_sanitize("thread")))
/** True in the explorer's build. */
#define EXPLORED false
#endif

/** Tests watch and stop calls between files: what is small enough to be inlined is a call in their builds. */
#if defined(HANDOFF_STALL) || defined(HANDOFF_EXPLORED)
#define WATCHED_CALLS
#endif

/* ---- locks (lock_futex.c) ---- */

/** Locks l: spins a little, then sleeps in the kernel. m.locks++: no preemption while it is held. Never across a park. Mirrors lock. */
void lock(mutex *l);
/** Unlocks l; m.locks--. Mirrors unlock. */
void unlock(mutex *l);
/** Sleeps while *addr == val, for at most ns nanoseconds (< 0: no limit). May return early for no reason. Mirrors futexsleep. */
void futexsleep(_Atomic uint32_t *addr, uint32_t val, int64_t ns);
/** Wakes up to cnt sleepers on addr. Mirrors futexwakeup. */
void futexwakeup(_Atomic uint32_t *addr, uint32_t cnt);

/* ---- this M (proc.c) ---- */

/** The running M; must not be preempted until releasem. Mirrors acquirem. */
static inline M *acquirem(void)
{
    M *mp = load_relaxed(&getg()->m);
    mp->locks++;
    return mp;
}
/** Undoes acquirem; restores the guard word if a preemption was asked for meanwhile. Mirrors releasem. */
void releasem(M *mp);
/** The running M. Do not keep it over anything that may park. */
static inline M *getm(void)
{
    return load_relaxed(&getg()->m); /* own field: only this thread changes it while the G runs */
}
/** The running P, or NULL. */
static inline P *getp(void)
{
    return getm()->p;
}
/** A random number, from the M's own state. Mirrors cheaprand. */
uint32_t cheaprand(void);
/** Random in [0, n). */
uint32_t cheaprandn(uint32_t n);

/* ---- goroutine states (proc.c) ---- */

/** gp's status. */
static inline uint32_t readgstatus(G *gp)
{
    return load_acquire(&gp->atomicstatus); /* pairs with the release in casgstatus */
}
/** Throws: gp's status is `seen`, where it should go from old to new_ (seen == old: which is not legal). */
_Noreturn __attribute__((cold)) void badgstatus(G *gp, uint32_t seen, uint32_t old, uint32_t new_);
/** True if status new_ may follow old. */
static inline bool gstatusmayfollow(uint32_t old, uint32_t new_)
{
    static const uint32_t next[] = { /* for each status, the set (bit mask) of those that may follow it */
        [Gidle] = 1 << Gdead,
        [Gdead] = 1 << Grunnable,
        [Grunnable] = 1 << Grunning,
        [Grunning] = 1 << Grunnable | 1 << Gsyscall | 1 << Gwaiting | 1 << Gdead,
        [Gsyscall] = 1 << Grunning | 1 << Grunnable,
        [Gwaiting] = 1 << Grunnable | 1 << Grunning, /* to running: a stop-the-world gives its own G back */
    };
    return old <= Gdead && new_ <= Gdead && (next[old] >> new_ & 1);
}
/**
 * casgstatus itself. A G is somebody's at any time (a queue's, an M's), and only he changes its status: a look and a store
 * will do, at a fifth of the price of a compare-and-swap. For a waiting G two wakers may come at once, and that must not go
 * unseen. The explorer, which is after whoever breaks the rule, gets the exact answer for all.
 */
static inline void changegstatus(G *gp, uint32_t old, uint32_t new_)
{
    uint32_t seen = old;
    if (!gstatusmayfollow(old, new_))
        badgstatus(gp, old, old, new_);
    if (old == Gwaiting || EXPLORED) {
        /* acq_rel: whoever sees the new status sees what was done to the G before */
        atomic_compare_exchange_strong_explicit(&gp->atomicstatus, &seen, new_, memory_order_acq_rel, memory_order_relaxed);
    } else {
        seen = load_acquire(&gp->atomicstatus); /* with the store: the two halves of acq_rel */
        if (seen == old)
            store_release(&gp->atomicstatus, new_);
    }
    if (seen != old)
        badgstatus(gp, seen, old, new_);
}
/** Changes gp's status from old to new; throws with both names if it is another, or if that change is not a legal one. Mirrors casgstatus. */
#ifdef WATCHED_CALLS
void casgstatus(G *gp, uint32_t old, uint32_t new_);
#else
static inline void casgstatus(G *gp, uint32_t old, uint32_t new_)
{
    changegstatus(gp, old, new_);
}
#endif
/** "runnable" and so on. */
const char *gstatusname(uint32_t status);
/** Go's text for a wait reason. */
const char *waitReasonString(waitReason r);
/** Parts curg from the running M. On g0. Mirrors dropg. */
void dropg(void);
/**
 * Parks the running G. unlockf(gp, lock) runs on g0 after the G is in Gwaiting; if it returns false the G goes on at
 * once. gp may be readied, and run elsewhere, before unlockf returns: unlockf must not touch gp's stack. Mirrors gopark.
 */
void gopark(bool (*unlockf)(G *gp, void *lock), void *lock, waitReason reason);
/** gopark that unlocks l. Mirrors goparkunlock. */
void goparkunlock(mutex *l, waitReason reason);
/** Makes a waiting G runnable, in this P's runnext. From a user G or g0 with a P. Mirrors goready. */
void goready(G *gp);
/** The same, on g0 (or with m.locks held); next: as for runqput. Throws unless Gwaiting. Mirrors ready. */
void ready(G *gp, bool next);
/** Makes a goroutine and queues it. callerpc: for dumps. Mirrors newproc. */
G *newproc(void (*fn)(void *arg), void *arg, size_t stacksize);
/** newproc for a goroutine of the runtime: not counted in numgoroutine, does not prevent a deadlock report. */
G *newproc_system(void (*fn)(void *arg), void *arg);
/** Adds gp to allgs, once, when it is new. Mirrors allgadd. */
void allgadd(G *gp);
/** Yield, on g0: gp to the tail of the global queue. Mirrors gosched_m. */
void gosched_m(G *gp);
/** Yield after a preemption request, on g0. Mirrors gopreempt_m. */
void gopreempt_m(G *gp);
/** Slow half of preemptcheck; sp is the stack pointer, or close to it. Mirrors newstack. */
void preemptpark(uintptr_t sp);
/**
 * The cooperative preemption point: the runtime's entry points call this first, where Go's compiler puts the same check
 * into every function. Yields if somebody asked for it (stackPreempt lies above every stack) and the G may yield; ends the
 * program if the stack is nearly used up.
 */
static inline void preemptcheck(void)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    if (__builtin_expect(sp < load_relaxed(&getg()->stackguard0), 0)) /* a hint; nothing else is read through it */
        preemptpark(sp);
}
/** mp's G may be preempted now: no locks held, P running. On mp itself. Mirrors canPreemptM. */
static inline bool canPreemptM(M *mp)
{
    return mp->locks == 0 && mp->p && load_relaxed(&mp->p->status) == Prunning; /* own P */
}

/* ---- Ps and the world (procresize.c, stw.c) ---- */

/** Makes pp the running M's; pp in Pidle and nobody's. Mirrors acquirep. */
void acquirep(P *pp);
/** acquirep without the rest of its work: checks and ties both ends, Pidle -> Prunning. Throws with both sides. Mirrors wirep. */
void wirep(P *pp);
/** Parts the M from its P, which becomes Pidle, and returns it. Mirrors releasep. */
P *releasep(void);
/** Makes n Ps; the world is stopped, sched.lock held. Returns Ps with local work, linked by p.link. Mirrors procresize. */
P *procresize(int32_t n);
/** Stops the world on behalf of the running G; must be on a user G, not holding locks. Mirrors stopTheWorld. */
void stopTheWorld(const char *reason);
/** Undoes it. Mirrors startTheWorld. */
void startTheWorld(void);
/** The halves that run on g0. */
void stopTheWorldWithSema(void);
/** Restarts the Ps: injects network events, wakes sysmon, starts Ms for Ps with work. Mirrors startTheWorldWithSema. */
void startTheWorldWithSema(void);
/** Stops as many Ms as it can, for a dump of a dying program. Mirrors freezetheworld. */
void freezetheworld(void);
/** Runs fn(pp) for every P at a safe point; returns when all have. On a user G with the world running. Mirrors forEachP. */
void forEachP(void (*fn)(P *pp));

/* ---- Ms (mstart.c, os_linux.c, tls.c; hosted.c in the hosted build) ---- */

/** First function of a new M, on its g0. Mirrors mstart. */
void mstart(void);
/** Initialises mp and puts it on allm; id as in mReserveID or -1. Mirrors mcommoninit. */
void mcommoninit(M *mp, int64_t id);
/** On the new thread: signal stack, mask, thread id. Mirrors minit. */
void minit(void);
/** On the dying thread: undoes minit. Mirrors unminit. */
void unminit(void);
/** Allocates mp's TLS block (pure build) with g as its running G; returns the TLS pointer for clone. */
void *tls_alloc(M *mp, G *g);
/** Frees it, after the thread has gone. */
void tls_free(M *mp);
/** Makes mp's thread by pthread_create, detached, all signals blocked: 0 or errno. Hosted build only. */
int hosted_newosproc(M *mp);
/** Ends the calling thread, mp's, as pthread_exit does, after freeWait = freeMStack (release). Hosted build only. */
_Noreturn void hosted_exitthread(M *mp);
/** True in the hosted build. */
extern const bool ishosted;
/** Memory from the system, zeroed; throws if there is none. Mirrors sysAlloc. */
void *sysAlloc(size_t n);
/** Gives it back. */
void sysFree(void *p, size_t n);
/** Bytes that sysAlloc has given out, less those that came back. */
extern _Atomic uint64_t sysbytes;
/** Memory for the runtime that is never freed, zeroed. Mirrors persistentalloc. */
void *persistentalloc(size_t n, size_t align);

/* ---- signals (signal.c) ---- */

/** Installs handlers for SIGURG, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT; ignores SIGPIPE. Mirrors initsig. */
void initsig(void);
/** Asks mp's thread to yield by SIGURG, unless one is pending. Mirrors preemptM. */
void preemptM(M *mp);
/** All signals, for linux_sigprocmask. */
extern const uint64_t sigset_all;
/** The mask that the process started with; new threads get it. Mirrors initSigmask. */
extern uint64_t initSigmask;
/** The rest of a preemption by signal: asyncPreempt calls it on the interrupted G's stack. Mirrors asyncPreempt2. */
void asyncPreempt2(void);
/** True if pc lies in the program's own code: not in the runtime, not in a library. */
bool inusertext(uintptr_t pc);

/** What the signal handler and sigqueue.c share. */
struct sigqueue {
    _Atomic uint64_t wanted;  /**< signals that channels wait for, bit sig - 1; sigqueue.c stores (release) */
    _Atomic uint64_t pending; /**< those of them that have come and were not taken yet */
    int wakefd;               /**< an eventfd; constant once wanted is not 0 */
};
/** The only one. */
extern struct sigqueue sigq;
/**
 * Has the runtime's handler called for sig, from here on, and unblocks it on the calling thread (minit does on those to come, for all
 * that is wanted); stores what was there before to *before. 0 or -errno.
 */
int sigcatch(int sig, struct ksigaction *before);

/* ---- timers (timers.c) ---- */

/** One timer. Zero it before its first timer_start. Belongs to one P's heap while it is active. */
struct timer {
    int64_t when;                       /**< nanotime of the next call */
    int64_t period;                     /**< > 0: again every so many nanoseconds */
    void (*fn)(void *arg, uintptr_t seq); /**< called on the G or g0 that runs the timers; must not block */
    void *arg;                          /**< its first argument */
    uintptr_t seq;                      /**< and its second */
    _Atomic(P *) pp;                    /**< whose heap holds it; NULL: inactive. Changes under that heap's lock */
    int32_t index;                      /**< place in the heap */
};
/** Starts t (inactive): calls fn(arg, seq) once nanotime() >= when. Wakes the poller if that is sooner than it sleeps. */
void timer_start(timer *t, int64_t when, int64_t period, void (*fn)(void *, uintptr_t), void *arg, uintptr_t seq);
/** Stops t; true if it was active. After false, fn may still be running elsewhere. */
bool timer_del(timer *t);
/** Runs pp's due timers. *now: 0 or a fresh nanotime; returns the next when (0: none), *ran if any ran. Mirrors checkTimers. */
int64_t checkTimers(P *pp, int64_t *now, bool *ran);
/** The earliest timer of all Ps; INT64_MAX if none. Takes allpLock. Mirrors timeSleepUntil. */
int64_t timeSleepUntil(void);
/** Moves all timers of from to the running P (procresize). World stopped. Mirrors moveTimers. */
void timers_move(P *from);
/** True if pp's heap is empty. Any thread; a hint. */
static inline bool timers_empty(P *pp)
{
    return load_relaxed(&pp->timers.minWhen) == 0; /* hint: whoever adds one wakes the poller */
}
/** A timer was set for when: breaks the poller's sleep if that is too long. Mirrors wakeNetPoller. */
void wakeNetPoller(int64_t when);
/** Sleeps the thread, by the time seam. */
static inline void usleep_(uint32_t us)
{
    timeseam.usleep(us);
}

/* ---- semaphores of goroutines (sema.c) ---- */

/** Waits until *addr > 0 and takes one. lifo: to the head of the queue. Mirrors semacquire1. */
void semacquire(_Atomic uint32_t *addr, bool lifo, waitReason reason);
/** Adds one and wakes a waiter; handoff: runs it at once. Mirrors semrelease1. */
void semrelease(_Atomic uint32_t *addr, bool handoff);

/* ---- stacks (os_linux.c, smallstack.c) ---- */

/**
 * May the stack that is being made have a guard page? A marker (MADV_GUARD_INSTALL) costs nothing. A page made by mprotect splits
 * a mapping in three, and the kernel allows vm.max_map_count of them: half of these are for the guard pages of pooled stacks,
 * which are never unmapped. Once they are used up further stacks have to do without. Any thread, no lock.
 */
bool guardmapping(void);
/** Guard pages by mprotect that guardmapping has allowed. */
extern _Atomic int64_t guardmapped;
/** Stacks that it refused one. */
extern _Atomic int64_t unguarded;
/** A small stack, STACK_SMALL bytes, from the P's list or the blocks. On g0. */
stack smallstackalloc(void);
/** Gives one back. Throws if its end was written over. On g0. */
void smallstackfree(stack s);
/** Gives all of pp's to their blocks, under one lock. pp is the caller's, or nobody's. */
void smallstack_flush(P *pp);
/** Gives some blocks that are not in use, 32 at most, to stackfree. false: there is none. */
bool smallstack_trim(void);
/** False if somebody ran over the end of s, which is a small stack. */
bool smallstackintact(stack s);
/** The running G has used up its stack, s: says so, as Go does, and ends the program. */
_Noreturn void stackoverflowed(stack s, uintptr_t sp);

/* ---- collection (gc.c) ---- */

/** Stops the world to gather dead Gs' stacks and cached stacks, then returns them to the system beside it. On a user G. reason: for gctrace. */
void gcStart(const char *reason);

/* ---- messages and the end (print.c, panic.c, traceback.c) ---- */

/** Prints to standard error; formats as goprintf. Async-signal-safe, takes no lock for single lines. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** The runtime is broken: prints "fatal error: ...", G, M and P, a dump, exits with 2. Mirrors throw. */
_Noreturn void throw_(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** The program is broken (deadlock, misuse): the same, without blaming the runtime. Mirrors fatal. */
_Noreturn void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Dumps every G, M, P and the queues to standard error. */
void dumpall(void);
/** Prints one G's status and backtrace. */
void traceback(G *gp);
/** Ends of mcall and systemstack misuse. Mirror badmcall, badmcall2, badsystemstack. */
_Noreturn void badmcall(void);
_Noreturn void badmcall2(void);       /**< fn of mcall returned */
_Noreturn void badsystemstack(void);  /**< systemstack from a G that is not the M's */

/* ---- boot (rt0.c, main.c) ---- */

/** The whole start, on m0's stack; never returns. */
_Noreturn void rt0_go(int argc, char **argv);
/** osinit, schedinit: everything but the main goroutine. */
void schedinit(void);
/** Body of the main goroutine. Mirrors runtime.main. */
void runtime_main(void *arg);
extern int goargc;       /**< the program's arguments */
extern char **goargv;    /**< NULL-terminated */
extern char **goenvp;    /**< NULL-terminated */
/** How many gopanic calls run deferred calls right now. Mirrors runningPanicDefers. */
extern _Atomic uint32_t runningPanicDefers;
/** How many Ms are printing a fatal error. Mirrors panicking. */
extern _Atomic uint32_t panicking;
/** Period of forced collections, nanoseconds (2 minutes). */
extern int64_t forcegcperiod;
/** Time slice: a G that runs longer is asked to yield. 10 ms. */
#define forcePreemptNS (10 * NSEC_PER_MSEC)
/** Reads HANDOFFDEBUG. Mirrors parsedebugvars. */
void parsedebugvars(void);
/** The P count that HANDOFFPROCS, affinity and the cgroup's CPU quota ask for. */
int32_t defaultGOMAXPROCS(void);
/** At most once a second, from sysmon: follows a changed cgroup limit, unless the program set GOMAXPROCS. Mirrors sysmonUpdateGOMAXPROCS. */
void sysmonUpdateGOMAXPROCS(int64_t now);

/**
 * Asks the CPU for the memory of the two Gs at the head of pp's ring, which is ours: the context of the second, and the stack of
 * the first, whose context has come meanwhile. With many goroutines both have long left the caches, and to wait for them
 * would cost more than a switch. Never needed.
 */
static inline RACY void runqwarm(P *pp)
{
    if (EXPLORED)
        return;
    uint32_t h = load_relaxed(&pp->runqhead); /* hints, all of these: nothing but a prefetch comes of them */
    if (load_relaxed(&pp->runqtail) - h < 2)
        return;
    G *first = load_relaxed(&pp->runqslots[h % RUNQ_SIZE]), *second = load_relaxed(&pp->runqslots[(h + 1) % RUNQ_SIZE]);
    __builtin_prefetch((void *)__atomic_load_n(&first->sched.sp, __ATOMIC_RELAXED));
    __builtin_prefetch(&second->sched);
    __builtin_prefetch(&second->sched.regs);
    __builtin_prefetch(&second->schedlink);
}

/* ---- bit masks of Ps ---- */

/** Bit id of mask. */
static inline bool pmask_read(_Atomic uint32_t *mask, uint32_t id)
{
    return load_relaxed(&mask[id / 32]) >> (id % 32) & 1; /* a hint: the queues themselves are checked under their rules */
}
/** Sets it (seq_cst: ordered with the queue checks around it). */
static inline void pmask_set(_Atomic uint32_t *mask, uint32_t id)
{
    atomic_fetch_or(&mask[id / 32], 1u << (id % 32)); /* full barrier, pairs with the thieves' read */
}
/** Clears it. */
static inline void pmask_clear(_Atomic uint32_t *mask, uint32_t id)
{
    atomic_fetch_and(&mask[id / 32], ~(1u << (id % 32)));
}

/** Adds one to a counter of a P that the caller owns. */
static inline void count(_Atomic uint64_t *c)
{
    store_relaxed(c, load_relaxed(c) + 1); /* one writer at a time: the P's owner */
}

/**
 * The same for an M that may have no P: the counter at this offset of pcounters, the P's, or without one that of all Ms in
 * sched.n.
 */
void countany(size_t counter);
/** Prints all counters to standard error, in one line; takes no lock. */
void printstats(void);

/* ---- stall points: places where a test makes a thread wait; nothing in a normal build ---- */

#ifdef HANDOFF_STALL
/** Called at the named place; set by tests. */
extern void (*stall_hook)(const char *name);
/** The place `name`. */
#define STALL(name)                 \
    do {                            \
        if (stall_hook)             \
            stall_hook(#name);      \
    } while (0)
#else
/** The place `name`: nothing here. */
#define STALL(name) ((void)0)
#endif

#endif

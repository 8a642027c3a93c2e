/**
 * @file runtime2.h
 * The data of the scheduler: G, M, P and sched, with their fields grouped by what protects them.
 *
 *   G  a goroutine: a stack, a saved context, a status.
 *   M  a machine: an OS thread. It has a G of its own, g0, on whose stack the scheduler runs.
 *   P  a processor: the right to run goroutines, and the queue of those that are ready. There are GOMAXPROCS of them.
 *
 * An M must hold a P to run goroutines; while it is blocked in a system call it does not need one.
 * The names are Go's own (runtime2.go).
 */
#ifndef HANDOFF_RUNTIME2_H
#define HANDOFF_RUNTIME2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch.h"
#include "atomic.h"
#include "handoff.h"

typedef struct G G; /**< a goroutine */
typedef struct M M; /**< an OS thread */
typedef struct P P; /**< a processor: the right to run goroutines */

/** Slots of a P's ring; a power of two. The tests and the explorer build with smaller ones. */
#ifndef RUNQ_SIZE
#define RUNQ_SIZE 256
#endif
/** The largest GOMAXPROCS. */
#define MAXGOMAXPROCS 1024
/** Stacks of goroutines that ask for no size: reserved, of which one page is touched at the start. */
#define STACK_DEFAULT (64 * 1024)
/** The smallest stack of whole pages that a goroutine may ask for. */
#define STACK_MIN (8 * 1024)
/** The only smaller one: two share a page. See smallstack.c. */
#define STACK_SMALL GOSTACK_SMALL
/** Stack of an M's g0. Reserved; the scheduler touches little of it. */
#define STACK_G0 (64 * 1024)
/** Stack on which an M's signal handlers run. */
#define STACK_GSIGNAL (64 * 1024)
/** stackguard0 = stack.lo + STACK_GUARD when nobody asks for preemption. */
#define STACK_GUARD 928
/** Goids that a P takes from sched.goidgen at a time. Mirrors _GoidCacheBatch. */
#define GOID_BATCH 16
/** stopwait during freezetheworld: so large that it never reaches 0. */
#define freezeStopWait 0x7fffffff
/** A value of stackguard0 above any stack pointer: the G is asked to yield at its next check. */
#define stackPreempt ((uintptr_t)-1314)

/** Status of a G. The Gscan bit of Go does not exist here: there is no stack scanning. */
enum gstatus {
    Gidle = 0,     /**< just allocated */
    Grunnable = 1, /**< on exactly one run queue; its stack is nobody's */
    Grunning = 2,  /**< runs; has an M and a P; on no queue */
    Gsyscall = 3,  /**< in a system call; has an M, its P may be gone; on no queue */
    Gwaiting = 4,  /**< blocked in the runtime; on no run queue, but recorded where it will be readied */
    Gdead = 6,     /**< exited or not yet started; on a free list, or about to be */
};

/** Status of a P. */
enum pstatus {
    Pidle = 0,    /**< on sched.pidle, or owned by what is changing its status; its queue is empty */
    Prunning = 1, /**< owned by an M; only that M changes the status */
    Psyscall = 2, /**< its M is in a system call; anybody may take it by CAS */
    Pgcstop = 3,  /**< stopped for stop-the-world; owned by the M that stopped the world */
    Pdead = 4,    /**< GOMAXPROCS shrank; kept for later */
};

/** A lock for short critical sections of the runtime: 0 free, 1 held, 2 held and somebody may sleep. */
typedef struct mutex {
    _Atomic uint32_t key; /**< the futex word */
} mutex;

/** A one-time event: one sleeper, one wake-up, then noteclear. See lab 06. */
typedef struct note {
    _Atomic uint32_t key; /**< the futex word: 0 clear, 1 signalled */
} note;

/** A stack, [lo, hi). The guard page lies below lo. */
typedef struct stack {
    uintptr_t lo; /**< lowest usable address */
    uintptr_t hi; /**< first address above */
} stack;

/** What a function must preserve, saved while a G does not run. One-shot: gogo empties it. */
typedef struct gobuf {
    uintptr_t sp;                 /**< stack pointer as after the return from mcall */
    uintptr_t pc;                 /**< where to go on */
    G *g;                         /**< the G that this belongs to */
    void *ctxt;                   /**< first argument when pc is a function's entry */
    uintptr_t bp;                 /**< frame pointer */
    uint64_t fpcw;                /**< floating-point control words, see GOBUF_FPCW_DEFAULT */
    uintptr_t regs[GOBUF_NREGS];  /**< the other callee-saved registers, in the order of the CPU's arch/ directory */
} gobuf;

/** Why a G waits; printed by dumps. See waitReasonString. */
typedef enum waitReason {
    waitReasonZero,
    waitReasonChanReceive,
    waitReasonChanSend,
    waitReasonChanReceiveNil,
    waitReasonChanSendNil,
    waitReasonSelect,
    waitReasonSelectNoCases,
    waitReasonSleep,
    waitReasonIOWait,
    waitReasonSemacquire,
    waitReasonMutexLock,
    waitReasonRWMutexRLock,
    waitReasonRWMutexLock,
    waitReasonWaitGroupWait,
    waitReasonForceGCIdle,
    waitReasonPanicWait,
    waitReasonGoexitWait,
    waitReasonPreempted,
    waitReasonTest,
    waitReasonMax
} waitReason;

/** A list of Gs linked through schedlink, first in first out. Mirrors gQueue. */
typedef struct gQueue {
    G *head; /**< first, or NULL */
    G *tail; /**< last, or NULL */
} gQueue;

/** A list of Gs linked through schedlink, last in first out. Mirrors gList. */
typedef struct gList {
    G *head; /**< last pushed, or NULL */
} gList;

/** Somebody's place in a wait queue of a channel or semaphore. Owned by chan.c and sema.c. */
typedef struct sudog sudog;

/** A goroutine. */
struct G {
    /* Known to assembly (arch/<cpu>/asm.h): do not move. */
    stack stack;                       /**< its stack; lo == 0 if it has none */
    _Atomic uintptr_t stackguard0;     /**< stack.lo + STACK_GUARD, or stackPreempt; written by others (relaxed) */
    _Atomic(M *) m;                    /**< the M that runs it, or NULL */
    gobuf sched;                       /**< its context while it does not run */

    /* What every switch needs follows the context, in the same three cache lines. */
    _Atomic uint32_t atomicstatus;     /**< enum gstatus; changed by casgstatus only */
    _Atomic bool preempt;              /**< asked to yield: a copy of "stackguard0 == stackPreempt" that no guard restore loses */
    bool throwsplit;                   /**< in a system call: a preemption check now is a bug of the runtime */
    bool asyncSafePoint;               /**< stopped by asyncPreempt: registers are on its stack */
    bool issystem;                     /**< a goroutine of the runtime: not counted by numgoroutine */
    uint64_t goid;                     /**< 1 is the main goroutine; never reused */

    /* Owned by whoever owns the G (the queue's lock, the M that runs it). */
    G *schedlink;                      /**< next in a gQueue, gList or free list */
    M *lockedm;                        /**< the M that it is locked to, or NULL. Set by the G itself */
    P *trackingp;                      /**< the P that last ran it; for traces */
    int64_t waitsince;                 /**< nanotime when it began to wait, as sysmon or a dump saw it; 0 unknown */
    void *param;                       /**< what a waker passes to the G that it readies */
    sudog *waiting;                    /**< the sudogs that it waits on, in lock order (select) */
    waitReason waitreason;             /**< why it waits */
    _Atomic uint32_t selectDone;       /**< 0 until one case of a select has won (CAS) */

    /* Written by the G itself on its way into a system call; read by dumps. */
    uintptr_t syscallsp;               /**< in Gsyscall: sp of the caller of entersyscall; else 0 */
    uintptr_t syscallpc;               /**< likewise its pc */
    uintptr_t syscallbp;               /**< likewise its frame pointer */

    /* Owned like schedlink, and seldom needed. */
    Defer *defers;                     /**< deferred calls, innermost first */
    timer *timer;                      /**< the timer of its gosleep, while it sleeps */
    void (*startfn)(void *);           /**< the function that `go` was given */
    void *startarg;                    /**< and its argument */
    uintptr_t gopc;                    /**< pc of the go call that made it */
    uint64_t parentgoid;               /**< goid of the G that made it */
    size_t stackwant;                  /**< the stack size that it was made with */
    void *fiber;                       /**< sanitizer's shadow of its stack (hosted build) */
    bool paniconfault;                 /**< reserved for programs that test faults */

    uint64_t panicgoid;                /**< == goid: a gopanic of this goroutine runs its deferred calls, */
    const char *panicmsg;              /**< and this is its message */

    G *alllink;                        /**< next in allgs (append only) */
};

/** An OS thread. */
struct M {
    /* Known to assembly: do not move. */
    G *g0;                             /**< the G whose stack the scheduler runs on */
    G *gsignal;                        /**< the G whose stack signal handlers run on */
    _Atomic(G *) curg;                 /**< the user G that it runs, or NULL; sysmon reads it (relaxed) */
    _Atomic uint32_t procid;           /**< the kernel's thread id; 0 until the thread runs */

    /* Owned by the M itself. */
    P *p;                              /**< the P that it holds, or NULL */
    P *nextp;                          /**< the P that it will hold when it wakes; set before notewakeup(&park) */
    P *oldp;                           /**< the P that it held before the system call */
    int64_t id;                        /**< 0 is m0 */
    int32_t locks;                     /**< > 0: must not be preempted; acquirem and releasem, lock and unlock */
    uint32_t syscalltick;              /**< p.syscalltick when the system call began */
    _Atomic bool spinning;             /**< out of work and looking for it; counted in sched.nmspinning */
    bool blocked;                      /**< blocked on a note */
    bool dying;                        /**< in throw */
    bool (*waitunlockf)(G *gp, void *lock); /**< gopark's last step, run on g0 */
    void *waitlock;                    /**< its argument */
    void (*mstartfn)(void);            /**< run by the M before it schedules, or NULL */
    uint64_t rand;                     /**< state of cheaprand; never 0 */
    uint32_t schedrand;                /**< reserved for seeded schedules */

    /* Threads and locked goroutines. */
    note park;                         /**< where it sleeps when it has nothing to do */
    M *alllink;                        /**< next in allm; sched.lock to write */
    M *schedlink;                      /**< next in sched.midle or newmHandoff; its lock */
    M *freelink;                       /**< next in sched.freem; sched.lock */
    _Atomic uint32_t freeWait;         /**< freeMWait while the exited thread may still use its g0 stack (release/acquire) */
    G *lockedg;                        /**< the G that it is locked to, or NULL */
    uint32_t lockedExt;                /**< lockosthread calls not yet undone */
    uint32_t lockedInt;                /**< the runtime's own locks of G to M */
    uint64_t sigmask;                  /**< signal mask that the thread starts with */
    bool incgo;                        /**< reserved: runs foreign code */

    /* Signals. */
    _Atomic uint32_t signalPending;    /**< a SIGURG is on its way (CAS 0 to 1) */
    _Atomic uint32_t preemptGen;       /**< preemption signals handled */
    uintptr_t vdsoPC;                  /**< in a vDSO call: the caller's pc; else 0 */
    uintptr_t vdsoSP;                  /**< and its sp; written last, cleared first */

    void *tls;                         /**< the thread's TLS block (pure build) */
    void *stackbase;                   /**< what to unmap when the M is freed */
    void *thread;                      /**< pthread_t (hosted build) */
    uint64_t ncgocall;                 /**< reserved */
    int64_t blockedsince;              /**< when it went to sleep; for dumps */
};

/** States of M.freeWait. */
enum { freeMStack = 0, freeMWait = 2 };

/** What sysmon saw of a P when it last looked. Only sysmon's. */
typedef struct sysmontick {
    uint32_t schedtick;    /**< p.schedtick then */
    uint32_t syscalltick;  /**< p.syscalltick then */
    int64_t schedwhen;     /**< when schedtick was first seen */
    int64_t syscallwhen;   /**< when syscalltick was first seen */
} sysmontick;

/** An active timer in a heap, with a copy of its time: sifting looks at times only, and these are close together. */
typedef struct timerWhen {
    int64_t when;                /**< t->when */
    timer *t;                    /**< the timer */
} timerWhen;

/** Timers of one P: a 4-ary min-heap on when. See timers.c. */
typedef struct timers {
    mutex lock;                  /**< protects the heap */
    timerWhen *heap;             /**< the heap */
    uint32_t len;                /**< its length */
    uint32_t cap;                /**< its room */
    _Atomic int64_t minWhen;     /**< heap[0]->when, or 0 if empty; read without the lock */
} timers;

/**
 * Event counters. Those of a P are kept by the M that holds it, with plain loads and stores (relaxed): nobody else writes their
 * cache line. What an M without a P counts goes to sched.n, which all Ms share, by atomic additions: such an M is about to
 * sleep, or sysmon. Read by anybody.
 */
typedef struct pcounters {
    _Atomic uint64_t schedules;   /**< calls of execute */
    _Atomic uint64_t steals;      /**< Gs stolen from other Ps */
    _Atomic uint64_t handoffs;    /**< handoffp of this P */
    _Atomic uint64_t retakes;     /**< times that sysmon took it from a system call */
    _Atomic uint64_t preemptions; /**< Gs that yielded because they were asked to */
    _Atomic uint64_t asyncpreempts; /**< of these, stopped by a signal */
    _Atomic uint64_t preemptsignals; /**< signals sent to make a G yield */
    _Atomic uint64_t syscalls;    /**< entersyscall on this P */
    _Atomic uint64_t netpolls;    /**< Gs made ready by the poller on this P */
    _Atomic uint64_t spawns;      /**< goroutines started */
    _Atomic uint64_t exits;       /**< goroutines ended */
    _Atomic uint64_t futexsleeps; /**< futex waits */
    _Atomic uint64_t futexwakes;  /**< futex wakes */
} pcounters;

/** A processor. */
struct P {
    int32_t id;                        /**< index in allp */
    _Atomic uint32_t status;           /**< enum pstatus; see there who may change it */
    P *link;                           /**< next in sched.pidle; sched.lock */
    _Atomic(M *) m;                    /**< the M that holds it, or NULL; wirep stores it (release): acquire, to look into the M */
    _Atomic uint32_t schedtick;        /**< +1 per time slice; owner writes, sysmon reads (relaxed) */
    _Atomic uint32_t syscalltick;      /**< +1 per finished or retaken system call (relaxed) */
    sysmontick sysmontick;             /**< sysmon's notes */
    _Atomic bool preempt;              /**< this P should schedule as soon as possible */

    /* The run queue: only the owner writes runqtail and fills slots; anybody may take from runqhead by CAS. */
    _Alignas(ARCH_CACHE_LINE) _Atomic uint32_t runqhead; /**< next to take; CAS (acq_rel) */
    _Alignas(ARCH_CACHE_LINE) _Atomic uint32_t runqtail; /**< next to fill; store-release by the owner */
    _Atomic(G *) runqslots[RUNQ_SIZE]; /**< the ring, indexed modulo RUNQ_SIZE; slots are relaxed atomics */
    _Atomic(G *) runnext;              /**< runs before the ring and inherits the time slice; CAS */

    /* Owned by the M that holds the P. */
    struct {
        gList list;                    /**< dead Gs, linked by schedlink */
        int32_t n;                     /**< how many */
    } gFree;                           /**< dead Gs, ready for reuse */
    uint64_t goidcache;                /**< next goid to hand out */
    uint64_t goidcacheend;             /**< end of the batch */
    struct {
        uintptr_t list;                /**< free stacks of the default size, linked through their top word */
        int32_t n;                     /**< how many */
    } stackcache;                      /**< free stacks, ready for reuse */
    struct {
        uintptr_t list;                /**< free small stacks, linked through their top word */
        int32_t n;                     /**< how many */
    } smallstacks;                     /**< free small stacks, ready for reuse */
    sudog *sudogcache;                 /**< free sudogs */
    int32_t sudogcachen;               /**< how many */

    timers timers;                     /**< sleeping Gs and deadlines of this P */
    _Atomic uint32_t runSafePointFn;   /**< 1: run sched.safePointFn at the next safe point (CAS 1 to 0) */
    _Atomic(struct tracebuf *) trace;  /**< event ring, or NULL when tracing is off */
    pcounters n;                       /**< counters */
};

/** The scheduler's global state. */
struct schedt {
    _Atomic uint64_t goidgen;          /**< last goid handed to a P */
    _Atomic int64_t lastpoll;          /**< nanotime of the last network poll; 0 while an M blocks in one */
    _Atomic int64_t pollUntil;         /**< when the blocking poll will end by itself; 0 never or nobody polls */
    _Atomic uint32_t pollingNet;       /**< 1 while an M looks at the network without waiting (swap) */

    mutex lock;                        /**< protects what follows */

    M *midle;                          /**< idle Ms, last in first out */
    int32_t nmidle;                    /**< how many */
    int32_t nmidlelocked;              /**< Ms locked to a G that wait for work */
    int64_t mnext;                     /**< Ms ever made; the next id */
    int32_t maxmcount;                 /**< most Ms allowed (10000) */
    int32_t nmsys;                     /**< Ms of the runtime that checkdead does not count */
    int64_t nmfreed;                   /**< Ms that have exited */
    _Atomic int32_t ngsys;             /**< goroutines of the runtime (relaxed) */

    _Atomic(P *) pidle;                /**< idle Ps, last in first out; read without the lock as a hint */
    _Atomic int32_t npidle;            /**< how many; read without the lock */
    _Atomic int32_t nmspinning;        /**< spinning Ms; see "delicate dance" in lab 03 */
    _Atomic uint32_t needspinning;     /**< wakep found no P: whoever drops one must spin first */

    gQueue runq;                       /**< the global queue */
    _Atomic int32_t runqsize;          /**< its length; read without the lock as a hint */

    struct {
        mutex lock;                    /**< protects the lists; no other lock is taken under it */
        gList stack;                   /**< dead Gs that have a stack */
        gList noStack;                 /**< dead Gs without */
        int32_t n;                     /**< how many in both */
    } gFree;                           /**< dead Gs that no P holds */

    M *freem;                          /**< exited Ms whose stacks wait for freeWait */

    _Atomic bool gcwaiting;            /**< the world is to stop (set under lock, read anywhere) */
    _Atomic int32_t stopwait;          /**< Ps that have yet to stop; exitsyscall reads it without the lock */
    note stopnote;                     /**< signalled when stopwait becomes 0 */

    _Atomic uint32_t sysmonwait;       /**< sysmon sleeps on sysmonnote; set and cleared under lock */
    note sysmonnote;                   /**< wakes it */

    void (*safePointFn)(P *pp);        /**< run on each P at its next safe point */
    int32_t safePointWait;             /**< Ps that have yet to run it */
    note safePointNote;                /**< signalled when safePointWait becomes 0 */

    mutex sysmonlock;                  /**< held by sysmon over its working part; taken before all other locks */

    int64_t procresizetime;            /**< when GOMAXPROCS last changed */
    int64_t starttime;                 /**< nanotime at schedinit */
    _Atomic int64_t lastgc;            /**< nanotime of the last collection, at first of the start; 0 unknown */
    _Alignas(ARCH_CACHE_LINE) pcounters n; /**< what Ms without a P counted, but for netpolls; additions */
    _Atomic uint64_t netpollwakes;     /**< Gs that an M without a P took out of the poller */
};

/** Ms that a locked M asked the template thread to start. */
struct newmHandoff {
    mutex lock;                        /**< protects newm and waiting */
    M *newm;                           /**< Ms to start, linked by schedlink */
    bool waiting;                      /**< the template thread sleeps on wake */
    note wake;                         /**< wakes it */
    _Atomic uint32_t haveTemplateThread; /**< 1 once it exists (CAS) */
};

/** The goroutine that runs forced collections. */
struct forcegcstate {
    mutex lock;                        /**< protects idle with g */
    G *g;                              /**< the helper goroutine */
    _Atomic bool idle;                 /**< it waits to be injected */
};

/** Switches read from HANDOFFDEBUG, a comma-separated list of name=value. */
struct debugvars {
    int32_t schedtrace;       /**< print a scheduler line every so many milliseconds */
    int32_t scheddetail;      /**< and a line for each P, M and G */
    int32_t gctrace;          /**< a line for each collection */
    int32_t syscalltrace;     /**< a line for each system call made through Syscall */
    int32_t asyncpreemptoff;  /**< 1: no preemption by signal */
    int32_t trace;            /**< 1: record events from the start */
    int32_t updatemaxprocs;   /**< 0: do not follow changes of the cgroup limit */
    int32_t forcegcperiodms;  /**< > 0: milliseconds between forced collections instead of 2 minutes */
    int32_t dontfreezetheworld; /**< 1: let other Ms run on during a crash dump */
    int32_t noguardmadvise;   /**< 1: guard pages by mprotect, as if the kernel had no MADV_GUARD_INSTALL */
    int32_t schedstats;       /**< 1: print the counters of SchedStats when the program ends */
    int32_t nohandoff;        /**< 1: sysmon never takes a P out of a system call (to see what it is for) */
};

/**
 * Time, as the scheduler knows it. Tests put their own functions here; everything that has a number of nanoseconds in
 * its rule asks through this.
 */
struct timeseam {
    int64_t (*nanotime)(void);   /**< monotonic nanoseconds */
    void (*usleep)(uint32_t us); /**< sleeps the thread */
};

extern struct schedt sched;                /**< the scheduler's global state */
extern struct newmHandoff newmHandoff;     /**< the template thread's work */
extern struct forcegcstate forcegc;        /**< the forced collection's goroutine */
extern struct debugvars debug;             /**< the switches */
extern struct timeseam timeseam;           /**< the clock and the sleep in use */

extern M m0;                               /**< the first thread */
extern G g0;                               /**< its g0 */
extern _Atomic(M *) allm;                  /**< all living Ms, linked by alllink; sched.lock to write */
extern _Atomic(G *) allgs;                 /**< all Gs ever made, newest first (append only) */
extern _Atomic int64_t allglen;            /**< how many */
extern P *allp[MAXGOMAXPROCS];             /**< all Ps; entries [0, gomaxprocs) are in use, a P is never freed */
extern mutex allpLock;                     /**< held to change allp, and by who walks over it without a P; see lock order */
extern _Atomic int32_t gomaxprocs;         /**< how many Ps; changes only while the world is stopped */
extern int32_t ncpu;                       /**< CPUs that the process may run on */
extern _Atomic uint32_t idlepMask[MAXGOMAXPROCS / 32];  /**< bit i: P i is idle */
extern _Atomic uint32_t timerpMask[MAXGOMAXPROCS / 32]; /**< bit i: P i may have timers */
/**
 * The kernel has turned MADV_GUARD_INSTALL down, or HANDOFFDEBUG=noguardmadvise=1 forbids it: guard pages are made by mprotect.
 * Set by whoever finds out (relaxed: who does not see it yet asks the kernel once more); never cleared.
 */
extern _Atomic bool noguardmarkers;
extern _Atomic uint32_t freezing;          /**< freezetheworld is on */
extern _Atomic bool mainStarted;           /**< the main goroutine runs: newproc may start Ms */

/* Lock order, outermost first. A thread that holds one may take only those to its right or below.
 *
 *   worldsema > sysmonlock > forcegc.lock
 *   > channel locks, semaphore locks, pollDesc.lock > timers.lock
 *   > sched.lock > allpLock, sched.gFree.lock, newmHandoff.lock, stack pool locks, heap locks
 *
 * retake holds allpLock, and drops it before anything that takes sched.lock. Gs are readied (runqput, wakep: may take sched.lock) with
 * channel, semaphore and poll locks held or not; never with sched.lock held unless the function's contract says so.
 */

#endif

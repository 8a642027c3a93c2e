/**
 * @file engine.h
 * The explorer's own data, shared by its files. Nothing here is for scenarios.
 *
 *   search.c   executions one after the other: choices, bounds, phases, replay
 *   sched.c    virtual threads: coroutines of one kernel thread, and who goes on at a scheduling point
 *   memory.c   atomic operations: which stores a load may see, and what it learns from them
 *   race.c     plain memory: vector clocks, wild accesses
 *   cache.c    states that have been seen
 *   os.c       locks, futexes, semaphores, memory
 *   tsan.c     what the compiler calls
 *   report.c   names, traces, the result as JSON
 *   cage.c     what the process may ask of the kernel
 *
 * All of the engine's state lies in one mapping (eng), so that the program's own data can be put back to what they were
 * before each execution.
 */
#ifndef HANDOFF_ENGINE_H
#define HANDOFF_ENGINE_H

#include <setjmp.h>
#include <stdarg.h>
#include "explore.h"

enum {
    MAXT = EX_THREADS + 1,       /**< thread 0 is the setup and the check */
    STACKSIZE = 128 * 1024,      /**< of a virtual thread */
    ARENASIZE = 1024 * 1024,     /**< what a thread may allocate in one execution */
    MAXSTORES = 8192,            /**< stores to atomic places in one execution */
    NLOCS = 2048,                /**< atomic places; a power of two */
    NSHADOW = 16384,             /**< 8-byte words of plain memory; a power of two */
    MAXEVENTS = 8192,            /**< steps of one execution; more is a livelock */
    MAXCHOICES = 20000,          /**< choices of one execution */
    MAXNAMES = 4096,             /**< names of places, and of values */
    MAXGUARDS = 64,              /**< ranges to audit */
    MAXCANDIDATES = 32,          /**< stores that one load may choose from */
    NCONTESTED = 1024,           /**< words that atomic operations contend for; a power of two */
};

/** A value of up to 16 bytes. */
typedef unsigned __int128 word;

/** Orders as the compiler numbers them. */
enum order { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

/** What memory may do: from strong to weak, then the audit. */
enum phase {
    PH_INTERLEAVING, /**< a load sees the newest store */
    PH_TSO,          /**< it may miss one that is still in its writer's store buffer: TSO */
    PH_C11,          /**< it may see every store that C11 allows */
    PH_GUARD,        /**< interleavings, with the audit of ex_guard */
    NPHASES
};

/** A vector clock. */
typedef struct vclock {
    uint32_t c[MAXT]; /**< what is known of each thread */
} vclock;

/** One store to an atomic place; those of a place are linked, newest first. */
struct store {
    word val;                /**< the value */
    int prev;                /**< the store before it, -1 none */
    uint8_t tid;             /**< who stored */
    bool sc;                 /**< seq_cst */
    uint32_t ts;             /**< when, on the writer's clock */
    uint32_t ev;             /**< the event, ~0 for an initial value */
    uint64_t hash;           /**< identity across executions */
    vclock relvc, relseen;   /**< what an acquiring reader learns */
    uint32_t firstread[MAXT]; /**< when each thread first read it, 0 never */
    uint32_t finalread[MAXT]; /**< when each thread last read it and then confirmed it by a compare-and-swap (guard) */
};

/** An atomic place, lock or futex word. */
struct loc {
    uintptr_t addr; /**< where */
    uint32_t gen;   /**< the execution that it belongs to */
    int last;       /**< newest store, -1 none */
    int owner;      /**< of a lock: thread + 1, 0 free */
    uint64_t hash;  /**< of all that happened here */
    vclock vc;      /**< of a lock or semaphore: what its last user knew */
};

/** Kinds of accesses to plain memory. */
enum access { WRITE, READ, ATOMIC_WRITE, ATOMIC_READ, NACCESS };

/** Who touched an 8-byte word last, and how. */
struct shadow {
    uintptr_t key;                  /**< address / 8 */
    uint32_t gen;                   /**< the execution that it belongs to */
    uint8_t mask[NACCESS][MAXT];    /**< which bytes */
    uint32_t ts[NACCESS][MAXT];     /**< when */
    uintptr_t pc[NACCESS][MAXT];    /**< where in the code */
};

/** What keeps a virtual thread from running. */
enum tstate { T_READY, T_FUTEX, T_LOCK, T_SEM, T_DONE };

/** A virtual thread. */
struct vthread {
    void *sp;                /**< saved stack pointer while it does not run */
    char *stack;             /**< its stack, STACKSIZE bytes */
    char *arena;             /**< its memory, ARENASIZE bytes */
    size_t arenaused;        /**< of that, handed out */
    char *tls;               /**< its copy of the program's thread-local storage while it does not run */
    const char *name;        /**< for traces */
    void (*fn)(void);        /**< its body */
    bool daemon;             /**< may be blocked at the end */
    enum tstate state;       /**< see there */
    const void *object;      /**< what it waits for */
    bool timed, timedout;    /**< it sleeps with a time-out; it has passed */
    bool yielded;            /**< somebody else should go on first */
    bool passed;             /**< it has passed a scheduling point where it could not be left */
    bool told;               /**< it has touched a ghost since its last step: the next one can be left */
    vclock vc;               /**< happens-before: for races */
    vclock seen;             /**< what it knows: also through seq_cst fences */
    vclock relvc, relseen;   /**< of its last release fence */
    vclock acqvc, acqseen;   /**< what an acquire fence will add */
    uint32_t drained;        /**< stores up to here have left its store buffer (TSO) */
    uint64_t chain;          /**< hash of all that it has done and seen */
    bool fresh;              /**< its next load sees the newest store: it has waited for one */
    /* A loop that reads the same store at the same place again, while nobody writes, waits for somebody. */
    uintptr_t spinpc, spinaddr; /**< where */
    int64_t spinstore;       /**< which store */
    uint64_t spinwrites;     /**< eng->writes then */
    int spincount;           /**< how often */
    bool spinning;           /**< it waits */
    uint32_t plain;          /**< plain accesses since its last step */
    int guardread[32];       /**< stores in guarded slots that it has read since its last compare-and-swap */
    int nguardread;          /**< how many */
};

/** What happened. */
enum evkind {
    EV_LOAD, EV_STORE, EV_RMW, EV_CAS, EV_CASFAIL, EV_CASSPURIOUS, EV_FENCE, EV_LOCK, EV_UNLOCK, EV_SLEEP, EV_NOSLEEP,
    EV_WOKEN, EV_TIMEOUT, EV_WAKE, EV_YIELD, EV_TAKE, EV_POST, EV_RACE, EV_END
};

/** One step of an execution. */
struct event {
    uint8_t tid;       /**< who */
    uint8_t kind;      /**< enum evkind */
    uint8_t order;     /**< enum order */
    uint8_t size;      /**< bytes */
    bool preempts;     /**< somebody else could have gone on */
    int stale;         /**< a load: so many newer stores were missed */
    uintptr_t pc;      /**< where in the code */
    uintptr_t addr;    /**< which place */
    word a, b, newest; /**< values; see report.c */
    int with;          /**< a related event: what was read, -1 none */
};

/** Kinds of choices. */
enum choicekind { CH_THREAD, CH_STORE, CH_SPURIOUS, CH_WAKE };

/** A choice: which of n. */
struct choice {
    uint8_t n, taken, kind;
};

/** Everything. */
struct engine {
    const struct ex_scenario *sc; /**< the scenario */
    int nthreads;              /**< its threads, 1 to nthreads */
    struct vthread t[MAXT];    /**< all of them; 0 is the setup */
    int cur;                   /**< the running one */
    void *mainsp;              /**< the search's context while threads run */
    bool active;               /**< threads run: operations are choices */
    sigjmp_buf escape;         /**< out of setup, check or a signal handler */
    bool executing;            /**< escape is valid */

    /* The present execution. */
    bool failed, pruned;       /**< how it ended */
    const char *verdict;       /**< "assertion", ... */
    char message[1024];        /**< why */
    uintptr_t otherpc;         /**< of a race: the other access */
    struct store stores[MAXSTORES];
    int nstores;
    struct loc locs[NLOCS];
    struct shadow shadows[NSHADOW];
    int nlocs, nshadows;       /**< of them, used by this execution */
    uint32_t gen;              /**< execution number: what does not have it is from before */
    struct event events[MAXEVENTS];
    int nevents;
    uint64_t lochash;          /**< of all places */
    uint64_t schash;           /**< of all seq_cst operations */
    vclock sc_clock;           /**< what seq_cst fences have made known */
    uint64_t writes;           /**< stores that changed something: progress */
    uint64_t idlewrites;       /**< writes when only spinners were left */
    int idlerounds;            /**< how often since */
    bool preempting;           /**< the next event is a preemption */
    int preemptions, stales, spurious, timeouts; /**< spent */

    /* The search. */
    enum phase phase;
    int bound;                 /**< most preemptions */
    int maxstales, maxspurious, maxtimeouts; /**< budgets */
    struct choice choices[MAXCHOICES];
    int nchoices, pos;         /**< known, and followed so far */
    const char *replay;        /**< a replay string to follow, or NULL */
    bool unfolding;            /**< take first's choices, and note all that a replay will have */
    struct choice first[MAXCHOICES];
    int nfirst, firstpos;      /**< how many, and followed so far */
    bool nocache;              /**< follow the choices to their end, through states that have been seen */
    uint64_t nexec, npruned, nops; /**< statistics */
    double used;               /**< the most of any limit that an execution has needed: 1 is all of it */
    uint64_t maxexec;          /**< more executions than that: verdict "limit" */
    struct { uintptr_t key; uint64_t since; } contested[NCONTESTED]; /**< words (address / 8), and in which execution it was found */
    int ncontested, nsettled;  /**< how many, and how many of them have scheduling points */
    uint64_t settled;          /**< those found up to this execution have scheduling points */

    /* What is known of the program. */
    uintptr_t mainstack;       /**< where the search stands on its own stack: setup and check run there */
    char *snapbase, *snap;     /**< its data, and their copy from before the first execution */
    size_t snaplen;
    char *tlsbase, *tlsinit;   /**< its thread-local storage, and a copy from before */
    size_t tlslen;
    bool naming;               /**< the first execution: names are taken down */
    struct { uintptr_t addr; size_t n; char text[48]; } places[MAXNAMES];
    int nplaces;
    struct { uint64_t v; char text[32]; } values[MAXNAMES];
    int nvalues;
    struct { uintptr_t addr; size_t n; } guards[MAXGUARDS];
    int nguards;
};
extern struct engine *eng;

/** The few variables of the engine that do not lie in eng. No access of the code under test may reach them. */
#define ENGINE_DATA __attribute__((section("engine_data")))

/** The return address of the function that uses it: where the code under test stands. */
#define CALLER_PC ((uintptr_t)__builtin_return_address(0))

/** Joins two hashes. */
static inline uint64_t mix(uint64_t h, uint64_t v)
{
    h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
    h *= 0xff51afd7ed558ccdull;
    return h ^ h >> 32;
}
/** a learns what b knows. */
static inline void vjoin(vclock *a, const vclock *b)
{
    for (int i = 0; i < MAXT; i++)
        if (b->c[i] > a->c[i])
            a->c[i] = b->c[i];
}
/** The running thread. */
static inline struct vthread *self(void)
{
    return &eng->t[eng->cur];
}
/** A step of the running thread begins or ends. */
static inline void tick(struct vthread *t)
{
    t->seen.c[t - eng->t] = ++t->vc.c[t - eng->t];
}

/* search.c */

/** The execution ends here, with this verdict. Does not return to a virtual thread. */
_Noreturn void fail(const char *verdict, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** One of n, 0 first; the search will come back for the others. */
int choose(int n, enum choicekind kind);
/** Appends a choice. */
void note_choice(int n, int taken, enum choicekind kind);
/** Sets the explorer up; once. */
void search_init(void);
/** Explores sc in all phases; true if it holds. Otherwise the failing execution is in eng. */
bool search(const struct ex_scenario *sc, int maxbound);
/** Makes sc the scenario to explore. */
void search_begin(const struct ex_scenario *sc);
/** All executions of a phase with at most `bound` preemptions and `stales` stale loads; true if none fails. */
bool search_phase(enum phase phase, int bound, int stales);
/** True if text begins as a replay string does: a digit for the phase, one for the bound, a point. */
bool search_replayable(const char *text);
/** Follows a replay string; true if it does not fail. */
bool search_replay(const struct ex_scenario *sc, const char *text);
/** The choices of the execution as text. */
void search_text(char *buf, size_t n);

/* sched.c */

/** A scheduling point before a step of the running thread. giveup: it cannot or does not want to go on. */
void point(bool giveup);
/** One before an atomic access to addr: none if that orders itself with all others in each execution so far. */
void point_at(uintptr_t addr);
/** A step that keeps nobody from anything (an unlock): the thread need not be left before it. */
void nopoint(void);
/** The running thread touches a ghost: it can be left before, and after. */
void point_ghost(void);
/** Starts the threads; returns when the execution is over. */
void run_threads(void);
/** Leaves the virtual threads for good. */
void leave_threads(void);
/** The running thread has read this store at this place; marks it as spinning if it does nothing else. */
void spincheck(uintptr_t pc, uintptr_t addr, int64_t store);
/** Switches stacks: saves the present one's pointer, goes on with the other. In assembly. */
void switch_stack(void **save, void *load);

/* memory.c */

struct loc *getloc(uintptr_t addr);
/** Something happened at l. */
void lochash(struct loc *l, uint64_t h);
/** The newest store at l; memory that was initialised without atomics counts as one. */
struct store *newest(struct loc *l, int size);
word mem_read(uintptr_t addr, int size);
void mem_write(uintptr_t addr, int size, word v);
word mem_load(uintptr_t addr, int size, enum order order, uintptr_t pc);
void mem_store(uintptr_t addr, int size, word v, enum order order, uintptr_t pc);
/** Operations that read and write. */
enum rmw { RMW_ADD, RMW_SUB, RMW_AND, RMW_OR, RMW_XOR, RMW_NAND, RMW_XCHG };
word mem_rmw(uintptr_t addr, int size, word v, enum rmw op, enum order order, uintptr_t pc);
bool mem_cas(uintptr_t addr, int size, word *expected, word v, enum order success, enum order failure, bool weak, uintptr_t pc);
void mem_fence(enum order order, uintptr_t pc);

/* race.c */

/** An access of the code under test to memory that is not atomic (or, by memory.c, that is). */
void access_memory(uintptr_t addr, size_t n, enum access kind, uintptr_t pc);
/** True if atomic accesses at addr need scheduling points. */
bool contested(uintptr_t addr);

/* cache.c */

/** True if a state with this hash has been explored with at least as many preemptions left; notes it otherwise. */
bool cache_seen(uint64_t hash, int left);
/** Forgets everything. */
void cache_clear(void);

/* cage.c */

/** From now on this process may make only the system calls that the engine needs, and read and write this descriptor. */
bool cage(int channel);

/* report.c */

/** Appends a step. */
struct event *event(enum evkind kind, uintptr_t pc, uintptr_t addr, int size, enum order order);
/** "p0.runqhead", or a number. */
const char *placename(uintptr_t addr, char buf[64]);
/** Notes how near the execution that has ended came to the engine's limits. */
void note_used(void);
/** The result of a search, or of a replay, as one line of JSON. */
void report(bool ok);

#endif

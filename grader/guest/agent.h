/**
 * @file agent.h
 * The agent: the given part of a guest. It reads requests from fd 3, calls the code under test in a small
 * world of its own making, and reports what it saw. It never judges.
 *
 * The world: Ms that are coroutines of this one thread, Ps, Gs with stacks, a clock that only moves when
 * told to, and a kernel whose sleeping calls come back to the agent instead. Nothing here depends on the
 * labs: system calls, context switch and thread-local storage are the agent's own (agent_<cpu>.S).
 */
#ifndef HANDOFF_AGENT_H
#define HANDOFF_AGENT_H

#include "core.h"
#include "../proto.h"

/** Most Ms, and most Gs, that a world holds. */
enum { MAXWM = 64, MAXWG = 4096 };

/** The arguments of an operation, and where it puts its results. */
struct args {
    uint32_t n;              /**< arguments given */
    int64_t v[MSG_VALUES];   /**< arguments; missing ones are 0 */
    uint32_t len;            /**< bytes of text */
    char text[MSG_TEXT];     /**< text argument, zero-terminated; results may be written over it */
    uint32_t nout;           /**< results in out[1..]; out[0] is the returned value */
    int64_t out[MSG_VALUES]; /**< results */
    bool textout;            /**< text (len bytes) is a result */
};

/** An operation: its returned value is the first result. */
typedef int64_t (*opfn)(struct args *a);

/** An entry of the table of operations. */
struct op {
    const char *name; /**< as requests call it */
    opfn fn;          /**< the function */
    bool
        inworld; /**< true: calls code under test, on an M of the world; false: on the agent's own stack */
};

/** Defines an operation that calls code under test: OP(runqempty) { return runqempty(argp(a, 0)); } */
#define OP(name)       AGENT_OP_DEFINE(name, true)
/** Defines an operation of the agent itself; it must not call code under test. */
#define AGENT_OP(name) AGENT_OP_DEFINE(name, false)
#define AGENT_OP_DEFINE(name, inworld)                                                                       \
    static int64_t agentop_##name(struct args *a);                                                           \
    static const struct op agentopdef_##name = {#name, agentop_##name, inworld};                             \
    static const struct op *const agentopref_##name __attribute__((used, section("agent_ops"))) =            \
        &agentopdef_##name;                                                                                  \
    static int64_t agentop_##name(struct args *a __attribute__((unused)))

/* ---- the world (world.c) ---- */

/** An M of the world: a coroutine. */
struct wm {
    M *m;                  /**< the M; m->id is its handle */
    uintptr_t sp;          /**< saved context while it is suspended in the middle of something */
    G *g;                  /**< getg() of that context */
    bool busy;             /**< suspended: resume goes on */
    bool dead;             /**< threw or exited */
    bool started;          /**< false: made by clone, resume starts it */
    void (*startfn)(void); /**< what a cloned M runs first */
    const void *futex;     /**< the futex that it sleeps on (kernel.c), or NULL */
    bool woken;            /**< a wake-up for that word has come */
    int64_t wakeret;       /**< what the sleeping call shall return */
    opfn fn;               /**< the operation that it runs on g0 */
    struct args args;      /**< and its arguments */
};

/** A G of the world. */
struct wg {
    G *g;             /**< the G */
    uintptr_t sp;     /**< saved context of its body while that waits for orders; 0: none */
    uintptr_t stkhi;  /**< top of the stack that the agent gave it; 0: it has one of its own */
    opfn fn;          /**< the operation that it was ordered to run */
    struct args args; /**< and its arguments */
};

/** What became of the M that ran last. */
struct outcome {
    enum outcomekind kind; /**< see there */
    uint32_t n;            /**< values */
    int64_t v[MSG_VALUES]; /**< values */
    char text[MSG_TEXT];   /**< description */
    uint32_t len;          /**< its length */
};

extern struct wm *curwm;       /**< the M that runs, or NULL: the agent runs */
extern struct outcome outcome; /**< filled by yielding */

/** Sets up m0, the clock and the hooks. Once, at the start. */
void world_init(void);
/** The M with this handle, or NULL. */
struct wm *world_m(int64_t h);
/** The world's record of mp; makes one if it is new (made by the code under test). */
struct wm *world_adoptm(M *mp);
/** The world's record of gp; makes one, with the next handle, if it is new. NULL: there are too many. */
struct wg *world_adoptg(G *gp);
/** How many Gs have a handle. */
int world_ng(void);
/** Its handle, or NIL for NULL. Gs that the code under test made get a handle when they are first seen. */
int64_t hg(G *gp);
int64_t hm(M *mp); /**< likewise for Ms: m.id */
int64_t hp(P *pp); /**< likewise for Ps: p.id */
/** Argument i as a G, M or P; NULL for NIL. An unknown handle ends the request with MSG_UNKNOWN. */
G *argg(struct args *a, int i);
M *argm(struct args *a, int i); /**< likewise */
P *argp(struct args *a, int i); /**< likewise */
/** "g5", "m1", "p0" or "nil", in one of a few static buffers. */
const char *gname(G *gp);
const char *mname(M *mp); /**< likewise */
const char *pname(P *pp); /**< likewise */
/** Suspends the running M with this outcome; returns when the judge resumes it. */
void agent_yield(enum outcomekind kind, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Ends what the running M does; it is dead afterwards, or (dead == false) free for a new order. */
_Noreturn void agent_leave(bool dead, enum outcomekind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** Runs op on wm: on its g0, or on its curg. Returns when the M yields; outcome says why. */
void world_run(struct wm *wm, enum runmode mode, const struct op *op, const struct args *a);
/** Goes on with a suspended M. */
void world_resume(struct wm *wm, int64_t ret);

/* ---- wrapped functions and the log (wraps.c, kernel.c) ---- */

/**
 * At a wrapped function: does what the test has chosen for name. The text is logged, fmt as in printf.
 * @return true: the real function is to be called
 */
bool wrap_enter(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** What script told name to return, else otherwise. */
int64_t wrap_result(const char *name, int64_t otherwise);
/** True if script has a value for name. */
bool wrap_scripted(const char *name);
/** What the test has chosen for name. */
enum wrapmode wrap_mode(const char *name);
/** Appends a line to the log. */
void agent_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** The clock of the world, nanoseconds. */
extern int64_t world_clock;
/** Puts the fake clock and the stall hook in place. */
void kernel_init(void);
/** "m1.park", "sched.lock", ...: the name of a futex word. */
const char *wordname(const void *addr);
/** The note of the operations that name none. */
extern note agent_note;

/* ---- the border to the kernel (trap.c) ---- */

/** How many system calls the code under test has made since trap_play. */
uint32_t trap_count(void);
/** Handles signal sig on a stack of its own, by default again if fn is NULL. fn may agent_leave. */
void trap_handle(int sig, void (*fn)(int sig, void *info, void *uc));

/* ---- the channel (agent.c) ---- */

/** Answers the present request with an error and drops it. From agent context only. */
_Noreturn void agent_refuse(enum msgstatus status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/** Answers with MSG_UNWRITTEN and ends the guest. From anywhere. */
_Noreturn void agent_unwritten(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** The operation of this name, or NULL. */
const struct op *agent_findop(const char *name);
/** Memory, zeroed, page-aligned, with a guard page below; never freed. */
void *agent_memory(size_t n);
/** Formats like snprintf: %d %u %x %ld %lld %llx %s %c %%. Returns the length put. */
uint32_t agent_format(char *buf, size_t n, const char *fmt, va_list ap);
/** Scratch memory for tests: bytes that the judge wrote, or that system calls fill. */
extern char agent_scratch[];
enum { SCRATCH_SIZE = 64 * 1024 };
/** True if a and b are the same text. */
bool streq(const char *a, const char *b);

/* ---- assembly (agent_<cpu>.S) ---- */

/** A system call, independent of the labs: the result, or -errno. */
int64_t agent_syscall(int64_t n, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f);
/** Where its code ends. */
void agent_syscall_end(void);
/** A system call's number and six words. */
enum { TRAP_WORDS = 7 };
/** In a handler of SIGSYS: what the call that was not made consists of. */
void agent_trapwords(void *uc, int64_t w[TRAP_WORDS]);
/** What it shall return in the two result registers. */
void agent_trapreturn(void *uc, int64_t r1, int64_t r2);
/** Saves the context on the present stack and its sp in *save, and goes on with that of to. */
void agent_switch(uintptr_t *save, uintptr_t to);
/** A context that calls fn on the stack that ends at hi; for agent_switch. */
uintptr_t agent_prepare(uintptr_t hi, void (*fn)(void));
/** Points the thread-local storage register at tp. */
void agent_settp(void *tp);
/** Where gogo first enters a G of the world: calls agent_gmain on its stack. */
void agent_gentry(void);
/** The body of every G of the world. */
_Noreturn void agent_gmain(void);
/** Callee-saved registers and control words that agent_regs loads and stores: see agent_<cpu>.S. */
enum { AGENT_REGS = 16 };
/** Loads in[] into the registers that a function must preserve, calls fn(arg), and stores them to out[]. */
void agent_regs(void (*fn)(void *arg), void *arg, const uint64_t in[AGENT_REGS], uint64_t out[AGENT_REGS]);
/** A call of any function, word by word. The offsets are known to agent_<cpu>.S. */
struct agent_words {
    void (*fn)(void);    /**< what is called */
    uint64_t v[8];       /**< the words that are passed */
    uint64_t ret[2];     /**< what it returned */
    uint64_t sysret[3];  /**< what it returned if that was a sysret */
    uint64_t sp;         /**< the stack pointer at the call */
};
/** Calls fn(v[0], ..., v[7]) for a result of one or two words; can be a function of agent_regs. */
void agent_callwords(void *words);
/** The return address of that call. */
void agent_callwords_ret(void);
/** Calls fn(v[0], ..., v[6]) for a sysret; ret[0]: whether that came as the ABI wants it. */
void agent_callsysret(void *words);
/** fn(), with a SIGTRAP after each instruction. */
int64_t agent_callstepped(int64_t (*fn)(void));
/** A clock for vdsocall: hands on to agent_fakeclock with its stack pointer, and spoils every register it may. */
int agent_vdsoclock(int clock, struct ktimespec *ts);
/** Changes every register that a function may change. */
void agent_spoil(void);
/**
 * A function for a goroutine: stores its argument, its stack pointer, its return address, the frame pointer, the
 * control words (as in a gobuf) and getg(), all as it found them, and returns.
 */
void agent_body(void *arg);
enum { AGENT_ENTERED = 6 };
extern uint64_t agent_entered[AGENT_ENTERED]; /**< what agent_body stored last */
/** Control words (as in a gobuf) of which each part alone, or all, differ from those of agent_gogo_scrambled; 0 ends them. */
enum { AGENT_FPCWS = 10 };
extern const uint64_t agent_fpcws[AGENT_FPCWS];
/** Switches single-stepping (SIGTRAP after each instruction) on or off; false: this CPU has none. */
bool agent_singlestep(bool on);
/** gogo(buf) after it has put other values into all of these registers. */
_Noreturn void agent_gogo_scrambled(gobuf *buf);
/** How many of them there are. */
extern const uint32_t agent_nregs;
extern const uint64_t agent_regmask[AGENT_REGS]; /**< bits of register i that must survive a call */
extern const uint64_t
    agent_regvalid[2 * AGENT_REGS]; /**< bits of each that may be anything, then bits that must be set */

#endif

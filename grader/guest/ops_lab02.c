/**
 * @file ops_lab02.c
 * Operations of lab 02: switches between a G's stack and g0 with patterns in the registers, stacks, dead Gs.
 */
#include "agent.h"

/** What a switch reports: observations of its callback. */
static struct {
    G *arg, *g;       /**< the callback's argument, and getg() in it */
    uintptr_t sp, bp; /**< its stack pointer and frame pointer */
    uint32_t calls;   /**< how often it was called */
    void *passed;     /**< systemstack's argument */
} seen;

/** mcall's callback: notes where it is, and goes back. */
static _Noreturn void mcall_back(G *gp)
{
    seen.arg = gp;
    seen.g = getg();
    seen.sp = (uintptr_t)__builtin_frame_address(0);
    seen.bp = *(uintptr_t *)__builtin_frame_address(0);
    seen.calls++;
    agent_gogo_scrambled(&gp->sched);
}

static void mcall_returns(G *gp)
{
    (void)gp;
}

static void note_systemstack(void *arg)
{
    seen.passed = arg;
    seen.g = getg();
    seen.sp = (uintptr_t)__builtin_frame_address(0);
    seen.calls++;
}

/**
 * Runs fn(arg) with the patterns at scratch (AGENT_REGS words) in the registers; stores what came back
 * behind them.
 */
static void with_regs(void (*fn)(void *), void *arg)
{
    uint64_t *in = (uint64_t *)agent_scratch;
    agent_regs(fn, arg, in, in + AGENT_REGS);
}

/** regs: how many registers there are; text: REGS words, the bits of each that must survive. */
AGENT_OP(regs)
{
    a->len = sizeof agent_regmask;
    a->textout = true;
    for (uint32_t i = 0; i < a->len; i++)
        a->text[i] = ((const char *)agent_regmask)[i];
    return agent_nregs;
}

/** regs_valid: text: REGS words, the bits of each that may be random; then REGS words to set besides. */
AGENT_OP(regs_valid)
{
    a->len = sizeof agent_regvalid;
    a->textout = true;
    for (uint32_t i = 0; i < a->len; i++)
        a->text[i] = ((const char *)agent_regvalid)[i];
    return agent_nregs;
}

static void do_mcall(void *unused)
{
    (void)unused;
    mcall(mcall_back);
}

static void do_systemstack(void *arg)
{
    systemstack(note_systemstack, arg);
}

/**
 * Results of the callback: out 1 argument G, 2 was getg() g0, 3 was sp on the g0 stack, 4 bp, 5 calls, 6
 * depth below g0.stack.hi.
 */
static int64_t report_seen(struct args *a)
{
    G *g0p = getm()->g0;
    a->nout = 6;
    a->out[1] = seen.arg ? hg(seen.arg) : NIL;
    a->out[2] = seen.g == g0p;
    a->out[3] = seen.sp > g0p->stack.lo && seen.sp <= g0p->stack.hi;
    a->out[4] = (int64_t)seen.bp;
    a->out[5] = seen.calls;
    a->out[6] = (int64_t)(g0p->stack.hi - seen.sp);
    return seen.g == g0p;
}

/** On a G: mcall(callback that comes back by gogo), with registers from scratch. See report_seen. */
OP(mcall)
{
    seen.calls = 0;
    with_regs(do_mcall, NULL);
    return report_seen(a);
}

/** mcall n times; out 6 must be the same depth after the last as after one. */
OP(mcall_times)
{
    for (int64_t i = 0; i < a->v[0]; i++)
        mcall(mcall_back);
    return report_seen(a);
}

/** mcall with a function that returns: badmcall2. */
OP(mcall_returning)
{
    mcall(mcall_returns);
    return 0;
}

/** systemstack(arg): returns the argument that its function saw; see report_seen for the rest. */
OP(systemstack)
{
    seen.calls = 0;
    seen.arg = NULL;
    with_regs(do_systemstack, (void *)a->v[0]);
    report_seen(a);
    return (int64_t)seen.passed;
}

static void nest(void *arg)
{
    note_systemstack(arg);
    systemstack(note_systemstack, arg);
}

/** systemstack in systemstack. */
OP(systemstack_nested)
{
    seen.calls = 0;
    systemstack(nest, (void *)a->v[0]);
    return seen.calls;
}

/** gogo(g): runs a fresh G of the world: "running gN". */
OP(gogo)
{
    gogo(&argg(a, 0)->sched);
}

/** stackalloc(n): lo; out 1 hi. */
OP(stackalloc)
{
    stack s = stackalloc((size_t)a->v[0]);
    a->nout = 1;
    a->out[1] = (int64_t)s.hi;
    return (int64_t)s.lo;
}

OP(stackfree)
{
    stackfree((stack){(uintptr_t)a->v[0], (uintptr_t)a->v[1]});
    return 0;
}

/** stackcache_clear(p); NIL: the pool only. */
OP(stackcache_clear)
{
    return (int64_t)stackcache_clear(argp(a, 0));
}

OP(stackcache_bytes)
{
    return (int64_t)stackcache_bytes();
}

/** Writes and reads a byte at this address; a guard page ends the guest (call_dies). */
OP(touch)
{
    *(volatile char *)a->v[0] = 1;
    return *(volatile char *)a->v[0];
}

OP(malg)
{
    return hg(malg((size_t)a->v[0]));
}

OP(gfput)
{
    gfput(argp(a, 0), argg(a, 1));
    return 0;
}

OP(gfget)
{
    return hg(gfget(argp(a, 0)));
}

OP(gfpurge)
{
    gfpurge(argp(a, 0));
    return 0;
}

OP(goidnext)
{
    return (int64_t)goidnext(argp(a, 0));
}

/**
 * What the body of newproc1's G saw when it began: order 0 argument, 1 sp % 16, 2 return address -
 * goexit_frame.
 */
static int64_t body_saw[3];

/** A goroutine's function that reports how it was entered, and returns: into goexit. */
static __attribute__((noinline)) void body(void *arg)
{
    body_saw[0] = (int64_t)arg;
    body_saw[1] = (int64_t)(((uintptr_t)__builtin_frame_address(0) + sizeof(void *)) % 16);
    body_saw[2] = (int64_t)((uintptr_t)__builtin_return_address(0) - (uintptr_t)goexit_frame);
}

/** newproc1(arg, stacksize): a G whose function notes how it was entered and returns. fn == NULL if v[2]. */
OP(newproc1)
{
    return hg(newproc1(a->v[2] ? NULL : body, (void *)a->v[0], getg(), 0, (size_t)a->v[1]));
}

/**
 * What that function saw: argument; out 1 stack pointer at entry modulo 16; out 2 return address less
 * goexit_frame.
 */
OP(bodysaw)
{
    a->nout = 2;
    a->out[1] = body_saw[1];
    a->out[2] = body_saw[2];
    return body_saw[0];
}

/** On a G: ends it. "ended: schedule()" if schedule is recorded. */
OP(goexit1)
{
    goexit1();
    return 0;
}

OP(gdestroy)
{
    gdestroy(argg(a, 0));
    return 0;
}

/**
 * @file ops_lab02.c
 * Operations of lab 02 on switches between a G's stack and g0, with patterns in the registers.
 */
#include "agent.h"

void *memset(void *p, int c, size_t n);

/** What a switch reports: observations of its callback. */
static struct {
    G *arg, *g;       /**< the callback's argument, and getg() in it */
    uintptr_t sp, bp; /**< its frame, and the frame pointer that it found */
    uint32_t calls;   /**< how often it was called */
    void *passed;     /**< systemstack's argument */
    gobuf sched;      /**< curg's saved context as it was then */
} seen;

/** Notes where fn runs; frame is its own frame's address. */
static inline __attribute__((always_inline)) void look(void *frame)
{
    G *curg = load_relaxed(&getm()->curg); /* one thread */
    seen.g = getg();
    seen.sp = (uintptr_t)frame;
    seen.bp = *(uintptr_t *)frame;
    seen.calls++;
    if (curg)
        seen.sched = curg->sched;
}

/** mcall's callback: notes where it is, and goes back. */
static _Noreturn void mcall_back(G *gp)
{
    look(__builtin_frame_address(0));
    seen.arg = gp;
    agent_gogo_scrambled(&gp->sched);
}

/** The same, after it has overwritten what lies below the G's saved stack pointer. */
static _Noreturn void mcall_back_scribbling(G *gp)
{
    enum { BELOW = 512 };
    look(__builtin_frame_address(0));
    seen.arg = gp;
    memset((void *)(gp->sched.sp - BELOW), 0xa5, BELOW);
    agent_gogo_scrambled(&gp->sched);
}

/** The same, but it does not go back. */
static _Noreturn void mcall_stay(G *gp)
{
    look(__builtin_frame_address(0));
    seen.arg = gp;
    agent_leave(false, OUT_ENDED, "in mcall's function");
}

static void mcall_returns(G *gp)
{
    (void)gp;
}

static void note_systemstack(void *arg)
{
    look(__builtin_frame_address(0));
    seen.passed = arg;
    agent_spoil(); /* whoever called us must not have kept anything there */
}

/**
 * Runs fn(arg, arg2) with the patterns at scratch (AGENT_REGS words) in the registers; stores what came back
 * behind them.
 */
static void with_regs(void *fn, void *arg, uint64_t arg2)
{
    uint64_t *in = (uint64_t *)agent_scratch;
    in[10] = arg2;
    agent_regs((void (*)(void *))fn, arg, in, in + AGENT_REGS);
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

/**
 * Results of the callback. out 1: its argument, 2: getg() was g0, 3: its sp was on the g0 stack, 4: the frame
 * pointer that it found, 5: how often it was called, 6: how far below g0.sched.sp its frame is, 7: how far its
 * sp at entry was from the ABI's alignment. Of the context that curg->sched held meanwhile, 8: pc, 9: sp,
 * 10: bp; and what with_regs's call must have left there, 11: pc, 12: sp. 13: getg() is curg again,
 * 14: the M that runs.
 */
static int64_t report_seen(struct args *a)
{
    G *g0p = getm()->g0;
    const uint64_t *out = (const uint64_t *)agent_scratch + AGENT_REGS;
    a->nout = 14;
    a->out[1] = seen.arg ? hg(seen.arg) : NIL;
    a->out[2] = seen.g == g0p;
    a->out[3] = seen.sp > g0p->stack.lo && seen.sp <= g0p->stack.hi;
    a->out[4] = (int64_t)seen.bp;
    a->out[5] = seen.calls;
    a->out[6] = (int64_t)(g0p->sched.sp - seen.sp);
    a->out[7] = (int64_t)((seen.sp + sizeof(void *) - ARCH_ENTRY_SP_MISALIGN) % 16);
    a->out[8] = (int64_t)seen.sched.pc;
    a->out[9] = (int64_t)seen.sched.sp;
    a->out[10] = (int64_t)seen.sched.bp;
    a->out[11] = (int64_t)out[10];
    a->out[12] = (int64_t)out[11];
    a->out[13] = getg() == load_relaxed(&getm()->curg);
    a->out[14] = hm(getm());
    return seen.g == g0p;
}

/** On a G: mcall(callback that comes back by gogo), with registers from scratch. See report_seen. */
OP(mcall)
{
    seen.calls = 0;
    with_regs((void *)mcall, (void *)mcall_back, 0);
    return report_seen(a);
}

/** The same; the callback does not come back: "ended: in mcall's function". A gogo to the G goes on here. */
OP(mcall_stays)
{
    seen.calls = 0;
    with_regs((void *)mcall, (void *)mcall_stay, 0);
    return report_seen(a);
}

/** What the last callback saw; see report_seen. On g0. */
OP(saw)
{
    return report_seen(a);
}

/** The same as mcall; the callback overwrites what lies below the G's saved sp. */
OP(mcall_scribble)
{
    seen.calls = 0;
    with_regs((void *)mcall, (void *)mcall_back_scribbling, 0);
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
    with_regs((void *)systemstack, (void *)note_systemstack, (uint64_t)a->v[0]);
    report_seen(a);
    return (int64_t)seen.passed;
}

/** systemstack n times; see report_seen. */
OP(systemstack_times)
{
    for (int64_t i = 0; i < a->v[0]; i++)
        systemstack(note_systemstack, NULL);
    return report_seen(a);
}

static void nest(void *arg)
{
    note_systemstack(arg);
    systemstack(note_systemstack, arg);
}

/** systemstack in systemstack: how many of the two functions ran. See report_seen for the inner one. */
OP(systemstack_nested)
{
    seen.calls = 0;
    systemstack(nest, (void *)a->v[0]);
    report_seen(a);
    return seen.calls;
}

/**
 * systemstack(arg) as another G than the M's curg: v[1] 0: g0, 1: gsignal, 2: the G v[2], which the M does not
 * run. Returns the argument that the function saw. out 1: getg() was that G, 2: the function ran on the stack
 * of its caller, not far below it, 3: g0.sched.sp did not change.
 */
OP(systemstack_as)
{
    M *mp = getm();
    G *was = getg(), *as = a->v[1] == 0 ? mp->g0 : a->v[1] == 1 ? mp->gsignal : argg(a, 2);
    uintptr_t g0sp = mp->g0->sched.sp, here = (uintptr_t)__builtin_frame_address(0);
    store_relaxed(&as->m, mp);
    seen.passed = NULL;
    setg(as);
    systemstack(note_systemstack, (void *)a->v[0]);
    a->out[1] = getg() == as && seen.g == as;
    setg(was);
    a->nout = 3;
    a->out[2] = seen.sp < here && here - seen.sp < 1024;
    a->out[3] = mp->g0->sched.sp == g0sp;
    return (int64_t)seen.passed;
}

/**
 * How many frames there are between here and the end of the frame chain of this stack, at most 100: the chain
 * must rise and end.
 */
static __attribute__((noinline)) int64_t frames(void)
{
    uintptr_t bp = (uintptr_t)__builtin_frame_address(0);
    int64_t n = 0;
    for (uintptr_t next; n < 100 && bp; bp = next > bp ? next : 0, n++)
        next = frame_next(bp);
    return n;
}

/** Frames on the G's chain before mcall; out 1: after it has come back. */
OP(mcall_frames)
{
    int64_t n = frames();
    mcall(mcall_back);
    a->nout = 1;
    a->out[1] = frames();
    return n;
}

/** gogo(g), from a context with other registers and control words: runs a fresh G of the world, or newproc1's. */
OP(gogo)
{
    agent_gogo_scrambled(&argg(a, 0)->sched);
}

/** gostartcall(sp, fn, arg) on a gobuf at scratch whose other words are all v[3]; fn: an address. */
OP(gostartcall)
{
    gobuf *buf = (gobuf *)agent_scratch;
    for (unsigned i = 0; i < sizeof *buf / sizeof(int64_t); i++)
        ((int64_t *)agent_scratch)[i] = a->v[3];
    buf->sp = (uintptr_t)a->v[0];
    gostartcall(buf, (void (*)(void *))a->v[1], (void *)a->v[2]);
    a->nout = 7;
    a->out[1] = (int64_t)((buf->sp - ARCH_ENTRY_SP_MISALIGN) % 16);
    a->out[2] = (int64_t)(a->v[0] - (int64_t)buf->sp);
    a->out[3] = (int64_t)buf->pc;
    a->out[4] = (int64_t)buf->ctxt;
    a->out[5] = (int64_t)buf->bp;
    a->out[6] = (int64_t)buf->g;
    a->out[7] = (int64_t)buf->fpcw;
    return 0;
}

/** Where mstart0 would go on when a locked goroutine has ended. */
static _Noreturn void g0_goes_on(void)
{
    G *gp = getg();
    agent_leave(true, OUT_EXITED, "in mstart0, %s", gp == getm()->g0 ? "on g0" : "but not as g0");
}

/** mstart1(m): gives m's g0 a context to which a locked goroutine's end goes: "exited: in mstart0, on g0". */
AGENT_OP(mstart1)
{
    G *gp = argm(a, 0)->g0;
    gp->sched.pc = (uintptr_t)g0_goes_on;
    gp->sched.sp = gp->sched.sp / 16 * 16 - ARCH_ENTRY_SP_MISALIGN;
    return 0;
}

/** g0sp(m): m's g0->sched.sp. */
AGENT_OP(g0sp)
{
    return (int64_t)argm(a, 0)->g0->sched.sp;
}

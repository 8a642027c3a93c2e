/**
 * @file ops_lab02_life.c
 * Operations of lab 02 on stacks, and on goroutines that are made, end, and are used again.
 */
#include "agent.h"

/* ---- stacks ---- */

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

OP(stackcache_clear)
{
    stackcache_clear(argp(a, 0));
    return 0;
}

/** clear_stacks(p): stackcache_clear of p (NIL: of all Ps), then stackpool_release until it finds nothing; bytes. */
OP(clear_stacks)
{
    P *pp = argp(a, 0);
    for (int32_t i = 0; i < load_relaxed(&gomaxprocs); i++) /* one thread */
        if (!pp || allp[i] == pp)
            stackcache_clear(allp[i]);
    int64_t bytes = 0;
    for (size_t n; (n = stackpool_release()) != 0;)
        bytes += (int64_t)n;
    return bytes;
}

OP(stackpool_release)
{
    return (int64_t)stackpool_release();
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

/** writable(address): the kernel can write a word (8 bytes) there. What it writes is a signal mask. */
AGENT_OP(writable)
{
    return agent_syscall(__NR_rt_sigprocmask, 0, 0, a->v[0], 8, 0, 0) == 0;
}

/** word(address): the word there; with a second argument: it becomes that first. */
AGENT_OP(word)
{
    volatile int64_t *p = (volatile int64_t *)a->v[0];
    if (a->n > 1)
        *p = a->v[1];
    return *p;
}

/** resident(address): the page there has memory, 1 or 0; or -errno. */
AGENT_OP(resident)
{
    unsigned char in = 0;
    intptr_t r = agent_syscall(__NR_mincore, a->v[0] & ~(int64_t)(ARCH_PAGE_SIZE - 1), ARCH_PAGE_SIZE, (int64_t)&in, 0, 0, 0);
    return r < 0 ? r : in & 1;
}

/* ---- dead Gs ---- */

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

/** takestack(g): g has no stack any more, as after a collection. What it had is forgotten. */
AGENT_OP(takestack)
{
    argg(a, 0)->stack = (stack){0, 0};
    return 0;
}

OP(goidnext)
{
    return (int64_t)goidnext(argp(a, 0));
}

/* ---- made and ended ---- */

uint64_t agent_entered[AGENT_ENTERED];

/**
 * newproc1(arg, stacksize, nil, caller, callerpc): a G whose function notes how it was entered and returns (see
 * bodysaw). nil: fn is NULL. caller: a G; g0 if there are only three arguments.
 */
OP(newproc1)
{
    return hg(newproc1(a->v[2] ? NULL : agent_body, (void *)a->v[0], a->n > 3 ? argg(a, 3) : getg(),
                       (uintptr_t)a->v[4], (size_t)a->v[1]));
}

/** fpcw(i): the i'th of a few control words that a context may hold, or 0. */
AGENT_OP(fpcw)
{
    return a->v[0] >= 0 && a->v[0] < AGENT_FPCWS ? (int64_t)agent_fpcws[a->v[0]] : 0;
}

/**
 * What that function found at its first instruction: its argument. out 1: stack pointer less what the ABI wants,
 * modulo 16, 2: return address less goexit_frame, 3: frame pointer, 4: control words less GOBUF_FPCW_DEFAULT,
 * 5: getg(), 6: stack pointer.
 */
AGENT_OP(bodysaw)
{
    a->nout = 6;
    a->out[1] = (int64_t)((agent_entered[1] - ARCH_ENTRY_SP_MISALIGN) % 16);
    a->out[2] = (int64_t)(agent_entered[2] - (uintptr_t)goexit_frame);
    a->out[3] = (int64_t)agent_entered[3];
    a->out[4] = (int64_t)(agent_entered[4] - GOBUF_FPCW_DEFAULT);
    a->out[5] = hg((G *)agent_entered[5]);
    a->out[6] = (int64_t)agent_entered[1];
    return (int64_t)agent_entered[0];
}

/** suspendedon(m): m, which is suspended, stands 1: on its g0 and that one's stack; 0: anywhere else. */
AGENT_OP(suspendedon)
{
    struct wm *wm = world_m(a->v[0]);
    if (!wm || !wm->busy)
        agent_refuse(MSG_MISUSE, "m%ld is not suspended", (long)a->v[0]);
    stack s = wm->m->g0->stack;
    return wm->g == wm->m->g0 && wm->sp > s.lo && wm->sp <= s.hi;
}

/** On a G: ends it. "ended: schedule()" if schedule is recorded. */
OP(goexit1)
{
    goexit1();
    return 0;
}

OP(goexit0)
{
    goexit0(argg(a, 0));
    return 0;
}

OP(gdestroy)
{
    gdestroy(argg(a, 0));
    return 0;
}

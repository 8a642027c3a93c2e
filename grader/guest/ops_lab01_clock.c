/**
 * @file ops_lab01_clock.c
 * Operations of lab 01: the vDSO, real, made by the test, or played by the agent; and the time.
 */
#include "agent.h"

void *memcpy(void *d, const void *s, size_t n);

/* ---- images ---- */

/**
 * n bytes of the scratch memory as an image of their own, with pages before and behind that nobody may touch. word > 0: the
 * word at that offset becomes value less the image's address.
 */
static const void *image_copy(int64_t at, int64_t n, int64_t word, int64_t value)
{
    char *p = agent_memory((size_t)n + ARCH_PAGE_SIZE);
    int64_t pages = (n + ARCH_PAGE_SIZE - 1) / ARCH_PAGE_SIZE * ARCH_PAGE_SIZE;
    memcpy(p, agent_scratch + at, (size_t)n);
    uint64_t less = (uint64_t)value - (uintptr_t)p;
    if (word > 0 && word <= n - (int64_t)sizeof less)
        memcpy(p + word, &less, sizeof less);
    agent_syscall(__NR_mprotect, (int64_t)(p + pages), ARCH_PAGE_SIZE, KPROT_NONE, 0, 0, 0);
    agent_syscall(__NR_mprotect, (int64_t)p, pages, KPROT_READ, 0, 0, 0);
    return p;
}

/** Where a real vDSO lies, from the guest's own auxiliary vector; NULL: nowhere. */
static const void *real_vdso(void)
{
    char **p = goenvp;
    while (*p)
        p++;
    for (const uintptr_t *aux = (const uintptr_t *)(p + 1); aux[0]; aux += 2)
        if (aux[0] == KAT_SYSINFO_EHDR)
            return (const void *)aux[1];
    return NULL;
}

/** The image of an operation: offset and length in the scratch memory, or length 0: the real one. */
static const void *image(struct args *a, int64_t word, int64_t value)
{
    if (a->v[0] < 0 || a->v[1] < 0 || a->v[0] + a->v[1] > SCRATCH_SIZE)
        agent_leave(false, OUT_NONE, "the image is outside the scratch memory");
    return a->v[1] ? image_copy(a->v[0], a->v[1], word, value) : real_vdso();
}

/**
 * vdso_lookup(offset, length, no version, word, value) + name, 0, version: in the image of that length in the
 * scratch memory, or (length 0) in the real vDSO. The symbol's offset in the image, or NIL. word: see image_copy.
 */
OP(vdso_lookup)
{
    const char *version = a->text;
    while (*version)
        version++;
    const char *base = image(a, a->v[3], a->v[4]);
    const char *p = vdso_lookup(base, a->text, a->v[2] ? NULL : version + 1);
    return p ? p - base : NIL;
}

/** vdso_lookup_bad(which) + name: in what is no image: NULL (0), not aligned to a word (1). */
OP(vdso_lookup_bad)
{
    return vdso_lookup(a->v[0] ? agent_scratch + 1 : NULL, a->text, NULL) ? 1 : NIL;
}

/**
 * vdsoauxv(offset, length, kind, entries): an auxiliary vector with so many other entries before the image's:
 * kind 0. Kind 1: the image's entry is missing; 2: its value is 0. The found clock's offset in the image, or
 * NIL.
 */
OP(vdsoauxv)
{
    uintptr_t aux[64], k = 0;
    const char *base = image(a, 0, 0);
    for (int64_t i = 0; i < a->v[3] && k < 40; i++) {
        aux[k++] = (uintptr_t)(i % 2 ? KAT_RANDOM : KAT_PAGESZ);
        aux[k++] = KAT_SYSINFO_EHDR; /* a value like a type */
    }
    if (a->v[2] != 1) {
        aux[k++] = KAT_SYSINFO_EHDR;
        aux[k++] = a->v[2] == 2 ? 0 : (uintptr_t)base;
    }
    aux[k++] = KAT_PHNUM;
    aux[k++] = 7;
    if (a->v[2] == 1) { /* the words that make an entry for the image, but not as type and value */
        aux[k++] = KAT_PAGESZ;
        aux[k++] = KAT_SYSINFO_EHDR;
        aux[k++] = (uintptr_t)base;
        aux[k++] = 4096;
    }
    aux[k++] = KAT_NULL;
    aux[k++] = 0;
    aux[k++] = KAT_SYSINFO_EHDR; /* beyond the end */
    aux[k++] = (uintptr_t)base;
    vdsoClockGettime = NULL;
    vdsoauxv(aux);
    return vdsoClockGettime ? (const char *)(uintptr_t)vdsoClockGettime - base : NIL;
}

/** vdsonames: the name of the clock that vdsoauxv looks for, and its version. */
AGENT_OP(vdsonames)
{
    static const char text[] = ARCH_VDSO_CLOCK " " ARCH_VDSO_VERSION;
    memcpy(a->text, text, sizeof text);
    a->len = sizeof text - 1;
    a->textout = true;
    return 0;
}

/* ---- a clock that the agent plays ---- */

/** What the clock shall say, and what it saw. Two levels: a signal handler may ask while it is asked. */
static struct {
    int64_t sec[2], nsec[2]; /**< the time that each level tells */
    int32_t ret;             /**< what the function returns */
    bool again;              /**< level 0 is interrupted by a signal handler that asks, too */
    uint32_t level, calls;   /**< the next call's level; how many there were */
    int64_t clock[2];        /**< which clock was asked for */
    uintptr_t sp[2];         /**< the stack pointer at entry */
    uintptr_t pc[2], vsp[2]; /**< m.vdsoPC and m.vdsoSP then */
    uintptr_t backpc, backsp; /**< and at level 0, after the handler */
    int64_t inner;           /**< what the handler was told */
} fake;
/** The call of nanotime1 or walltime1. */
static struct agent_words asked;

/** The clock's function, agent_vdsoclock, which came to its entry with stack pointer sp, calls this. */
int32_t agent_fakeclock(int32_t clock, struct ktimespec *ts, uintptr_t sp);
int32_t agent_fakeclock(int32_t clock, struct ktimespec *ts, uintptr_t sp)
{
    uint32_t i = fake.level & 1;
    M *mp = curwm->m;
    fake.calls++;
    fake.clock[i] = clock;
    fake.sp[i] = sp;
    fake.pc[i] = mp->vdsoPC;
    fake.vsp[i] = mp->vdsoSP;
    if (fake.again && i == 0) {
        G *gp = getg();
        fake.level = 1;
        setg(mp->gsignal);
        fake.inner = nanotime1();
        setg(gp);
        fake.level = 0;
        fake.backpc = mp->vdsoPC;
        fake.backsp = mp->vdsoSP;
    }
    if (fake.ret == 0) {
        ts->tv_sec = fake.sec[i];
        ts->tv_nsec = fake.nsec[i];
    }
    return fake.ret;
}

/**
 * fakeclock(sec, nsec, ret, again, sec, nsec): from now on the vDSO's clock tells that time, or returns ret.
 * again: it is interrupted by a handler that asks, too, and is told the second time.
 */
AGENT_OP(fakeclock)
{
    fake.sec[0] = a->v[0];
    fake.nsec[0] = a->v[1];
    fake.ret = (int32_t)a->v[2];
    fake.again = a->v[3] != 0;
    fake.sec[1] = a->v[4];
    fake.nsec[1] = a->v[5];
    fake.calls = fake.level = 0;
    vdsoClockGettime = agent_vdsoclock;
    return 0;
}

/** noclock: there is none in the vDSO. */
AGENT_OP(noclock)
{
    vdsoClockGettime = NULL;
    return 0;
}

/**
 * fakeclock_seen(level): how often the clock was called. out 1: the clock asked for; out 2: how far its stack
 * pointer was from a multiple of 16 at the call; out 3: on which stack it ran: 0 g0's, 1 curg's, 2 another;
 * out 4: how many bytes below g0.sched.sp; out 5: vdsoPC was the caller's; out 6: vdsoSP was the caller's;
 * out 7: at level 0, both were so again after the handler; out 8: what the handler was told.
 */
AGENT_OP(fakeclock_seen)
{
    int i = a->v[0] & 1;
    M *mp = &m0;
    G *gp = load_relaxed(&mp->curg); /* one thread */
    uintptr_t sp = fake.sp[i];
    a->nout = 8;
    a->out[1] = fake.clock[i];
    a->out[2] = (int64_t)((sp - ARCH_ENTRY_SP_MISALIGN) % 16);
    a->out[3] = sp > mp->g0->stack.lo && sp <= mp->g0->stack.hi ? 0
                : gp && sp > gp->stack.lo && sp <= gp->stack.hi ? 1
                                                                : 2;
    a->out[4] = (int64_t)(mp->g0->sched.sp - sp);
    a->out[5] = fake.pc[i] == (uintptr_t)agent_callwords_ret;
    a->out[6] = fake.vsp[i] == asked.sp;
    a->out[7] = fake.backpc == fake.pc[0] && fake.backsp == fake.vsp[0];
    a->out[8] = fake.inner;
    return fake.calls;
}

/**
 * asktime(which, g, pc, sp): nanotime1 (0) or walltime1 (1) on the running G (0), without one (1), on gsignal
 * (2), or on a G that has no M (3), while vdsoPC and vdsoSP hold these values. out 1, 2: what they hold then;
 * out 3: how many system calls were seen.
 */
OP(asktime)
{
    static G nobodys;
    G *gp = getg();
    M *mp = curwm->m;
    asked.fn = a->v[0] ? (void (*)(void))walltime1 : (void (*)(void))nanotime1;
    mp->vdsoPC = (uintptr_t)a->v[2];
    mp->vdsoSP = (uintptr_t)a->v[3];
    if (a->v[1])
        setg(a->v[1] == 1 ? NULL : a->v[1] == 2 ? mp->gsignal : &nobodys);
    uint32_t before = trap_count();
    agent_callwords(&asked);
    setg(gp);
    a->nout = 3;
    a->out[1] = (int64_t)mp->vdsoPC;
    a->out[2] = (int64_t)mp->vdsoSP;
    a->out[3] = trap_count() - before;
    return (int64_t)asked.ret[0];
}

/** clock_direct(clock): the vDSO's function itself, without anything of lab 01 but its address. Nanoseconds. */
OP(clock_direct)
{
    struct ktimespec ts = {0, 0};
    uint32_t before = trap_count();
    int r = vdsoClockGettime ? vdsoClockGettime((int)a->v[0], &ts) : -1;
    a->nout = 1;
    a->out[1] = trap_count() - before;
    return r ? r : ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/** A stack for vdsocall. */
static char otherstack[8192] __attribute__((aligned(4096)));

/**
 * vdsocall(clock, at): calls the agent's clock on a stack that ends at otherstack + at, or (at < 0) on this
 * one, with the register patterns at offset 0 of the scratch memory; stores what they are then behind those.
 * The int returned; out 1: clock and ts have arrived; out 2: bytes from the end of the stack to the clock's
 * stack pointer; out 3: its distance from a multiple of 16 at the call.
 */
OP(vdsocall)
{
    uint64_t *in = (uint64_t *)agent_scratch;
    struct ktimespec ts = {-1, -1};
    uintptr_t end = a->v[1] < 0 ? 0 : (uintptr_t)otherstack + (uintptr_t)a->v[1];
    struct agent_words w = {
        .fn = (void (*)(void))vdsocall,
        .v = {(uintptr_t)agent_vdsoclock, (uint64_t)a->v[0], (uintptr_t)&ts, end},
    };
    agent_regs(agent_callwords, &w, in, in + AGENT_REGS);
    a->nout = 3;
    a->out[1] = fake.clock[0] == (int32_t)a->v[0] && (fake.ret != 0 || ts.tv_sec == fake.sec[0]);
    a->out[2] = (int64_t)((end ? end : w.sp) - fake.sp[0]);
    a->out[3] = (int64_t)((fake.sp[0] - ARCH_ENTRY_SP_MISALIGN) % 16);
    return (int32_t)w.ret[0];
}

/* ---- a signal between any two instructions ---- */

/** What the steps have shown. */
static struct {
    uint32_t steps, halfset, changed, nowhere;
} stepped;

/** The handler of SIGTRAP, after each instruction: looks at the M, and asks for the time itself. */
static void on_step(int sig, void *info, void *uc)
{
    (void)sig, (void)info;
    M *mp = curwm->m;
    G *gp = getg(), *curg = load_relaxed(&mp->curg); /* one thread */
    uintptr_t pc = mp->vdsoPC, vsp = mp->vdsoSP, sp = sigctxt_sp(uc);
    uint32_t level = fake.level;
    stepped.steps++;
    stepped.halfset += vsp != 0 && pc == 0;
    stepped.nowhere += !(sp > mp->g0->stack.lo && sp <= mp->g0->stack.hi) &&
                       !(curg && sp > curg->stack.lo && sp <= curg->stack.hi);
    fake.level = 1;
    setg(mp->gsignal);
    fake.inner = nanotime1();
    setg(gp);
    fake.level = level;
    stepped.changed += mp->vdsoPC != pc || mp->vdsoSP != vsp;
}

/**
 * asktime_stepped: nanotime1 with the agent's clock, and after each instruction a signal whose handler calls
 * it, too. out 1: steps; out 2: steps at which vdsoSP was set without vdsoPC; out 3: at which the handler
 * changed them; out 4: at which the stack pointer was on none of the M's stacks.
 */
OP(asktime_stepped)
{
    M *mp = curwm->m;
    mp->vdsoPC = mp->vdsoSP = 0;
    trap_handle(KSIGTRAP, on_step);
    int64_t t = agent_callstepped(nanotime1);
    trap_handle(KSIGTRAP, NULL);
    a->nout = 4;
    a->out[1] = stepped.steps;
    a->out[2] = stepped.halfset;
    a->out[3] = stepped.changed;
    a->out[4] = stepped.nowhere;
    return t;
}

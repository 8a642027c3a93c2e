/**
 * @file ops_lab02_step.c
 * A signal at each instruction of a switch: what lab 02 promises to signal handlers and to whoever walks a
 * stack.
 *
 * The CPU traps after every instruction. The handler, on a stack of its own, looks where the stack pointer
 * points, and destroys what lies below the red zone there, as a handler without a stack of its own would.
 */
#include "agent.h"

void *memset(void *p, int c, size_t n);

enum { SIGTRAP_ = 5, SCRIBBLE = 64 };

/** What the handler knows and saw. */
static struct {
    M *mp;            /**< the M that is stepped */
    G *gp;            /**< its G */
    uint64_t steps;   /**< instructions */
    uint64_t bad;     /**< of these, with a stack pointer that points into neither stack */
    uintptr_t pc, sp; /**< the first of them */
} stepped;

static bool within(uintptr_t sp, stack s)
{
    return sp > s.lo && sp <= s.hi;
}

static void on_trap(int sig, void *info, void *uc)
{
    (void)sig, (void)info;
    uintptr_t sp = sigctxt_sp(uc);
    stepped.steps++;
    if (within(sp, stepped.gp->stack) || within(sp, stepped.mp->g0->stack)) {
        volatile char *below = (volatile char *)(sp - ARCH_RED_ZONE);
        for (int i = 1; i <= SCRIBBLE; i++)
            below[-i] = (char)0xa5;
        return;
    }
    if (stepped.bad++ == 0) {
        stepped.pc = sigctxt_pc(uc);
        stepped.sp = sp;
    }
}

/** Installs the handler on a stack of its own. */
static void catch_traps(void)
{
    enum { SIZE = 64 * 1024 };
    struct kstack ss = {.sp = agent_memory(SIZE), .size = SIZE};
    struct ksigaction sa = {.handler = on_trap,
                            .flags = KSA_SIGINFO | KSA_ONSTACK | KSA_RESTORER,
                            .restorer = arch_sigreturn,
                            .mask = sigset_all};
    agent_syscall(__NR_sigaltstack, (int64_t)&ss, 0, 0, 0, 0, 0);
    agent_syscall(__NR_rt_sigaction, SIGTRAP_, (int64_t)&sa, 0, sizeof sa.mask, 0, 0);
}

static _Noreturn void back(G *gp)
{
    gogo(&gp->sched);
}

static void nothing(void *arg)
{
    *(int64_t *)arg += 1;
}

/** Puts "mcall+0x1c" for stepped.pc into the text. */
static void where(struct args *a)
{
    static const struct {
        void (*fn)(void);
        const char *name;
    } known[] = {{(void (*)(void))gogo, "gogo"},
                 {(void (*)(void))mcall, "mcall"},
                 {(void (*)(void))systemstack, "systemstack"},
                 {(void (*)(void))gostartcall, "gostartcall"}};
    const char *name = "nothing";
    uintptr_t off = stepped.pc;
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (stepped.pc - (uintptr_t)known[i].fn < off) {
            off = stepped.pc - (uintptr_t)known[i].fn;
            name = known[i].name;
        }
    a->textout = true;
    for (a->len = 0; *name; name++)
        a->text[a->len++] = *name;
    a->text[a->len++] = '+';
    a->text[a->len++] = '0';
    a->text[a->len++] = 'x';
    int shift = 60;
    while (shift > 0 && off >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        a->text[a->len++] = "0123456789abcdef"[off >> shift & 15];
    a->text[a->len] = 0;
}

/**
 * stepswitches(n): on a G, n times mcall with gogo back, and systemstack, one instruction at a time. Returns how
 * often systemstack's function ran; out 1: instructions, 2: how many of them with the stack pointer in no stack
 * of this M; text: the first of these. -1: this CPU cannot step.
 */
OP(stepswitches)
{
    int64_t n = a->v[0], ran = 0;
    memset(&stepped, 0, sizeof stepped);
    stepped.mp = getm();
    stepped.gp = getg();
    catch_traps();
    if (!agent_singlestep(true))
        return -1;
    for (int64_t i = 0; i < n; i++) {
        mcall(back);
        systemstack(nothing, &ran);
    }
    agent_singlestep(false);
    a->nout = 2;
    a->out[1] = (int64_t)stepped.steps;
    a->out[2] = (int64_t)stepped.bad;
    where(a);
    return ran;
}

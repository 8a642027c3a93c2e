/**
 * @file signal.c
 * Signals: the preemption of loops that never call the runtime, and faults.
 *
 * A handler runs at an arbitrary instruction, on the M's signal stack, with all signals blocked. It may
 * interrupt the runtime with any lock held and any structure half changed, so that it does nothing but look at
 * its own M and G, and call the kernel. Its own G is the M's gsignal while it runs; the interrupted one comes
 * back before it returns, because it may have sent that G to asyncPreempt, which runs as that G.
 *
 * Preemption. sysmon (or who stops the world) sets gp.preempt and sends SIGURG to the M's thread. SIGURG, because
 * by default it does nothing and hardly any program uses it. The handler diverts the G into asyncPreempt only
 * where the G may stop at any instruction:
 *
 *   - it is the M's current G, running, asked to yield, and the M holds no lock;
 *   - the interrupted pc lies in the program's own code. In the runtime, the G may be changing run queues; in a
 *     library, it may be in the middle of the thread's own data, or hold a lock that the next G on this thread
 *     would wait for, for ever; in the vDSO, the kernel's data is being read under a sequence lock;
 *   - its stack has room for all registers.
 *
 * Otherwise nothing happens: the request stands, and the next look of sysmon sends the next signal.
 *
 * One hazard is left to the program. The goroutine may go on on another thread, between any two instructions: an
 * address of thread-local storage (errno's, say) that the compiler keeps in a register is then the other
 * thread's.
 */
#include "crash.h"

/** Room that asyncPreempt2, mcall and a second signal's pushed call need below asyncPreempt's own frame. */
enum { PREEMPT_SLACK = 1024 };
/** A fault this far below a stack is an overflow of it: the guard page, or a big frame that jumps over
 * its first bytes. */
enum { OVERFLOW_ZONE = 64 * 1024 };

/** The signals that have a handler here, and what was installed before (a library's handler, in the
 * hosted build). */
static const struct {
    int sig;
    const char *name, *text;
} handled[] = {
    {KSIGURG, "SIGURG", "urgent condition on socket"},
    {KSIGSEGV, "SIGSEGV", "segmentation violation"},
    {KSIGBUS, "SIGBUS", "bus error"},
    {KSIGFPE, "SIGFPE", "floating-point exception"},
    {KSIGILL, "SIGILL", "illegal instruction"},
    {KSIGQUIT, "SIGQUIT", "quit"},
};
enum { NHANDLED = sizeof handled / sizeof *handled };
static struct ksigaction previous[NHANDLED];

/* From the linker: where the program's code is, and which part of it is the runtime (the runtime's
 * objects are linked into a section of their own). A program that was linked otherwise has no user text:
 * nothing is preempted by signal. */
extern const char __executable_start[] __attribute__((weak));
extern const char etext[] __attribute__((weak));
extern const char __start_runtime_text[] __attribute__((weak));
extern const char __stop_runtime_text[] __attribute__((weak));

static uint64_t sigbit(int sig)
{
    return (uint64_t)1 << (sig - 1);
}

static int handledindex(int sig)
{
    int i = 0;
    while (i < NHANDLED && handled[i].sig != sig)
        i++;
    return i;
}

static bool inruntimetext(uintptr_t pc)
{
    return pc - (uintptr_t)__start_runtime_text < (uintptr_t)(__stop_runtime_text - __start_runtime_text);
}

bool inusertext(uintptr_t pc)
{
    if (!__start_runtime_text || inruntimetext(pc))
        return false;
    return pc - (uintptr_t)__executable_start < (uintptr_t)(etext - __executable_start);
}

/** gp was interrupted while its M is in a vDSO call, and pc is no code of the program's or the runtime's. */
static bool invdso(G *gp, uintptr_t pc)
{
    M *mp = load_relaxed(&gp->m); /* of this thread */
    return mp->vdsoSP != 0 && !inruntimetext(pc) && !inusertext(pc);
}

/* ---- preemption ---- */

void preemptM(M *mp)
{
    uint32_t tid = load_acquire(&mp->procid); /* pairs with minit's store: 0 until it can take signals */
    if (tid == 0)
        return;
    /* One at a time. Pairs with the handler's release: what it did for the last signal is done. */
    if (!cas_acquire(&mp->signalPending, 0, 1))
        return;
    countany(offsetof(pcounters, preemptsignals));
    if (linux_tgkill(linux_getpid(), (int)tid, KSIGURG) < 0)
        store_release(&mp->signalPending, 0); /* the thread has gone */
}

/** gp, which the signal interrupted, is asked to yield and may. */
static bool wantAsyncPreempt(M *mp, G *gp)
{
    return gp == load_relaxed(&mp->curg) && load_relaxed(&gp->preempt) && readgstatus(gp) == Grunning &&
        !gp->throwsplit && canPreemptM(mp) && !debug.asyncpreemptoff;
}

/** The interrupted code can be left here, and there is room to save all that it has in its registers. */
static bool isAsyncSafePoint(G *gp, void *uc)
{
    uintptr_t sp = sigctxt_sp(uc);
    if (!inusertext(sigctxt_pc(uc)) || sp <= gp->stack.lo || sp > gp->stack.hi)
        return false;
    return sp - gp->stack.lo >= asyncpreempt_frame() + PREEMPT_SLACK && asyncpreempt_saves(uc);
}

static void doSigPreempt(M *mp, G *gp, void *uc)
{
    if (wantAsyncPreempt(mp, gp) && isAsyncSafePoint(gp, uc))
        sigctxt_pushcall(uc, (uintptr_t)asyncPreempt, sigctxt_pc(uc));
    fetch_add_relaxed(&mp->preemptGen, 1); /* a count */
    store_release(&mp->signalPending, 0);  /* pairs with preemptM's CAS: from now on it may send the next */
}

/** gopreempt_m for a G that a signal has stopped. */
static void asyncpreempt_m(G *gp)
{
    count(&getp()->n.asyncpreempts);
    gopreempt_m(gp);
}

void asyncPreempt2(void)
{
    G *gp = getg();
    gp->asyncSafePoint = true;
    mcall(asyncpreempt_m);
    gp->asyncSafePoint = false;
}

/* ---- death by signal ---- */

static void sigquithead(death *d)
{
    M *mp = d->gp ? load_relaxed(&d->gp->m) : NULL; /* own thread's */
    print("SIGQUIT: quit\nPC=0x%lx m=%ld sigcode=%d\n", d->at.pc, mp ? (long)mp->id : -1L,
          sigctxt_code(d->info));
}

/** The message of a stack overflow is Go's. */
static void printoverflow(stack s, uintptr_t sp)
{
    print("runtime: goroutine stack exceeds %lu-byte limit\n", s.hi - s.lo);
    print("runtime: sp=0x%lx stack=[0x%lx, 0x%lx]\n", sp, s.lo, s.hi);
}

static void overflowhead(death *d)
{
    printoverflow(d->gp->stack, sigctxt_sp(d->uc));
    print("fatal error: stack overflow\n");
}

struct overflow {
    stack s;
    uintptr_t sp;
};

static void overflow_on_g0(void *p)
{
    struct overflow *o = p;
    printoverflow(o->s, o->sp);
    fatal("stack overflow");
}

_Noreturn void stackoverflowed(stack s, uintptr_t sp)
{
    struct overflow o = {s, sp};
    systemstack(overflow_on_g0, &o); /* printing needs room */
    for (;;) {
    }
}

static void faulthead(death *d)
{
    int i = handledindex(d->sig);
    print("fatal error: unexpected signal %s\n",
          inusertext(d->at.pc) ? "in the program" : "during runtime execution");
    print("[signal %s: %s code=0x%x addr=0x%lx pc=0x%lx]\n", handled[i].name, handled[i].text,
          sigctxt_code(d->info), sigctxt_fault(d->info), d->at.pc);
}

/** True if the access that faulted was below gp's stack, where the guard page is. */
static bool isoverflow(int sig, G *gp, void *info)
{
    if ((sig != KSIGSEGV && sig != KSIGBUS) || sigctxt_code(info) <= 0)
        return false;
    uintptr_t lo = gp->stack.lo;
    return lo && lo - 1 - sigctxt_fault(info) < OVERFLOW_ZONE;
}

/** Reports the signal's death. On the signal stack. */
static _Noreturn void sigdie(int sig, G *gp, void *info, void *uc)
{
    /* A second fault, while this one is reported, must come here again: if it were blocked the kernel
     * would kill. */
    uint64_t faults = sigbit(KSIGSEGV) | sigbit(KSIGBUS) | sigbit(KSIGFPE) | sigbit(KSIGILL);
    linux_sigprocmask(KSIG_UNBLOCK, &faults, NULL);
    death d = {.kind = deathThrow, .fmt = "a signal", .gp = gp, .sig = sig, .info = info, .uc = uc};
    d.at = (stackpoint){.pc = sigctxt_pc(uc), .bp = sigctxt_bp(uc), .exact = true};
    if (invdso(gp, d.at.pc))
        d.at = vdsopoint(gp, d.at.pc);
    d.head = sig == KSIGQUIT ? sigquithead : isoverflow(sig, gp, info) ? overflowhead : faulthead;
    die(&d);
}

/** A signal on a thread that the runtime did not make: the handler that was there before gets it, else
 * the default. */
static void foreign(int sig, void *info, void *uc)
{
    int i = handledindex(sig);
    void (*handler)(int, void *, void *) = previous[i].handler;
    if ((uintptr_t)handler > 1) {
        handler(sig, info, uc);
    } else if (sig != KSIGURG && handler == NULL) {
        struct ksigaction dfl = {0};
        linux_sigaction(sig, &dfl, NULL);
        linux_tgkill(linux_getpid(), linux_gettid(), sig); /* takes effect when this handler returns */
    }
}

/* ---- signals that the program asked for ---- */

struct sigqueue sigq;

/**
 * Queues sig if a channel waits for it; else false. From the handler, on any thread, whatever it was doing: not
 * even its G is looked at.
 */
static bool sigsend(int sig)
{
    uint64_t one = 1;
    if (!(load_acquire(&sigq.wanted) & sigbit(sig))) /* pairs with sigenable: wakefd is there */
        return false;
    /* Pairs with the swap in sigreceive. If it has not taken the last one yet, it has been woken for it. */
    if (!(atomic_fetch_or_explicit(&sigq.pending, sigbit(sig), memory_order_acq_rel) & sigbit(sig)))
        linux_write(sigq.wakefd, &one, sizeof one);
    return true;
}

/** The handler of all signals. */
static void sigtramp(int sig, void *info, void *uc)
{
    if (sigsend(sig))
        return;
    if (handledindex(sig) == NHANDLED) { /* signal_stop came between: what was there before is there again, and has its turn */
        linux_tgkill(linux_getpid(), linux_gettid(), sig);
        return;
    }
    G *gp = getg();
    M *mp = gp ? load_relaxed(&gp->m) : NULL; /* of this thread: nobody else changes it now */
    if (!mp) {
        foreign(sig, info, uc);
        return;
    }
    if (mp->gsignal)
        setg(mp->gsignal);
    if (sig != KSIGURG)
        sigdie(sig, gp, info, uc);
    doSigPreempt(mp, gp, uc);
    setg(gp);
}

/** Installs sigtramp for sig: 0 or -errno. */
static int settramp(int sig, struct ksigaction *before)
{
    struct ksigaction sa = {
        .handler = sigtramp,
        .flags = KSA_SIGINFO | KSA_ONSTACK | KSA_RESTART | KSA_RESTORER,
        .restorer = arch_sigreturn,
        .mask = sigset_all,
    };
    return linux_sigaction(sig, &sa, before);
}

int sigcatch(int sig, struct ksigaction *before)
{
    int err = settramp(sig, before);
    if (err < 0)
        return err;
    uint64_t set = sigbit(sig);
    linux_sigprocmask(KSIG_UNBLOCK, &set, NULL); /* one thread that takes it is enough, whichever we are on */
    return 0;
}

void initsig(void)
{
    asyncpreempt_init();
    uint64_t set = 0;
    for (int i = 0; i < NHANDLED; i++) {
        int err = settramp(handled[i].sig, &previous[i]);
        if (err < 0)
            throw_("initsig: no handler for %s (errno %d)", handled[i].name, -err);
        set |= sigbit(handled[i].sig);
    }
    /* A program that writes to a closed connection gets EPIPE, and decides for itself. */
    struct ksigaction ignore = {
        .handler = (void (*)(int, void *, void *))1, .flags = KSA_RESTORER, .restorer = arch_sigreturn};
    linux_sigaction(KSIGPIPE, &ignore, NULL);
    /* Whoever started the process may have left them blocked; threads made from here on inherit
     * initSigmask. */
    initSigmask &= ~set;
    linux_sigprocmask(KSIG_UNBLOCK, &set, NULL);
}

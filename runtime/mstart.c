/**
 * @file mstart.c
 * The beginning of a thread, and what it must set up before it can schedule.
 *
 * Every M begins in mstart on its g0 stack. mstart1 records "return into mstart0" as g0's context: each mcall starts
 * at that depth again, and the goroutine that ends while locked to its thread jumps there, so that mstart0 goes on into
 * mexit and the thread ends.
 */
#include "core.h"

M m0;
G g0;
_Atomic(M *) allm;
const uint64_t sigset_all = ~(uint64_t)0;
uint64_t initSigmask;

void mcommoninit(M *mp, int64_t id)
{
    if (!mp->gsignal) {
        mp->gsignal = malg(STACK_GSIGNAL);
        store_relaxed(&mp->gsignal->m, mp); /* not published yet */
    }
    lock(&sched.lock);
    mp->id = id >= 0 ? id : mReserveID();
    mp->rand = ((uint64_t)nanotime() ^ (uint64_t)cputicks() << 20 ^ (uint64_t)mp->id * 0x9e3779b97f4a7c15ull) | 1;
    mp->alllink = load_relaxed(&allm);
    store_release(&allm, mp); /* pairs with readers that walk the list without the lock (dumps) */
    unlock(&sched.lock);
}

void minit(void)
{
    M *mp = getm();
    stack *s = &mp->gsignal->stack;
    struct kstack ss = {.sp = (void *)s->lo, .size = s->hi - s->lo};
    linux_sigaltstack(&ss, NULL);
    store_release(&mp->procid, (uint32_t)linux_gettid()); /* pairs with preemptM's acquire */
    uint64_t mask = initSigmask & ~((uint64_t)1 << (KSIGURG - 1) | (uint64_t)1 << (KSIGQUIT - 1));
    mask &= ~load_acquire(&sigq.wanted); /* pairs with sigenable; a thread that is a moment too early is one less to take it */
    linux_sigprocmask(KSIG_SETMASK, &mask, NULL);
}

void unminit(void)
{
    linux_sigprocmask(KSIG_SETMASK, &sigset_all, NULL); /* no handler may run on a stack that is about to go */
    struct kstack ss = {.flags = KSS_DISABLE};
    linux_sigaltstack(&ss, NULL);
}

/** Everything between the first instruction of an M and its first schedule(). */
static __attribute__((noinline)) void mstart1(void)
{
    G *gp = getg();
    M *mp = load_relaxed(&gp->m);
    if (gp != mp->g0)
        throw_("mstart: not on g0");
    gp->sched.g = gp;
    gp->sched.pc = getcallerpc();
    gp->sched.sp = getcallersp();
    gp->sched.bp = getcallerbp();
    gp->sched.fpcw = GOBUF_FPCW_DEFAULT;
    minit();
    if (mp == &m0)
        initsig();
    if (mp->mstartfn)
        mp->mstartfn();
    if (mp != &m0) {
        acquirep(mp->nextp);
        mp->nextp = NULL;
    }
    schedule();
}

/** mstart1, and after it, if a goroutine ended locked to this thread, mexit. */
static __attribute__((noinline)) void mstart0(void)
{
    /* Through a pointer that the compiler cannot see through: it would find that mstart1 never returns, and drop mexit. */
    void (*volatile begin)(void) = mstart1;
    begin();
    mexit();
}

void mstart(void)
{
    G *gp = getg();
    if (gp->stack.lo == 0) /* the first thread: the kernel's stack; claim what is certainly there */
        gp->stack.lo = gp->stack.hi - STACK_G0;
    store_relaxed(&gp->stackguard0, gp->stack.lo + STACK_GUARD);
    mstart0();
}

/**
 * @file rt.c
 * The floor on which the runtime's code stands when it is explored.
 *
 * An explored program is the whole runtime, instrumented, with each of its functions weak; what is defined here takes the
 * place of the bottom layer: system calls, context switches, memory, time, locks and the ends of a program. A scenario may
 * replace more, by defining a function of the same name.
 *
 * A virtual thread is an M. It has one stack: mcall and systemstack change only which G is the running one, and a goroutine
 * that is switched to ends the virtual thread (the scenario is told, through world_ran).
 */
#include "core.h"
#include "crash.h"
#include "explore.h"
#include "world.h"

/** The running G of the running virtual thread: the engine moves it along. Read by getg() only. */
__thread G *tls_g __attribute__((tls_model("local-exec")));

/* ---- locks and futexes ---- */

void lock(mutex *l)
{
    G *gp = getg();
    if (gp)
        load_relaxed(&gp->m)->locks++;
    ex_lock(l);
}

void unlock(mutex *l)
{
    ex_unlock(l);
    G *gp = getg();
    M *mp = gp ? load_relaxed(&gp->m) : NULL;
    if (!mp)
        return;
    if (--mp->locks < 0)
        ex_fail("unlock: m%ld holds no lock", (long)mp->id);
    if (mp->locks == 0 && load_relaxed(&gp->preempt))
        store_relaxed(&gp->stackguard0, stackPreempt);
}

enum { ETIMEDOUT_ = 110 };

static int sleep_on(_Atomic uint32_t *addr, uint32_t val, int64_t ns)
{
    int r = ex_futex_wait(addr, val, world_patient ? -1 : ns);
    if (r == -ETIMEDOUT_)
        ex_ghost_add(&world_clock, ns); /* or whoever computes the rest of its time would sleep for ever */
    return r;
}

int linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts)
{
    if (op == FUTEX_WAKE_PRIVATE)
        return ex_futex_wake(addr, (int)val);
    return sleep_on(addr, val, ts ? ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec : -1);
}

/* Without the statistic: it would be a step at which others may go on. */
void futexsleep(_Atomic uint32_t *addr, uint32_t val, int64_t ns)
{
    sleep_on(addr, val, ns);
}

void futexwakeup(_Atomic uint32_t *addr, uint32_t cnt)
{
    ex_futex_wake(addr, (int)cnt);
}

void osyield(void)
{
    ex_yield();
}

/* What is not played here, or by the scenario, is not there: a real call would act on the explorer's own process. */
sysret linux_Syscall6(uintptr_t num, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5, uintptr_t a6)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
    ex_fail("system call %lu: there is no kernel in the explorer", (unsigned long)num);
}

/* ---- time stands still, but for sleeps that end by themselves ---- */

int64_t world_clock = 1000 * NSEC_PER_SEC;
bool world_patient;

int64_t nanotime1(void)
{
    return ex_ghost_get(&world_clock);
}

int64_t walltime1(void)
{
    return ex_ghost_get(&world_clock);
}

void linux_usleep(uint32_t us)
{
    (void)us;
    ex_yield();
}

/* ---- contexts ---- */

void systemstack(void (*fn)(void *), void *arg)
{
    G *gp = getg();
    M *mp = load_relaxed(&gp->m);
    if (gp != load_relaxed(&mp->curg)) {
        fn(arg);
        return;
    }
    setg(mp->g0);
    fn(arg);
    setg(gp);
}

void mcall(void (*fn)(G *))
{
    G *gp = getg();
    M *mp = load_relaxed(&gp->m);
    if (gp == mp->g0)
        ex_fail("mcall on g0 of m%ld", (long)mp->id);
    setg(mp->g0);
    fn(gp);
    ex_fail("mcall: the function returned");
}

__attribute__((weak)) void world_ran(G *gp)
{
    (void)gp;
}

_Noreturn void gogo(gobuf *buf)
{
    setg(buf->g);
    world_ran(buf->g);
    ex_end();
}

/* ---- memory ---- */

void *gomalloc(size_t n)
{
    return ex_alloc(n ? n : 1, 16);
}

void gofree(void *p)
{
    (void)p;
}

void *sysAlloc(size_t n)
{
    return ex_alloc(n, ARCH_PAGE_SIZE);
}

void sysFree(void *p, size_t n)
{
    (void)p, (void)n;
}

void *persistentalloc(size_t n, size_t align)
{
    return ex_alloc(n, align);
}

stack stackalloc(size_t n)
{
    (void)n;
    return (stack){4096, 8192}; /* nobody runs on it */
}

/* Weak, and before the runtime's own on the linker's line: a scenario may look at what is freed. */
__attribute__((weak)) void stackfree(stack stk)
{
    (void)stk;
}

/* ---- ends ---- */

static _Noreturn void end_with(const char *what, const char *fmt, va_list ap)
{
    char text[256];
    govsnprintf(text, sizeof text, fmt, ap);
    if (what[0] == 'f' && world_fatal(text))
        ex_end();
    ex_fail("%s: %s", what, text);
}

_Noreturn void throw_(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    end_with("throw", fmt, ap);
}

_Noreturn void fatal(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    end_with("fatal error", fmt, ap);
}

void print(const char *fmt, ...)
{
    (void)fmt;
}

_Noreturn void unwritten_at(const char *func, const char *file, int line)
{
    ex_unwritten("%s is not written yet (%s:%d)", func, file, line);
}

/* ---- threads and signals ---- */

const bool ishosted = false;

void *tls_alloc(M *mp, G *g)
{
    (void)mp;
    return g;
}

void tls_free(M *mp)
{
    (void)mp;
}

int hosted_newosproc(M *mp)
{
    ex_fail("hosted_newosproc(m%ld)", (long)mp->id);
}

_Noreturn void hosted_exitthread(M *mp)
{
    ex_fail("hosted_exitthread(m%ld)", (long)mp->id);
}

int linux_clone(int flags, void *stk, M *mp, G *gp, void (*fn)(void), void *tls)
{
    (void)flags, (void)stk, (void)gp, (void)fn, (void)tls;
    world_born(mp);
    return 100 + (int)mp->id;
}

int linux_tgkill(int pid, int tid, int sig)
{
    (void)pid, (void)tid, (void)sig;
    return 0;
}

int linux_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
    (void)how, (void)set;
    if (old)
        *old = 0;
    return 0;
}

int linux_gettid(void)
{
    return 1 + ex_self();
}

int linux_getpid(void)
{
    return 1;
}

int linux_prctl(int op, uintptr_t arg)
{
    (void)op, (void)arg;
    return 0;
}

void minit(void)
{
}

void unminit(void)
{
}

_Noreturn void exitprocess(int code)
{
    ex_fail("the process exits with status %d", code);
}

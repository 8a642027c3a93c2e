/**
 * @file kernel.c
 * The kernel and the clock of the world. System calls that may sleep come back to the agent instead
 * ("blocked"); those that concern threads are played; all others are real. Each name here can be spied on,
 * scripted, or made a stop.
 *
 * linux_futex, linux_clone, linux_tgkill, linux_gettid, exitThread, exitprocess, linux_epoll_wait, usleep.
 */
#include "agent.h"

int64_t world_clock;

void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);

/* ---- names of futex words ---- */

/** A word of the global structures. */
struct word {
    const void *addr; /**< where */
    const char *name; /**< its name */
};

note agent_note;

static const struct word words[] = {
    {&sched.lock, "sched.lock"},
    {&sched.stopnote, "sched.stopnote"},
    {&sched.sysmonnote, "sched.sysmonnote"},
    {&sched.safePointNote, "sched.safePointNote"},
    {&sched.sysmonlock, "sched.sysmonlock"},
    {&allpLock, "allpLock"},
    {&sched.gFree.lock, "sched.gFree.lock"},
    {&newmHandoff.lock, "newmHandoff.lock"},
    {&newmHandoff.wake, "newmHandoff.wake"},
    {&forcegc.lock, "forcegc.lock"},
    {&agent_note, "the note"},
};

const char *wordname(const void *addr)
{
    static char buf[40];
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].addr == addr)
            return words[i].name;
    const char *owner = NULL, *field = ".park";
    for (M *mp = load_relaxed(&allm); mp && !owner; mp = mp->alllink)
        if (addr == &mp->park)
            owner = mname(mp);
    for (int i = 0; i < load_relaxed(&gomaxprocs) && !owner; i++)
        if (addr == &allp[i]->timers.lock)
            owner = pname(allp[i]), field = ".timers.lock";
    if ((uintptr_t)addr >= (uintptr_t)agent_scratch &&
        (uintptr_t)addr < (uintptr_t)agent_scratch + SCRATCH_SIZE)
        return "scratch";
    if (!owner)
        return "a lock or note that has no name here";
    unsigned k = 0;
    for (; *owner; owner++)
        buf[k++] = *owner;
    for (; *field; field++)
        buf[k++] = *field;
    buf[k] = 0;
    return buf;
}

/* ---- futexes ---- */

/** What the kernel takes for the futex: a private one is another than one that is not. */
static const void *futexkey(_Atomic uint32_t *addr, int op)
{
    return (const char *)addr + (op & FUTEX_PRIVATE_FLAG ? 0 : 1);
}

/** Marks up to n sleepers on this futex as woken; how many. */
static int wake(const void *key, uint32_t n)
{
    int woke = 0;
    for (M *mp = load_relaxed(&allm); mp && (uint32_t)woke < n; mp = mp->alllink) {
        struct wm *wm = world_adoptm(mp);
        if (wm->busy && wm->futex == key && !wm->woken) {
            wm->woken = true;
            woke++;
        }
    }
    return woke;
}

int __real_linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts);
int __wrap_linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts);
int __wrap_linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts)
{
    int64_t ns = ts ? ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec : -1;
    bool waits = (op & ~FUTEX_PRIVATE_FLAG) == FUTEX_WAIT;
    if (!curwm)
        return __real_linux_futex(addr, op, val, ts);
    if (waits)
        wrap_enter("linux_futex", "futex_wait %s %lld", wordname(addr), (long long)ns);
    else
        wrap_enter("linux_futex", "futex_wake %s %u", wordname(addr), val);
    if (wrap_scripted("linux_futex"))
        return (int)wrap_result("linux_futex", 0);
    if (!waits)
        return wake(futexkey(addr, op), val);
    if (load_relaxed(addr) != val) /* one thread */
        return -EAGAIN;
    struct wm *wm = curwm;
    wm->futex = futexkey(addr, op);
    wm->woken = false;
    outcome.v[0] = ns;
    agent_yield(OUT_BLOCKED, "futex %s", wordname(addr));
    wm->woken = false;
    return wm->wakeret == INT64_MIN ? 0 : (int)wm->wakeret;
}

/* ---- threads ---- */

int __wrap_linux_clone(int flags, void *stk, M *mp, G *gp, void (*fn)(void), void *tls);
int __wrap_linux_clone(int flags, void *stk, M *mp, G *gp, void (*fn)(void), void *tls)
{
    uintptr_t hi = gp->stack.hi;
    uint64_t mask = 0;
    agent_syscall(__NR_rt_sigprocmask, KSIG_SETMASK, 0, (int64_t)&mask, sizeof mask, 0, 0);
    wrap_enter("linux_clone", "clone %x %s stack=%s mask=%llx", (unsigned)flags, mname(mp),
               (uintptr_t)stk == hi ? "top" : "other", (unsigned long long)mask);
    if (wrap_scripted("linux_clone"))
        return (int)wrap_result("linux_clone", 0);
    struct wm *wm = world_adoptm(mp);
    wm->sp = (uintptr_t)stk;
    wm->g = gp;
    wm->startfn = fn;
    wm->busy = true;
    wm->dead = wm->started = false; /* the structure may have had a life before */
    store_relaxed(&mp->procid, (uint32_t)(1000 + mp->id));
    (void)tls;
    return (int)(1000 + mp->id);
}

int __real_linux_tgkill(int pid, int tid, int sig);
int __wrap_linux_tgkill(int pid, int tid, int sig);
int __wrap_linux_tgkill(int pid, int tid, int sig)
{
    wrap_enter("linux_tgkill", "tgkill %d %d", tid, sig);
    (void)pid;
    return (int)wrap_result("linux_tgkill", 0);
}

int __real_linux_gettid(void);
int __wrap_linux_gettid(void);
int __wrap_linux_gettid(void)
{
    return curwm ? (int)(1000 + curwm->m->id) : __real_linux_gettid();
}

_Noreturn void __wrap_exitThread(_Atomic uint32_t *wait);
void __wrap_exitThread(_Atomic uint32_t *wait)
{
    wrap_enter("exitThread", "exitThread");
    store_relaxed(wait, 0); /* one thread */
    agent_leave(true, OUT_EXITED, "exitThread");
}

_Noreturn void __real_exitprocess(int code);
_Noreturn void __wrap_exitprocess(int code);
void __wrap_exitprocess(int code)
{
    if (!curwm)
        __real_exitprocess(code);
    wrap_enter("exitprocess", "exitprocess %d", code);
    agent_leave(true, OUT_EXITED, "exitprocess %d", code);
}

/* ---- epoll: the descriptors are real, only the sleep is not ---- */

/** Events that the judge sends in place of the kernel. */
static struct epoll_event injected[16];
static int ninjected;

/** epollinject(events, data): the next epoll_wait reports this, and nothing real. */
AGENT_OP(epollinject)
{
    if (ninjected == 16)
        agent_refuse(MSG_MISUSE, "too many events");
    injected[ninjected].events = (uint32_t)a->v[0];
    injected[ninjected++].data = (uint64_t)a->v[1];
    return ninjected;
}

int __real_linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout);
int __wrap_linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout);
int __wrap_linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout)
{
    if (!curwm)
        return __real_linux_epoll_wait(epfd, ev, n, timeout);
    wrap_enter("linux_epoll_wait", "epoll_wait %d %d", n, timeout);
    for (bool slept = false;; slept = true) {
        if (wrap_scripted("linux_epoll_wait"))
            return (int)wrap_result("linux_epoll_wait", 0);
        if (ninjected) {
            int k = ninjected < n ? ninjected : n;
            memcpy(ev, injected, (size_t)k * sizeof *ev);
            ninjected = 0;
            return k;
        }
        int k = __real_linux_epoll_wait(epfd, ev, n, 0);
        if (k != 0 || timeout == 0 || slept)
            return k;
        struct wm *wm = curwm;
        outcome.v[0] = timeout;
        agent_yield(OUT_BLOCKED, "epoll_wait %d", timeout);
        if (wm->wakeret != INT64_MIN)
            return (int)wm->wakeret;
    }
}

int __real_linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int __wrap_linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int __wrap_linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    wrap_enter("linux_epoll_ctl", "epoll_ctl %d fd=%d events=%x data=%llx", op, fd, ev ? ev->events : 0,
               ev ? (unsigned long long)ev->data : 0ull);
    if (wrap_scripted("linux_epoll_ctl"))
        return (int)wrap_result("linux_epoll_ctl", 0);
    return __real_linux_epoll_ctl(epfd, op, fd, ev);
}

/* ---- the clock and the hooks ---- */

static int64_t fake_nanotime(void)
{
    return world_clock;
}

static void fake_usleep(uint32_t us)
{
    if (wrap_enter("usleep", "usleep %u", us))
        world_clock += (int64_t)us * NSEC_PER_USEC;
}

/** A stall point: a stop if the test has asked for one of this name. */
static void fake_stall(const char *name)
{
    if (curwm && wrap_mode(name) != WRAP_PASS)
        wrap_enter(name, "%s", name);
}

static void report_unwritten(const char *text);
extern void (*unwritten_hook)(const char *text);

void kernel_init(void)
{
    unwritten_hook = report_unwritten;
    world_clock = 1000 * NSEC_PER_SEC;
    timeseam.nanotime = fake_nanotime;
    timeseam.usleep = fake_usleep;
    stall_hook = fake_stall;
    sched.starttime = world_clock;
    store_relaxed(&sched.lastpoll, world_clock);
}

/** clock: nanoseconds now; with an argument: sets it. */
AGENT_OP(clock)
{
    if (a->n)
        world_clock = a->v[0];
    return world_clock;
}

/** advance(ns): moves the clock. */
AGENT_OP(advance)
{
    return world_clock += a->v[0];
}

/* ---- ends ---- */

_Noreturn void __real_throw_(const char *fmt, ...);
_Noreturn void __wrap_throw_(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void __wrap_throw_(const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    agent_format(text, sizeof text, fmt, ap);
    va_end(ap);
    if (curwm)
        agent_leave(true, OUT_THREW, "throw: %s", text);
    agent_refuse(MSG_THREW, "throw: %s", text);
}

_Noreturn void __wrap_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void __wrap_fatal(const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    agent_format(text, sizeof text, fmt, ap);
    va_end(ap);
    if (curwm)
        agent_leave(true, OUT_THREW, "fatal: %s", text);
    agent_refuse(MSG_THREW, "fatal: %s", text);
}

/* Ends that the core's assembly-near functions come to; they would print and exit. */

_Noreturn void __wrap_badmcall(void);
void __wrap_badmcall(void)
{
    agent_leave(true, OUT_THREW, "throw: badmcall");
}

_Noreturn void __wrap_badmcall2(void);
void __wrap_badmcall2(void)
{
    agent_leave(true, OUT_THREW, "throw: badmcall2");
}

_Noreturn void __wrap_badsystemstack(void);
void __wrap_badsystemstack(void)
{
    agent_leave(true, OUT_THREW, "throw: badsystemstack");
}

/** The runtime's report that a lab's function is still the skeleton's. */
static void report_unwritten(const char *text)
{
    agent_unwritten("%s", text);
}

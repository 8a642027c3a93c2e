/**
 * @file wraps.c
 * Functions of the runtime that a test can spy on, replace by a record of the call, or stop at: the
 * neighbours of the code under test. The linker sends every call from one object file to another through
 * here (--wrap); the list of names is taken from this file and kernel.c by guest.mk. By default each call
 * goes straight through.
 */
#include "agent.h"

void *memcpy(void *d, const void *s, size_t n);

/** What a test has chosen for a name, and the values that it is to return. */
struct choice {
    char name[32];
    enum wrapmode mode;
    int64_t script[MSG_VALUES];
    uint32_t nscript, next;
};

static struct choice choices[64];
static int nchoices;

static char logtext[64 * 1024];
static uint32_t loglen;

static struct choice *choice(const char *name)
{
    for (int i = 0; i < nchoices; i++)
        if (streq(choices[i].name, name))
            return &choices[i];
    return NULL;
}

static void logline(const char *fmt, va_list ap)
{
    if (loglen + 512 > sizeof logtext)
        return;
    loglen += agent_format(logtext + loglen, 510, fmt, ap);
    logtext[loglen++] = '\n';
}

void agent_log(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    logline(fmt, ap);
    va_end(ap);
}

enum wrapmode wrap_mode(const char *name)
{
    struct choice *c = choice(name);
    return c ? c->mode : WRAP_PASS;
}

bool wrap_enter(const char *name, const char *fmt, ...)
{
    struct choice *c = curwm ? choice(name) : NULL;
    if (!c || c->mode == WRAP_PASS)
        return true;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    agent_format(text, sizeof text, fmt, ap);
    va_end(ap);
    agent_log("%s", text);
    if (c->mode == WRAP_STOP)
        agent_yield(OUT_STOPPED, "at %s", text);
    return c->mode != WRAP_RECORD;
}

bool wrap_scripted(const char *name)
{
    struct choice *c = choice(name);
    return c && c->next < c->nscript;
}

int64_t wrap_result(const char *name, int64_t otherwise)
{
    struct choice *c = choice(name);
    return c && c->next < c->nscript ? c->script[c->next++] : otherwise;
}

/** The choice for the name in the text; makes it. */
static struct choice *choose(struct args *a)
{
    struct choice *c = choice(a->text);
    if (c)
        return c;
    if (nchoices == 64 || a->len >= sizeof c->name)
        agent_refuse(MSG_MISUSE, "too many wrapped names");
    c = &choices[nchoices++];
    memcpy(c->name, a->text, a->len + 1);
    return c;
}

/** wrap(mode) + name: what happens at that function, system call or stall point from now on. */
AGENT_OP(wrap)
{
    choose(a)->mode = (enum wrapmode)a->v[0];
    return 0;
}

/** script(values...) + name: what its next calls return when it is recorded (system calls: in any mode). */
AGENT_OP(script)
{
    struct choice *c = choose(a);
    c->nscript = a->n;
    c->next = 0;
    memcpy(c->script, a->v, sizeof c->script);
    return 0;
}

/** events(offset): the log from there on, as much as fits; out[0] is its whole length. */
AGENT_OP(events)
{
    uint32_t from = (uint32_t)a->v[0];
    a->textout = true;
    a->len = 0;
    for (; from < loglen && a->len < MSG_TEXT - 1; from++)
        a->text[a->len++] = logtext[from];
    return loglen;
}

/** Forgets the log. */
AGENT_OP(clearevents)
{
    loglen = 0;
    return 0;
}

/* ---- the neighbours ---- */

/* Each macro defines __wrap_NAME: log text, then the real function unless the test has chosen otherwise. */
#define WRAP_VOID(name, params, arguments, ...)                                                              \
    void __real_##name params;                                                                               \
    void __wrap_##name params;                                                                               \
    void __wrap_##name params                                                                                \
    {                                                                                                        \
        if (wrap_mode(#name) == WRAP_PASS || wrap_enter(#name, __VA_ARGS__))                                 \
            __real_##name arguments;                                                                         \
    }
/* A function with a result: when it is recorded, back(value of script) is returned. */
#define WRAP_VALUE(name, type, back, otherwise, params, arguments, ...)                                      \
    type __real_##name params;                                                                               \
    type __wrap_##name params;                                                                               \
    type __wrap_##name params                                                                                \
    {                                                                                                        \
        if (wrap_mode(#name) == WRAP_PASS || wrap_enter(#name, __VA_ARGS__))                                 \
            return __real_##name arguments;                                                                  \
        return (type)back(wrap_result(#name, otherwise));                                                    \
    }
/* A function that does not return: when it is recorded, the M's operation ends there. */
#define WRAP_NORETURN(name, params, arguments, ...)                                                          \
    _Noreturn void __real_##name params;                                                                     \
    _Noreturn void __wrap_##name params;                                                                     \
    void __wrap_##name params                                                                                \
    {                                                                                                        \
        if (wrap_mode(#name) == WRAP_PASS || wrap_enter(#name, __VA_ARGS__))                                 \
            __real_##name arguments;                                                                         \
        agent_leave(false, OUT_ENDED, __VA_ARGS__);                                                          \
    }

static G *backg(int64_t h)
{
    struct args a = {.v = {h}};
    return argg(&a, 0);
}

static M *backm(int64_t h)
{
    struct args a = {.v = {h}};
    return argm(&a, 0);
}

static P *backp(int64_t h)
{
    struct args a = {.v = {h}};
    return argp(&a, 0);
}

/* Lab 01: system calls for goroutines; recorded, they return what script says: a result, or an errno as -errno */
#define WRAP_SYSCALL(name, params, arguments, ...)                                                           \
    sysret __real_##name params;                                                                             \
    sysret __wrap_##name params;                                                                             \
    sysret __wrap_##name params                                                                              \
    {                                                                                                        \
        if (wrap_mode(#name) == WRAP_PASS || wrap_enter(#name, __VA_ARGS__))                                 \
            return __real_##name arguments;                                                                  \
        int64_t v = wrap_result(#name, 0);                                                                   \
        bool failed = v < 0 && v >= -MAX_ERRNO;                                                              \
        return failed ? (sysret){(uintptr_t)-1, 0, (uintptr_t)-v} : (sysret){(uintptr_t)v, 0, 0};            \
    }
#define WRAP_THREE(name)                                                                                  \
    WRAP_SYSCALL(name, (uintptr_t n, uintptr_t a, uintptr_t b, uintptr_t c), (n, a, b, c),                   \
                 #name "(%lu, %lx, %lx, %lx)", n, a, b, c)
#define WRAP_SIX(name)                                                                                  \
    WRAP_SYSCALL(name,                                                                                       \
                 (uintptr_t n, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f), \
                 (n, a, b, c, d, e, f), #name "(%lu, %lx, %lx, %lx, %lx, %lx, %lx)", n, a, b, c, d, e, f)
WRAP_THREE(Syscall)
WRAP_THREE(RawSyscall)
WRAP_SIX(Syscall6)
WRAP_SIX(RawSyscall6)

/** Whose stack it is: "m1.g0", "m1.gsignal", or "other". */
static const char *stackname(stack s)
{
    static char buf[40];
    for (int64_t id = 0; id < MAXWM; id++) {
        struct wm *wm = world_m(id);
        if (!wm)
            continue;
        const G *g0_ = wm->m->g0, *sig = wm->m->gsignal;
        const char *field = NULL;
        if (g0_ && s.lo == g0_->stack.lo)
            field = ".g0";
        else if (sig && s.lo == sig->stack.lo)
            field = ".gsignal";
        if (!field)
            continue;
        unsigned k = 0;
        for (const char *t = mname(wm->m); *t; t++)
            buf[k++] = *t;
        for (; *field; field++)
            buf[k++] = *field;
        buf[k] = 0;
        return buf;
    }
    return "other";
}

/* Lab 02 */
WRAP_VOID(stackfree, (stack s), (s), "stackfree(%s)", stackname(s))
WRAP_VOID(goexit1, (void), (), "goexit1()")
WRAP_VOID(gdestroy, (G * gp), (gp), "gdestroy(%s)", gname(gp))
WRAP_VOID(gfput, (P * pp, G *gp), (pp, gp), "gfput(%s, %s)", pname(pp), gname(gp))
/* Lab 03 */
WRAP_VOID(runqput, (P * pp, G *gp, bool next), (pp, gp, next), "runqput(%s, %s, %d)", pname(pp), gname(gp),
          next)
WRAP_VALUE(runqget, G *, backg, NIL, (P * pp, bool *inherit), (pp, inherit), "runqget(%s)", pname(pp))
WRAP_VALUE(runqempty, bool, , 1, (P * pp), (pp), "runqempty(%s)", pname(pp))
WRAP_VOID(globrunqput, (G * gp), (gp), "globrunqput(%s)", gname(gp))
WRAP_VOID(pidleput, (P * pp), (pp), "pidleput(%s)", pname(pp))
WRAP_VALUE(pidleget, P *, backp, NIL, (void), (), "pidleget()")
WRAP_VALUE(pidlegetSpinning, P *, backp, NIL, (void), (), "pidlegetSpinning()")
WRAP_VALUE(mget, M *, backm, NIL, (void), (), "mget()")
WRAP_VOID(mput, (M * mp), (mp), "mput(%s)", mname(mp))
WRAP_VOID(wakep, (void), (), "wakep()")
WRAP_VOID(resetspinning, (void), (), "resetspinning()")
WRAP_NORETURN(execute, (G * gp, bool inherit), (gp, inherit), "execute(%s, %d)", gname(gp), inherit)
WRAP_NORETURN(schedule, (void), (), "schedule()")
WRAP_VALUE(findrunnable, G *, backg, NIL, (bool *inherit, bool *wake), (inherit, wake), "findrunnable()")
WRAP_VALUE(stealWork, G *, backg, NIL, (int64_t * now, int64_t *until, bool *inherit, bool *newwork),
           (now, until, inherit, newwork), "stealWork()")
WRAP_VOID(injectglist, (gList * l), (l), "injectglist(%s...)", gname(l->head))
/* Lab 04, 05 */
WRAP_VOID(runSafePointFn, (void), (), "runSafePointFn()")
WRAP_VOID(entersyscallblock, (void), (), "entersyscallblock()")
WRAP_VOID(exitsyscall, (void), (), "exitsyscall()")
WRAP_VALUE(exitsyscallfast, bool, , 0, (P * oldp), (oldp), "exitsyscallfast(%s)", pname(oldp))
WRAP_NORETURN(exitsyscall0, (G * gp), (gp), "exitsyscall0(%s)", gname(gp))
/* Lab 06 */
WRAP_VOID(noteclear, (note * n), (n), "noteclear(%s)", wordname(n))
WRAP_VOID(notewakeup, (note * n), (n), "notewakeup(%s)", wordname(n))
WRAP_VOID(notesleep, (note * n), (n), "notesleep(%s)", wordname(n))
WRAP_VALUE(notetsleep, bool, , 0, (note * n, int64_t ns), (n, ns), "notetsleep(%s, %lld)", wordname(n),
           (long long)ns)
WRAP_VALUE(mReserveID, int64_t, , 99, (void), (), "mReserveID()")
WRAP_VOID(newm, (void (*fn)(void), P *pp, int64_t id), (fn, pp, id), "newm(%s, %lld)", pname(pp),
          (long long)id)
WRAP_VOID(newm1, (M * mp), (mp), "newm1(%s)", mname(mp))
WRAP_VOID(newosproc, (M * mp), (mp), "newosproc(%s)", mname(mp))
WRAP_VOID(startm, (P * pp, bool spinning, bool lockheld), (pp, spinning, lockheld),
          "startm(%s, spinning=%d, lockheld=%d)", pname(pp), spinning, lockheld)
WRAP_VOID(stopm, (void), (), "stopm()")
WRAP_VOID(mPark, (void), (), "mPark()")
WRAP_VOID(gcstopm, (void), (), "gcstopm()")
WRAP_VOID(handoffp, (P * pp), (pp), "handoffp(%s)", pname(pp))
WRAP_VALUE(retake_syscall, uint32_t, , 0, (P * pp, sysmontick *pd, int64_t now, bool sysretake),
           (pp, pd, now, sysretake), "retake_syscall(%s, sysretake=%d)", pname(pp), sysretake)
WRAP_NORETURN(mexit, (void), (), "mexit()")
WRAP_VOID(stoplockedm, (void), (), "stoplockedm()")
WRAP_VOID(startlockedm, (G * gp), (gp), "startlockedm(%s)", gname(gp))
WRAP_VOID(incidlelocked, (int32_t v), (v), "incidlelocked(%d)", v)
WRAP_VOID(startTemplateThread, (void), (), "startTemplateThread()")
WRAP_VOID(checkdead, (void), (), "checkdead()")
/* Lab 07: netpoll returns a list, which can be scripted by one G, or given whole */
static gList given;
static int32_t ngiven;

/** netpollgives(g...): the next recorded netpoll returns these, in this order. */
AGENT_OP(netpollgives)
{
    given.head = NULL;
    ngiven = (int32_t)a->n;
    for (uint32_t i = a->n; i-- > 0;)
        glist_push(&given, argg(a, (int)i));
    return 0;
}

gList __real_netpoll(int64_t delay, int32_t *delta);
gList __wrap_netpoll(int64_t delay, int32_t *delta);
gList __wrap_netpoll(int64_t delay, int32_t *delta)
{
    if (wrap_enter("netpoll", "netpoll(%lld)", (long long)delay))
        return __real_netpoll(delay, delta);
    gList l = given;
    *delta = -ngiven;
    given.head = NULL;
    ngiven = 0;
    if (l.head)
        return l;
    l.head = backg(wrap_result("netpoll", NIL));
    *delta = l.head ? -1 : 0;
    if (l.head)
        l.head->schedlink = NULL;
    return l;
}
WRAP_VOID(netpollBreak, (void), (), "netpollBreak()")
WRAP_VALUE(netpollinited, bool, , 1, (void), (), "netpollinited()")
WRAP_VALUE(netpollAnyWaiters, bool, , 1, (void), (), "netpollAnyWaiters()")
WRAP_VOID(netpollAdjustWaiters, (int32_t delta), (delta), "netpollAdjustWaiters(%d)", delta)
WRAP_VALUE(linux_epoll_create, int, , -ENOSYS, (int flags), (flags), "epoll_create %x", (unsigned)flags)
WRAP_VALUE(linux_eventfd, int, , -ENOSYS, (uint32_t init, int flags), (init, flags), "eventfd %u %x", init,
           (unsigned)flags)
/* Lab 08 */
WRAP_VALUE(retake, uint32_t, , 0, (int64_t now), (now), "retake(%lld)", (long long)now)
WRAP_VALUE(preemptone, bool, , 1, (P * pp), (pp), "preemptone(%s)", pname(pp))
WRAP_VALUE(preemptall, bool, , 1, (void), (), "preemptall()")
WRAP_VALUE(gcTriggerTime, bool, , 0, (int64_t now), (now), "gcTriggerTime()")
WRAP_VOID(schedtrace, (bool detailed), (detailed), "schedtrace(%d)", detailed)
WRAP_VALUE(scavenge, size_t, , 0, (void), (), "scavenge()")
/* The given core */
WRAP_VOID(acquirep, (P * pp), (pp), "acquirep(%s)", pname(pp))
WRAP_VALUE(releasep, P *, backp, NIL, (void), (), "releasep()")
WRAP_VOID(casgstatus, (G * gp, uint32_t old, uint32_t new_), (gp, old, new_), "casgstatus(%s, %u, %u)",
          gname(gp), old, new_)
WRAP_VOID(ready, (G * gp, bool next), (gp, next), "ready(%s, %d)", gname(gp), next)
WRAP_VOID(dropg, (void), (), "dropg()")
WRAP_VOID(allgadd, (G * gp), (gp), "allgadd(%s)", gname(gp))
WRAP_VOID(gopark, (bool (*unlockf)(G *, void *), void *l, waitReason reason), (unlockf, l, reason),
          "gopark(%s)", waitReasonString(reason))
WRAP_VOID(timer_start,
          (timer * t, int64_t when, int64_t period, void (*fn)(void *, uintptr_t), void *arg, uintptr_t seq),
          (t, when, period, fn, arg, seq), "timer_start(%lld)", (long long)when)
WRAP_VALUE(persistentalloc, void *, , 0, (size_t n, size_t align), (n, align), "persistentalloc(%zu)", n)
WRAP_VALUE(timer_del, bool, , 0, (timer * t), (t), "timer_del()")
WRAP_VOID(lock, (mutex * l), (l), "lock(%s)", wordname(l))
WRAP_VOID(unlock, (mutex * l), (l), "unlock(%s)", wordname(l))
WRAP_VOID(gcStart, (const char *reason), (reason), "gcStart(%s)", reason)
WRAP_VOID(preemptM, (M * mp), (mp), "preemptM(%s)", mname(mp))
WRAP_VOID(wakeNetPoller, (int64_t when), (when), "wakeNetPoller(%lld)", (long long)when)
WRAP_VALUE(timeSleepUntil, int64_t, , INT64_MAX, (void), (), "timeSleepUntil()")
WRAP_VALUE(checkTimers, int64_t, , 0, (P * pp, int64_t *now, bool *ran), (pp, now, ran), "checkTimers(%s)",
           pname(pp))
WRAP_VOID(sysmonUpdateGOMAXPROCS, (int64_t now), (now), "sysmonUpdateGOMAXPROCS()")
WRAP_VOID(osyield, (void), (), "osyield()")
WRAP_VALUE(linux_sigprocmask, int, , 0, (int how, const uint64_t *set, uint64_t *old), (how, set, old),
           "sigprocmask %d %llx", how, set ? (unsigned long long)*set : 0ull)
/* Recorded, these two fail: a kernel that does not know MADV_GUARD_INSTALL, and one that has too many mappings. */
WRAP_VALUE(linux_madvise, int, , -EINVAL, (void *addr, size_t n, int advice), (addr, n, advice),
           "madvise n=%zu %d", n, advice)
WRAP_VALUE(linux_mprotect, int, , -ENOMEM, (void *addr, size_t n, int prot), (addr, n, prot),
           "mprotect n=%zu %d", n, prot)
WRAP_VALUE(guardmapping, bool, , 0, (void), (), "guardmapping()")
WRAP_VALUE(linux_write, intptr_t, , 0, (int fd, const void *p, size_t n), (fd, p, n), "write fd=%d n=%zu", fd,
           n)
WRAP_VALUE(linux_read, intptr_t, , 0, (int fd, void *p, size_t n), (fd, p, n), "read fd=%d n=%zu", fd, n)

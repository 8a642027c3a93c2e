/**
 * @file proc.c
 * The life of a goroutine between its labs: made by newproc, parked by gopark, readied by ready, asked to yield.
 *
 * Every change of status goes through casgstatus, which knows the legal ones. Three functions change hands:
 *
 *   gopark   running -> waiting    the G's context is saved by mcall, then its status changes, then unlockf runs: from
 *                                  that moment somebody else may ready it, and run it, while we still stand here on g0;
 *   ready    waiting -> runnable   into the readier's own queue;
 *   gosched  running -> runnable   to the tail of the global queue, so that everybody else gets a turn first.
 */
#include "core.h"

_Atomic(G *) allgs;
_Atomic int64_t allglen;

static const char *const gstatusnames[] = {"idle", "runnable", "running", "syscall", "waiting", "?", "dead"};

const char *gstatusname(uint32_t status)
{
    return status < sizeof gstatusnames / sizeof *gstatusnames ? gstatusnames[status] : "?";
}

const char *waitReasonString(waitReason r)
{
    static const char *const names[] = {
        [waitReasonZero] = "",
        [waitReasonChanReceive] = "chan receive",
        [waitReasonChanSend] = "chan send",
        [waitReasonChanReceiveNil] = "chan receive (nil chan)",
        [waitReasonChanSendNil] = "chan send (nil chan)",
        [waitReasonSelect] = "select",
        [waitReasonSelectNoCases] = "select (no cases)",
        [waitReasonSleep] = "sleep",
        [waitReasonIOWait] = "IO wait",
        [waitReasonSemacquire] = "semacquire",
        [waitReasonMutexLock] = "sync.Mutex.Lock",
        [waitReasonRWMutexRLock] = "sync.RWMutex.RLock",
        [waitReasonRWMutexLock] = "sync.RWMutex.Lock",
        [waitReasonWaitGroupWait] = "sync.WaitGroup.Wait",
        [waitReasonForceGCIdle] = "force gc (idle)",
        [waitReasonPanicWait] = "panicwait",
        [waitReasonGoexitWait] = "goexit wait",
        [waitReasonPreempted] = "preempted",
        [waitReasonTest] = "test",
    };
    return (unsigned)r < waitReasonMax ? names[r] : "?";
}

void badgstatus(G *gp, uint32_t seen, uint32_t old, uint32_t new_)
{
    if (seen == old)
        throw_("casgstatus: %s -> %s is not a legal change of goroutine %lu", gstatusname(old), gstatusname(new_),
               (unsigned long)gp->goid);
    throw_("casgstatus: goroutine %lu is %s, not %s (wanted to make it %s)", (unsigned long)gp->goid, gstatusname(seen),
           gstatusname(old), gstatusname(new_));
}

#ifdef WATCHED_CALLS
void casgstatus(G *gp, uint32_t old, uint32_t new_)
{
    changegstatus(gp, old, new_);
}
#endif

void allgadd(G *gp)
{
    G *head = load_relaxed(&allgs); /* the CAS below checks it */
    do {
        gp->alllink = head;
    } while (!atomic_compare_exchange_weak_explicit(&allgs, &head, gp, memory_order_release, memory_order_relaxed));
    fetch_add_relaxed(&allglen, 1); /* a statistic */
}

/* ---- this M ---- */

void releasem(M *mp)
{
    G *gp = getg();
    mp->locks--;
    if (mp->locks == 0 && load_relaxed(&gp->preempt)) /* a request came while we could not follow it */
        store_relaxed(&gp->stackguard0, stackPreempt);
}

uint32_t cheaprand(void)
{
    M *mp = getm();
    uint64_t x = mp->rand; /* xorshift64*: state never 0 */
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    mp->rand = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1dull) >> 32);
}

uint32_t cheaprandn(uint32_t n)
{
    return (uint32_t)((uint64_t)cheaprand() * n >> 32);
}

/* ---- park and ready ---- */

void dropg(void)
{
    M *mp = getm();
    G *gp = load_relaxed(&mp->curg); /* own field */
    store_relaxed(&gp->m, NULL);     /* others read gp->m only after they own gp */
    store_relaxed(&mp->curg, NULL);  /* sysmon reads it as a hint */
}

/** The second half of gopark, on g0. */
static void park_m(G *gp)
{
    M *mp = getm();
    if (gp->stack.hi - gp->stack.lo == STACK_SMALL && !smallstackintact(gp->stack))
        stackoverflowed(gp->stack, gp->sched.sp);
    trace_(mp->p, traceEvGoPark, gp->goid, gp->waitreason);
    casgstatus(gp, Grunning, Gwaiting);
    dropg();
    bool (*unlockf)(G *, void *) = mp->waitunlockf;
    if (unlockf) {
        void *l = mp->waitlock;
        mp->waitunlockf = NULL;
        mp->waitlock = NULL;
        STALL(before_gopark_commit);
        if (!unlockf(gp, l)) {
            casgstatus(gp, Gwaiting, Grunnable);
            execute(gp, true);
        }
    }
    schedule();
}

void gopark(bool (*unlockf)(G *gp, void *lock), void *l, waitReason reason)
{
    M *mp = acquirem();
    G *gp = load_relaxed(&mp->curg);
    if (getg() != gp || readgstatus(gp) != Grunning)
        throw_("gopark: bad g status %s", gstatusname(readgstatus(getg())));
    mp->waitlock = l;
    mp->waitunlockf = unlockf;
    gp->waitreason = reason;
    gp->waitsince = 0;
    releasem(mp);
    mcall(park_m);
}

static bool parkunlock(G *gp, void *l)
{
    (void)gp;
    unlock(l);
    return true;
}

void goparkunlock(mutex *l, waitReason reason)
{
    gopark(parkunlock, l, reason);
}

/** wakep, if there can be an idle P: we hold one, and gomaxprocs does not change while we do. */
static void wakeanother(void)
{
    if (load_relaxed(&gomaxprocs) > 1)
        wakep();
}

void ready(G *gp, bool next)
{
    M *mp = acquirem(); /* the P must stay ours until the G is on its queue */
    if (readgstatus(gp) != Gwaiting)
        throw_("ready: goroutine %lu is %s, not waiting (woken twice?)", (unsigned long)gp->goid,
               gstatusname(readgstatus(gp)));
    trace_(mp->p, traceEvGoUnpark, gp->goid, 0);
    casgstatus(gp, Gwaiting, Grunnable);
    runqput(mp->p, gp, next);
    wakeanother();
    releasem(mp);
}

static void ready_next(void *gp)
{
    ready(gp, true);
}

void goready(G *gp)
{
    systemstack(ready_next, gp);
}

/* ---- making goroutines ---- */

struct newprocargs {
    void (*fn)(void *);
    void *arg;
    size_t stacksize;
    G *caller, *newg;
    uintptr_t pc;
    bool system;
};

static void newproc_g0(void *p)
{
    struct newprocargs *a = p;
    M *mp = getm();
    G *gp = newproc1(a->fn, a->arg, a->caller, a->pc, a->stacksize);
    a->newg = gp;
    gp->issystem = a->system;
    if (a->system)
        fetch_add_relaxed(&sched.ngsys, 1); /* a count for numgoroutine */
    trace_(mp->p, traceEvGoCreate, gp->goid, 0);
    count(&mp->p->n.spawns);
    runqput(mp->p, gp, true);
    if (load_relaxed(&mainStarted)) /* before that there is one M, and it will get there */
        wakeanother();
}

static G *newproc_(struct newprocargs *a)
{
    if (!a->fn)
        fatal("go of nil func value");
    a->caller = getg();
    systemstack(newproc_g0, a);
    return a->newg;
}

__attribute__((noinline)) G *newproc(void (*fn)(void *), void *arg, size_t stacksize)
{
    struct newprocargs a = {.fn = fn, .arg = arg, .stacksize = stacksize, .pc = getcallerpc()};
    return newproc_(&a);
}

__attribute__((noinline)) G *newproc_system(void (*fn)(void *), void *arg)
{
    struct newprocargs a = {.fn = fn, .arg = arg, .pc = getcallerpc(), .system = true};
    return newproc_(&a);
}

__attribute__((noinline)) void go(void (*fn)(void *), void *arg)
{
    preemptcheck();
    struct newprocargs a = {.fn = fn, .arg = arg, .pc = getcallerpc()};
    newproc_(&a);
}

/** A sanitizer's frames do not fit into small stacks. */
static size_t realstacksize(size_t n)
{
#ifdef HANDOFF_FIBERS
    return n == STACK_SMALL ? 0 : n;
#else
    return n;
#endif
}

__attribute__((noinline)) void gostack(size_t stacksize, void (*fn)(void *), void *arg)
{
    preemptcheck();
    struct newprocargs a = {.fn = fn, .arg = arg, .stacksize = realstacksize(stacksize), .pc = getcallerpc()};
    newproc_(&a);
}

/* ---- yielding ---- */

/** gp, which runs, goes to the tail of the global queue. */
static _Noreturn void goschedImpl(G *gp)
{
    casgstatus(gp, Grunning, Grunnable);
    dropg();
    lock(&sched.lock);
    globrunqput(gp);
    unlock(&sched.lock);
    STALL(after_globrunqput_unlock);
    if (load_relaxed(&mainStarted))
        wakeanother(); /* every M may have looked at the global queue just before (issue 55160) */
    schedule();
}

void gosched_m(G *gp)
{
    trace_(getp(), traceEvGoSched, gp->goid, 0);
    goschedImpl(gp);
}

void gopreempt_m(G *gp)
{
    P *pp = getp();
    trace_(pp, traceEvGoPreempt, gp->goid, 0);
    count(&pp->n.preemptions);
    goschedImpl(gp);
}

static void goyield_m(G *gp)
{
    P *pp = getp();
    trace_(pp, traceEvGoSched, gp->goid, 0);
    casgstatus(gp, Grunning, Grunnable);
    dropg();
    runqput(pp, gp, false);
    schedule();
}

void gosched(void)
{
    mcall(gosched_m);
}

void goyield(void)
{
    mcall(goyield_m);
}

void preemptpark(uintptr_t sp)
{
    G *gp = getg();
    M *mp = load_relaxed(&gp->m);
    if (sp - gp->stack.lo < STACK_GUARD && gp == load_relaxed(&mp->curg))
        stackoverflowed(gp->stack, sp);
    if (load_relaxed(&gp->stackguard0) != stackPreempt)
        return; /* a system stack, whose bounds are not exactly known */
    if (gp->throwsplit)
        throw_("preemption check in a system call (goroutine %lu)", (unsigned long)gp->goid);
    if (!canPreemptM(mp)) {
        /* Not now. gp->preempt stays set; releasem, unlock or exitsyscall will set the guard again. */
        store_relaxed(&gp->stackguard0, gp->stack.lo + STACK_GUARD);
        return;
    }
    mcall(gopreempt_m);
}

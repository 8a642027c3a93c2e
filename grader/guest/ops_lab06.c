/**
 * @file ops_lab06.c
 * Operations of lab 06: notes, threads, handing Ps over.
 */
#include "agent.h"

void *memset(void *p, int c, size_t n);

/**
 * The note that a test names by text: "m1.park", "sched.stopnote", "sched.sysmonnote", or (empty) one of the
 * agent's own.
 */
static note *note_of(struct args *a)
{
    if (a->len == 0)
        return &agent_note;
    if (streq(a->text, "sched.stopnote"))
        return &sched.stopnote;
    if (streq(a->text, "sched.sysmonnote"))
        return &sched.sysmonnote;
    if (streq(a->text, "sched.safePointNote"))
        return &sched.safePointNote;
    if (streq(a->text, "newmHandoff.wake"))
        return &newmHandoff.wake;
    struct args h = {.n = 1};
    for (const char *s = a->text + 1; *s >= '0' && *s <= '9'; s++)
        h.v[0] = h.v[0] * 10 + (*s - '0');
    return &argm(&h, 0)->park;
}

OP(noteclear)
{
    noteclear(note_of(a));
    return 0;
}

OP(notewakeup)
{
    notewakeup(note_of(a));
    return 0;
}

OP(notesleep)
{
    notesleep(note_of(a));
    return 0;
}

/** notetsleep(ns). */
OP(notetsleep)
{
    return notetsleep(note_of(a), a->v[0]);
}

/** notetsleepg(ns): on a G. */
OP(notetsleepg)
{
    return notetsleepg(note_of(a), a->v[0]);
}

OP(mReserveID)
{
    lock(&sched.lock);
    int64_t id = mReserveID();
    unlock(&sched.lock);
    return id;
}

/** What a new M runs first: logs that it does. */
static void logged_start(void)
{
    agent_log("mstartfn %s", mname(getm()));
}

/** allocm(p, id): the new M. */
OP(allocm)
{
    M *mp = allocm(argp(a, 0), logged_start, a->n > 1 ? a->v[1] : -1);
    world_adoptm(mp);
    return hm(mp);
}

/** newm(p, id): its thread is a suspended M of the world: resume starts it, in mstart. */
OP(newm_real)
{
    newm(logged_start, argp(a, 0), a->n > 1 ? a->v[1] : -1);
    return 0;
}

/** startm(p, spinning, lockheld). */
OP(startm)
{
    if (a->v[2])
        lock(&sched.lock);
    startm(argp(a, 0), a->v[1] != 0, a->v[2] != 0);
    if (a->v[2])
        unlock(&sched.lock);
    return 0;
}

OP(stopm)
{
    stopm();
    return 0;
}

OP(mPark)
{
    mPark();
    return 0;
}

OP(gcstopm)
{
    gcstopm();
    return 0;
}

OP(handoffp)
{
    handoffp(argp(a, 0));
    return 0;
}

/** retake_syscall(p, now, sysretake) with the notes in p.sysmontick, and allpLock held as sysmon does. */
OP(retake_syscall)
{
    P *pp = argp(a, 0);
    lock(&allpLock);
    uint32_t n = retake_syscall(pp, &pp->sysmontick, a->v[1], a->v[2] != 0);
    unlock(&allpLock);
    return n;
}

/** The thread's body, mexit: the last that a thread does. */
OP(mexit)
{
    mexit();
}

/** newm1(m): m was made by allocm. */
OP(newm1)
{
    newm1(argm(a, 0));
    return 0;
}

OP(stoplockedm)
{
    stoplockedm();
    return 0;
}

OP(startlockedm)
{
    startlockedm(argg(a, 0));
    return 0;
}

OP(incidlelocked)
{
    incidlelocked((int32_t)a->v[0]);
    return 0;
}

OP(startTemplateThread)
{
    startTemplateThread();
    return 0;
}

OP(templateThread)
{
    templateThread();
    return 0;
}

/** On a G. */
OP(lockosthread)
{
    lockosthread();
    return 0;
}

/** On a G. */
OP(unlockosthread)
{
    unlockosthread();
    return 0;
}

/** On a G. */
OP(lockOSThread)
{
    lockOSThread();
    return 0;
}

/** On a G. */
OP(unlockOSThread)
{
    unlockOSThread();
    return 0;
}

OP(checkdead)
{
    lock(&sched.lock);
    checkdead();
    unlock(&sched.lock);
    return 0;
}

/** gcwaiting(n): a stop-the-world has begun and waits for n Ps. */
AGENT_OP(gcwaiting)
{
    store_relaxed(&sched.gcwaiting, a->v[0] != 0);
    sched.stopwait = (int32_t)a->v[0];
    return 0;
}

/** sigmask: the thread's signal mask; with an argument: sets it. */
AGENT_OP(sigmask)
{
    uint64_t old = 0;
    int64_t new_ = a->n ? (int64_t)&a->v[0] : 0;
    agent_syscall(__NR_rt_sigprocmask, KSIG_SETMASK, new_, (int64_t)&old, sizeof old, 0, 0);
    return (int64_t)old;
}

/* ---- linux_clone with the real kernel ---- */

int __real_linux_clone(int flags, void *stk, M *mp, G *gp, void (*fn)(void), void *tls);

/** What the child of clone_real saw. */
static struct {
    G *g;              /**< getg() */
    M *m;              /**< and its M */
    uintptr_t frame;   /**< its function's frame address */
    uintptr_t caller;  /**< the frame pointer above that */
    uint32_t procid;   /**< m.procid */
    int64_t tid;       /**< the kernel's thread id */
    _Atomic bool done; /**< all that is written */
    bool returns;      /**< fn shall return */
} child;

/** The function that the child is to call. On another thread: no world, no agent. */
static __attribute__((noinline)) void child_fn(void)
{
    child.g = getg();
    child.m = load_relaxed(&child.g->m);
    child.frame = (uintptr_t)__builtin_frame_address(0);
    child.caller = getcallerbp();
    child.procid = child.m ? load_relaxed(&child.m->procid) : 0;
    child.tid = agent_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0);
    store_release(&child.done, true); /* pairs with the loop in clone_real */
    while (!child.returns)
        agent_syscall(__NR_exit, 0, 0, 0, 0, 0, 0);
}

/** The arguments of one linux_clone, and what it returned. */
struct cloneargs {
    int flags;
    uintptr_t stk;
    M *m;
    G *g;
    void *tls;
    int ret;
};

static void clone_thunk(void *p)
{
    struct cloneargs *c = p;
    c->ret = __real_linux_clone(c->flags, (void *)c->stk, c->m, c->g, child_fn, c->tls);
}

/**
 * Lets others run until the child has reported and its thread is gone; false: not within about two seconds.
 */
static bool childgone(int64_t pid, int64_t tid)
{
    static const struct ktimespec ms = {0, 1000000};
    for (int i = 0; i < 2000; i++) {
        if (load_acquire(&child.done) && agent_syscall(__NR_tgkill, pid, tid, 0, 0, 0, 0) == -ESRCH)
            return true;
        agent_syscall(__NR_nanosleep, (int64_t)&ms, 0, 0, 0, 0, 0);
    }
    return false;
}

/**
 * clone_real(flags, skew, returns): linux_clone into child_fn on a stack that ends skew bytes below the end
 * of a page. Waits for the end of the thread (or, without CLONE_THREAD, of the process). Results:
 *
 *   1 the child's status as by waitpid (a thread: -1)      2 getg() was gp     3 gp.m was mp
 *   4 m.procid minus the thread's id                       5 bytes from the child's frame to the stack's end
 *   6 its frame address modulo 16                          7 the frame pointer above
 *   8 the returned value minus the thread's id             9 registers that the parent lost (a bit mask)
 */
OP(clone_real)
{
    enum { SIZE = 64 * 1024 };
    static uint64_t in[AGENT_REGS], out[AGENT_REGS];
    struct cloneargs c = {.flags = (int)a->v[0], .m = agent_memory(sizeof(M)), .g = agent_memory(sizeof(G))};
    memset(&child, 0, sizeof child);
    child.returns = a->v[2] != 0;
    c.g->stack.lo = (uintptr_t)agent_memory(SIZE);
    c.g->stack.hi = c.g->stack.lo + SIZE;
    c.stk = c.g->stack.hi - (uintptr_t)a->v[1];
    c.tls = tls_alloc(c.m, c.g);
    for (uint32_t i = 0; i < agent_nregs; i++)
        in[i] = (0x0123456789abcdefull * (i + 3) & agent_regvalid[2 * i]) | agent_regvalid[2 * i + 1];
    agent_regs(clone_thunk, &c, in, out);
    if (c.ret < 0)
        return c.ret;
    int64_t pid = agent_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0), status = -1;
    if (c.flags & KCLONE_THREAD) {
        if (!childgone(pid, c.ret))
            agent_leave(true, OUT_THREW, "the thread that linux_clone returned (%d) %s", c.ret,
                        child.done ? "does not end" : "never called fn");
    } else {
        int32_t st = 0;
        if (agent_syscall(__NR_wait4, c.ret, (int64_t)&st, 0, 0, 0, 0) != c.ret)
            agent_leave(true, OUT_THREW, "linux_clone returned %d, which is no child", c.ret);
        status = st;
    }
    a->nout = 9;
    a->out[1] = status;
    a->out[2] = child.g == c.g;
    a->out[3] = child.m == c.m;
    a->out[4] = (int64_t)child.procid - child.tid;
    a->out[5] = (int64_t)(c.stk - child.frame);
    a->out[6] = (int64_t)(child.frame % 16);
    a->out[7] = (int64_t)child.caller;
    a->out[8] = c.ret - child.tid;
    for (uint32_t i = 0; i < agent_nregs; i++)
        if ((in[i] ^ out[i]) & agent_regmask[i])
            a->out[9] |= 1 << i;
    return 0;
}

/**
 * @file newm.c
 * A new M: its structure, its stacks, its thread.
 *
 * Order matters more than work here. The M's id is reserved under sched.lock before anything else (by
 * startm), so that checkdead counts the thread that does not run yet. Its structure is complete before it
 * gets on allm. Its thread starts with all signals blocked: a handler would run before there is a stack for
 * it and a G for it to find; minit unblocks them.
 *
 * A thread inherits from the one that clones it: directory, namespaces, credentials, everything that a
 * program may have changed while it was locked to that thread. So a locked M never clones. It asks the
 * template thread (template.c).
 *
 * An M that has exited cannot free the stack that it stands on. mexit leaves it in sched.freem; the next
 * allocm looks whether the thread is gone (freeWait, cleared as the thread's last store) and frees what it
 * had. The structure itself is kept for the next M, never unmapped: sysmon may have read its address out of a
 * P a moment ago, and may still look at it.
 *
 * Go holds a lock between clone and execve, because of a kernel bug that concerns setuid programs. This
 * runtime never calls execve: there is none here.
 */
#include "core.h"

int64_t mReserveID(void)
{
    /* BEGIN SOLUTION
     * Write me: the next id; Ms that have exited do not count against the limit. Past it: say so, free the
     * lock, throw. */
    int64_t id = sched.mnext++;
    if (sched.mnext - sched.nmfreed > sched.maxmcount) {
        int32_t limit = sched.maxmcount;
        unlock(&sched.lock); /* the dump may want it */
        print("runtime: program exceeds %d-thread limit\n", limit);
        throw_("thread exhaustion");
    }
    return id;
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** Ms whose threads are gone and whose stacks are freed, linked by freelink. sched.lock. */
static M *mfree;

/** Frees the stacks and TLS blocks of exited Ms that have left their stacks. On g0. */
static void reapfreem(void)
{
    lock(&sched.lock);
    M *rest = NULL;
    for (M *mp = sched.freem, *next; mp; mp = next) {
        next = mp->freelink;
        if (load_acquire(&mp->freeWait) == freeMWait) { /* pairs with the release in exitThread */
            mp->freelink = rest;
            rest = mp;
            continue;
        }
        if (!ishosted) /* there the stack is the thread library's */
            stackfree(mp->g0->stack);
        stackfree(mp->gsignal->stack);
        mp->g0->stack = mp->gsignal->stack = (stack){0, 0};
        tls_free(mp);
        mp->freelink = mfree;
        mfree = mp;
    }
    sched.freem = rest;
    unlock(&sched.lock);
}

/** Forgets the former life of mp. Whoever still has its address from then sees an M that runs nothing. */
static void mreset(M *mp)
{
    store_relaxed(&mp->curg, NULL); /* these: read by sysmon as hints only */
    store_relaxed(&mp->procid, 0);
    store_relaxed(&mp->spinning, false);
    store_relaxed(&mp->signalPending, 0);
    mp->p = mp->nextp = mp->oldp = NULL;
    mp->locks = 0;
    mp->blocked = mp->dying = false;
    mp->waitunlockf = NULL;
    mp->waitlock = NULL;
    noteclear(&mp->park);
    mp->schedlink = mp->freelink = NULL;
    mp->lockedg = NULL;
    mp->lockedExt = mp->lockedInt = 0;
    mp->vdsoSP = mp->vdsoPC = 0;
    mp->stackbase = mp->thread = NULL;
}

/**
 * Sees that *slot is a G for the runtime's own use by mp, with a stack of n bytes (0: none). On g0. A G that
 * is there stays: sysmon may still compare mp->g0 with something.
 */
static void systemg(G **slot, M *mp, size_t n)
{
    if (!*slot)
        *slot = malg(n);
    else if (n)
        (*slot)->stack = stackalloc(n);
    store_relaxed(&(*slot)->stackguard0, (*slot)->stack.lo + STACK_GUARD); /* not published yet */
    store_relaxed(&(*slot)->m, mp);
}

/** An M with its stacks: one that was used before, or a new one. On g0. */
static M *mtake(void)
{
    lock(&sched.lock);
    M *mp = mfree;
    if (mp)
        mfree = mp->freelink;
    unlock(&sched.lock);
    if (mp)
        mreset(mp);
    else
        mp = persistentalloc(sizeof *mp, ARCH_CACHE_LINE);
    systemg(&mp->g0, mp, ishosted ? 0 : STACK_G0);
    systemg(&mp->gsignal, mp, STACK_GSIGNAL);
    return mp;
}

/** What newm is asked for, on its way to g0. */
struct newmargs {
    void (*fn)(void); /**< to be run first */
    P *pp;            /**< to be held */
    int64_t id;       /**< reserved, or -1 */
    M *mp;            /**< allocm's result */
};

static void allocm_on_g0(void *p)
{
    struct newmargs *a = p;
    reapfreem();
    M *mp = mtake();
    mp->mstartfn = a->fn;
    mcommoninit(mp, a->id);
    a->mp = mp;
}

/** Leaves mp to the template thread. */
static void newmtemplate(M *mp)
{
    lock(&newmHandoff.lock);
    if (load_relaxed(&newmHandoff.haveTemplateThread) == 0) /* set before this M was locked, by the same G */
        throw_("on a locked thread with no template thread");
    mp->schedlink = newmHandoff.newm;
    newmHandoff.newm = mp;
    if (newmHandoff.waiting) {
        newmHandoff.waiting = false;
        notewakeup(&newmHandoff.wake);
    }
    unlock(&newmHandoff.lock);
}

static void newm_on_g0(void *p)
{
    struct newmargs *a = p;
    M *me = acquirem(); /* the new M has a P in its hands that nobody else can stop */
    M *mp = allocm(a->pp, a->fn, a->id);
    mp->nextp = a->pp;
    mp->sigmask = initSigmask;
    if (me->lockedExt != 0 || me->incgo)
        newmtemplate(mp);
    else
        newm1(mp);
    releasem(me);
}

/**
 * Calls fn(mp, tls) until it is not refused for want of resources, 20 times at most, with longer and longer
 * waits.
 */
static int retryOnEAGAIN(int (*fn)(M *, void *), M *mp, void *tls)
{
    int err = EAGAIN;
    for (uint32_t i = 1; i <= 20 && err == EAGAIN; i++) {
        err = fn(mp, tls);
        if (err == EAGAIN)
            usleep_(i * 1000);
    }
    return err;
}

/** There is no thread for the M: the program cannot go on. */
static _Noreturn void nothread(int err)
{
    /* Read without the lock: a message. */
    print("runtime: failed to create new OS thread (have %ld already; errno=%d)\n",
          (long)(sched.mnext - sched.nmfreed), err);
    if (err == EAGAIN)
        print("runtime: may need to increase max user processes (ulimit -u)\n");
    throw_("newosproc");
}

/** One attempt of newosproc: 0 or errno. */
static int clonem(M *mp, void *tls)
{
    const int flags = KCLONE_VM | KCLONE_FS | KCLONE_FILES | KCLONE_SIGHAND | KCLONE_SYSVSEM | KCLONE_THREAD |
                      KCLONE_SETTLS;
    int r = linux_clone(flags, (void *)mp->g0->stack.hi, mp, mp->g0, mstart, tls);
    return r < 0 ? -r : 0;
}

/** One attempt of the thread library: 0 or errno. */
static int pthreadm(M *mp, void *tls)
{
    (void)tls;
    return hosted_newosproc(mp);
}
/* END SOLUTION */

M *allocm(P *pp, void (*fn)(void), int64_t id)
{
    /* BEGIN SOLUTION
     * Write me: on g0: free the stacks of the exited Ms that have left them; then a zeroed M with g0 and
     * gsignal (hosted: g0 without a stack), fn, and mcommoninit last: it makes the M visible. */
    struct newmargs a = {.fn = fn, .pp = pp, .id = id};
    M *me = acquirem(); /* pp is nobody's until the new M runs: stay until that is done */
    systemstack(allocm_on_g0, &a);
    releasem(me);
    return a.mp;
    /* END SOLUTION */
}

void newm(void (*fn)(void), P *pp, int64_t id)
{
    /* BEGIN SOLUTION
     * Write me: on g0 and not preemptible: allocm, nextp, sigmask. If this M is locked to a program's G:
     * on to the template thread's list, wake it if it waits. Else newm1. */
    struct newmargs a = {.fn = fn, .pp = pp, .id = id};
    systemstack(newm_on_g0, &a);
    /* END SOLUTION */
}

void newm1(M *mp)
{
    /* BEGIN SOLUTION
     * Write me: newosproc, or in the hosted build hosted_newosproc, which may fail as clone may. */
    if (!ishosted) {
        newosproc(mp);
        return;
    }
    int err = retryOnEAGAIN(pthreadm, mp, NULL);
    if (err)
        nothread(err);
    /* END SOLUTION */
}

void newosproc(M *mp)
{
    /* BEGIN SOLUTION
     * Write me: a TLS block; all signals blocked; linux_clone into mstart on the upper end of g0's stack,
     * retried when the kernel says EAGAIN; the old mask again. Failure: the two lines, throw. */
    uint64_t oldmask;
    void *tls = tls_alloc(mp, mp->g0);
    linux_sigprocmask(KSIG_SETMASK, &sigset_all, &oldmask);
    int err = retryOnEAGAIN(clonem, mp, tls);
    linux_sigprocmask(KSIG_SETMASK, &oldmask, NULL);
    if (err)
        nothread(err);
    /* END SOLUTION */
}

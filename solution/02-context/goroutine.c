/**
 * @file goroutine.c
 * The life of a goroutine: made, started, ended, used again.
 *
 *     malg: Gidle -> Gdead
 *     newproc1: Gdead -> Grunnable    execute: Grunnable -> Grunning    goexit1: Grunning -> Gdead, and again
 *
 * A new goroutine has never called mcall, yet gogo knows only how to go on with one that has. So newproc1
 * forges the context: a stack on which it looks as if somebody at goexit_frame + 1 had just called fn(arg).
 * The first gogo "continues" fn at its first instruction, and when fn returns, it returns into
 * goexit_frame, which calls goexit1.
 *
 * The end is the difficult part, because nobody can free the stack on which he stands. goexit1 leaves it by
 * mcall, and goexit0, on g0's stack, may do with the dead one what it likes. The G itself is never freed
 * (others may still hold a pointer to it, and sysmon and dumps walk over all Gs); it goes to a free list,
 * with its stack if that has the default size. There is one list a P, and two for all: Gs with a stack are
 * worth more than those without.
 *
 *     P's list      up to 63; at 64 it is emptied down to 31 at once, so that the lock is taken once for many
 *     global        refills an empty P's list up to 32
 */
#include "core.h"
#include "fiber.h"

/* BEGIN SOLUTION */

enum {
    GFREE_MAX = 64, /**< dead Gs on a P's list: at so many, some move to the global lists */
    GFREE_MIN = 32, /**< fewer than so many stay; and as many are fetched */
};

/** Sets a count that others read for statistics. */
static void setcount(int32_t *n, int32_t v)
{
    __atomic_store_n(n, v, __ATOMIC_RELAXED); /* one writer: the P's owner, or who holds sched.gFree.lock */
}

/** Puts all of q in front of l. */
static void pushall(gList *l, gQueue *q)
{
    if (!q->tail)
        return;
    q->tail->schedlink = l->head;
    l->head = q->head;
}

/** Moves dead Gs from pp's list to the global ones until fewer than keep are left. */
static void gfdown(P *pp, int32_t keep)
{
    gQueue with = {0}, without = {0};
    int32_t moved = 0;
    for (; pp->gFree.n - moved >= keep && pp->gFree.list.head; moved++) {
        G *gp = glist_pop(&pp->gFree.list);
        gqueue_push(gp->stack.lo ? &with : &without, gp);
    }
    setcount(&pp->gFree.n, pp->gFree.n - moved);
    lock(&sched.gFree.lock);
    pushall(&sched.gFree.stack, &with);
    pushall(&sched.gFree.noStack, &without);
    setcount(&sched.gFree.n, sched.gFree.n + moved);
    unlock(&sched.gFree.lock);
}

/** Fills pp's list from the global ones, Gs with a stack first. */
static void gfup(P *pp)
{
    int32_t moved = 0;
    lock(&sched.gFree.lock);
    while (pp->gFree.n + moved < GFREE_MIN) {
        G *gp = glist_pop(&sched.gFree.stack);
        if (!gp)
            gp = glist_pop(&sched.gFree.noStack);
        if (!gp)
            break;
        glist_push(&pp->gFree.list, gp);
        moved++;
    }
    setcount(&sched.gFree.n, sched.gFree.n - moved);
    unlock(&sched.gFree.lock);
    setcount(&pp->gFree.n, pp->gFree.n + moved);
}

/** Gives gp, which is dead, a stack of n bytes. */
static void givestack(G *gp, size_t n)
{
    if (gp->stack.lo)
        stackfree(gp->stack);
    gp->stack = stackalloc(n);
    store_relaxed(&gp->stackguard0, gp->stack.lo + STACK_GUARD); /* nobody preempts a dead G */
}

/** The size of a stack for a program that asked for n bytes. */
static size_t stacksizefor(size_t n)
{
    if (n == 0)
        return STACK_DEFAULT;
    if (n == STACK_SMALL)
        return n;
    if (n < STACK_MIN)
        n = STACK_MIN;
    if (n > PTRDIFF_MAX)
        n = PTRDIFF_MAX; /* or rounding up would come to 0; stackalloc says what there is to say */
    return (n + ARCH_PAGE_SIZE - 1) & ~(size_t)(ARCH_PAGE_SIZE - 1);
}
/* END SOLUTION */

G *malg(size_t n)
{
    /* BEGIN SOLUTION
     * Write me: a G from memory that is never freed, a stack if one is wanted, and the guard word. */
    G *gp = persistentalloc(sizeof *gp, ARCH_CACHE_LINE); /* zeroed: Gidle */
    if (n)
        givestack(gp, n);
    return gp;
    /* END SOLUTION */
}

uint64_t goidnext(P *pp)
{
    /* BEGIN SOLUTION
     * Write me: one atomic operation for GOID_BATCH ids. The first id of all is 1. */
    if (pp->goidcache == pp->goidcacheend) {
        pp->goidcache = fetch_add_relaxed(&sched.goidgen, GOID_BATCH) + 1; /* a counter, orders nothing */
        pp->goidcacheend = pp->goidcache + GOID_BATCH;
    }
    return pp->goidcache++;
    /* END SOLUTION */
}

void gfput(P *pp, G *gp)
{
    /* BEGIN SOLUTION
     * Write me: only the dead. Only stacks of the default size are worth keeping. Then pp's list, and when
     * it is long, the global ones. */
    if (readgstatus(gp) != Gdead)
        throw_("gfput: goroutine %lu is %s, not dead", (unsigned long)gp->goid, gstatusname(readgstatus(gp)));
    if (gp->stack.lo && gp->stack.hi - gp->stack.lo != STACK_DEFAULT) {
        stackfree(gp->stack);
        gp->stack = (stack){0};
        store_relaxed(&gp->stackguard0, 0); /* nobody preempts a dead G */
    }
    glist_push(&pp->gFree.list, gp);
    setcount(&pp->gFree.n, pp->gFree.n + 1);
    if (pp->gFree.n >= GFREE_MAX)
        gfdown(pp, GFREE_MIN);
    /* END SOLUTION */
}

G *gfget(P *pp)
{
    /* BEGIN SOLUTION
     * Write me: pp's list; when it is empty, refill it. Do not take the lock to find out that there is
     * nothing. What is returned has a stack. */
    if (!pp->gFree.list.head && __atomic_load_n(&sched.gFree.n, __ATOMIC_RELAXED) > 0)
        gfup(pp); /* the count was a hint: looks again, under the lock */
    G *gp = glist_pop(&pp->gFree.list);
    if (!gp)
        return NULL;
    setcount(&pp->gFree.n, pp->gFree.n - 1);
    if (!gp->stack.lo)
        givestack(gp, STACK_DEFAULT);
    return gp;
    /* END SOLUTION */
}

void gfpurge(P *pp)
{
    /* BEGIN SOLUTION
     * Write me: all of them, in one go. */
    gfdown(pp, 0);
    /* END SOLUTION */
}

G *newproc1(void (*fn)(void *), void *arg, G *callergp, uintptr_t callerpc, size_t stacksize)
{
    /* BEGIN SOLUTION
     * Write me: get a G (a new one becomes Gdead before anybody can find it in allgs), see that it has the
     * stack that is asked for, forge its context, note who made it, give it an id, make it Grunnable. */
    if (!fn)
        fatal("go of nil func value");
    P *pp = getp();
    size_t want = stacksizefor(stacksize);
    G *gp = gfget(pp);
    if (!gp) {
        gp = malg(want);
        casgstatus(gp, Gidle, Gdead);
        allgadd(gp); /* its status is Gdead: whoever walks over all Gs leaves its stack alone */
    }
    if (readgstatus(gp) != Gdead)
        throw_("newproc1: new goroutine is %s, not dead", gstatusname(readgstatus(gp)));
    if (!gp->stack.lo)
        throw_("newproc1: new goroutine has no stack");
    if (gp->stack.hi - gp->stack.lo != want)
        givestack(gp, want);

    gp->sched = (gobuf){.sp = gp->stack.hi - 4 * sizeof(uintptr_t), .g = gp, .fpcw = GOBUF_FPCW_DEFAULT};
    gostartcall(&gp->sched, fn, arg);
    gp->stackwant = want;
    gp->startfn = fn;
    gp->startarg = arg;
    gp->gopc = callerpc;
    gp->parentgoid = callergp ? callergp->goid : 0;
    gp->goid = goidnext(pp);
    store_relaxed(&gp->stackguard0, gp->stack.lo + STACK_GUARD); /* not running: nobody asks it to yield */
    fiber_create(gp);
    casgstatus(gp, Gdead, Grunnable);
    return gp;
    /* END SOLUTION */
}

void goexit1(void)
{
    /* BEGIN SOLUTION
     * Write me: record traceEvGoEnd, and leave this stack for ever. */
    trace_(getp(), traceEvGoEnd, getg()->goid, 0);
    mcall(goexit0);
    /* END SOLUTION */
}

void goexit0(G *gp)
{
    /* BEGIN SOLUTION
     * Write me: two calls. */
    gdestroy(gp);
    schedule();
    /* END SOLUTION */
}

void gdestroy(G *gp)
{
    /* BEGIN SOLUTION
     * Write me: the next goroutine to use this G must find no trace of this one. Look through struct G,
     * field by field. The thread of a locked G may be in any state (its user wanted it for himself), so it
     * must not run others: let it end. What is the last moment at which gp may be touched? */
    M *mp = getm();
    P *pp = mp->p;
    casgstatus(gp, Grunning, Gdead);
    count(&pp->n.exits);
    if (gp->issystem)
        fetch_add_relaxed(&sched.ngsys, -1); /* a count for numgoroutine */
    bool locked = gp->lockedm != NULL;
    gp->lockedm = NULL;
    mp->lockedg = NULL;
    gp->syscallsp = gp->syscallpc = gp->syscallbp = 0;
    gp->waitsince = 0;
    gp->waitreason = waitReasonZero;
    gp->param = NULL;
    gp->waiting = NULL;
    store_relaxed(&gp->selectDone, 0); /* no select of it is under way: nobody else looks */
    gp->defers = NULL;
    gp->timer = NULL;
    gp->trackingp = NULL;
    store_relaxed(&gp->preempt, false); /* dead: a request that came too late is for nobody */
    gp->throwsplit = gp->asyncSafePoint = gp->issystem = gp->paniconfault = false;
    dropg();
    if (locked && mp->lockedInt != 0)
        throw_("exited a goroutine internally locked to the OS thread (%u locks)", mp->lockedInt);
    fiber_destroy(gp);
    gfput(pp, gp); /* from here on it may be anybody's */
    if (locked)
        gogo(&mp->g0->sched);
    /* END SOLUTION */
}

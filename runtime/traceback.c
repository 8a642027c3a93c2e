/**
 * @file traceback.c
 * What every goroutine, thread and processor is doing: the dump of a dying program, or of one that hangs.
 *
 * A backtrace follows frame pointers, which every part of a program built for this runtime keeps. Where it starts depends
 * on the G: a parked or runnable one left its pc and frame pointer in sched, one in a system call in syscallpc and
 * syscallbp; of one that runs on another thread nobody can know more than that. One that a signal has found in the vDSO,
 * on another stack and in code without our frames, has its caller in m.vdsoPC and vdsoSP. A frame pointer is believed only
 * while it lies in the G's own stack, above the one before it.
 *
 * No lock is taken: the program may be dying with any of them held. So what is printed may be torn, each loop has an end
 * that does not depend on what it reads, and a fault on the way ends the report (see panic.c) rather than the machine.
 */
#include "crash.h"

enum { MAXFRAMES = 100, MAXLISTED = 256, MAXMS = 100000 };

/* ---- frames ---- */

static uintptr_t printframe(uintptr_t pc, bool exact)
{
    uintptr_t start = 0;
    /* The byte before a return address belongs to the call; after a call that never returns, the address itself may
     * already belong to the next function. */
    const char *name = symbolise(exact ? pc : pc - 1, &start);
    if (name)
        print("\t%s+0x%lx\n", name, pc - start);
    else
        print("\t0x%lx\n", pc);
    return start;
}

/** The words that a frame pointer leads to; the stack may be another thread's by now. */
RACY static bool nextframe(uintptr_t *pc, uintptr_t *bp, stack s)
{
    if (*bp < s.lo || *bp > s.hi - 2 * sizeof(uintptr_t) || *bp % sizeof(uintptr_t))
        return false;
    uintptr_t next = frame_next(*bp);
    *pc = frame_pc(*bp);
    *bp = next > *bp ? next : 0; /* callers lie above */
    return *pc != 0;
}

RACY stackpoint vdsopoint(G *gp, uintptr_t pc)
{
    enum { FAR = 1024 }; /* more than the frame of the function that the M's fields were set for */
    stackpoint p = {.pc = pc, .exact = true, .vdso = true};
    M *mp = load_relaxed(&gp->m); /* of this thread */
    stack s = gp->stack;
    if (!mp->vdsoSP || mp->vdsoSP <= s.lo || mp->vdsoSP > s.hi)
        return p;
    /* Its frame ends at vdsoSP; where in it the link to the caller's stands, each CPU has its own custom. */
    for (uintptr_t bp = mp->vdsoSP - 2 * sizeof(uintptr_t); bp >= s.lo && mp->vdsoSP - bp <= FAR; bp -= sizeof(uintptr_t))
        if (frame_pc(bp) == mp->vdsoPC) {
            p.bp = bp;
            break;
        }
    return p;
}

void printframes(stackpoint p, stack s)
{
    uintptr_t pc = p.pc, bp = p.bp;
    bool exact = p.exact;
    if (!pc)
        return;
    if (p.vdso) {
        print("\t[vdso]\n");
        exact = false;
        if (s.lo == 0 || !nextframe(&pc, &bp, s))
            return;
    }
    for (int i = 0; i < MAXFRAMES; i++) {
        if (pc == (uintptr_t)goexit_frame + 1)
            return; /* below this there is nothing */
        uintptr_t start = printframe(pc, exact);
        exact = start == (uintptr_t)asyncPreempt; /* "called" at an instruction that is no call */
        if (s.lo == 0 || !nextframe(&pc, &bp, s))
            return;
    }
    print("\t...more frames\n");
}

/* ---- goroutines ---- */

/** The part of a G's header in brackets. */
RACY static void printstate(G *gp, uint32_t status)
{
    const char *why = gstatusname(status);
    waitReason r = gp->waitreason;
    if (status == Gwaiting && r > waitReasonZero && r < waitReasonMax)
        why = waitReasonString(r);
    char age[48] = "";
    int64_t since = gp->waitsince;
    if ((status == Gwaiting || status == Gsyscall) && since != 0) {
        int64_t minutes = (timeseam.nanotime() - since) / (60 * NSEC_PER_SEC);
        if (minutes >= 1)
            gosnprintf(age, sizeof age, ", %ld minutes", (long)minutes);
    }
    print("goroutine %lu [%s%s%s%s%s]:\n", (unsigned long)gp->goid, why, age, gp->lockedm ? ", locked to thread" : "",
          gp->asyncSafePoint ? ", preempted by signal" : "", gp->issystem ? ", of the runtime" : "");
}

/** Where gp's stack can be walked from; pc == 0: nowhere. */
RACY static stackpoint wherestopped(G *gp, uint32_t status)
{
    G *self = getg();
    M *mp = self ? load_relaxed(&self->m) : NULL;
    if (status == Gsyscall && gp->syscallsp)
        return (stackpoint){.pc = gp->syscallpc, .bp = gp->syscallbp};
    if (status == Grunning && !(mp && self != gp && load_relaxed(&mp->curg) == gp))
        return (stackpoint){0};
    /* Parked, runnable, or ours: we are on g0, where mcall or systemstack left its context. A G that has never run
     * stands at its first instruction. */
    return (stackpoint){.pc = gp->sched.pc, .bp = gp->sched.bp, .exact = gp->startfn && gp->sched.pc == (uintptr_t)gp->startfn};
}

RACY static void printgoroutine(G *gp, stackpoint *at)
{
    uint32_t status = readgstatus(gp);
    stackpoint p = at ? *at : wherestopped(gp, status);
    stack s = gp->stack;
    printstate(gp, status);
    if (p.pc)
        printframes(p, s);
    else if (status == Grunning)
        print("\tgoroutine running on other thread; stack unavailable\n");
    else
        print("\tstack unavailable\n");
    if (gp->gopc) {
        uintptr_t start;
        const char *name = symbolise(gp->gopc - 1, &start);
        if (name)
            print("created by %s+0x%lx in goroutine %lu\n", name, gp->gopc - start, (unsigned long)gp->parentgoid);
        else
            print("created by 0x%lx in goroutine %lu\n", gp->gopc, (unsigned long)gp->parentgoid);
    }
}

__attribute__((noinline)) void traceback(G *gp)
{
    stackpoint here = {.pc = getcallerpc(), .bp = getcallerbp()};
    printgoroutine(gp, gp == getg() ? &here : NULL);
}

/** The G that died, and if that was the scheduler, the user G that its M was running. */
RACY static G *printdead(death *d)
{
    G *gp = d->gp;
    M *mp = gp ? load_relaxed(&gp->m) : NULL;
    G *curg = mp ? load_relaxed(&mp->curg) : NULL;
    if (gp && gp == curg) {
        print("\n");
        printgoroutine(gp, &d->at);
        return gp;
    }
    print("\nruntime stack:\n");
    printframes(d->at, gp ? gp->stack : (stack){0});
    if (curg) {
        print("\n");
        printgoroutine(curg, NULL);
    }
    return curg;
}

RACY void printgoroutines(death *d)
{
    G *shown = d ? printdead(d) : NULL;
    if (d && d->kind == deathPanic)
        return;
    int64_t n = load_relaxed(&allglen) + 64; /* a few may be added meanwhile */
    for (G *gp = load_acquire(&allgs); gp && n > 0; gp = gp->alllink, n--) { /* acquire: pairs with allgadd */
        uint32_t status = readgstatus(gp);
        if (gp == shown || status == Gdead || status == Gidle)
            continue;
        if (d && d->kind == deathFatal && gp->issystem)
            continue; /* no business of the program's */
        print("\n");
        printgoroutine(gp, NULL);
    }
}

/* ---- Ms, Ps and queues ---- */

static const char *pstatusname(uint32_t status)
{
    static const char *const names[] = {"idle", "running", "syscall", "gcstop", "dead"};
    return status < sizeof names / sizeof *names ? names[status] : "?";
}

static long goidof(G *gp)
{
    return gp ? (long)gp->goid : -1;
}

RACY static void printms(void)
{
    int n = 0;
    for (M *mp = load_acquire(&allm); mp && n < MAXMS; mp = mp->alllink, n++) { /* acquire: pairs with mcommoninit */
        P *pp = mp->p, *next = mp->nextp, *old = mp->oldp;
        print("M%ld: p=%d nextp=%d oldp=%d curg=%ld lockedg=%ld thread=%u locks=%d spinning=%d blocked=%d dying=%d\n",
              (long)mp->id, pp ? pp->id : -1, next ? next->id : -1, old ? old->id : -1, goidof(load_relaxed(&mp->curg)),
              goidof(mp->lockedg), load_relaxed(&mp->procid), mp->locks, load_relaxed(&mp->spinning), mp->blocked,
              mp->dying);
    }
}

/** Prints " G7" for one of a queue. */
static void printqueued(G *gp)
{
    print(" G%ld", goidof(gp));
}

RACY static void printp(P *pp)
{
    M *mp = load_relaxed(&pp->m);
    uint32_t h = load_relaxed(&pp->runqhead), t = load_relaxed(&pp->runqtail);
    print("P%d: status=%s m=%ld schedtick=%u syscalltick=%u runq=%u timers=%u gfree=%d preempt=%d\n", pp->id,
          pstatusname(load_relaxed(&pp->status)), mp ? (long)mp->id : -1L, load_relaxed(&pp->schedtick),
          load_relaxed(&pp->syscalltick), t - h, pp->timers.len, pp->gFree.n, load_relaxed(&pp->preempt));
    G *next = load_relaxed(&pp->runnext);
    if (!next && h == t)
        return;
    print("    runnext=G%ld runq:", goidof(next));
    for (uint32_t i = 0; h + i != t && i < RUNQ_SIZE; i++)
        printqueued(load_relaxed(&pp->runqslots[(h + i) % RUNQ_SIZE]));
    print("\n");
}

/** A list of Gs, the first MAXLISTED. */
RACY static void printqueue(const char *name, int32_t n, G *gp)
{
    print("%s: %d", name, n);
    int i = 0;
    for (; gp && i < MAXLISTED; gp = gp->schedlink, i++)
        printqueued(gp);
    print(gp ? " ...\n" : "\n");
}

RACY void printsched(void)
{
    int32_t procs = load_relaxed(&gomaxprocs);
    print("\nsched: gomaxprocs=%d idleprocs=%d threads=%ld idlethreads=%d idlelocked=%d spinning=%d needspinning=%u "
          "gcwaiting=%d stopwait=%d sysmonwait=%u\n",
          procs, load_relaxed(&sched.npidle), (long)(sched.mnext - sched.nmfreed), sched.nmidle, sched.nmidlelocked,
          load_relaxed(&sched.nmspinning), load_relaxed(&sched.needspinning), load_relaxed(&sched.gcwaiting),
          sched.stopwait, load_relaxed(&sched.sysmonwait));
    printstats();
    printms();
    for (int32_t i = 0; i < procs && i < MAXGOMAXPROCS; i++)
        if (allp[i])
            printp(allp[i]);
    printqueue("global queue", load_relaxed(&sched.runqsize), sched.runq.head);
    print("idle Ps:");
    int n = 0;
    for (P *pp = load_relaxed(&sched.pidle); pp && n < MAXGOMAXPROCS; pp = pp->link, n++)
        print(" P%d", pp->id);
    print("\nidle Ms:");
    n = 0;
    for (M *mp = sched.midle; mp && n < MAXLISTED; mp = mp->schedlink, n++)
        print(" M%ld", (long)mp->id);
    print("\n");
}

__attribute__((noinline)) void dumpall(void)
{
    G *gp = getg();
    death here = {.kind = deathThrow, .gp = gp, .at = {.pc = getcallerpc(), .bp = getcallerbp()}};
    printgoroutines(gp ? &here : NULL);
    printsched();
}

/**
 * @file schedtrace.c
 * HANDOFFDEBUG=schedtrace=1000: what the scheduler looks like, one line a second, as Go prints it.
 *
 *     SCHED 1009ms: gomaxprocs=2 idleprocs=1 threads=4 spinningthreads=0 needspinning=0 idlethreads=1
 *     runqueue=0 [ 0 0 ] schedticks=[ 3 5 ]                           (all on one line)
 *
 * In order: milliseconds since the start, Ps, those of them that are idle, Ms, those that look for work,
 * whether a waker found no P, parked Ms, length of the global queue, of each P's own, and how many time
 * slices each P has begun.
 *
 * With scheddetail=1 there follows a line for each P, M and G. mallocing, throwing and preemptoff are Go's;
 * this runtime has no such states, and prints what Go does for an M that is in none.
 *
 * sched.lock keeps the lists still, but not what hangs on them: Ms and Gs go on while they are read. So each
 * pointer is read once, tested, and then used; and two numbers of one line may be from different moments. The
 * text is made under the lock and written after it: standard error may be a pipe that nobody reads, and the
 * scheduler must not wait for it.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** The text so far. */
typedef struct outbuf {
    char *p;       /**< memory */
    size_t n, cap; /**< bytes used, and its size */
} outbuf;

__attribute__((format(printf, 2, 3))) static void out(outbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = govsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    if (b->n >= b->cap) /* cut off: more Gs than there were when the memory was taken */
        b->n = b->cap - 1;
}

/** Writes " name=" and an id, or nil for -1. */
static void outid(outbuf *b, const char *name, int64_t id)
{
    if (id < 0)
        out(b, "%snil", name);
    else
        out(b, "%s%ld", name, (long)id);
}

static const char *yesno(bool b)
{
    return b ? "true" : "false";
}

/** G lp's id or -1. */
static int64_t idofg(G *gp)
{
    return gp ? (int64_t)gp->goid : -1;
}

/** M mp's id or -1. */
static int64_t idofm(M *mp)
{
    return mp ? mp->id : -1;
}

/** Gs on pp's ring. Head and tail are from two moments: what happens in between must not look like 2^32. */
static uint32_t ringlen(P *pp)
{
    uint32_t h = load_acquire(&pp->runqhead); /* first: the tail that is read after it is not behind it */
    uint32_t n = load_relaxed(&pp->runqtail) - h;
    return n > RUNQ_SIZE ? RUNQ_SIZE : n; /* the owner went on for a whole round meanwhile */
}

/*
 * The rest reads fields that belong to others, unsynchronised on purpose: numbers for a human reader, each of
 * one word. A race detector is right to complain in general, and told here not to.
 */

RACY static void outps(outbuf *b)
{
    for (int32_t i = 0; i < load_relaxed(&gomaxprocs); i++) { /* sched.lock keeps it still */
        P *pp = allp[i];
        out(b, "  P%d: status=%u schedtick=%u syscalltick=%u", i, load_relaxed(&pp->status),
            load_relaxed(&pp->schedtick), load_relaxed(&pp->syscalltick));
        outid(b, " m=", idofm(load_relaxed(&pp->m)));
        out(b, " runqsize=%u gfreecnt=%d timerslen=%u\n", ringlen(pp), pp->gFree.n, pp->timers.len);
    }
}

RACY static void outms(outbuf *b)
{
    /* pairs with who puts one on; sched.lock to change */
    for (M *mp = load_acquire(&allm); mp; mp = mp->alllink) {
        P *pp = __atomic_load_n(&mp->p, __ATOMIC_RELAXED); /* once */
        G *lockedg = __atomic_load_n(&mp->lockedg, __ATOMIC_RELAXED);
        out(b, "  M%ld:", (long)mp->id);
        outid(b, " p=", pp ? pp->id : -1);
        outid(b, " curg=", idofg(load_relaxed(&mp->curg)));
        out(b, " mallocing=0 throwing=0 preemptoff= locks=%d dying=%d spinning=%s blocked=%s", mp->locks,
            mp->dying, yesno(load_relaxed(&mp->spinning)), yesno(mp->blocked));
        outid(b, " lockedg=", idofg(lockedg));
        out(b, "\n");
    }
}

RACY static void outgs(outbuf *b)
{
    for (G *gp = load_acquire(&allgs); gp; gp = gp->alllink) {        /* pairs with the release in allgadd */
        M *lockedm = __atomic_load_n(&gp->lockedm, __ATOMIC_RELAXED); /* once */
        out(b, "  G%lu: status=%u(%s)", (unsigned long)gp->goid, readgstatus(gp),
            waitReasonString(gp->waitreason));
        outid(b, " m=", idofm(load_relaxed(&gp->m)));
        outid(b, " lockedm=", idofm(lockedm));
        out(b, "\n");
    }
}

/** The two lists at the end of the short line. */
static void outqueues(outbuf *b)
{
    int32_t n = load_relaxed(&gomaxprocs); /* sched.lock keeps it still */
    out(b, " [ ");
    for (int32_t i = 0; i < n; i++)
        out(b, "%u ", ringlen(allp[i]));
    out(b, "] schedticks=[ ");
    for (int32_t i = 0; i < n; i++)
        out(b, "%u ", load_relaxed(&allp[i]->schedtick)); /* numbers, as all here */
    out(b, "]\n");
}

/** The beginning of the line. sched.lock held. */
static void outhead(outbuf *b, int64_t now)
{
    int64_t start = sched.starttime ? sched.starttime : now;
    out(b, "SCHED %ldms: gomaxprocs=%d idleprocs=%d threads=%ld", (long)((now - start) / NSEC_PER_MSEC),
        load_relaxed(&gomaxprocs), load_relaxed(&sched.npidle), (long)(sched.mnext - sched.nmfreed));
    out(b, " spinningthreads=%d needspinning=%u idlethreads=%d runqueue=%d", load_relaxed(&sched.nmspinning),
        load_relaxed(&sched.needspinning), sched.nmidle, load_relaxed(&sched.runqsize));
}

/** Bytes that the text will take, at most. */
static size_t room(bool detailed)
{
    lock(&sched.lock);
    size_t ms = (size_t)sched.mnext;
    unlock(&sched.lock);
    size_t ps = (size_t)load_relaxed(&gomaxprocs);
    size_t gs = (size_t)load_relaxed(&allglen) + 64; /* some more may come meanwhile */
    return detailed ? 1024 + ps * 256 + (ms + 16) * 320 + gs * 160 : 1024 + ps * 32;
}

/** All of it to standard error: one write, unless the system takes only a part. */
static void outwrite(const outbuf *b)
{
    size_t done = 0;
    while (done < b->n) {
        intptr_t n = linux_write(2, b->p + done, b->n - done);
        if (n <= 0 && n != -EINTR)
            return; /* nobody to tell */
        done += n > 0 ? (size_t)n : 0;
    }
}
/* END SOLUTION */

void schedtrace(bool detailed)
{
    /* BEGIN SOLUTION
     * Write me: memory first. Under sched.lock the text: the line, and either its two lists or the rest of
     * Go's detailed line with a line for each P, M and G. Unlocked: one write. */
    outbuf b = {.cap = room(detailed)};
    b.p = sysAlloc(b.cap);
    int64_t now = nanotime();
    lock(&sched.lock);
    outhead(&b, now);
    if (!detailed) {
        outqueues(&b);
    } else {
        out(&b, " gcwaiting=%s nmidlelocked=%d stopwait=%d sysmonwait=%s\n",
            yesno(load_relaxed(&sched.gcwaiting)), sched.nmidlelocked, sched.stopwait,
            yesno(load_relaxed(&sched.sysmonwait)));
        outps(&b);
        outms(&b);
        outgs(&b);
    }
    unlock(&sched.lock);
    outwrite(&b);
    sysFree(b.p, b.cap);
    /* END SOLUTION */
}

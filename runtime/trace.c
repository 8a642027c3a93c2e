/**
 * @file trace.c
 * The raw trace: what happened on each P, in a ring that keeps the newest events.
 *
 * A P's ring is written by the P's owner only, so that recording takes no lock: one store of an event, then the count
 * (release). What happens without a P (sysmon, threads that have lost theirs) goes to a ring of its own, under a lock. A
 * reader that dumps while others write may see an event half overwritten only where the ring has wrapped meanwhile; it
 * drops those.
 */
#include "core.h"

/** A ring of events. */
struct tracebuf {
    _Atomic uint64_t count;  /**< events ever written; release by the writer, acquire by the reader */
    uint64_t mask;           /**< room minus 1 */
    traceevent events[];     /**< the ring */
};

_Atomic bool traceon;
/** Events that no P has written, and its lock. */
static _Atomic(struct tracebuf *) nobodys;
static mutex nobodyslock;
/** Events that a ring holds. */
static _Atomic uint64_t room;

static struct tracebuf *newring(void)
{
    uint64_t n = load_relaxed(&room); /* set before tracing is switched on */
    struct tracebuf *b = persistentalloc(sizeof *b + n * sizeof(traceevent), 64);
    b->mask = n - 1;
    return b;
}

/** The ring at *slot, made at first use by its one writer. */
static struct tracebuf *ring(_Atomic(struct tracebuf *) *slot)
{
    struct tracebuf *b = load_relaxed(slot); /* one writer */
    if (!b) {
        b = newring();
        store_release(slot, b); /* pairs with trace_dump */
    }
    return b;
}

static void put(struct tracebuf *b, traceEv ev, uint64_t arg, uint64_t arg2)
{
    uint64_t n = load_relaxed(&b->count); /* one writer */
    M *mp = getm();
    b->events[n & b->mask] = (traceevent){nanotime(), ev, mp ? (int32_t)mp->id : -1, arg, arg2};
    store_release(&b->count, n + 1); /* pairs with trace_dump */
}

void traceevent_write(P *pp, traceEv ev, uint64_t arg, uint64_t arg2)
{
    if (pp) {
        put(ring(&pp->trace), ev, arg, arg2);
        return;
    }
    lock(&nobodyslock);
    put(ring(&nobodys), ev, arg, arg2);
    unlock(&nobodyslock);
}

void trace_start(uint32_t events)
{
    uint64_t n = 64;
    while (n < events)
        n *= 2;
    if (load_relaxed(&room) == 0) /* rings keep the size that they were first made with */
        store_relaxed(&room, n);
    store_release(&traceon, true); /* after room */
}

void trace_stop(void)
{
    store_relaxed(&traceon, false); /* whoever writes just now finishes */
}

static const char *const evnames[traceEvMax] = {
    "None", "GoCreate", "GoStart", "GoEnd", "GoSched", "GoPreempt", "GoPark", "GoUnpark", "GoSysCall", "GoSysExit",
    "GoSysBlock", "ProcStart", "ProcStop", "ProcRetake", "ProcHandoff", "Steal", "Netpoll", "STWStart", "STWEnd", "GC"};

static void dumpring(int fd, int32_t pid, struct tracebuf *b)
{
    if (!b)
        return;
    uint64_t end = load_acquire(&b->count), n = b->mask + 1; /* pairs with put */
    for (uint64_t i = end > n ? end - n : 0; i < end; i++) {
        traceevent e = b->events[i & b->mask];
        atomic_thread_fence(memory_order_acquire); /* the copy before the count that says whether it is whole */
        if (load_relaxed(&b->count) > i + n || e.ev == 0 || e.ev >= traceEvMax)
            continue;
        goprintf(fd, "%ld %d %s %d %lu %lu\n", (long)e.when, pid, evnames[e.ev], e.mid, (unsigned long)e.arg,
                 (unsigned long)e.arg2);
    }
}

void trace_dump(int fd)
{
    for (int32_t i = 0; i < MAXGOMAXPROCS && allp[i]; i++)
        dumpring(fd, i, load_acquire(&allp[i]->trace)); /* pairs with ring */
    dumpring(fd, -1, load_acquire(&nobodys));
}

/**
 * @file trace.c
 * The raw trace: what happened on each P, in a ring that keeps the newest events.
 *
 * A P's ring is written by the P's owner only, so that recording takes no lock: one store of an event, then the count
 * (release). What happens without a P (sysmon, threads that have lost theirs) goes to a ring of its own, under a lock. A
 * reader may dump while others write: it drops what may have been overwritten while it looked, so that a full ring of n
 * shows n - 1 events.
 */
#include "core.h"

/** An event in a ring: its words are relaxed atomics, since a reader may look while they are written. */
struct traceslot {
    _Atomic int64_t when;  /**< as in traceevent */
    _Atomic uint32_t ev;   /**< likewise */
    _Atomic int32_t mid;   /**< likewise */
    _Atomic uint64_t arg;  /**< likewise */
    _Atomic uint64_t arg2; /**< likewise */
};

/** A ring of events. */
struct tracebuf {
    _Atomic uint64_t count;  /**< events ever written; release by the writer, acquire by the reader */
    uint64_t mask;           /**< room minus 1 */
    struct traceslot slots[]; /**< the ring */
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
    struct tracebuf *b = persistentalloc(sizeof *b + n * sizeof(struct traceslot), 64);
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
    struct traceslot *s = &b->slots[n & b->mask];
    /* A reader that sees a word of this event must also see that count came to n: pairs with its acquire fence. */
    atomic_thread_fence(memory_order_release);
    store_relaxed(&s->when, nanotime());
    store_relaxed(&s->ev, ev);
    store_relaxed(&s->mid, (int32_t)getm()->id);
    store_relaxed(&s->arg, arg);
    store_relaxed(&s->arg2, arg2);
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
        struct traceslot *s = &b->slots[i & b->mask];
        traceevent e = {load_relaxed(&s->when), load_relaxed(&s->ev), load_relaxed(&s->mid), load_relaxed(&s->arg),
                        load_relaxed(&s->arg2)};
        atomic_thread_fence(memory_order_acquire); /* pairs with the fence in put: the copy first, then the count */
        if (load_relaxed(&b->count) >= i + n)      /* event i + n, which takes its place, may be on its way */
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

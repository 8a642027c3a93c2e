/**
 * @file netpoll.c
 * The network poller: how a goroutine waits for a file descriptor while its thread does other work.
 *
 * A goroutine that finds a socket empty does not block in read(2). It parks, and the poller makes it runnable
 * when the kernel reports the socket ready. This file is the part that knows no system call: the pollDesc,
 * one for each file descriptor. netpoll_epoll.c is the part that asks the kernel.
 *
 * Each direction of a pollDesc has one word, rg for reading and wg for writing. It is a binary semaphore:
 *
 *   pdReady   an event has come and nobody has used it yet
 *   pdWait    a G is about to park, but has not parked yet
 *   a G       this G is parked
 *   pdNil     none of these
 *
 * Four parties change the word, without a common lock: the G that waits, the poller that reports an event, a
 * timer whose deadline has come, and whoever closes the descriptor. Every change is therefore a
 * compare-and-swap or an exchange, and each party must be right whatever state it finds. What ends a wait
 * without an event (closing, deadlines) is recorded under pollDesc.lock and published in one atomic word,
 * atomicInfo, which waiters read without the lock.
 *
 * The delicate step lies between "about to park" and "parked". The waiter announces itself in rg and then
 * looks at atomicInfo; the closer writes atomicInfo and then looks at rg. Each stores to one place and loads
 * from the other, so both sides need sequential consistency: with less, each could miss the other, and the G
 * would sleep for ever.
 *
 * Memory of pollDescs is never given back: a late event or timer may still hold a pointer to one. fdseq
 * (events) and rseq, wseq (timers) tell it that the pollDesc serves another descriptor, or another deadline,
 * by now.
 */
#include "core.h"

_Atomic uint32_t netpollWaiters;

/* BEGIN SOLUTION */
/** Bytes of pollDescs that are allocated at a time. */
#define POLL_BLOCK_SIZE 4096

/** Free pollDescs. */
static struct {
    mutex lock;      /**< protects first and the link fields of the list */
    pollDesc *first; /**< a free pollDesc, or NULL */
} pollcache;

static mutex netpollInitLock;          /**< makes the set-up happen once */
static _Atomic uint32_t netpollInited; /**< 1 after netpollinit has returned; stored last */
/* END SOLUTION */

/** True once netpollinit has finished. */
bool netpollinited(void)
{
    /* BEGIN SOLUTION
     * Write me: true only after netpollinit has returned, and what it wrote can then be read. */
    return load_acquire(&netpollInited) != 0; /* pairs with the release in netpollGenericInit */
    /* END SOLUTION */
}

/** Sets the poller up on first use. */
void netpollGenericInit(void)
{
    /* BEGIN SOLUTION
     * Write me: once, however many come at the same time; nobody may see it initialised before it is. */
    if (netpollinited())
        return;
    lock(&netpollInitLock);
    if (load_relaxed(&netpollInited) == 0) { /* written under this lock only */
        netpollinit();
        store_release(&netpollInited, 1); /* pairs with netpollinited: the descriptors are there */
    }
    unlock(&netpollInitLock);
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/* ---- pollDescs, and the word that publishes their state ---- */

/** Adds a block of fresh pollDescs, each with its two timers, to the free list. pollcache.lock is held. */
static void pollcache_grow(void)
{
    size_t n = POLL_BLOCK_SIZE / sizeof(pollDesc);
    pollDesc *pd = persistentalloc(n * sizeof *pd, ARCH_CACHE_LINE);
    timer *t = persistentalloc(2 * n * sizeof *t, ARCH_CACHE_LINE);
    for (size_t i = 0; i < n; i++, pd++, t += 2) {
        pd->rt = &t[0];
        pd->wt = &t[1];
        pd->link = pollcache.first;
        pollcache.first = pd;
    }
}

/** A pollDesc that is not in use. */
static pollDesc *pollcache_alloc(void)
{
    lock(&pollcache.lock);
    if (!pollcache.first)
        pollcache_grow();
    pollDesc *pd = pollcache.first;
    pollcache.first = pd->link;
    unlock(&pollcache.lock);
    return pd;
}

/**
 * Copies what waiters must know from the locked fields into atomicInfo, but for pollEventErr. pd->lock is
 * held.
 */
static void publishInfo(pollDesc *pd)
{
    uint32_t info = (uint32_t)load_relaxed(&pd->fdseq) << pollFDSeqShift; /* written under pd->lock only */
    if (pd->closing)
        info |= pollClosing;
    if (pd->rd < 0)
        info |= pollExpiredReadDeadline;
    if (pd->wd < 0)
        info |= pollExpiredWriteDeadline;
    uint32_t old;
    do {
        old = load_relaxed(&pd->atomicInfo); /* the CAS below decides */
        /* seq_cst: before the look at rg and wg that follows; pairs with netpollblock, which writes rg and
         * reads this. */
    } while (!cas(&pd->atomicInfo, old, (old & pollEventErr) | info));
}

/** Gives pd back. The new fdseq makes events that are still on their way find nobody. */
static void pollcache_free(pollDesc *pd)
{
    lock(&pd->lock);
    uintptr_t seq = (load_relaxed(&pd->fdseq) + 1) & pollFDSeqMask; /* written under pd->lock only */
    store_release(&pd->fdseq, seq ? seq : 1); /* pairs with the acquire in netpoll. 0 would mean any use */
    publishInfo(pd);
    unlock(&pd->lock);
    lock(&pollcache.lock);
    pd->link = pollcache.first;
    pollcache.first = pd;
    unlock(&pollcache.lock);
}
/* END SOLUTION */

/** Sets or clears pollEventErr, unless the event was meant for an earlier use of pd. */
void netpollSetEventErr(pollDesc *pd, bool err, uintptr_t seq)
{
    /* BEGIN SOLUTION
     * Write me: one bit of atomicInfo, without the lock and without losing what others write there meanwhile;
     * nothing if the word carries another fdseq (seq 0: do not compare). */
    for (;;) {
        uint32_t old = load_relaxed(&pd->atomicInfo); /* the CAS below decides */
        if (seq != 0 && old >> pollFDSeqShift != (seq & pollFDSeqMask))
            return;
        uint32_t info = err ? old | pollEventErr : old & ~(uint32_t)pollEventErr;
        /* seq_cst like publishInfo: before netpollready's CAS */
        if (info == old || cas(&pd->atomicInfo, old, info))
            return;
    }
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** The word of pd for mode. */
static _Atomic uintptr_t *pdword(pollDesc *pd, int mode)
{
    return mode == 'r' ? &pd->rg : &pd->wg;
}

/** Throws if a G is parked on pd, or about to be. */
static void nobodywaits(pollDesc *pd, const char *where)
{
    uintptr_t rg = load_seqcst(&pd->rg), wg = load_seqcst(&pd->wg); /* nobody may wait any more: no partner */
    if (wg != pdNil && wg != pdReady)
        throw_("runtime: blocked write on %s polldesc", where);
    if (rg != pdNil && rg != pdReady)
        throw_("runtime: blocked read on %s polldesc", where);
}
/* END SOLUTION */

/** Registers fd. */
pollDesc *pollOpen(int fd, int *err)
{
    /* BEGIN SOLUTION
     * Write me: a pollDesc from blocks that are never freed (persistentalloc, with two timers each) and a
     * free list; everything that an earlier use left in it reset under its lock; register it last. Give it
     * back on an error. */
    netpollGenericInit();
    pollDesc *pd = pollcache_alloc();
    lock(&pd->lock);
    nobodywaits(pd, "free");
    pd->fd = fd;
    if (load_relaxed(&pd->fdseq) == 0) /* first use; written under pd->lock only */
        store_relaxed(&pd->fdseq, 1);  /* epoll_ctl, below, comes before any event that carries it */
    pd->closing = false;
    netpollSetEventErr(pd, false, 0);
    pd->rseq++;
    pd->wseq++;
    pd->rd = 0;
    pd->wd = 0;
    store_relaxed(&pd->rg, pdNil); /* not registered yet: nobody else looks */
    store_relaxed(&pd->wg, pdNil); /* likewise */
    store_relaxed(&pd->seen, 0);   /* likewise */
    publishInfo(pd);
    unlock(&pd->lock);

    *err = netpollopen(fd, pd);
    if (*err == 0)
        return pd;
    pollcache_free(pd);
    return NULL;
    /* END SOLUTION */
}

/** Unregisters and recycles pd. */
void pollClose(pollDesc *pd)
{
    /* BEGIN SOLUTION
     * Write me: throw if pollUnblock was not called, or if somebody is parked; take the descriptor out of the
     * back end, and only then let another use have the pollDesc, with another fdseq. */
    if (!pd->closing)
        throw_("runtime: close polldesc w/o unblock");
    nobodywaits(pd, "closing");
    netpollclose(pd->fd);
    pollcache_free(pd);
    /* END SOLUTION */
}

/** Forgets old readiness before an I/O attempt. */
int pollReset(pollDesc *pd, int mode)
{
    /* BEGIN SOLUTION
     * Write me: an error first; else the word becomes pdNil. */
    int err = netpollcheckerr(pd, mode);
    if (err == pollNoError)
        /* before the I/O attempt: what comes after that must find pdNil */
        store_seqcst(pdword(pd, mode), pdNil);
    return err;
    /* END SOLUTION */
}

/** Waits until mode is ready. */
int pollWait(pollDesc *pd, int mode)
{
    /* BEGIN SOLUTION
     * Write me: wait as long as there is neither readiness nor an error. A deadline may wake the G and be
     * moved before the G has run: then there is neither, and it waits again. */
    int err = netpollcheckerr(pd, mode);
    while (err == pollNoError) {
        if (netpollblock(pd, mode, false))
            return pollNoError;
        err = netpollcheckerr(pd, mode);
    }
    return err;
    /* END SOLUTION */
}

/** The error of pd for mode. */
int netpollcheckerr(pollDesc *pd, int mode)
{
    /* BEGIN SOLUTION
     * Write me: from atomicInfo alone: closing, then this direction's deadline, then (reading only) an event
     * error. */
    uint32_t info = load_seqcst(&pd->atomicInfo); /* after pdWait in netpollblock; pairs with publishInfo */
    if (info & pollClosing)
        return pollErrClosing;
    if ((mode == 'r' && info & pollExpiredReadDeadline) || (mode == 'w' && info & pollExpiredWriteDeadline))
        return pollErrTimeout;
    /* Only for reading: the next write will tell its error itself. */
    if (mode == 'r' && info & pollEventErr)
        return pollErrNotPollable;
    return pollNoError;
    /* END SOLUTION */
}

/* ---- waiting and waking ---- */

/* BEGIN SOLUTION */
/** gopark's last step, on g0: pdWait becomes gp, unless an event or a close came first. */
static bool netpollblockcommit(G *gp, void *gpp)
{
    /* seq_cst; publishes the parked G: pairs with the CAS in netpollunblock */
    bool parked = cas((_Atomic uintptr_t *)gpp, pdWait, (uintptr_t)gp);
    if (parked)
        netpollAdjustWaiters(1); /* gp may run again already: only global state from here on */
    return parked;
}
/* END SOLUTION */

/** Waits for mode. */
bool netpollblock(pollDesc *pd, int mode, bool waitio)
{
    /* BEGIN SOLUTION
     * Write me: use up a readiness that is there; else announce the wait, and look for errors once more (not
     * if waitio) before parking: whoever closes looks for waiters after it has published. Park with a commit
     * step that turns pdWait into the G. Afterwards take what is in the word; only pdReady means ready. */
    _Atomic uintptr_t *gpp = pdword(pd, mode);
    for (;;) {
        if (cas(gpp, pdReady, pdNil)) /* pairs with the CAS in netpollunblock: uses its event */
            return true;
        if (cas(gpp, pdNil, pdWait)) /* seq_cst: before the load of atomicInfo below */
            break;
        uintptr_t old = load_relaxed(gpp); /* only to tell a second waiter from an event that came between */
        if (old != pdReady && old != pdNil)
            throw_("runtime: double wait");
    }
    STALL(after_pdwait);
    if (waitio || netpollcheckerr(pd, mode) == pollNoError)
        gopark(netpollblockcommit, (void *)gpp, waitReasonIOWait);
    /* pairs with netpollunblock: an event of this instant is not lost */
    uintptr_t old = swap_seqcst(gpp, pdNil);
    if (old > pdWait)
        throw_("runtime: corrupted polldesc");
    return old == pdReady;
    /* END SOLUTION */
}

/** Makes mode ready, or just wakes. */
G *netpollunblock(pollDesc *pd, int mode, bool ioready, int32_t *delta)
{
    /* BEGIN SOLUTION
     * Write me: one CAS from whatever is there to pdReady (ioready) or pdNil. A pdReady is never taken away.
     * A G that was parked is returned and counted in *delta; one about to park will notice by itself. */
    _Atomic uintptr_t *gpp = pdword(pd, mode);
    for (;;) {
        /* after publishInfo; pairs with the CAS to pdWait in netpollblock */
        uintptr_t old = load_seqcst(gpp);
        if (old == pdReady || (old == pdNil && !ioready))
            return NULL;
        if (!cas(gpp, old, ioready ? pdReady : pdNil)) /* pairs with the commit: acquires the parked G */
            continue;
        if (old == pdNil || old == pdWait)
            return NULL;
        if (delta)
            (*delta)--;
        return (G *)old;
    }
    /* END SOLUTION */
}

/** Pushes the Gs that wait for mode. */
int32_t netpollready(gList *toRun, pollDesc *pd, int mode)
{
    /* BEGIN SOLUTION
     * Write me: the reader first, then the writer; the returned change of netpollWaiters is the caller's to
     * apply. */
    int32_t delta = 0;
    G *gps[2] = {NULL, NULL};
    if (mode == 'r' || mode == 'r' + 'w')
        gps[0] = netpollunblock(pd, 'r', true, &delta);
    if (mode == 'w' || mode == 'r' + 'w')
        gps[1] = netpollunblock(pd, 'w', true, &delta);
    for (int i = 0; i < 2; i++) {
        if (gps[i]) {
            trace_(getp(), traceEvNetpoll, gps[i]->goid, 0);
            glist_push(toRun, gps[i]);
        }
    }
    return delta;
    /* END SOLUTION */
}

/** Adds delta to netpollWaiters. */
void netpollAdjustWaiters(int32_t delta)
{
    /* BEGIN SOLUTION
     * Write me: nothing to do for 0. */
    if (delta != 0)
        /* after the Gs became runnable; pairs with the load below */
        fetch_add_seqcst(&netpollWaiters, (uint32_t)delta);
    /* END SOLUTION */
}

/** True if some G waits in the poller. */
bool netpollAnyWaiters(void)
{
    /* BEGIN SOLUTION
     * Write me: one load. */
    return load_seqcst(&netpollWaiters) != 0; /* pairs with netpollAdjustWaiters */
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/* ---- deadlines and close ---- */

/** Makes the Gs (each may be NULL) runnable, then corrects the number of waiters. Not with pd->lock held. */
static void readyboth(G *rg, G *wg, int32_t delta)
{
    if (rg)
        goready(rg);
    if (wg)
        goready(wg);
    netpollAdjustWaiters(delta);
}

static void readdeadline(void *pd, uintptr_t seq)
{
    netpolldeadline(pd, seq, true, false);
}

static void writedeadline(void *pd, uintptr_t seq)
{
    netpolldeadline(pd, seq, false, true);
}

static void bothdeadlines(void *pd, uintptr_t seq)
{
    netpolldeadline(pd, seq, true, true);
}

/**
 * Lets t call fn at when (<= 0: not at all) in place of what it was set to, which is stale from now on.
 * pd->lock is held.
 */
static void retime(pollDesc *pd, timer *t, bool *run, uintptr_t *seq, int64_t when,
                   void (*fn)(void *, uintptr_t))
{
    if (*run) {
        timer_del(t);
        (*seq)++; /* its function may be waiting for pd->lock right now */
    }
    *run = when > 0;
    if (*run)
        timer_start(t, when, 0, fn, pd, *seq);
}
/* END SOLUTION */

/** Sets deadlines. */
void pollSetDeadline(pollDesc *pd, int64_t d, int mode)
{
    /* BEGIN SOLUTION
     * Write me: nothing on a closing pollDesc. From "so long from now" to an absolute time (which may
     * overflow); store and publish; two equal deadlines share the read timer; a timer that changes gets a new
     * seq. A deadline in the past wakes at once whoever waits, after the lock is released. */
    lock(&pd->lock);
    if (pd->closing) {
        unlock(&pd->lock);
        return;
    }
    if (d > 0 && __builtin_add_overflow(d, timeseam.nanotime(), &d))
        d = INT64_MAX;
    int64_t rd0 = pd->rd, wd0 = pd->wd;
    bool combo0 = rd0 > 0 && rd0 == wd0;
    if (mode == 'r' || mode == 'r' + 'w')
        pd->rd = d;
    if (mode == 'w' || mode == 'r' + 'w')
        pd->wd = d;
    publishInfo(pd);
    bool combo = pd->rd > 0 && pd->rd == pd->wd;
    if (!pd->rrun || pd->rd != rd0 || combo != combo0)
        retime(pd, pd->rt, &pd->rrun, &pd->rseq, pd->rd, combo ? bothdeadlines : readdeadline);
    if (!pd->wrun || pd->wd != wd0 || combo != combo0)
        retime(pd, pd->wt, &pd->wrun, &pd->wseq, combo ? 0 : pd->wd, writedeadline);

    int32_t delta = 0;
    G *rg = pd->rd < 0 ? netpollunblock(pd, 'r', false, &delta) : NULL;
    G *wg = pd->wd < 0 ? netpollunblock(pd, 'w', false, &delta) : NULL;
    unlock(&pd->lock);
    readyboth(rg, wg, delta);
    /* END SOLUTION */
}

/** A deadline has come. */
void netpolldeadline(pollDesc *pd, uintptr_t seq, bool read, bool write)
{
    /* BEGIN SOLUTION
     * Write me: nothing if seq is not the present one of that timer (the read timer serves both). Else the
     * deadline becomes "expired" (-1) and is published before the waiter is woken. */
    lock(&pd->lock);
    if (seq != (read ? pd->rseq : pd->wseq)) { /* moved, or another descriptor's, since the timer was set */
        unlock(&pd->lock);
        return;
    }
    if (read && (pd->rd <= 0 || !pd->rrun))
        throw_("runtime: inconsistent read deadline");
    if (write && (pd->wd <= 0 || (!pd->wrun && !read)))
        throw_("runtime: inconsistent write deadline");
    if (read)
        pd->rd = -1;
    if (write)
        pd->wd = -1;
    publishInfo(pd);
    int32_t delta = 0;
    G *rg = read ? netpollunblock(pd, 'r', false, &delta) : NULL;
    G *wg = write ? netpollunblock(pd, 'w', false, &delta) : NULL;
    unlock(&pd->lock);
    readyboth(rg, wg, delta);
    /* END SOLUTION */
}

/** Marks pd closing and wakes everybody. */
void pollUnblock(pollDesc *pd)
{
    /* BEGIN SOLUTION
     * Write me: throw if it is closing already. Closing is published before anybody is woken; both timers
     * stop and become stale; the Gs are readied after the lock is released. */
    lock(&pd->lock);
    if (pd->closing)
        throw_("runtime: unblock on closing polldesc");
    pd->closing = true;
    pd->rseq++;
    pd->wseq++;
    publishInfo(pd);
    int32_t delta = 0;
    G *rg = netpollunblock(pd, 'r', false, &delta);
    G *wg = netpollunblock(pd, 'w', false, &delta);
    retime(pd, pd->rt, &pd->rrun, &pd->rseq, 0, readdeadline);
    retime(pd, pd->wt, &pd->wrun, &pd->wseq, 0, writedeadline);
    unlock(&pd->lock);
    readyboth(rg, wg, delta);
    /* END SOLUTION */
}

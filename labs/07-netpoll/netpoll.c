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

/** True once netpollinit has finished. */
bool netpollinited(void)
{
    /* Write me: true only after netpollinit has returned, and what it wrote can then be read. */
    unwritten();
}

/** Sets the poller up on first use. */
void netpollGenericInit(void)
{
    /* Write me: once, however many come at the same time; nobody may see it initialised before it is. */
    unwritten();
}

/** Sets or clears pollEventErr, unless the event was meant for an earlier use of pd. */
void netpollSetEventErr(pollDesc *pd, bool err, uintptr_t seq)
{
    /* Write me: one bit of atomicInfo, without the lock and without losing what others write there meanwhile;
     * nothing if the word carries another fdseq (seq 0: do not compare). */
    (void)pd, (void)err, (void)seq;
    unwritten();
}

/** Registers fd. */
pollDesc *pollOpen(int fd, int *err)
{
    /* Write me: a pollDesc from blocks that are never freed (persistentalloc, with two timers each) and a
     * free list; everything that an earlier use left in it reset under its lock; register it last. Give it
     * back on an error. */
    (void)fd, (void)err;
    unwritten();
}

/** Unregisters and recycles pd. */
void pollClose(pollDesc *pd)
{
    /* Write me: throw if pollUnblock was not called, or if somebody is parked; take the descriptor out of the
     * back end, and only then let another use have the pollDesc, with another fdseq. */
    (void)pd;
    unwritten();
}

/** Forgets old readiness before an I/O attempt. */
int pollReset(pollDesc *pd, int mode)
{
    /* Write me: an error first; else the word becomes pdNil. */
    (void)pd, (void)mode;
    unwritten();
}

/** Waits until mode is ready. */
int pollWait(pollDesc *pd, int mode)
{
    /* Write me: wait as long as there is neither readiness nor an error. A deadline may wake the G and be
     * moved before the G has run: then there is neither, and it waits again. */
    (void)pd, (void)mode;
    unwritten();
}

/** The error of pd for mode. */
int netpollcheckerr(pollDesc *pd, int mode)
{
    /* Write me: from atomicInfo alone: closing, then this direction's deadline, then (reading only) an event
     * error. */
    (void)pd, (void)mode;
    unwritten();
}

/* ---- waiting and waking ---- */

/** Waits for mode. */
bool netpollblock(pollDesc *pd, int mode, bool waitio)
{
    /* Write me: use up a readiness that is there; else announce the wait, and look for errors once more (not
     * if waitio) before parking: whoever closes looks for waiters after it has published. Park with a commit
     * step that turns pdWait into the G. Afterwards take what is in the word; only pdReady means ready. */
    (void)pd, (void)mode, (void)waitio;
    unwritten();
}

/** Makes mode ready, or just wakes. */
G *netpollunblock(pollDesc *pd, int mode, bool ioready, int32_t *delta)
{
    /* Write me: one CAS from whatever is there to pdReady (ioready) or pdNil. A pdReady is never taken away.
     * A G that was parked is returned and counted in *delta; one about to park will notice by itself. */
    (void)pd, (void)mode, (void)ioready, (void)delta;
    unwritten();
}

/** Pushes the Gs that wait for mode. */
int32_t netpollready(gList *toRun, pollDesc *pd, int mode)
{
    /* Write me: the reader first, then the writer; the returned change of netpollWaiters is the caller's to
     * apply. */
    (void)toRun, (void)pd, (void)mode;
    unwritten();
}

/** Adds delta to netpollWaiters. */
void netpollAdjustWaiters(int32_t delta)
{
    /* Write me: nothing to do for 0. */
    (void)delta;
    unwritten();
}

/** True if some G waits in the poller. */
bool netpollAnyWaiters(void)
{
    /* Write me: one load. */
    unwritten();
}

/** Sets deadlines. */
void pollSetDeadline(pollDesc *pd, int64_t d, int mode)
{
    /* Write me: nothing on a closing pollDesc. From "so long from now" to an absolute time (which may
     * overflow); store and publish; two equal deadlines share the read timer; a timer that changes gets a new
     * seq. A deadline in the past wakes at once whoever waits, after the lock is released. */
    (void)pd, (void)d, (void)mode;
    unwritten();
}

/** A deadline has come. */
void netpolldeadline(pollDesc *pd, uintptr_t seq, bool read, bool write)
{
    /* Write me: nothing if seq is not the present one of that timer (the read timer serves both). Else the
     * deadline becomes "expired" (-1) and is published before the waiter is woken. */
    (void)pd, (void)seq, (void)read, (void)write;
    unwritten();
}

/** Marks pd closing and wakes everybody. */
void pollUnblock(pollDesc *pd)
{
    /* Write me: throw if it is closing already. Closing is published before anybody is woken; both timers
     * stop and become stale; the Gs are readied after the lock is released. */
    (void)pd;
    unwritten();
}

/**
 * @file labs/lab07.h
 * The contracts of lab 07: the network poller. Included by labs.h, where the words are explained.
 */
#ifndef HANDOFF_LAB07_H
#define HANDOFF_LAB07_H

#include "runtime2.h"

/** @defgroup lab07 Lab 07: the network poller
 * labs/07-netpoll: netpoll.c (no system call in it), netpoll_epoll.c (the back end).
 *
 * A G that waits for a descriptor parks by gopark() with waitReasonIOWait; the poller, a deadline or a close makes it
 * runnable. Everything the module asks of the kernel goes through lab 01's linux_epoll_create(), linux_eventfd(),
 * linux_epoll_ctl(), linux_epoll_wait(), linux_write() and linux_read(); every mutex through lock() and unlock(); every
 * deadline through timer_start() and timer_del(), and the time through timeseam. The functions that make Gs runnable
 * (goready()) need a P.
 * @{ */

/** Values of pollDesc.rg and wg that are no G. */
enum {
    pdNil = 0,   /**< nobody waits, and no event has come since the last pollReset */
    pdReady = 1, /**< an event has come; whoever waits next need not park */
    pdWait = 2   /**< a G is about to park, but has not parked yet */
};
/** Results of pollReset, pollWait and netpollcheckerr. */
enum {
    pollNoError = 0,       /**< go on */
    pollErrClosing = 1,    /**< pollUnblock was called */
    pollErrTimeout = 2,    /**< the deadline has passed */
    pollErrNotPollable = 3 /**< the last event was an error and nothing else; reading only */
};
/** Bits of pollDesc.atomicInfo, below the fdseq. */
enum {
    pollClosing = 1,              /**< closing */
    pollEventErr = 2,             /**< the last event was EPOLLERR alone */
    pollExpiredReadDeadline = 4,  /**< rd < 0 */
    pollExpiredWriteDeadline = 8, /**< wd < 0 */
    pollFDSeqShift = 16,          /**< the low bits of fdseq stand from here on */
    pollFDSeqMask = 0xffff        /**< so many of them */
};

/**
 * What the poller knows of one file descriptor. It lies in memory from persistentalloc(), which is never given back, since
 * a late event or timer may still point to it; fdseq, rseq and wseq tell those that they are late. Closed ones are used
 * again. Mirrors pollDesc.
 *
 * rg and wg change by compare-and-swap or exchange only (but pollReset and pollOpen may store pdNil). The fields below
 * lock are published, for those who do not hold it, in atomicInfo: after each change, before anybody is woken for it.
 */
typedef struct pollDesc {
    struct pollDesc *link;        /**< next free one; under the free list's lock */
    int fd;                       /**< constant while in use */
    _Atomic uintptr_t fdseq;      /**< changes at each pollClose, never 0 while in use; part of the epoll tag */
    _Atomic uint32_t atomicInfo;  /**< closing, error and deadline bits, and fdseq */
    _Atomic uintptr_t rg;         /**< pdNil, pdReady, pdWait, or the G that is parked to read */
    _Atomic uintptr_t wg;         /**< likewise for writing */
    _Atomic uint32_t seen;        /**< optional: the event bits of all events so far, added before rg and wg change */

    mutex lock;                   /**< protects what follows */
    bool closing;                 /**< pollUnblock was called */
    bool rrun;                    /**< rt was started, and not stopped since; true also after it went off */
    bool wrun;                    /**< likewise wt */
    uintptr_t rseq;               /**< changes whenever rt is moved, stopped or given another task, and at each pollOpen */
    uintptr_t wseq;               /**< likewise wt */
    timer *rt;                    /**< the timer of the read deadline, and of both if rd == wd > 0; for ever this pollDesc's */
    timer *wt;                    /**< the timer of the write deadline */
    int64_t rd;                   /**< read deadline: 0 none, < 0 expired, else nanotime */
    int64_t wd;                   /**< write deadline */
} pollDesc;

/** Number of Gs parked in the poller, as far as netpollAdjustWaiters has been told. */
extern _Atomic uint32_t netpollWaiters;
/** True once netpollinit has returned, not before. Mirrors netpollinited. */
bool netpollinited(void);
/** Calls netpollinit once; who comes while that runs waits on a mutex until it is done. Mirrors netpollGenericInit. */
void netpollGenericInit(void);
/**
 * Registers fd for both directions and as long as it is open. Sets the poller up if nobody has.
 *
 * @param fd   a non-blocking descriptor, not registered yet
 * @param err  0, or the errno of epoll_ctl (EPERM: it cannot be polled, as a regular file)
 * @return a pollDesc in the state of a new one, whatever its last use left; NULL on an error, then it is free again
 *
 * Throws if somebody waits on the pollDesc that was believed free ("blocked read on free polldesc", "blocked write ...").
 * Mirrors poll_runtime_pollOpen.
 */
pollDesc *pollOpen(int fd, int *err);
/**
 * Takes the descriptor out of the back end (netpollclose), then gives pd back with another fdseq. The caller closes the
 * descriptor afterwards. Throws if pollUnblock was not called ("close polldesc w/o unblock"), or if a G waits on pd
 * ("blocked read on closing polldesc", "blocked write ..."). Mirrors poll_runtime_pollClose.
 */
void pollClose(pollDesc *pd);
/**
 * Before an I/O attempt in mode 'r' or 'w': a pollErr value; if there is no error, readiness of that direction from
 * before is forgotten. Mirrors poll_runtime_pollReset.
 */
int pollReset(pollDesc *pd, int mode);
/**
 * Parks the G until mode is ready, the deadline passes or pd is closed. Woken by none of these (the deadline that woke it
 * was moved before it ran), it waits again. A pollErr value; an error that is there already is returned at once. One G
 * at a time for each direction. Mirrors poll_runtime_pollWait.
 */
int pollWait(pollDesc *pd, int mode);
/**
 * Sets the deadline of 'r', 'w' or both ('r' + 'w').
 *
 * @param d  > 0: so many nanoseconds from now (the sum is INT64_MAX if it would be more); 0: none; < 0: it has passed
 *
 * Nothing on a closing pd. A deadline that has passed stays so until the next call: each pollReset and pollWait fails.
 * Two equal deadlines share the timer rt, and wt is stopped. A timer that is moved or stopped, or that served both and now
 * serves one, or the other way round, gets a new seq: it may be going off already, for what it was set for. A deadline
 * in the past wakes who waits, after the lock was released. Needs a P. Mirrors poll_runtime_pollSetDeadline.
 */
void pollSetDeadline(pollDesc *pd, int64_t d, int mode);
/**
 * Closes pd for waiters: publishes that, stops both timers (with new seqs), wakes both directions, the latter after the
 * lock was released. Twice: throws "unblock on closing polldesc". Needs a P. Mirrors poll_runtime_pollUnblock.
 */
void pollUnblock(pollDesc *pd);
/**
 * Waits for mode: true if it became ready (which is used up), false if closed, timed out or just woken.
 *
 * @param waitio  wait for I/O only: park although pd may be closing or past its deadline
 *
 * Announces itself in the word (pdWait) before the last look at the errors and before gopark(). A second waiter throws
 * "double wait"; a word that is not pdNil, pdReady or pdWait after waking throws "corrupted polldesc". When the G has
 * parked, and only then, netpollWaiters goes up by one. Mirrors netpollblock.
 */
bool netpollblock(pollDesc *pd, int mode, bool waitio);
/**
 * Leaves pdReady (ioready) or pdNil in the word of mode; a pdReady that is there stays. Any thread.
 *
 * @param delta  decreased by one if a G is returned; may be NULL
 * @return the G that was parked, for the caller to make runnable, else NULL
 *
 * Mirrors netpollunblock.
 */
G *netpollunblock(pollDesc *pd, int mode, bool ioready, int32_t *delta);
/**
 * Makes 'r', 'w' or both ('r' + 'w') ready, and pushes the Gs that were parked onto toRun, the reader before the writer
 * (so the writer comes out first). Returns the change of netpollWaiters, which it leaves to the caller. Mirrors
 * netpollready.
 */
int32_t netpollready(gList *toRun, pollDesc *pd, int mode);
/**
 * The error of pd for mode: closing, then that mode's deadline, then an event error (reading only). From atomicInfo
 * alone, without the lock. Mirrors netpollcheckerr.
 */
int netpollcheckerr(pollDesc *pd, int mode);
/**
 * Sets or clears pollEventErr in atomicInfo, and no other bit, without the lock; nothing if the fdseq that stands there is
 * not seq. seq 0: whatever stands there. Mirrors setEventErr.
 */
void netpollSetEventErr(pollDesc *pd, bool err, uintptr_t seq);
/**
 * Adds delta to netpollWaiters. Whoever decreases it does so after the Gs have been made runnable: in between nobody may
 * believe that there is nothing left to wait for. Mirrors netpollAdjustWaiters.
 */
void netpollAdjustWaiters(int32_t delta);
/** True if some G waits in the poller. Mirrors netpollAnyWaiters. */
bool netpollAnyWaiters(void);
/**
 * The function of the deadline timers, with the seq that the timer was started with: nothing if that is not the present
 * one (of rt if read, else of wt). Else the deadline of each direction named becomes -1 and is published, and who waits
 * is woken, after the lock was released. Throws "inconsistent read deadline" ("write") if none was set. Needs a P.
 * Mirrors netpolldeadlineimpl.
 */
void netpolldeadline(pollDesc *pd, uintptr_t seq, bool read, bool write);

/* The back end: epoll. */

/**
 * Creates the epoll descriptor and an eventfd, both close-on-exec, the latter non-blocking and in the set for EPOLLIN,
 * level-triggered. If any of it fails it throws, and names the system call. Mirrors netpollinit.
 */
void netpollinit(void);
/**
 * Adds fd for EPOLLIN, EPOLLOUT and EPOLLRDHUP, edge-triggered, with data that tells pd and its fdseq of now: 0 or errno.
 * Mirrors netpollopen.
 */
int netpollopen(int fd, pollDesc *pd);
/** Removes fd explicitly, as a duplicate of it may stay open: 0 or errno. Mirrors netpollclose. */
int netpollclose(int fd);
/**
 * The Gs that became ready.
 *
 * @param delay  < 0: waits without limit; 0: does not wait; > 0: waits so many nanoseconds, as milliseconds: at least one,
 *               else rounded down, at most 1e9
 * @param delta  receives the change of netpollWaiters, for netpollAdjustWaiters after the Gs are runnable
 *
 * EPOLLIN, RDHUP, HUP and ERR make reading ready, OUT, HUP and ERR writing; EPOLLERR and nothing else is an event error,
 * any other event takes that back. An event of an earlier fdseq does nothing at all. The eventfd is read, and after that
 * the next netpollBreak let through, only by a call that may wait; another leaves both alone. EINTR: a call with delay > 0
 * returns an empty list, others go on. Before netpollinit: an empty list, at once. Any other error throws "netpoll
 * failed", an event of the eventfd that is not EPOLLIN alone throws a text with "eventfd". Without a P if it may wait.
 *
 * Optional, for speed: an event's bits are added to pd->seen before the direction is made ready, and pollOpen clears them.
 * Then a read that waits on TCP costs one system call less. Mirrors netpoll.
 */
gList netpoll(int64_t delay, int32_t *delta);
/**
 * Makes the netpoll that waits, or the next that would, return: one write of 8 bytes to the eventfd, and none while an
 * earlier one has not been read. EINTR is tried again, EAGAIN is good; any other error throws, naming netpollBreak. Anybody,
 * without lock. What the caller did before is seen by who comes back from that netpoll, also if this call did not write
 * because an earlier one was just being read: a compare-and-swap that fails publishes nothing, and a store acquires
 * nothing. Mirrors netpollBreak.
 */
void netpollBreak(void);
/** @} */

#endif

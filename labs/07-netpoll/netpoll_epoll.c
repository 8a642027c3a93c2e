/**
 * @file netpoll_epoll.c
 * The poller's back end on Linux: epoll.
 *
 * One epoll descriptor serves the whole process. Each file descriptor is added once, when it is opened, for
 * both directions and edge-triggered: the kernel reports a change to readable or writable one time, and the
 * waiter must read or write until EAGAIN before it waits again. So nothing needs to be re-armed at each wait.
 *
 * netpoll() is called by an M that looks for work: without waiting while it holds a P, and by one M at a
 * time, without a P, with waiting. That M must be woken when work comes from elsewhere, for example a timer
 * that ends sooner than its wait: netpollBreak() writes to an eventfd that is in the epoll set too.
 *
 * The kernel gives back 64 bits with each event, put in when the descriptor was added. They hold the pollDesc
 * and its fdseq of that time, in one word: an event may have been fetched just before its descriptor was
 * closed, and arrive when the pollDesc serves another one.
 */
#include "core.h"

/** Creates the epoll and event file descriptors. */
void netpollinit(void)
{
    /* Write me: both close-on-exec, the eventfd non-blocking; the eventfd in the set, level-triggered, with a
     * tag that no pollDesc has. Throw if any of this fails. */
    unwritten();
}

/** Adds fd. */
int netpollopen(int fd, pollDesc *pd)
{
    /* Write me: both directions and the peer's half-close, edge-triggered. */
    (void)fd, (void)pd;
    unwritten();
}

/** Removes fd. */
int netpollclose(int fd)
{
    /* Write me: explicitly: close(2) alone removes nothing as long as a duplicate of fd is open. */
    (void)fd;
    unwritten();
}

/** Interrupts a blocked netpoll. */
void netpollBreak(void)
{
    /* Write me: nothing if a write is in flight; else write 1 to the eventfd. EINTR: again. EAGAIN: the
     * counter is full, so the poller will wake. Anything else: throw. */
    unwritten();
}

/** The Gs that became ready. */
gList netpoll(int64_t delay, int32_t *delta)
{
    /* Write me: nothing before netpollinit. Round the delay to milliseconds, but not to none. EINTR: a timed
     * wait ends with nothing, others go on; any other error is the runtime's: throw. IN, RDHUP, HUP and ERR
     * wake readers; OUT, HUP and ERR wake writers; ERR and nothing else is pollEventErr. Events of an earlier
     * fdseq are dropped. The eventfd is read, and the next netpollBreak let through, only by a call that may
     * block. */
    (void)delay, (void)delta;
    unwritten();
}

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

/* BEGIN SOLUTION */
/** Events that one call fetches. */
#define NETPOLL_EVENTS 128
/** Bits of a user-space address; those above are free for fdseq. */
#define TAG_ADDR_BITS 48

static int epfd = -1;                    /**< the epoll descriptor; -1 before netpollinit */
static int netpollEventFd = -1;          /**< netpollBreak writes to it */
static _Atomic uint32_t netpollWakeSig;  /**< 1: a write to it has not been read yet */

/** What the kernel keeps for pd: its address, and above it fdseq. */
static uint64_t netpolltag(pollDesc *pd)
{
    uint64_t addr = (uintptr_t)pd;
    if (addr >> TAG_ADDR_BITS != 0)
        throw_("runtime: pollDesc %p does not fit into a tag", (void *)pd);
    /* relaxed: it changes only while pd is not registered, and the registering is what publishes this */
    return addr | (uint64_t)load_relaxed(&pd->fdseq) << TAG_ADDR_BITS;
}

/** The pollDesc and, in *seq, the fdseq of a tag. */
static pollDesc *netpolluntag(uint64_t tag, uintptr_t *seq)
{
    *seq = (uintptr_t)(tag >> TAG_ADDR_BITS);
    return (pollDesc *)(uintptr_t)(tag & (((uint64_t)1 << TAG_ADDR_BITS) - 1));
}

/** The tag of the eventfd: no pollDesc has this address. */
static uint64_t breaktag(void)
{
    return (uintptr_t)&netpollEventFd;
}
/* END SOLUTION */

/** Creates the epoll and event file descriptors. */
void netpollinit(void)
{
    /* BEGIN SOLUTION
     * Write me: both close-on-exec, the eventfd non-blocking; the eventfd in the set, level-triggered, with a
     * tag that no pollDesc has. Throw if any of this fails. */
    epfd = linux_epoll_create(EPOLL_CLOEXEC);
    if (epfd < 0)
        throw_("runtime: netpollinit: epoll_create1 failed with %d", -epfd);
    netpollEventFd = linux_eventfd(0, KO_CLOEXEC | KO_NONBLOCK);
    if (netpollEventFd < 0)
        throw_("runtime: netpollinit: eventfd failed with %d", -netpollEventFd);
    struct epoll_event ev = {.events = EPOLLIN, .data = breaktag()};
    int err = linux_epoll_ctl(epfd, EPOLL_CTL_ADD, netpollEventFd, &ev);
    if (err < 0)
        throw_("runtime: netpollinit: epoll_ctl failed with %d", -err);
    /* END SOLUTION */
}

/** Adds fd. */
int netpollopen(int fd, pollDesc *pd)
{
    /* BEGIN SOLUTION
     * Write me: both directions and the peer's half-close, edge-triggered. */
    struct epoll_event ev = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data = netpolltag(pd),
    };
    return -linux_epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
    /* END SOLUTION */
}

/** Removes fd. */
int netpollclose(int fd)
{
    /* BEGIN SOLUTION
     * Write me: explicitly: close(2) alone removes nothing as long as a duplicate of fd is open. */
    struct epoll_event ev = {0}; /* old kernels want an address */
    return -linux_epoll_ctl(epfd, EPOLL_CTL_DEL, fd, &ev);
    /* END SOLUTION */
}

/** Interrupts a blocked netpoll. */
void netpollBreak(void)
{
    /* BEGIN SOLUTION
     * Write me: nothing if a write is in flight; else write 1 to the eventfd. EINTR: again. EAGAIN: the
     * counter is full, so the poller will wake. Anything else: throw. */
    /* pairs with the exchange in netpoll: that poller sees what we did before */
    if (swap_acqrel(&netpollWakeSig, 1) != 0)
        return;
    uint64_t one = 1;
    intptr_t n;
    do {
        n = linux_write(netpollEventFd, &one, sizeof one);
    } while (n == -EINTR);
    if (n != (intptr_t)sizeof one && n != -EAGAIN)
        throw_("runtime: netpollBreak: write failed with %ld", (long)-n);
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** delay in milliseconds, as epoll takes it: a wait is never rounded to none, and never overflows. */
static int waitms(int64_t delay)
{
    if (delay < 0)
        return -1;
    if (delay == 0)
        return 0;
    if (delay < NSEC_PER_MSEC)
        return 1;
    if (delay < 1000000 * NSEC_PER_SEC)
        return (int)(delay / NSEC_PER_MSEC);
    return 1000000000; /* 11.5 days */
}

/** The eventfd is readable. */
static void breakevent(uint32_t events, bool blocking)
{
    if (events != EPOLLIN)
        throw_("runtime: netpoll: eventfd is ready for something unexpected: %x", events);
    if (!blocking)
        return; /* it is meant for the M that sleeps in here: leave it readable */
    uint64_t n;
    (void)linux_read(netpollEventFd, &n, sizeof n); /* sets the counter to 0; EAGAIN: it was 0 */
    /* pairs with netpollBreak's exchange: whoever found 1 there need not write */
    swap_acqrel(&netpollWakeSig, 0);
}

/** Pushes the Gs that this event makes runnable; returns the change of netpollWaiters. */
static int32_t fdevent(gList *toRun, const struct epoll_event *ev)
{
    int mode = 0;
    if (ev->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        mode += 'r';
    if (ev->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        mode += 'w';
    if (mode == 0)
        return 0;
    uintptr_t seq;
    pollDesc *pd = netpolluntag(ev->data, &seq);
    /* pairs with the release in pollcache_free: another descriptor's by now */
    if (load_acquire(&pd->fdseq) != seq)
        return 0;
    netpollSetEventErr(pd, ev->events == EPOLLERR, seq);
    if (ev->events & ~load_relaxed(&pd->seen)) /* bits are only added: a stale look costs one more operation */
        atomic_fetch_or_explicit(&pd->seen, ev->events, memory_order_relaxed); /* netpollready publishes it */
    return netpollready(toRun, pd, mode);
}

/** Counts n Gs as woken by the poller: for this P, or for all if the M has none. */
static void countwakes(uint64_t n)
{
    P *pp = getp();
    if (n != 0)
        fetch_add_relaxed(pp ? &pp->n.netpolls : &sched.netpollwakes, n); /* a statistic */
}
/* END SOLUTION */

/** The Gs that became ready. */
gList netpoll(int64_t delay, int32_t *delta)
{
    /* BEGIN SOLUTION
     * Write me: nothing before netpollinit. Round the delay to milliseconds, but not to none. EINTR: a timed
     * wait ends with nothing, others go on; any other error is the runtime's: throw. IN, RDHUP, HUP and ERR
     * wake readers; OUT, HUP and ERR wake writers; ERR and nothing else is pollEventErr. Events of an earlier
     * fdseq are dropped. The eventfd is read, and the next netpollBreak let through, only by a call that may
     * block. */
    gList toRun = {NULL};
    *delta = 0;
    if (epfd == -1)
        return toRun;
    int ms = waitms(delay);
    struct epoll_event events[NETPOLL_EVENTS];
    int n;
    while ((n = linux_epoll_wait(epfd, events, NETPOLL_EVENTS, ms)) < 0) {
        if (n != -EINTR)
            throw_("runtime: netpoll failed: epoll_wait on fd %d: %d", epfd, -n);
        if (ms > 0)
            return toRun; /* the time that is left has changed: the caller knows */
    }
    for (int i = 0; i < n; i++) {
        if (events[i].data == breaktag())
            breakevent(events[i].events, delay != 0);
        else
            *delta += fdevent(&toRun, &events[i]);
    }
    countwakes((uint64_t)-(int64_t)*delta);
    return toRun;
    /* END SOLUTION */
}

/**
 * @file poll.h
 * What scenarios of the poller have in common: a small kernel (one epoll set, one descriptor with one event, one eventfd) and
 * Gs that park where they stand.
 *
 * A definition here takes the place of the runtime's function in every scenario of the program. All are weak: each file that
 * includes this has them, the program has them once.
 */
#ifndef HANDOFF_EXPLORE_POLL_H
#define HANDOFF_EXPLORE_POLL_H

#include "world.h"

#define ONCE __attribute__((weak))

/* ---- Gs that park ---- */

/** A post for each G: it was made runnable. */
ONCE struct ex_sem poll_woken[WORLD_GS];

/** 1 for a G that was made runnable. */
ONCE int64_t poll_readied[WORLD_GS];

/** A parked G stays on its virtual thread, which goes on when somebody has readied it. */
ONCE void gopark(bool (*unlockf)(G *gp, void *lock), void *l, waitReason reason)
{
    (void)reason;
    G *gp = getg();
    casgstatus(gp, Grunning, Gwaiting);
    setg(load_relaxed(&gp->m)->g0);
    bool parked = !unlockf || unlockf(gp, l);
    setg(gp);
    if (parked)
        ex_wait(&poll_woken[gp->goid - 1]);
    else
        casgstatus(gp, Gwaiting, Grunnable);
    casgstatus(gp, Grunnable, Grunning);
}

/** Throws if gp does not wait: it was woken twice. */
ONCE void goready(G *gp)
{
    casgstatus(gp, Gwaiting, Grunnable);
    ex_ghost_set(&poll_readied[gp->goid - 1], 1);
    ex_post(&poll_woken[gp->goid - 1]);
}

/* ---- the kernel ---- */

enum { POLL_EPFD = 3, POLL_EVENTFD = 4, POLL_FD = 5 };

/** What the kernel knows. */
ONCE struct {
    uint32_t events;     /**< the one event of POLL_FD's first registration; constant */
    int64_t creates;     /**< epoll descriptors made */
    int64_t tag, first;  /**< what POLL_FD is registered with now, 0: not; and was at first */
    int64_t breaktag;    /**< likewise the eventfd */
    int64_t count;       /**< the eventfd's counter */
    struct ex_sem ready; /**< 1 as long as that is not 0 */
    int64_t sent;        /**< events that poll_event has sent */
    struct ex_sem entry; /**< only to be posted */
} kernel;

/** A system call begins: others may go first. */
static inline void poll_syscall(void)
{
    ex_post(&kernel.entry);
}

ONCE int linux_epoll_create(int flags)
{
    (void)flags;
    poll_syscall();
    EX_CHECK(ex_ghost_add(&kernel.creates, 1) == 0, "a second epoll descriptor was made");
    return POLL_EPFD;
}

ONCE int linux_eventfd(uint32_t init, int flags)
{
    (void)flags;
    poll_syscall();
    ex_ghost_set(&kernel.count, init);
    return POLL_EVENTFD;
}

ONCE int linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    poll_syscall();
    EX_CHECK(epfd == POLL_EPFD, "epoll_ctl on descriptor %d, which is not the epoll descriptor", epfd);
    if (op == EPOLL_CTL_ADD && fd == POLL_EVENTFD) {
        ex_ghost_set(&kernel.breaktag, (int64_t)ev->data);
    } else if (op == EPOLL_CTL_ADD) {
        ex_ghost_set(&kernel.tag, (int64_t)ev->data);
        if (ex_ghost_get(&kernel.first) == 0)
            ex_ghost_set(&kernel.first, (int64_t)ev->data);
    } else if (op == EPOLL_CTL_DEL) {
        ex_ghost_set(&kernel.tag, 0);
    }
    return 0;
}

ONCE int linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout)
{
    (void)n;
    poll_syscall();
    EX_CHECK(epfd == POLL_EPFD, "epoll_wait on descriptor %d, which is not the epoll descriptor", epfd);
    int k = 0;
    if (kernel.events && ex_ghost_get(&kernel.tag) && ex_ghost_get(&kernel.tag) == ex_ghost_get(&kernel.first))
        ev[k++] = (struct epoll_event){.events = kernel.events, .data = (uint64_t)kernel.first};
    if (k == 0 && timeout != 0) { /* readable as long as nobody reads: level-triggered */
        ex_wait(&kernel.ready);
        ex_post(&kernel.ready);
    }
    if (ex_ghost_get(&kernel.count) > 0)
        ev[k++] = (struct epoll_event){.events = EPOLLIN, .data = (uint64_t)kernel.breaktag};
    return k;
}

ONCE intptr_t linux_write(int fd, const void *p, size_t n)
{
    (void)p;
    poll_syscall();
    EX_CHECK(fd == POLL_EVENTFD, "write to descriptor %d, which is not the eventfd", fd);
    if (ex_ghost_add(&kernel.count, 1) == 0)
        ex_post(&kernel.ready);
    return (intptr_t)n;
}

ONCE intptr_t linux_read(int fd, void *p, size_t n)
{
    poll_syscall();
    EX_CHECK(fd == POLL_EVENTFD, "read from descriptor %d, which is not the eventfd", fd);
    uint64_t count = (uint64_t)ex_ghost_get(&kernel.count);
    if (count == 0)
        return -EAGAIN;
    ex_ghost_set(&kernel.count, 0);
    ex_wait(&kernel.ready);
    *(uint64_t *)p = count;
    return (intptr_t)n;
}

/* ---- a pollDesc and who waits for it ---- */

/** The pollDesc of POLL_FD. */
ONCE pollDesc *pd;

/** m0 with p0 runs G 0, the waker; m1 and m2 run G 1, the reader, and G 2, the writer. G 3 carries data. Opens pd. */
ONCE void poll_world(void)
{
    world_make(2, 3, 4);
    for (int i = 0; i < 3; i++)
        world_run(i, i);
    world_hold(0, 0);
    world_hold(1, 1);
    world_as(0);
    int err;
    pd = pollOpen(POLL_FD, &err);
    EX_CHECK(pd && err == 0, "pollOpen fails with %d", err);
    ex_name(pd, sizeof *pd, "pd");
    ex_name(&pd->fdseq, sizeof pd->fdseq, "pd.fdseq");
    ex_name(&pd->atomicInfo, sizeof pd->atomicInfo, "pd.atomicInfo");
    ex_name(&pd->rg, sizeof pd->rg, "pd.rg");
    ex_name(&pd->wg, sizeof pd->wg, "pd.wg");
    ex_name(&pd->lock, sizeof pd->lock, "pd.lock");
    ex_name(&pd->closing, sizeof pd->closing, "pd.closing");
    ex_name(&pd->rrun, sizeof pd->rrun, "pd.rrun");
    ex_name(&pd->wrun, sizeof pd->wrun, "pd.wrun");
    ex_name(&pd->rseq, sizeof pd->rseq, "pd.rseq");
    ex_name(&pd->wseq, sizeof pd->wseq, "pd.wseq");
    ex_name(&pd->rd, sizeof pd->rd, "pd.rd");
    ex_name(&pd->wd, sizeof pd->wd, "pd.wd");
    ex_name(&kernel.entry, sizeof kernel.entry, "the kernel");
    ex_name(&kernel.ready, sizeof kernel.ready, "the eventfd");
    for (int i = 1; i < 3; i++)
        ex_name(&poll_woken[i], sizeof poll_woken[i], "g%d's wake-up", i);
    ex_name(&netpollWaiters, sizeof netpollWaiters, "netpollWaiters");
}

/** The poller's half: makes the Gs of the list runnable, then says so to netpollWaiters. */
static inline void poll_deliver(gList list, int32_t delta)
{
    for (G *gp; (gp = glist_pop(&list)) != NULL;)
        goready(gp);
    netpollAdjustWaiters(delta);
}

/** An event: mode is ready. */
static inline void poll_event(int mode)
{
    gList list = {NULL};
    ex_ghost_add(&kernel.sent, 1);
    int32_t delta = netpollready(&list, pd, mode);
    poll_deliver(list, delta);
}

/** Nobody waits any more, and nobody is counted. */
static inline void poll_quiet(void)
{
    EX_CHECK(load_relaxed(&netpollWaiters) == 0, "nobody waits any more, and netpollWaiters is %d", (int)load_relaxed(&netpollWaiters));
    EX_CHECK(load_relaxed(&pd->rg) <= pdReady, "nobody waits any more, and rg is %lu", (unsigned long)load_relaxed(&pd->rg));
    EX_CHECK(load_relaxed(&pd->wg) <= pdReady, "nobody waits any more, and wg is %lu", (unsigned long)load_relaxed(&pd->wg));
}

#endif

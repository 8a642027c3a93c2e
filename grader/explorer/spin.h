/**
 * @file spin.h
 * What scenarios of the spinning protocol have in common: m0, which is busy on p0 and makes Gs runnable; Ms that look for
 * work; spare Ms that sleep. Notes, stopm and startm are the real ones. The check is always the same: when everybody has
 * come to rest, no G is queued while a P is idle.
 *
 * All definitions are weak: each file that includes this has them, the program has them once.
 */
#ifndef HANDOFF_EXPLORE_SPIN_H
#define HANDOFF_EXPLORE_SPIN_H

#include "world.h"

#define ONCE __attribute__((weak))

/** Ms that all sleep are no deadlock here: m0 is busy. */
ONCE void checkdead(void)
{
}

/** Ms that were made, each with a P to look for work with. They stay in their first instruction. */
ONCE int64_t spin_made;

ONCE void newm(void (*fn)(void), P *pp, int64_t id)
{
    (void)fn, (void)id;
    EX_CHECK(pp, "an M is made without a P");
    ex_ghost_add(&spin_made, 1);
}

/* ---- the poller ---- */

/** The poller. */
ONCE struct {
    bool inited;          /**< and somebody waits for the network; constant */
    int64_t inside;       /**< Ms that wait in it */
    int64_t broken;       /**< it was woken; not yet seen */
    struct ex_sem breaks; /**< 1 if so */
} spin_poller;

ONCE bool netpollinited(void)
{
    return spin_poller.inited;
}

ONCE void netpollGenericInit(void)
{
}

ONCE bool netpollAnyWaiters(void)
{
    return spin_poller.inited;
}

ONCE void netpollAdjustWaiters(int32_t delta)
{
    (void)delta;
}

/** No event ever comes, and time stands still: only netpollBreak ends a wait. */
ONCE gList netpoll(int64_t delay, int32_t *delta)
{
    *delta = 0;
    if (delay == 0)
        return (gList){NULL};
    EX_CHECK(!getp(), "an M waits in the poller and keeps p%d", getp()->id);
    EX_CHECK(ex_ghost_add(&spin_poller.inside, 1) == 0, "two Ms wait in the poller at the same time");
    ex_wait(&spin_poller.breaks);
    ex_ghost_set(&spin_poller.broken, 0);
    ex_ghost_add(&spin_poller.inside, -1);
    return (gList){NULL};
}

ONCE void netpollBreak(void)
{
    if (ex_ghost_add(&spin_poller.broken, 1) == 0)
        ex_post(&spin_poller.breaks);
}

/* ---- Ms ---- */

/** How many Ps spin_world has made. */
ONCE int spin_nps;

/** One pass instead of four, in order, over idle Ps too: the search is long enough as it is. */
ONCE G *stealWork(int64_t *now, int64_t *pollUntil, bool *inheritTime, bool *newWork)
{
    P *pp = getp();
    G *gp = NULL;
    *inheritTime = *newWork = false;
    for (int i = 0; !gp && i < spin_nps; i++) {
        bool ran = false;
        if (ps[i] == pp)
            continue;
        int64_t when = checkTimers(ps[i], now, &ran);
        if (when && (*pollUntil == 0 || when < *pollUntil))
            *pollUntil = when;
        gp = runqsteal(pp, ps[i], true);
    }
    return gp;
}

/** ps Ps: m0 holds p0 and is busy; m1 to m[nseek] hold p1 and so on, and spin if they are to; the other Ms sleep. The last G is m0's. */
static inline void spin_world(int nps, int nms, int ngs, int nseek, bool spinning)
{
    world_make(nps, nms, ngs + 1);
    spin_nps = nps;
    randomOrder_reset((uint32_t)nps);
    world_hold(0, 0);
    world_run(0, ngs);
    world_as(0);
    for (int m = 1; m < nms; m++) {
        if (m <= nseek) {
            world_hold(m, m);
            store_relaxed(&ms[m]->spinning, spinning);
            store_relaxed(&sched.nmspinning, load_relaxed(&sched.nmspinning) + spinning);
        } else {
            lock(&sched.lock);
            mput(ms[m]);
            unlock(&sched.lock);
        }
    }
    ex_name(&spin_poller.breaks, sizeof spin_poller.breaks, "netpollBreak");
    for (int p = nseek + 1; p < nps; p++)
        world_idle(p);
    for (int p = 0; p < nps; p++) {
        store_relaxed(&ps[p]->schedtick, 1); /* no turn of the global queue */
        ex_name(&ps[p]->timers, sizeof ps[p]->timers, "p%d.timers", p);
        ex_name(&ps[p]->timers.minWhen, sizeof ps[p]->timers.minWhen, "p%d.timers.minWhen", p);
        if (p <= nseek)
            pmask_set(timerpMask, (uint32_t)p); /* as a P that runs */
    }
}

/** M m, which has a P, looks for work. */
static inline void spin_seek(int m)
{
    world_as(m);
    schedule();
}

/** M m sleeps until somebody starts it. */
static inline void spin_spare(int m)
{
    world_as(m);
    mPark();
    P *pp = ms[m]->nextp;
    ms[m]->nextp = NULL;
    acquirep(pp);
    schedule();
}

/** All Gs 0 to n - 1 run, or wait beside Ps that are all busy. (An M that has just been made will find them.) */
static inline void spin_check(int n)
{
    if (spin_made)
        return;
    for (int i = 0; i < n; i++)
        EX_CHECK(world_taken(i) || load_relaxed(&sched.npidle) == 0,
                 "g%d is queued, npidle is %d, and every M that could run it sleeps", i, load_relaxed(&sched.npidle));
    world_sound();
}

#endif

/**
 * @file ring.h
 * What scenarios of the ring have in common: p0 with its owner m0, thieves m1 and m2 with Ps of their own.
 */
#ifndef HANDOFF_EXPLORE_RING_H
#define HANDOFF_EXPLORE_RING_H

#include "world.h"

/** Puts gs[i] on p0's queue. */
static inline void put(int i, bool next)
{
    world_fill(gs[i]);
    runqput(ps[0], gs[i], next);
}

/** Runs what somebody has got, if anything. */
static inline void use(G *gp)
{
    world_take(gp);
    if (gp)
        world_use(gp);
}

static inline void get(void)
{
    bool inherit;
    use(runqget(ps[0], &inherit));
}

static inline void steal(int into, bool runnext)
{
    use(runqsteal(ps[into], ps[0], runnext));
}

/** p0 belongs to m0, p1 to m1, p2 to m2; n Gs. */
static inline void world(int n)
{
    world_make(3, 3, n);
    for (int i = 0; i < 3; i++)
        world_hold(i, i);
}

static inline void check(int n)
{
    setg(ms[0]->g0);
    world_drain();
    world_nothing_lost(n);
}

#endif

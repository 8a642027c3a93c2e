/**
 * @file lab05_locked.c
 * A goroutine that comes back without a P, and locked threads.
 */
#include "calls.h"

static void m0_returns(void)
{
    world_as(0);
    calls_return();
}

static void m1_ends(void)
{
    world_as(1);
    calls_go();
}

static void both_back(void)
{
    calls_all_back(2);
}

/** m0 comes back with g0; m1 runs g1, which ends, and then has a P for g0. */
static void setup(void)
{
    calls_make(1, 2, 2);
    calls_away(0, 0, 0);
    world_hold(1, 0);
    world_run(1, 1);
}

static void g0_locks_itself(void)
{
    if (getg() != gs[0])
        return;
    lockOSThread();
    unlockOSThread();
}

static void setup_late(void)
{
    setup();
    calls_then = g0_locks_itself;
}

SCENARIO(return_queued_g_is_gone, .says = "a queued goroutine may run, and lock itself to another M, while its old M still parks",
         .setup = setup_late, .check = both_back, .threads = {{"m0", m0_returns, 1}, {"m1", m1_ends, 1}});

static void g0_is_at_home(void)
{
    if (getg() != gs[0])
        return;
    EX_CHECK(getm() == ms[0], "g0 is locked to m0, and runs on m%ld", (long)getm()->id);
    unlockOSThread();
}

static void setup_locked(void)
{
    setup();
    ms[0]->lockedInt = 1;
    ms[0]->lockedg = gs[0];
    gs[0]->lockedm = ms[0];
    calls_then = g0_is_at_home;
}

SCENARIO(return_locked, .says = "a goroutine that is locked to its thread goes on there", .setup = setup_locked, .check = both_back,
         .threads = {{"m0", m0_returns, 1}, {"m1", m1_ends, 1}});

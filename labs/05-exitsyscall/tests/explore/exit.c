/**
 * @file exit.c
 * Getting a P back, explored: against sysmon, and against another M that left the same P behind. The calls begin with the
 * reference's entersyscall.
 */
#include "calls.h"

static void m0_calls(void)
{
    world_as(0);
    calls_go();
}

static void m0_returns(void)
{
    world_as(0);
    calls_return();
}

static void m1_calls(void)
{
    world_as(1);
    calls_go();
}

/* ---- sysmon ---- */

static void sysmon_takes(void)
{
    world_as(2);
    calls_retake(0, true);
}

/** m0 runs g0 on p0; two Ps are idle, so that nobody need run p0 if sysmon takes it. */
static void setup_retaken(void)
{
    calls_make(3, 3, 1);
    world_hold(0, 0);
    world_run(0, 0);
    world_idle(1);
    world_idle(2);
    calls_program(0, 1);
}

static void g0_back(void)
{
    calls_all_back(1);
}

SCENARIO(exit_and_retake, .says = "the M that comes back and sysmon do not both get the P", .setup = setup_retaken, .check = g0_back,
         .threads = {{"m0", m0_calls, 1}, {"sysmon", sysmon_takes, 1}});

/* ---- the P has had a life meanwhile ---- */

static int64_t interrupted;
static uint32_t tick;

/** When g0 ends: if g1 is not back, g0 has got the P out of g1's call. */
static void whose(void)
{
    if (getg() == gs[0])
        ex_ghost_set(&interrupted, calls_back(1) == 0);
}

/** m0 is in a call that it began on p0. Meanwhile p0 was retaken, and m1 runs g1 on it, which makes a call as well. */
static void setup_aba(void)
{
    calls_make(1, 2, 2);
    calls_away(0, 0, 0);
    world_hold(1, 0);
    world_run(1, 1);
    calls_program(1, 1);
    calls_then = whose;
    tick = load_relaxed(&ps[0]->syscalltick);
}

static void both_back(void)
{
    calls_all_back(2);
    uint32_t moved = load_relaxed(&ps[0]->syscalltick) - tick, want = 2 + (uint32_t)interrupted;
    EX_CHECK(moved == want, "p0.syscalltick moved by %u: two calls ended, and %s, which makes %u", moved,
             interrupted ? "g0 took the P out of g1's call" : "none was interrupted", want);
}

SCENARIO(exit_one_p_for_two, .says = "an M may find its old P in another M's call, and one of the two gets it", .setup = setup_aba,
         .check = both_back, .threads = {{"m0", m0_returns, 1}, {"m1", m1_calls, 1}});

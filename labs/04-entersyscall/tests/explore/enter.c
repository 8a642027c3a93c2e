/**
 * @file enter.c
 * Giving a P away, explored: to sysmon, and to a stop-the-world. The M comes back by the reference's exitsyscall.
 */
#include "calls.h"

static void m0_calls(void)
{
    world_as(0);
    calls_go();
}

/* ---- sysmon ---- */

static void m1_parked(void)
{
    world_as(1);
    calls_parked();
}

static void sysmon_takes(void)
{
    world_as(2);
    calls_retake(0, true);
}

/** m0 runs g0 on p0, the only P; m1 is parked, and gets p0 if sysmon takes it. */
static void setup_retaken(void)
{
    calls_make(1, 3, 1);
    world_hold(0, 0);
    world_run(0, 0);
    calls_program(0, 1);
    calls_park(1);
}

static void g0_back(void)
{
    calls_all_back(1);
}

SCENARIO(enter_and_retake, .says = "sysmon may take the P as soon as the M has left it, and another M run on it", .setup = setup_retaken,
         .check = g0_back, .threads = {{"m0", m0_calls, 1}, {"m1", m1_parked, 1}, {"sysmon", sysmon_takes, 1}});

/* ---- stop-the-world ---- */

static void m1_stops(void)
{
    setg(ms[1]->g0);
    stopTheWorldWithSema();
    for (int i = 0; i < 2; i++)
        world_use_p(ps[i]);
}

/** m0 and m1 run g0 and g1 on p0 and p1. g0's call blocks for ever. */
static void setup_stopped(void)
{
    calls_make(2, 3, 2);
    for (int i = 0; i < 2; i++) {
        world_hold(i, i);
        world_run(i, i);
    }
    calls_program(0, 1);
    calls_kernel = ex_end;
}

SCENARIO(enter_and_stop, .says = "a stop-the-world that begins as the M leaves its P gets the P, however long the call lasts", .setup = setup_stopped,
         .threads = {{"m0", m0_calls, 1}, {"m1", m1_stops, 0}});

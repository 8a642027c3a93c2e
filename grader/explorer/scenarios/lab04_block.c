/**
 * @file lab04_block.c
 * A call that is known to block: the P is handed over, and nobody finds it in a system call.
 */
#include "calls.h"

static void m0_blocks(void)
{
    world_as(0);
    calls_go();
}

static void m1_parked(void)
{
    world_as(1);
    calls_parked();
}

static void sysmon_looks(void)
{
    world_as(2);
    EX_CHECK(!calls_retake(0, true), "sysmon found p0 in a system call: it was to be handed off at once");
}

static void setup(void)
{
    calls_make(1, 3, 1);
    world_hold(0, 0);
    world_run(0, 0);
    calls_blocking(0, 1);
    calls_park(1);
}

static void back(void)
{
    calls_all_back(1);
}

SCENARIO(block_hands_off, .says = "the P of a call that is known to block goes to another M at once", .setup = setup, .check = back,
         .bound = 2, .threads = {{"m0", m0_blocks, 1}, {"m1", m1_parked, 1}, {"sysmon", sysmon_looks, 1}});

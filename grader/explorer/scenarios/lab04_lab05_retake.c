/**
 * @file lab04_lab05_retake.c
 * A P that its M has left behind in a system call, between the M that comes back, sysmon, and other Ms.
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

static void m1_returns(void)
{
    world_as(1);
    calls_return();
}

static void m1_parked(void)
{
    world_as(1);
    calls_parked();
}

static void one_back(void)
{
    calls_all_back(1);
}

static void two_back(void)
{
    calls_all_back(2);
}

/* ---- sysmon takes the P, and gives it to another M ---- */

static void setup_retaken(void)
{
    calls_make(1, 3, 1);
    world_hold(0, 0);
    world_run(0, 0);
    calls_program(0, 1);
    calls_park(1);
}

static void sysmon_takes(void)
{
    world_as(2);
    calls_retake(0, true);
}

SCENARIO(call_and_retake, .says = "a P that sysmon takes out of a system call and gives to another M has one owner at a time",
         .setup = setup_retaken, .check = one_back, .bound = 2,
         .threads = {{"m0", m0_calls, 1}, {"m1", m1_parked, 1}, {"sysmon", sysmon_takes, 1}});

/* ---- two calls in a row ---- */

static void setup_two_calls(void)
{
    calls_make(3, 3, 1);
    world_hold(0, 0);
    world_run(0, 0);
    world_idle(1);
    world_idle(2);
    calls_program(0, 2);
}

SCENARIO(two_calls_and_retake, .says = "an M makes two system calls, in one of which sysmon may take the P", .setup = setup_two_calls,
         .check = one_back, .threads = {{"m0", m0_calls, 1}, {"sysmon", sysmon_takes, 1}});

/* ---- the first look and the second ---- */

static struct ex_sem inside, seen;

static void first_call_is_seen(void)
{
    if (calls_begun(0) > 1)
        return;
    ex_post(&inside);
    ex_wait(&seen);
}

static void setup_looks(void)
{
    calls_make(1, 3, 1);
    world_hold(0, 0);
    world_run(0, 0);
    calls_program(0, 2);
    calls_park(1);
    ps[0]->sysmontick.syscalltick = ~0u;
    calls_kernel = first_call_is_seen;
}

static void sysmon_looks_twice(void)
{
    world_as(2);
    ex_wait(&inside);
    EX_CHECK(!calls_retake(0, false), "sysmon took p0 at its first look");
    ex_post(&seen);
    bool second = calls_begun(0) == 2;
    EX_CHECK(!calls_retake(0, false) || !second,
             "sysmon took p0 out of the second system call though it had only seen the first: syscalltick is the same");
}

SCENARIO(call_seen_twice, .says = "sysmon leaves a system call alone that it has not seen before", .setup = setup_looks,
         .check = one_back, .strong = true, .bound = 2,
         .threads = {{"m0", m0_calls, 1}, {"m1", m1_parked, 1}, {"sysmon", sysmon_looks_twice, 1}});

/* ---- one P, two Ms, and both make calls ---- */

static void m1_calls(void)
{
    world_as(1);
    calls_go();
}

static void setup_both_call(void)
{
    calls_make(1, 2, 2);
    calls_away(0, 0, 0);
    world_hold(1, 0);
    world_run(1, 1);
    for (int i = 0; i < 2; i++)
        calls_program(i, 1);
}

SCENARIO(two_call_on_one_p, .says = "an M that finds its old P in another M's call may begin a call on it at once",
         .setup = setup_both_call, .check = two_back, .bound = 2, .threads = {{"m0", m0_returns, 1}, {"m1", m1_calls, 1}});

/* ---- the old P is taken, another is idle, two come back ---- */

static void setup_idle(void)
{
    calls_make(2, 3, 3);
    calls_away(0, 0, 0);
    calls_away(1, 1, 0);
    world_hold(2, 0);
    world_run(2, 2);
    world_idle(1);
}

SCENARIO(idle_p_for_two, .says = "of two Ms that come back one gets the idle P, and the other's goroutine runs after that",
         .setup = setup_idle, .check = two_back, .threads = {{"m0", m0_returns, 1}, {"m1", m1_returns, 1}});

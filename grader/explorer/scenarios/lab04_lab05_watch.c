/**
 * @file lab04_lab05_watch.c
 * sysmon, which lies down while all Ps are idle, and those who must wake it: M that enter a system call, or that take an idle P
 * as they leave one. Nobody else does, and a P that nobody watches is not taken out of a system call that blocks.
 */
#include "calls.h"

static void sysmon_lies_down(void)
{
    world_as(3);
    calls_sysmon();
}

static void awake(void)
{
    EX_CHECK(load_relaxed(&sched.npidle) == load_relaxed(&gomaxprocs) || !load_relaxed(&sched.sysmonwait),
             "sysmon has lain down, though only %d of %d Ps are idle: nobody will take the others out of system calls",
             load_relaxed(&sched.npidle), load_relaxed(&gomaxprocs));
}

/* ---- into a call ---- */

static void m0_takes(void)
{
    world_as(0);
    calls_take(0);
}

static void m1_takes(void)
{
    world_as(1);
    calls_take(1);
}

/** Calls block for ever. */
static void setup_enter(void)
{
    calls_make(2, 4, 2);
    world_idle(0);
    world_idle(1);
    calls_program(0, 1);
    calls_program(1, 1);
    calls_kernel = ex_end;
}

SCENARIO(enter_wakes_sysmon, .says = "while a P is in a system call sysmon is awake", .setup = setup_enter, .check = awake,
         .threads = {{"m0", m0_takes, 1}, {"sysmon", sysmon_lies_down, 1}});
SCENARIO(enter_wakes_sysmon_once, .says = "of two Ms that enter system calls one wakes sysmon", .setup = setup_enter, .check = awake,
         .bound = 2, .threads = {{"m0", m0_takes, 1}, {"m1", m1_takes, 1}, {"sysmon", sysmon_lies_down, 1}});

/* ---- out of one ---- */

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

static void m1_ends(void)
{
    world_as(1);
    calls_go();
}

/** g0 and g1 run for ever when they have returned. */
static void setup_return(void)
{
    calls_make(2, 4, 2);
    calls_away(0, 0, 0);
    calls_away(1, 1, 0);
    world_idle(0);
    world_idle(1);
    calls_then = ex_end;
}

static void g0_runs_on(void)
{
    if (getg() == gs[0])
        ex_end();
}

/** m1 runs g1, which ends: its P becomes idle, perhaps in the moment in which m0 looks for one. */
static void setup_becomes_idle(void)
{
    calls_make(1, 4, 2);
    calls_away(0, 0, 0);
    world_hold(1, 0);
    world_run(1, 1);
    calls_then = g0_runs_on;
}

SCENARIO(return_wakes_sysmon, .says = "of two Ms that leave system calls with idle Ps one wakes sysmon", .setup = setup_return,
         .check = awake, .bound = 2, .threads = {{"m0", m0_returns, 1}, {"m1", m1_returns, 1}, {"sysmon", sysmon_lies_down, 1}});
SCENARIO(late_return_wakes_sysmon, .says = "a P that becomes idle as an M leaves its system call is watched", .setup = setup_becomes_idle,
         .check = awake, .bound = 2, .threads = {{"m0", m0_returns, 1}, {"m1", m1_ends, 1}, {"sysmon", sysmon_lies_down, 1}});

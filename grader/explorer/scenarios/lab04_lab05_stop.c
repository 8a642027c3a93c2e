/**
 * @file lab04_lab05_stop.c
 * A P in a system call while the world is stopped, or while each P is asked to run a function.
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

static int64_t stopped;

static void both_back(void)
{
    EX_CHECK(stopped, "the world never stopped: sched.stopwait is %d", load_relaxed(&sched.stopwait));
    calls_all_back(2);
}

/* m0 and m1 run g0 and g1; m1 is going to stop the world. */
static void setup(void)
{
    calls_make(2, 3, 2);
    for (int i = 0; i < 2; i++) {
        world_hold(i, i);
        world_run(i, i);
    }
    calls_program(0, 1);
}

/** On m1: the world stops, all Ps are ours, it goes on. */
static void m1_stops(void)
{
    setg(ms[1]->g0);
    stopTheWorldWithSema();
    ex_ghost_set(&stopped, 1);
    for (int i = 0; i < 2; i++)
        world_use_p(ps[i]);
    startTheWorldWithSema();
    world_as(1);
    calls_go();
}

SCENARIO(call_and_stop, .says = "a stop-the-world gets the P of an M that enters a system call, or leaves it", .setup = setup,
         .check = both_back, .threads = {{"m0", m0_calls, 1}, {"m1", m1_stops, 1}});

/* ---- two Ps in system calls ---- */

static void m2_calls(void)
{
    world_as(2);
    calls_go();
}

/** g2's call blocks for ever. */
static void g2_stays(void)
{
    if (getg() == gs[2])
        ex_end();
}

static void setup_two(void)
{
    calls_make(3, 3, 3);
    for (int i = 0; i < 3; i++) {
        world_hold(i, i);
        world_run(i, i);
    }
    calls_program(0, 1);
    calls_program(2, 1);
    calls_kernel = g2_stays;
}

static void m1_only_stops(void)
{
    setg(ms[1]->g0);
    stopTheWorldWithSema();
    for (int i = 0; i < 3; i++)
        world_use_p(ps[i]);
}

SCENARIO(two_calls_and_stop, .says = "a stop-the-world counts each P once, whoever hands it in", .setup = setup_two, .bound = 2,
         .threads = {{"m0", m0_calls, 1}, {"m1", m1_only_stops, 0}, {"m2", m2_calls, 1}});

/* ---- the call began long ago ---- */

static void setup_away(void)
{
    calls_make(2, 3, 2);
    calls_away(0, 0, 0);
    store_relaxed(&ps[0]->status, Psyscall);
    ms[0]->syscalltick = load_relaxed(&ps[0]->syscalltick);
    world_hold(1, 1);
    world_run(1, 1);
}

SCENARIO(return_and_stop, .says = "an M that leaves a system call while the world stops gets no P before it goes on", .setup = setup_away,
         .check = both_back, .threads = {{"m0", m0_returns, 1}, {"m1", m1_stops, 1}});

/* ---- a function on each P ---- */

static int64_t ran[4];

static void at_safe_point(P *pp)
{
    EX_CHECK(ex_ghost_add(&ran[pp->id], 1) == 0, "the safe-point function ran twice on p%d", pp->id);
    world_use_p(pp);
}

static void m1_asks(void)
{
    world_as(1);
    forEachP(at_safe_point);
    ex_ghost_set(&stopped, 1);
    for (int i = 0; i < 4; i++)
        EX_CHECK(ex_ghost_get(&ran[i]) == 1, "forEachP is over, and the function did not run on p%d", i);
    calls_go();
}

static void all_ran(void)
{
    EX_CHECK(stopped, "forEachP waits for ever: sched.safePointWait is %d", sched.safePointWait);
    calls_all_back(2);
}

/** m0 and m1 run g0 and g1; m1 is going to ask. Two Ps are idle, so that nobody need run p0 if m1 takes it out of a call. */
static void setup_asked(void)
{
    calls_make(4, 2, 2);
    for (int i = 0; i < 2; i++) {
        world_hold(i, i);
        world_run(i, i);
        world_idle(i + 2);
    }
    calls_program(0, 1);
}

SCENARIO(call_and_safe_point, .says = "the safe-point function runs once on each P, by whoever has it", .setup = setup_asked,
         .check = all_ran, .threads = {{"m0", m0_calls, 1}, {"m1", m1_asks, 1}});

/* ---- a function on a P that is being given away ---- */

static void sysmon_takes(void)
{
    world_as(2);
    calls_retake(0, true);
}

/** Takes an idle P, p0 perhaps, and runs g1 on it. */
static void m1_takes(void)
{
    world_as(1);
    calls_take(1);
}

/** m0 runs g0 on p0, which is asked for; three Ps are idle. */
static void setup_pending(void)
{
    calls_make(4, 3, 2);
    world_hold(0, 0);
    world_run(0, 0);
    for (int i = 1; i < 4; i++)
        world_idle(i);
    calls_program(0, 1);
    sched.safePointFn = at_safe_point;
    sched.safePointWait = 1;
    store_relaxed(&ps[0]->runSafePointFn, 1);
}

static void ran_once(void)
{
    EX_CHECK(ran[0] == 1, "the safe-point function did not run on p0");
    calls_all_back(2);
}

SCENARIO(safe_point_and_retake, .says = "the safe-point function runs on a P while the P is the M's", .setup = setup_pending,
         .check = ran_once, .bound = 2,
         .threads = {{"m0", m0_calls, 1}, {"m1", m1_takes, 1}, {"sysmon", sysmon_takes, 1}});

/**
 * @file lab03_procresize.c
 * The number of Ps changes: the core's procresize on the student's queues.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

/** The world is stopped: all Ps but m0's, which may be any. */
static void stopped(int64_t n, int64_t mine)
{
    call("newp", n);
    call("hold", 0, mine);
    for (int64_t p = 0; p < n; p++)
        if (p != mine)
            set(Pgcstop_, "p%lld.status", (long long)p);
}

/* Fewer Ps: what runs next on a dying P runs next of all, then its ring in order, then what was global. */
TEST(GsOfADyingPKeepTheirOrder)
{
    stopped(2, 0);
    int64_t g = call("newg", 6);
    call("setring", 1, 0xfffffffe, g + 1, g + 2, g + 3, g + 4);
    set(g, "p1.runnext");
    call("setglobal", g + 5);
    expect_call(NIL, "procresize", 1);
    expect_list(range('g', g, g + 5), "sched.runq");
    expect_field(6, "sched.runqsize");
    expect_field(Pdead_, "p1.status");
    expect_call(true, "runqempty", 1);
    expect_field(1, "gomaxprocs");
    check_world();
}

/* An M on a dying P moves to p0 first. */
TEST(AnMOnADyingPMovesToP0)
{
    stopped(3, 2);
    int64_t g = call("newg", 2);
    set(g, "p2.runnext");
    call("setring", 2, 0, g + 1);
    expect_call(NIL, "procresize", 2);
    expect_field(0, "m0.p");
    expect_field(Prunning_, "p0.status");
    expect_field(0, "p0.m");
    expect_field(NIL, "p2.m");
    expect_list(range('g', g, g + 1), "sched.runq");
    expect_list("p1", "sched.pidle");
    check_world();
}

/*
 * Those with work are returned in their order, with Ms that sleep; all others are idle, p1 to be taken
 * first.
 */
TEST(PsWithWorkAreReturnedWhereverTheyStand)
{
    stopped(6, 1);
    int64_t g = call("newg", 3);
    call("setring", 2, 0, g);
    set(g + 1, "p4.runnext");
    call("setring", 5, 0, g + 2);
    int64_t m1 = sleeper(), m2 = sleeper();
    expect_call(2, "procresize", 6);
    expect_field(4, "p2.link");
    expect_field(5, "p4.link");
    expect_field(NIL, "p5.link");
    expect_field(m2, "p5.m"); /* from the last one on */
    expect_field(m1, "p4.m");
    expect_field(NIL, "p2.m");
    expect_list("p0 p3", "sched.pidle");
    expect_field(2, "sched.npidle");
    expect_field(1, "m0.p");
}

/* More Ps: the new ones are idle; thieves know them at once. */
TEST(NewPsAreIdleAndCanBeRobbed)
{
    stopped(1, 0);
    expect_call(NIL, "procresize", 40);
    expect_field(39, "sched.npidle");
    expect_field(40, "gomaxprocs");
    expect_call(1, "pidleget");
    expect_call(0, "randomOrder_start", (uint32_t)rnd());
    expect_result(1, 40, "count of the order in which Ps are visited");
    call("newm");
    call("hold", 1, 1);
    int64_t g = call("newg");
    call("runqput", 1, g, false);
    expect_call(g, "stealWork", 0);
    off_queue(g);
    check_world();
}

/* Timers of a dying P go on with the M's. */
TEST(TimersOfADyingPMove)
{
    stopped(2, 0);
    record("netpollinited");
    record("wakeNetPoller");
    int64_t m1 = call("newm"), g = waiting(), when = call("clock") + MSEC;
    call("hold", m1, 1);
    on(m1);
    call("timer_start", when, g);
    on(0);
    set(NIL, "p1.m");
    set(NIL, "m%lld.p", (long long)m1);
    set(Pgcstop_, "p1.status");
    call("procresize", 1);
    expect_field(1, "p0.timers.len");
    expect_field(when, "p0.timers.minWhen");
    expect_field(1, "timerpMask[0]");
    call("advance", 2 * MSEC);
    set(1, "p0.schedtick");
    expect_call(g, "findrunnable");
}

/* A dead P comes back as a new one. */
TEST(ADeadPComesBack)
{
    stopped(2, 0);
    call("procresize", 1);
    expect_field(0, "sched.npidle");
    call("procresize", 2);
    expect_field(Pidle_, "p1.status");
    expect_list("p1", "sched.pidle");
    check_world();
}

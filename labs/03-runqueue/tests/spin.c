/**
 * @file spin.c
 * Who wakes whom: wakep, the chain of wake-ups, and the steps of schedule.
 */
#include "lab03.h"

TEST(WakepStartsOneSpinningM)
{
    because("wakep starts one M, spinning; that one wakes the next if it finds work");
    ps(3);
    int64_t m1 = sleeper(), m2 = sleeper();
    call("idlep", 1);
    call("idlep", 2);
    call("wakep");
    expect_started(m2, 2, true);
    expect_field(1, "sched.nmspinning");
    expect_field(1, "sched.npidle");
    call("wakep"); /* one spins already: it will find what there is */
    expect_field(NIL, "m%lld.nextp", (long long)m1);
    expect_field(1, "sched.nmspinning");
    check_world();
}

TEST(WakepWithoutIdlePLeavesANote)
{
    because("no P is idle: wakep sets needspinning, for whoever gives the next one up");
    ps(1);
    sleeper();
    call("wakep");
    expect_field(0, "sched.nmspinning");
    expect_field(1, "sched.needspinning");
    check_world();
}

TEST(WakeupsSpreadAsLongAsThereIsWork)
{
    because("three Gs and one wake-up: each M that finds work wakes the next, until every P works");
    thieves(4);
    call("rung", 0, call("newg"));
    int64_t m[] = {sleeper(), sleeper(), sleeper()};
    for (int p = 1; p < 4; p++)
        call("idlep", p);
    call("runqput_many", 0, call("newg", 8), 8);
    call("wakep");
    for (int i = 2; i >= 0; i--) { /* the last one that went to sleep is the first to be woken */
        expect_started(m[i], i + 1, true);
        expect_returned(resume(m[i]), 0);
        struct outcome o = run(m[i], "schedule");
        if (o.kind != OUT_RUNNING)
            fail("the woken m%lld should run a G; instead: %s", (long long)m[i], o.text);
        expect_field(0, "m%lld.spinning", (long long)m[i]);
        check_world();
    }
    expect_field(0, "sched.nmspinning");
    expect_field(0, "sched.npidle");
}

TEST(ResetspinningThrowsIfTheMDoesNotSpin)
{
    because("an M that does not spin is not counted, and cannot be counted down");
    ps(1);
    set(1, "sched.nmspinning");
    call_throws("", "resetspinning");
}

TEST(ExecuteStartsANewTimeSliceUnlessItIsInherited)
{
    because("schedtick counts new time slices: with inheritTime the present one goes on");
    ps(1);
    int64_t g = call("newg", 2);
    set(7, "p0.schedtick");
    expect(run(0, "execute", g, false), running(g));
    expect_field(8, "p0.schedtick");
    expect_field(g, "m0.curg");
    expect_field(0, "g%lld.m", (long long)g);
    expect_field(Grunning_, "g%lld.atomicstatus", (long long)g);
    call("runqput", 0, g + 1, true);
    expect(run_g(0, "gopark"), running(g + 1)); /* from runnext */
    expect_field(8, "p0.schedtick");
}

TEST(ScheduleRefusesToRunWithLocksHeld)
{
    ps(1);
    call("runqput", 0, call("newg"), false);
    set(1, "m0.locks");
    call_throws("holding locks", "schedule");
}

TEST(ScheduleRefusesToSpinWithLocalWork)
{
    ps(1);
    call("runqput", 0, call("newg"), false);
    set(1, "m0.spinning");
    set(1, "sched.nmspinning");
    call_throws("spinning with local work", "schedule");
}

TEST(GoschedGoesToTheTailOfTheGlobalQueue)
{
    because("a G that yields goes behind all that is in the global queue");
    ps(1);
    int64_t g = call("newg", 3);
    call("rung", 0, g);
    call("runqput", 0, g + 1, false);
    call("globrunqput", g + 2);
    expect(run_g(0, "gosched"), running(g + 1));
    expect_list(join(only('g', g + 2), only('g', g)), "sched.runq");
    expect_field(Grunnable_, "g%lld.atomicstatus", (long long)g);
    check_world();
}

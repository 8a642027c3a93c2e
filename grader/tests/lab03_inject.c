/**
 * @file lab03_inject.c
 * injectglist: which G goes where, and who is told.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

TEST(AnEmptyListChangesNothing)
{
    ps(2);
    int64_t m1 = sleeper();
    call("idlep", 1);
    call("injectglist");
    expect_field(0, "sched.runqsize");
    expect_field(NIL, "m%lld.nextp", (long long)m1);
    expect_field(1, "sched.npidle");
    check_world();
}

TEST(WithoutAPAndWithoutIdlePsAllGoToTheGlobalQueue)
{
    because("no P is idle, and there is none here: all Gs go to the tail of the global queue, in order, and "
            "needspinning is set");
    ps(1);
    int64_t sysmon = call("newm"), g0 = call("newg"), g = call("newg", 200, Gwaiting_);
    call("setglobal", g0);
    on(sysmon);
    call("injectglist_many", g, 200);
    expect_list(join(only('g', g0), range('g', g, g + 199)), "sched.runq");
    expect_field(201, "sched.runqsize");
    expect_field(1, "sched.needspinning");
    expect_field(0, "sched.nmspinning");
    check_world();
}

/* More idle Ps than Gs: as many Ms as there are Gs. */
TEST(WithoutAPOneMForEachG)
{
    ps(5);
    int64_t sysmon = call("newm");
    for (int p = 1; p < 5; p++)
        sleeper();
    for (int p = 1; p < 5; p++)
        call("idlep", p);
    int64_t g = call("newg", 2, Gwaiting_);
    on(sysmon);
    call("injectglist", g, g + 1);
    expect_field(2, "sched.npidle");
    expect_field(2, "sched.nmidle");
    expect_field(0, "sched.nmspinning");
    check_world();
}

TEST(WithAPAndWithoutIdlePsAllStayHere)
{
    because("no P is idle: all Gs go to the own ring, in order");
    ps(2);
    busy(1);
    int64_t g = call("newg", 20, Gwaiting_);
    call("injectglist_many", g, 20);
    expect_list(range('g', g, g + 19), "p0.runq");
    expect_field(NIL, "p0.runnext");
    expect_field(0, "sched.runqsize");
    check_world();
}

TEST(WhatDoesNotFitHereGoesToTheGlobalQueue)
{
    because("the ring is full: the rest goes to the global queue, for which sched.lock must be free");
    ps(1);
    int64_t old = call("newg", RING - 3), g = call("newg", 8, Gwaiting_);
    call("runqput_many", 0, old, RING - 3);
    call("injectglist_many", g, 8);
    expect_list(join(range('g', old, old + RING - 4), range('g', g, g + 2)), "p0.runq");
    expect_list(range('g', g + 3, g + 7), "sched.runq");
    check_world();
}

TEST(WithAPTheFirstGsGoToIdlePs)
{
    because("three Ps are idle: the first three Gs go to the global queue, in order, and each of these Ps "
            "gets an M");
    thieves(4);
    int64_t m[] = {sleeper(), sleeper(), sleeper()};
    for (int p = 1; p < 4; p++)
        call("idlep", p);
    int64_t g = call("newg", 5, Gwaiting_);
    call("injectglist_many", g, 5);
    expect_list(range('g', g, g + 2), "sched.runq");
    expect_list(range('g', g + 3, g + 4), "p0.runq");
    expect_field(0, "sched.npidle");
    for (int i = 0; i < 3; i++) {
        expect_started(m[i], i + 1, false); /* both lists are stacks */
        expect_returned(resume(m[i]), 0);
        struct outcome o = run(m[i], "schedule");
        if (o.kind != OUT_RUNNING)
            fail("each of the Ms that were started should find a G; m%lld: %s", (long long)m[i], o.text);
    }
    check_world();
}

TEST(AllAreRunnableBeforeOneCanBeFound)
{
    because("all Gs are runnable before the first of them can be found");
    ps(2);
    int64_t sysmon = call("newm");
    int64_t g = call("newg", 4, Gwaiting_);
    stop_at("lock");
    expect(run(sysmon, "injectglist_many", g, 4), "stopped: at lock(sched.lock)");
    for (int i = 0; i < 4; i++)
        expect_field(Grunnable_, "g%lld.atomicstatus", (long long)g + i);
    expect_field(0, "sched.runqsize");
}

/*
 * Issue 63555: a P becomes idle after injectglist has counted the idle ones and before its Gs are queued.
 * The ring is full, so that it comes to sched.lock in between, where we can stop it.
 */
TEST(APThatBecomesIdleMeanwhileIsTold)
{
    ps(2);
    int64_t m1 = sleeper();
    int64_t old = call("newg", RING), g = call("newg", 3, Gwaiting_);
    call("rung", 0, call("newg"));
    call("runqput_many", 0, old, RING);
    stop_at("lock");
    expect(run(0, "injectglist_many", g, 3), "stopped: at lock(sched.lock)");
    call("idlep", 1);
    pass("lock");
    expect_returned(resume(0), 0);
    expect_list(range('g', g, g + 2), "sched.runq");
    nobody_is_stranded();
    expect_started(m1, 1, true);
    check_world();
}

/* Go issue 59600. */
TEST(NoDeadlockIsSeenWhileAnMIsStarted)
{
    because("P and M leave their idle lists in one hold of sched.lock, or a deadlock check in between sees "
            "a G and nobody to run it");
    ps(2);
    int64_t sysmon = call("newm"), m2 = sleeper();
    call("idlep", 1);
    int64_t g = call("newg", 2, Gwaiting_);
    stop_at("startm");
    expect(run(sysmon, "injectglist", g, g + 1), "stopped: at startm(p1, spinning=0, lockheld=1)");
    if (get("sched.lock.key") == 0)
        fail("p1 has left the idle list, its M has not: sched.lock should be held all the while");
    pass("startm");
    expect_returned(resume(sysmon), 0);
    expect_started(m2, 1, false);
    expect_field(0, "sched.lock.key");
    check_world();
}

/**
 * @file global.c
 * The global queue, and what comes into it from the poller.
 */
#include "lab03.h"

TEST(GlobalQueueIsFirstInFirstOut)
{
    because("who came first to the global queue leaves it first");
    ps(1);
    int64_t g = call("newg", 6);
    call("globrunqput", g + 1);
    call("globrunqput", g + 2);
    call("globrunqputhead", g);
    call("globrunqputbatch", g + 3, g + 4, g + 5);
    expect_result(1, true, "the queue that was given is empty afterwards");
    expect_list(range('g', g, g + 5), "sched.runq");
    expect_field(6, "sched.runqsize");
    for (int i = 0; i < 6; i++)
        expect_call(g + i, "globrunqget");
    expect_call(NIL, "globrunqget");
    expect_field(0, "sched.runqsize");
    call("globrunqput", g); /* an emptied queue works on */
    expect_list(only('g', g), "sched.runq");
}

TEST(GlobalBatchIsAFairShare)
{
    because("a batch is the smallest of what was asked for, what there is, and one P's share plus one");
    ps(4);
    int64_t g = call("newg", 40);
    call("setglobal_many", g, 40);
    expect_call(g, "globrunqgetbatch", 128); /* 40/4 + 1 */
    expect_text(range('g', g + 1, g + 10));
    expect_field(29, "sched.runqsize");
    expect_call(g + 11, "globrunqgetbatch", 3);
    expect_text(range('g', g + 12, g + 13));
    call("setglobal_many", g, 1);
    expect_call(g, "globrunqgetbatch", 128);
    expect_text("");
    expect_call(NIL, "globrunqgetbatch", 128);
    expect_text("");
    expect_field(0, "sched.runqsize");
}

TEST(InjectglistWithoutAPStartsAnMForEachIdleP)
{
    because("without a P: all Gs to the global queue, and an M for each idle P that there is a G for");
    ps(3);
    int64_t sysmon = call("newm");
    int64_t m2 = sleeper(), m3 = sleeper();
    call("idlep", 1);
    call("idlep", 2);
    int64_t g = call("newg", 3, Gwaiting_);
    on(sysmon);
    call("injectglist", g, g + 1, g + 2);
    expect_list(range('g', g, g + 2), "sched.runq");
    for (int i = 0; i < 3; i++)
        expect_field(Grunnable_, "g%lld.atomicstatus", (long long)g + i);
    expect_started(m3, 2, false);
    expect_started(m2, 1, false);
    check_world();
}

TEST(InjectglistWithAPKeepsWhatIdlePsCannotTake)
{
    because("with a P: one G for each idle P through the global queue, the others to the own ring");
    ps(2);
    int64_t m1 = sleeper();
    call("idlep", 1);
    int64_t g = call("newg", 3, Gwaiting_);
    call("injectglist", g, g + 1, g + 2);
    expect_list(only('g', g), "sched.runq");
    expect_list(range('g', g + 1, g + 2), "p0.runq");
    expect_field(1, "m%lld.nextp", (long long)m1);
    check_world();
}

/**
 * @file lab03_runnext.c
 * runnext: when a thief may take it, when it waits before, and what may happen meanwhile.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

TEST(AnEmptyRunnextKicksNobody)
{
    ps(1);
    int64_t g = call("newg");
    call("runqput", 0, g, true);
    expect_list("", "p0.runq");
    expect_field(g, "p0.runnext");
    expect_call(g, "runqget", 0);
    expect_field(NIL, "p0.runnext");
    expect_call(NIL, "runqget", 0);
}

TEST(TheKickedGIsTheLast)
{
    because("a G that is displaced from runnext goes behind all others, where a thief can have it");
    ps(2);
    int64_t g = call("newg", 5);
    call("runqput_many", 0, g, 3);
    call("runqput", 0, g + 3, true);
    call("runqput", 0, g + 4, true);
    expect_list(range('g', g, g + 3), "p0.runq");
    expect_call(g + 1, "runqsteal", 1, 0, true);
    expect_field(g + 4, "p0.runnext");
}

TEST(OneGInTheRingIsStolenBeforeRunnext)
{
    because("half of one G is one: as long as the ring has a G, a thief gets that one");
    ps(2);
    busy(1);
    int64_t g = call("newg", 2);
    spy("usleep");
    call("runqput", 1, g, true);
    call("runqput", 1, g + 1, false);
    expect_call(g + 1, "runqsteal", 0, 1, true);
    expect_field(g, "p1.runnext");
    expect_events("");
}

/** p1 has g in runnext; a thief with p0 takes it, and must or must not wait. */
static void steal_next(int64_t g, bool waits)
{
    expect_call(g, "runqsteal", 0, 1, true);
    expect_events(waits ? "usleep 3\n" : "");
    call("runqput", 1, g, true);
}

/* Go issue 14790. */
TEST(AThiefWaitsOnlyIfTheVictimRunsGoCode)
{
    because("only a victim that runs Go code, and will come for runnext itself very soon, gets the three "
            "microseconds");
    ps(2);
    int64_t m1 = busy(1), running_g = get("m%lld.curg", (long long)m1), g = call("newg");
    spy("usleep");
    call("runqput", 1, g, true);
    steal_next(g, true);
    set(NIL, "m%lld.curg", (long long)m1); /* between two Gs */
    steal_next(g, true);
    set(running_g, "m%lld.curg", (long long)m1);
    set(Gsyscall_, "g%lld.atomicstatus", (long long)running_g);
    steal_next(g, false);
    set(Grunning_, "g%lld.atomicstatus", (long long)running_g);
    steal_next(g, true);
    set(Psyscall_, "p1.status");
    steal_next(g, false);
    set(Prunning_, "p1.status");
    set(NIL, "p1.m");
    steal_next(g, false);
}

TEST(TheOwnerTakesRunnextWhileTheThiefWaits)
{
    because("the owner took runnext while the thief waited: the thief gets nothing, and the G is not run "
            "twice");
    ps(2);
    int64_t m1 = busy(1), g = call("newg");
    call("runqput", 1, g, true);
    stop_at("usleep");
    expect(run(0, "runqsteal", 0, 1, true), "stopped: at usleep 3");
    on(m1);
    expect_call(g, "runqget", 1);
    expect_returned(resume(0), NIL);
    expect_call(NIL, "runqget", 1);
}

TEST(RunnextIsReplacedWhileTheThiefWaits)
{
    because("the G was kicked out of runnext while the thief waited: it begins anew, and finds it in the "
            "ring");
    ps(2);
    int64_t m1 = busy(1), g = call("newg", 2);
    call("runqput", 1, g, true);
    stop_at("usleep");
    expect(run(0, "runqsteal", 0, 1, true), "stopped: at usleep 3");
    pass("usleep");
    on(m1);
    call("runqput", 1, g + 1, true);
    expect_returned(resume(0), g);
    off_queue(g);
    expect_field(g + 1, "p1.runnext");
    check_world();
}

/* The thief was there first: the owner goes on to its ring, and does not inherit anything. */
TEST(TheOwnerGoesOnToTheRingAfterATheft)
{
    ps(2);
    int64_t m1 = busy(1), g = call("newg", 2);
    call("runqput", 1, g, true);
    expect_call(g, "runqsteal", 0, 1, true);
    on(m1);
    call("runqput", 1, g + 1, false);
    expect_call(g + 1, "runqget", 1);
    expect_result(1, false, "inheritTime");
    expect_call(NIL, "runqget", 1);
    expect_result(1, false, "inheritTime of nothing");
}

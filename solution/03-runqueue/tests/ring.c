/**
 * @file ring.c
 * The ring of a P, in a world of one M: what its owner and, one after the other, a thief see.
 */
#include "lab03.h"

TEST(TestSchedLocalQueue)
{
    because("first in, first out; what comes from the ring begins a new time slice");
    ps(1);
    int64_t g = call("newg", RING);
    for (int i = 0; i <= RING; i += i < 16 ? 1 : 16) {
        call("runqput_many", 0, g, i);
        expect_list(range('g', g, g + i - 1), "p0.runq");
        for (int k = 0; k < i; k++) {
            int64_t got = call("runqget", 0);
            if (got != g + k)
                fail("the %dth of %d Gs is g%lld, it should be g%lld", k, i, (long long)got,
                     (long long)(g + k));
            if (result(1))
                fail("a G from the ring must not inherit the time slice");
        }
        expect_call(NIL, "runqget", 0);
        expect_call(true, "runqempty", 0);
    }
    expect_field(NIL, "p0.runnext");
}

TEST(RunnextKicksItsPredecessorToTheTail)
{
    because("what is displaced from runnext goes to the tail; runnext comes first and goes on in the "
            "present time slice");
    ps(1);
    int64_t g = call("newg", 3);
    call("runqput", 0, g, false);
    call("runqput", 0, g + 1, true);
    expect_list(only('g', g), "p0.runq");
    call("runqput", 0, g + 2, true);
    expect_field(g + 2, "p0.runnext");
    expect_list(range('g', g, g + 1), "p0.runq");
    check_world();
    expect_call(g + 2, "runqget", 0);
    expect_result(1, true, "inheritTime of a G from runnext");
    expect_call(g, "runqget", 0);
    expect_result(1, false, "inheritTime of a G from the ring");
}

TEST(RunqputWithoutNextLeavesRunnextAlone)
{
    because("without next a G goes to the tail, and runnext stays as it is");
    ps(1);
    int64_t g = call("newg", 2);
    call("runqput", 0, g, true);
    call("runqput", 0, g + 1, false);
    expect_field(g, "p0.runnext");
    expect_list(only('g', g + 1), "p0.runq");
}

TEST(OverflowMovesTheOlderHalfAndTheNewG)
{
    because("a full ring: its 128 oldest Gs, in order, and then the new one go to the tail of the global "
            "queue");
    ps(1);
    int64_t g = call("newg", RING + 2);
    call("setglobal", g + RING + 1);
    call("runqput_many", 0, g, RING);
    expect_list(only('g', g + RING + 1), "sched.runq"); /* 256 fit */
    call("runqput", 0, g + RING, false);
    expect_list(range('g', g + HALF, g + RING - 1), "p0.runq");
    expect_list(join(only('g', g + RING + 1), join(range('g', g, g + HALF - 1), only('g', g + RING))),
                "sched.runq");
    expect_field(1 + HALF + 1, "sched.runqsize");
    check_world();
}

TEST(OverflowWithNextKeepsTheNewG)
{
    because("with next the new G stays in runnext; the one that it displaces is the last of the 129");
    ps(1);
    int64_t g = call("newg", RING + 2);
    call("runqput_many", 0, g, RING);
    call("runqput", 0, g + RING, true);
    expect_field(RING, "p0.runqtail");
    call("runqput", 0, g + RING + 1, true);
    expect_field(g + RING + 1, "p0.runnext");
    expect_list(join(range('g', g, g + HALF - 1), only('g', g + RING)), "sched.runq");
    check_world();
}

TEST(IndicesWrapAt32Bits)
{
    because("head and tail are unsigned and come round at 2^32: their distance says how many Gs there are, "
            "and tail modulo the size is a slot");
    ps(1);
    int64_t g = call("newg", RING + 1);
    call("setring", 0, 0xffffff80);
    expect_call(true, "runqempty", 0);
    call("runqput_many", 0, g, RING);
    expect_field(0x80, "p0.runqtail");
    expect_list(range('g', g, g + RING - 1), "p0.runq");
    expect_call(false, "runqempty", 0);
    call("runqput", 0, g + RING, false);
    expect_field(0, "p0.runqhead");
    expect_list(range('g', g + HALF, g + RING - 1), "p0.runq");
    for (int k = HALF; k < RING; k++)
        expect_call(g + k, "runqget", 0);
    expect_call(NIL, "runqget", 0);
}

TEST(RunqemptyKnowsTheRingAndRunnext)
{
    because("a queue is empty if neither the ring nor runnext has a G");
    ps(1);
    int64_t g = call("newg");
    expect_call(true, "runqempty", 0);
    call("runqput", 0, g, false);
    expect_call(false, "runqempty", 0);
    call("runqget", 0);
    expect_call(true, "runqempty", 0);
    call("runqput", 0, g, true);
    expect_call(false, "runqempty", 0);
    call("runqget", 0);
    expect_call(true, "runqempty", 0);
}

TEST(BatchFillsTheRingThenTheGlobalQueue)
{
    because("a batch fills the ring in order; what does not fit goes to the global queue");
    ps(1);
    int64_t g = call("newg", RING + 10);
    call("runqput_many", 0, g, 5);
    call("runqputbatch_many", 0, g + 5, RING);
    expect_list(range('g', g, g + RING - 1), "p0.runq");
    expect_list(range('g', g + RING, g + RING + 4), "sched.runq");
    expect_field(5, "sched.runqsize");
    expect_field(NIL, "p0.runnext");
}

TEST(TestSchedLocalQueueSteal)
{
    because("a thief takes half of the ring, rounded up, from its head; it runs the last of them and keeps "
            "the others, in order");
    ps(2);
    int64_t g = call("newg", RING);
    for (int i = 0; i <= RING; i = i < 4 ? i + 1 : i * 2) {
        int half = i - i / 2;
        call("setring", 0, 0);
        call("setring", 1, (uint32_t)rnd());
        call("runqput_many", 1, g, i);
        expect_call(i ? g + half - 1 : NIL, "runqsteal", 0, 1, false);
        expect_list(range('g', g, g + half - 2), "p0.runq");
        expect_list(range('g', g + half, g + i - 1), "p1.runq");
    }
}

TEST(RunnextIsStolenLastAndAfterThreeMicroseconds)
{
    because("runnext is stolen only if the ring is empty and the caller allows it; its owner, if it runs, "
            "gets 3 microseconds first");
    ps(2);
    busy(1);
    int64_t g = call("newg", 2);
    call("runqput", 1, g, true);
    call("runqput", 1, g + 1, false);
    spy("usleep");
    expect_call(g + 1, "runqsteal", 0, 1, true);
    expect_field(g, "p1.runnext");
    expect_call(NIL, "runqsteal", 0, 1, false);
    expect_events("");
    expect_call(g, "runqsteal", 0, 1, true);
    expect_events("usleep 3\n");
    expect_field(NIL, "p1.runnext");
}

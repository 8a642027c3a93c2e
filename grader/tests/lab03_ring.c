/**
 * @file lab03_ring.c
 * The ring of a P, in a world of one M: what its owner and, one after the other, a thief see.
 */
#include "judge.h"

enum { RING = 256, HALF = 128 };

/** A P that m0 holds. */
static int64_t one_p(void)
{
    int64_t p = call("newp");
    call("hold", 0, p);
    return p;
}

/* Put i, take i, for every i that fits; first in, first out, none lost, none twice. */
TEST(TestSchedLocalQueue)
{
    int64_t p = one_p();
    int64_t g = call("newg", RING);
    for (int i = 0; i <= RING; i += 1 + i / 8) {
        call("runqput_many", p, g, i);
        expect_list(range('g', g, g + i - 1), "p0.runq");
        for (int k = 0; k < i; k++) {
            int64_t got = call("runqget", p);
            if (got != g + k)
                fail("the %dth of %d Gs is %lld, it should be %lld", k, i, (long long)got,
                     (long long)(g + k));
            if (result(1))
                fail("a G from the ring inherits the time slice");
        }
        expect_call(NIL, "runqget", p);
        expect_call(true, "runqempty", p);
    }
    expect_field(NIL, "p%d.runnext", (int)p);
}

/* The kicked-out runnext goes to the tail; runnext comes first and inherits the time slice. */
TEST(RunnextKicksItsPredecessorToTheTail)
{
    int64_t p = one_p();
    int64_t g = call("newg", 3);
    call("runqput", p, g, false);
    call("runqput", p, g + 1, true);
    call("runqput", p, g + 2, true);
    expect_field(g + 2, "p0.runnext");
    expect_list(join(range('g', g, g), range('g', g + 1, g + 1)), "p0.runq");
    check_world();
    expect_call(g + 2, "runqget", p);
    expect_result(1, true, "inheritTime");
    expect_call(g, "runqget", p);
    expect_result(1, false, "inheritTime");
}

/* A full ring: the 128 oldest in order, then the new G, = 129, at the tail of the global queue. */
TEST(OverflowMovesTheOlderHalfAndTheNewG)
{
    int64_t p = one_p();
    int64_t g = call("newg", RING + 2);
    call("setglobal", g + RING + 1);
    call("runqput_many", p, g, RING);
    call("runqput", p, g + RING, false);
    expect_list(range('g', g + HALF, g + RING - 1), "p0.runq");
    expect_list(join(range('g', g + RING + 1, g + RING + 1),
                     join(range('g', g, g + HALF - 1), range('g', g + RING, g + RING))),
                "sched.runq");
    expect_field(1 + HALF + 1, "sched.runqsize");
    check_world();
}

/* With next the new G sits in runnext and the one that it displaces is the 129th. */
TEST(OverflowWithNextKeepsTheNewG)
{
    int64_t p = one_p();
    int64_t g = call("newg", RING + 2);
    call("runqput_many", p, g, RING);
    call("runqput", p, g + RING, true);
    expect_field(RING, "p0.runqtail");
    call("runqput", p, g + RING + 1, true);
    expect_field(g + RING + 1, "p0.runnext");
    expect_list(join(range('g', g, g + HALF - 1), range('g', g + RING, g + RING)), "sched.runq");
    check_world();
}

TEST(RunqputslowThrowsIfTheRingIsNotFull)
{
    int64_t p = one_p();
    int64_t g = call("newg", 4);
    call("runqput_many", p, g, 3);
    call_throws("queue is not full", "runqputslow", p, g + 3, 0, 3);
}

/* A thief moved the head since runqput looked: nothing is done. */
TEST(RunqputslowGivesUpIfTheHeadHasMoved)
{
    int64_t p = one_p();
    int64_t g = call("newg", RING + 1);
    off_queue(g + RING);
    call("runqput_many", p, g, RING);
    call("runqget", p);
    off_queue(g);
    expect_call(false, "runqputslow", p, g + RING, 0, RING);
    expect_list("", "sched.runq");
    expect_list(range('g', g + 1, g + RING - 1), "p0.runq");
    check_world();
}

/**
 * Head and tail count past 2^32: full, empty and order are right across the wrap, also when it overflows
 * there.
 */
TEST(IndicesWrapAt32Bits)
{
    int64_t p = one_p();
    int64_t g = call("newg", RING + 1);
    call("setring", p, 0xffffff80);
    expect_call(true, "runqempty", p);
    call("runqput_many", p, g, RING);
    expect_field(0x80, "p0.runqtail");
    expect_list(range('g', g, g + RING - 1), "p0.runq");
    call("runqput", p, g + RING, false);
    expect_field(0, "p0.runqhead");
    expect_list(range('g', g + HALF, g + RING - 1), "p0.runq");
    for (int k = HALF; k < RING; k++)
        expect_call(g + k, "runqget", p);
    expect_call(NIL, "runqget", p);
}

/* A thief gets half, rounded up, from the head; runs the last one; the others are in its ring in order. */
TEST(TestSchedLocalQueueSteal)
{
    int64_t p = one_p();
    int64_t victim = call("newp");
    int64_t g = call("newg", RING);
    for (int i = 0; i <= RING; i = i < 4 ? i + 1 : i * 2) {
        int half = i - i / 2;
        call("setring", p, 0);
        call("setring", victim, (uint32_t)rnd());
        call("runqput_many", victim, g, i);
        expect_call(i ? g + half - 1 : NIL, "runqsteal", p, victim, false);
        expect_list(range('g', g, g + half - 2), "p0.runq");
        expect_list(range('g', g + half, g + i - 1), "p1.runq");
    }
}

/**
 * runnext is stolen only if the ring is empty and the caller allows it; a victim that runs Go code gets 3 us
 * first.
 */
TEST(RunnextIsStolenLastAndAfterThreeMicroseconds)
{
    int64_t p = one_p();
    int64_t victim = call("newp");
    int64_t m1 = call("newm");
    int64_t g = call("newg", 2);
    call("hold", m1, victim);
    call("rung", m1, g);
    call("runqput", victim, g + 1, true);
    spy("usleep");
    expect_call(NIL, "runqsteal", p, victim, false);
    expect_events("");
    expect_call(g + 1, "runqsteal", p, victim, true);
    expect_events("usleep 3\n");
    expect_field(NIL, "p1.runnext");
}

/**
 * @file lab03_ring.c
 * The ring at its limits: lengths, wraps, overflow and stealing in the middle of it.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

/* For every length: half, rounded up, the oldest, in order; the thief runs the last. Also across the wrap. */
TEST(StealTakesTheOlderHalfOfEveryLength)
{
    because("a thief takes half of the ring, rounded up: the oldest, in order; it runs the last of them and "
            "puts the others into its own");
    ps(2);
    int64_t g = call("newg", RING);
    for (int i = 0; i <= RING; i++) {
        int half = i - i / 2;
        call("setring", 0, (uint32_t)(0 - rndn(RING)));
        call("setring", 1, (uint32_t)(0 - rndn(RING)));
        call("runqput_many", 1, g, i);
        expect_call(i ? g + half - 1 : NIL, "runqsteal", 0, 1, false);
        expect_list(range('g', g, g + half - 2), "p0.runq");
        expect_list(range('g', g + half, g + i - 1), "p1.runq");
    }
}

TEST(GrabFillsTheBatchFromAnyIndex)
{
    because("the batch is a ring, too: its first G goes to slot batchHead, modulo the size");
    ps(1);
    int64_t g = call("newg", RING);
    for (int k = 0; k < 8; k++) {
        int64_t n = 1 + (int64_t)rndn(RING);
        call("setring", 0, (uint32_t)rnd());
        call("runqput_many", 0, g, n);
        expect_call(n - n / 2, "runqgrab", 0, k ? (uint32_t)rnd() : 0xfffffff0, false);
        expect_text(range('g', g, g + n - n / 2 - 1));
    }
}

/* All that is stolen must fit behind what the thief has: 128 behind 128 do, behind 129 they do not. */
TEST(RunqstealFillsTheThiefsRingUpToItsEnd)
{
    ps(2);
    int64_t g = call("newg", RING + HALF);
    call("setring", 0, (uint32_t)rnd());
    call("runqput_many", 0, g + RING, HALF);
    call("runqput_many", 1, g, RING);
    expect_call(g + HALF - 1, "runqsteal", 0, 1, false);
    off_queue(g + HALF - 1);
    expect_list(join(range('g', g + RING, g + RING + HALF - 1), range('g', g, g + HALF - 2)), "p0.runq");
    check_world();
}

TEST(RunqstealThrowsOnOverflow)
{
    ps(2);
    int64_t g = call("newg", RING + HALF + 1);
    call("runqput_many", 0, g + RING, HALF + 1);
    call("runqput_many", 1, g, RING);
    call_throws("runq overflow", "runqsteal", 0, 1, false);
}

TEST(RunqputslowThrowsIfTheRingIsNotFull)
{
    because("the ring is not full: its slots hold no Gs that could be moved");
    ps(1);
    int64_t g = call("newg", 4);
    call("runqput_many", 0, g, 3);
    call_throws("queue is not full", "runqputslow", 0, g + 3, 0, 3);
}

TEST(RunqputslowGivesUpIfTheHeadHasMoved)
{
    because("a thief has moved the head since runqput looked: runqputslow does nothing and says so");
    ps(1);
    int64_t g = call("newg", RING + 1);
    off_queue(g + RING);
    call("runqput_many", 0, g, RING);
    call("runqget", 0);
    off_queue(g);
    expect_call(false, "runqputslow", 0, g + RING, 0, RING);
    expect_list("", "sched.runq");
    expect_list(range('g', g + 1, g + RING - 1), "p0.runq");
    check_world();
}

/* The global queue changes under sched.lock only; nothing is in two places meanwhile, and nothing is lost. */
TEST(OverflowWaitsForSchedLock)
{
    because("the global queue changes under sched.lock only");
    ps(1);
    int64_t m1 = call("newm");
    int64_t g = call("newg", RING + 2);
    call("setglobal", g + RING + 1);
    call("runqput_many", 0, g, RING);
    expect_returned(run(m1, "lock_sched"), 0);
    expect(run(0, "runqput", 0, g + RING, false), "blocked: futex sched.lock");
    expect_list(only('g', g + RING + 1), "sched.runq");
    expect_field(1, "sched.runqsize");
    expect_returned(run(m1, "unlock_sched"), 0);
    expect_returned(resume(0), 0);
    expect_field(1 + HALF + 1, "sched.runqsize");
    check_world();
}

TEST(AThiefDuringTheOverflowGetsNothingTwice)
{
    because("a thief came between the decision to overflow and the global queue: each G is in one place at "
            "the end");
    ps(2);
    int64_t m1 = call("newm");
    call("hold", m1, 1);
    int64_t g = call("newg", RING + 1);
    call("setring", 0, (uint32_t)(0 - rndn(RING)));
    call("runqput_many", 0, g, RING);
    stop_at("lock");
    expect(run(0, "runqput", 0, g + RING, false), "stopped: at lock(sched.lock)");
    pass("lock");
    struct outcome o = run(m1, "runqsteal", 1, 0, false);
    if (o.kind != OUT_RETURNED)
        fail("a thief needs no lock; instead: %s", o.text);
    if (o.v[0] != NIL)
        off_queue(o.v[0]);
    expect_returned(resume(0), 0);
    check_world();
}

/* Order is kept over a refill in the middle, with random puts and gets. */
TEST(FirstInFirstOutUnderRandomPutsAndGets)
{
    ps(1);
    int64_t g = call("newg", RING), in = 0, out = 0;
    call("setring", 0, (uint32_t)(0 - rndn(2 * RING)));
    for (int k = 0; k < 60; k++) {
        int64_t n = (int64_t)rndn((uint64_t)(RING - (in - out) + 1));
        for (int64_t i = 0; i < n; i++, in++)
            call("runqput", 0, g + in % RING, false);
        for (int64_t i = (int64_t)rndn((uint64_t)(in - out + 1)); i > 0; i--, out++)
            expect_call(g + out % RING, "runqget", 0);
        expect_call(in == out, "runqempty", 0);
    }
}

/* A batch across the wrap; an empty one changes nothing; runnext is not touched. */
TEST(BatchesKeepTheirOrder)
{
    ps(1);
    int64_t g = call("newg", RING + 1);
    call("setring", 0, (uint32_t)(0 - HALF));
    call("runqput", 0, g + RING, true);
    call("runqputbatch_many", 0, g, 0);
    expect_list("", "p0.runq");
    call("runqputbatch_many", 0, g, 100);
    call("runqputbatch_many", 0, g + 100, RING - 100);
    expect_list(range('g', g, g + RING - 1), "p0.runq");
    expect_list("", "sched.runq");
    expect_field(g + RING, "p0.runnext");
    check_world();
}

TEST(TheRestOfABatchWaitsForSchedLock)
{
    because("what does not fit into the ring goes to the global queue, which changes under sched.lock only");
    ps(1);
    int64_t m1 = call("newm");
    int64_t g = call("newg", RING + 3);
    expect_returned(run(m1, "lock_sched"), 0);
    expect(run(0, "runqputbatch_many", 0, g, RING + 3), "blocked: futex sched.lock");
    expect_field(0, "sched.runqsize");
    expect_returned(run(m1, "unlock_sched"), 0);
    expect_returned(resume(0), 0);
    expect_list(range('g', g + RING, g + RING + 2), "sched.runq");
    expect_field(3, "sched.runqsize");
    check_world();
}

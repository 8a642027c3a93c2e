/**
 * @file block.c
 * entersyscallblock: for a call that will block, so the P goes to somebody else at once. The world: m0 runs
 * g1 on p0.
 */
#include "lab04.h"

TEST(BlockHandsThePOff)
{
    because("entersyscallblock hands the P off, once: it is idle and nobody's then, and the G is in "
            "Gsyscall");
    one_g();
    record("handoffp");
    call_g("entersyscallblock");
    expect_events("handoffp(p0)\n");
    expect_field(Pidle_, "p0.status");
    expect_field(NIL, "p0.m");
    expect_field(NIL, "m0.p");
    expect_field(Gsyscall_, "g1.atomicstatus");
    expect_field(1, "m0.curg");
}

/* The P will not come back, so there is none to remember. */
TEST(BlockLeavesNoOldp)
{
    one_g();
    record("handoffp");
    call_g("entersyscallblock");
    expect_field(NIL, "m0.oldp");
}

/* For the P the call is over: its tick moves. */
TEST(BlockMovesSyscalltick)
{
    one_g();
    int64_t tick = (int64_t)(uint32_t)rnd();
    set(tick, "p0.syscalltick");
    record("handoffp");
    call_g("entersyscallblock");
    expect_field((int64_t)(uint32_t)(tick + 1), "p0.syscalltick");
    expect_field(tick, "m0.syscalltick");
    expect_field(1, "p0.n.syscalls");
}

/* Frame, guard and locks are as after entersyscall. */
TEST(BlockRecordsItsCallersFrame)
{
    one_g();
    record("handoffp");
    call_g("entersyscallblock");
    expect_callers_frame("entersyscallblock");
}

TEST(BlockPoisonsTheGuardAndBalancesLocks)
{
    one_g();
    record("handoffp");
    call_g("entersyscallblock");
    expect_field(STACKPREEMPT, "g1.stackguard0");
    expect_field(true, "g1.throwsplit");
    expect_field(0, "m0.locks");
}

TEST(BlockLetsAnotherMRunTheQueue)
{
    because("what waits on the P does not wait for the call: a sleeping M gets P and queue");
    one_g();
    call("newg", 2);
    call("newm");
    expect(run(1, "stopm"), "blocked: futex m1.park");
    call("setring", 0, 0, 2, 3);
    call_g("entersyscallblock");
    expect(resume(1), "returned"); /* stopm comes back with the P that it was given */
    expect_field(0, "m1.p");
    expect_field(1, "p0.m");
    expect_field(Prunning_, "p0.status");
    expect_list("g2 g3", "p0.runq");
}

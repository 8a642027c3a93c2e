/**
 * @file retake.c
 * sysmon's look at all Ps: time slices are measured by counting them.
 */
#include "judge.h"

enum { Pidle_ = 0, Prunning_ = 1, Psyscall_ = 2, Pgcstop_ = 3, ME = 1 };
static const int64_t ms = 1000000;

/** m0 runs g1 on p0, which has begun tick slices; the caller is m1, without P. No signals. */
static void running(int64_t tick)
{
    call("newp");
    call("newg");
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 1);
    set(tick, "p0.schedtick");
    set(1, "debug.asyncpreemptoff");
    record("retake_syscall");
    on(ME);
}

TEST(TheFirstLookOnlyTakesANote)
{
    because("a slice that was not seen before is noted with the time of this look; it lasts from then on");
    int64_t tick = 1 + (int64_t)rndn(1000000), now = call("clock") + (int64_t)rndn(1000);
    running(tick);
    expect_call(0, "retake", now);
    expect_field(tick, "p0.sysmontick.schedtick");
    expect_field(now, "p0.sysmontick.schedwhen");
    expect_field(0, "g1.preempt");
}

TEST(ASliceOfTenMillisecondsIsAskedToEnd)
{
    int64_t now = call("clock");
    running(7);
    because("g1 is asked to yield when its slice has lasted 10 ms since the look that saw it first, and not sooner");
    call("retake", now);
    call("retake", now + 10 * ms - 1);
    expect_field(0, "g1.preempt");
    expect_field(now, "p0.sysmontick.schedwhen"); /* the first look at this slice counts */
    expect_call(0, "retake", now + 10 * ms);      /* a preempted G is no P taken */
    expect_field(1, "g1.preempt");
}

TEST(ANewSliceIsMeasuredAnew)
{
    int64_t now = call("clock");
    running(7);
    because("p0.schedtick has changed, 9 ms after the first look: from then on the new slice has 10 ms of its own");
    call("retake", now);
    set(8, "p0.schedtick");
    call("retake", now + 9 * ms);
    call("retake", now + 18 * ms);
    expect_field(0, "g1.preempt");
    call("retake", now + 19 * ms);
    expect_field(1, "g1.preempt");
}

/* The request may have gone to another G, or been lost: it is repeated as long as the slice lasts. */
TEST(ASliceThatLastsIsAskedToEndAgain)
{
    int64_t now = call("clock");
    running(7);
    call("retake", now);
    for (int i = 0; i < 3; i++) {
        set(0, "g1.preempt");
        call("retake", now + 10 * ms + i * ms);
        expect_field(1, "g1.preempt");
    }
}

TEST(EachPIsMeasuredByItself)
{
    int64_t now = call("clock");
    running(7);
    call("newp");
    call("newg");
    call("newm");
    call("hold", 2, 1);
    call("rung", 2, 2);
    set(7, "p1.schedtick");
    because("p0's slice began 5 ms before p1's: each P has a note of its own");
    call("retake", now);
    set(8, "p1.schedtick");
    call("retake", now + 5 * ms);
    call("retake", now + 10 * ms);
    expect_field(1, "g1.preempt");
    expect_field(0, "g2.preempt");
    call("retake", now + 15 * ms);
    expect_field(1, "g2.preempt");
}

TEST(APInASystemCallIsLookedAtByRetakeSyscall)
{
    int64_t now = call("clock");
    running(7);
    set(Psyscall_, "p0.status");
    call("retake", now);
    expect_events("retake_syscall(p0, sysretake=0)\n");
}

/*
 * One short call after another: each look sees another call, but always the same slice. No request reaches
 * a G in a call, so its P must go (Go issue 10958).
 */
TEST(ASliceOfShortCallsEndsToo)
{
    because("each look sees another call in the same slice: after 10 ms retake_syscall is told to take the P "
            "whatever call it is");
    int64_t now = call("clock");
    running(7);
    set(Psyscall_, "p0.status");
    call("retake", now);
    events();
    call("retake", now + 10 * ms - 1);
    expect_events("retake_syscall(p0, sysretake=0)\n");
    call("retake", now + 10 * ms);
    expect_events("retake_syscall(p0, sysretake=1)\n");
}

TEST(RetakeReturnsHowManyPsWereTaken)
{
    because("retake returns how many Ps retake_syscall took, not how many it looked at");
    int64_t now = call("clock");
    running(7);
    call("newp", 3);
    for (int p = 1; p <= 3; p++) {
        set(Psyscall_, "p%d.status", p);
        set(1, "p%d.schedtick", p);
    }
    script("retake_syscall", 1, 0, 1);
    expect_call(2, "retake", now);
    expect_events(
        "retake_syscall(p1, sysretake=0)\nretake_syscall(p2, sysretake=0)\nretake_syscall(p3, sysretake=0)\n");
}

TEST(IdleAndStoppedPsAreLeftAlone)
{
    because("only a P in Prunning or Psyscall has a slice to be noted");
    int64_t now = call("clock");
    running(7);
    for (int i = 0; i < 2; i++) {
        set(i ? Pgcstop_ : Pidle_, "p0.status");
        expect_call(0, "retake", now);
        expect_call(0, "retake", now + 20 * ms);
        expect_field(0, "p0.sysmontick.schedtick"); /* no note of it */
        expect_field(0, "g1.preempt");
    }
    expect_events("");
}

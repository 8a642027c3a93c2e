/**
 * @file handingoff.c
 * handoffp finds an M for a P exactly if there is something for it to do; sysmon takes Ps out of long calls.
 */
#include "judge.h"

enum { Pidle_ = 0, Prunning_ = 1, Psyscall_ = 2, Pgcstop_ = 3 };

static const int64_t ms = 1000000;

/** Two Ps of which m0 holds p1; p0 is nobody's. What handoffp starts is recorded. */
static void free_p(void)
{
    call("newp", 3);
    call("hold", 0, 1);
    call("hold", call("newm"), 2);
    record("startm");
    record("wakeNetPoller");
    set(0, "sched.lastpoll"); /* somebody is in a blocking poll */
    set(1, "sched.nmspinning"); /* and somebody spins */
}

TEST(HandoffpStartsAnMForLocalWork)
{
    because("p0 has a goroutine in its queue: it needs an M, and may not go idle");
    free_p();
    call("setring", 0, 0, call("newg"));
    call("handoffp", 0);
    expect_events("startm(p0, spinning=0, lockheld=0)\n");
    expect_field(0, "sched.npidle");
}

TEST(HandoffpStartsAnMForGlobalWork)
{
    free_p();
    call("setglobal", call("newg"));
    call("handoffp", 0);
    expect_events("startm(p0, spinning=0, lockheld=0)\n");
}

/* Somebody must look for work that comes later. */
TEST(HandoffpStartsASpinningMIfNobodyElseLooks)
{
    because("no P is idle and no M spins: somebody has to look for work, counted before it starts");
    free_p();
    set(0, "sched.nmspinning");
    set(1, "sched.needspinning");
    call("handoffp", 0);
    expect_events("startm(p0, spinning=1, lockheld=0)\n");
    expect_field(1, "sched.nmspinning");
    expect_field(0, "sched.needspinning");
}

TEST(HandoffpGivesThePToAStopTheWorld)
{
    because("a stop waits for one more P: it gets p0, counted once, and the last P wakes the stopper");
    free_p();
    call("gcwaiting", 1);
    call("handoffp", 0);
    expect_events("");
    expect_field(Pgcstop_, "p0.status");
    expect_field(0, "sched.stopwait");
    expect_field(1, "sched.stopnote.key");
    expect_field(0, "sched.npidle");
}

TEST(HandoffpMakesThePIdleIfThereIsNothingToDo)
{
    free_p();
    call("handoffp", 0);
    expect_events("");
    expect_list("p0", "sched.pidle");
    expect_field(Pidle_, "p0.status");
    expect_field(0, "sched.lock.key");
}

/* The first look notes the call; the second, if it is still the same, takes the P. */
TEST(RetakeTakesAPThatIsStillInTheSameCall)
{
    free_p();
    call("setring", 0, 0, call("newg"));
    set(Psyscall_, "p0.status");
    uint32_t tick = (uint32_t)rnd();
    set(tick, "p0.syscalltick");
    set(tick - 1, "p0.sysmontick.syscalltick");
    int64_t now = call("clock");
    because("a P with work is left alone at the first look at a call, and taken at the second, 20 us later; "
            "allpLock is held before and after");
    expect_call(0, "retake_syscall", 0, now, false);
    expect_field(tick, "p0.sysmontick.syscalltick");
    expect_field(now, "p0.sysmontick.syscallwhen");
    expect_field(Psyscall_, "p0.status");
    expect_events("");
    expect_call(1, "retake_syscall", 0, now + 20000, false);
    expect_field((uint32_t)(tick + 1), "p0.syscalltick");
    expect_field(Pidle_, "p0.status");
    expect_events("startm(p0, spinning=0, lockheld=0)\n");
    expect_field(0, "sched.nmidlelocked");
}

/* Without work for it, and with others who would take work: not before 10 ms are over. */
TEST(RetakeLeavesAPThatNobodyNeedsFor10ms)
{
    free_p();
    set(Psyscall_, "p0.status");
    int64_t now = call("clock");
    set(now, "p0.sysmontick.syscallwhen");
    because("p0 has no work, and others are free to take what comes: it may stay in its call for 10 ms, not longer");
    expect_call(0, "retake_syscall", 0, now + 10 * ms - 1, false);
    expect_field(Psyscall_, "p0.status");
    expect_call(1, "retake_syscall", 0, now + 10 * ms, false);
    expect_list("p0", "sched.pidle");
}

/* The G has come back while sysmon made up its mind: the compare-and-swap finds another status. */
TEST(RetakeLosesAgainstAReturningM)
{
    free_p();
    set(Psyscall_, "p0.status");
    stop_at("incidlelocked");
    expect(run(0, "retake_syscall", 0, call("clock"), true), "stopped: at incidlelocked(-1)");
    pass("incidlelocked");
    because("the call has ended meanwhile: the compare-and-swap fails, and p0 is left as it is");
    set(Prunning_, "p0.status");
    expect_returned(resume(0), 0);
    expect_field(Prunning_, "p0.status");
    expect_field(0, "p0.syscalltick");
    expect_field(0, "sched.nmidlelocked");
    expect_field(0, "sched.npidle");
}

/**
 * @file lab08_retake.c
 * retake with its neighbours: the lock, Ps that come and go, and the half of lab 06.
 */
#include <string.h>
#include "judge.h"

enum { Prunning_ = 1, Psyscall_ = 2, ME = 1 };
static const int64_t us = 1000, ms = 1000000;

/** n Ps in system calls, each with a slice that retake has not seen; the caller is m1. */
static void insyscalls(int n)
{
    call("newp", n);
    call("newm");
    for (int p = 0; p < n; p++) {
        set(Psyscall_, "p%d.status", p);
        set(1, "p%d.schedtick", p);
        set(1, "p%d.syscalltick", p); /* nor the call */
    }
}

TEST(RetakeHoldsAllpLockOnly)
{
    insyscalls(1);
    stop_at("retake_syscall");
    expect(run(ME, "retake", call("clock")), "stopped: at retake_syscall(p0, sysretake=0)");
    if (get("allpLock.key") == 0)
        fail("retake_syscall is called without allpLock, which it drops and takes again");
    expect_field(0, "sched.lock.key");
    expect_returned(resume(ME), 0);
    expect_field(0, "allpLock.key");
    expect_field(0, "m1.locks");
}

/* retake_syscall drops allpLock: GOMAXPROCS may be smaller afterwards. */
TEST(PsThatGoMeanwhileAreNotLookedAt)
{
    because("retake_syscall drops allpLock: how many Ps there are may be another number afterwards");
    insyscalls(4);
    stop_at("retake_syscall");
    expect(run(ME, "retake", call("clock")), "stopped: at retake_syscall(p0, sysretake=0)");
    events();
    set(2, "gomaxprocs");
    expect(resume(ME), "stopped: at retake_syscall(p1, sysretake=0)");
    expect_returned(resume(ME), 0);
    expect_events("retake_syscall(p1, sysretake=0)\n");
}

TEST(PsThatComeMeanwhileAreLookedAt)
{
    because("retake_syscall drops allpLock: how many Ps there are may be another number afterwards");
    insyscalls(2);
    record("startm");
    stop_at("retake_syscall");
    expect(run(ME, "retake", call("clock")), "stopped: at retake_syscall(p0, sysretake=0)");
    call("newp");
    set(Psyscall_, "p2.status");
    set(1, "p2.schedtick");
    set(1, "p2.syscalltick");
    expect(resume(ME), "stopped: at retake_syscall(p1, sysretake=0)");
    expect(resume(ME), "stopped: at retake_syscall(p2, sysretake=0)");
    expect_returned(resume(ME), 0);
}

TEST(APThatIsStillBeingMadeIsSkipped)
{
    insyscalls(3);
    call("hidep", 1);
    because("allp[1] is NULL, as it may be while procresize makes more Ps");
    record("retake_syscall");
    call("retake", call("clock"));
    expect_events("retake_syscall(p0, sysretake=0)\nretake_syscall(p2, sysretake=0)\n");
}

/* It is no smaller number that tells a new slice, but another one. */
TEST(ASliceCountThatWrapsIsANewSlice)
{
    int64_t now = call("clock");
    insyscalls(1);
    record("retake_syscall");
    set(0xffffffff, "p0.schedtick");
    call("retake", now);
    set(0, "p0.schedtick");
    call("retake", now + 10 * ms);
    expect_events("retake_syscall(p0, sysretake=0)\nretake_syscall(p0, sysretake=0)\n");
    expect_field(0, "p0.sysmontick.schedtick");
    expect_field(now + 10 * ms, "p0.sysmontick.schedwhen");
}

/* The slice goes on from running to a call: it is one slice. */
TEST(TheSliceGoesOnInASystemCall)
{
    int64_t now = call("clock");
    insyscalls(1);
    record("retake_syscall");
    set(Prunning_, "p0.status");
    call("retake", now);
    set(Psyscall_, "p0.status");
    call("retake", now + 10 * ms);
    expect_events("retake_syscall(p0, sysretake=1)\n");
}

TEST(RetakeAsksNobodyWhoseSliceIsNew)
{
    insyscalls(0);
    call("newp", 2);
    call("newg");
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 1);
    spy("linux_tgkill");
    on(ME);
    set(1, "p0.schedtick");
    for (int i = 0; i < 10; i++) {
        call("retake", call("clock") + i * 10 * ms);
        set(2 + i, "p0.schedtick");
    }
    expect_field(0, "g1.preempt");
    expect_events("");
}

/** g1 makes a system call on m0 with p0; another G waits there. */
static void incall(void)
{
    call("newp");
    call("newg", 2);
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 1);
    call("runqput", 0, 2, false);
    set(5, "p0.schedtick");
    set(7, "p0.syscalltick");
    call_g("entersyscall");
    record("startm");
    on(ME);
}

/* With lab 06's half: the second look takes the P, tens of microseconds after the call began. */
TEST(AnotherLookAtTheSameCallTakesTheP)
{
    int64_t now = call("clock");
    incall();
    expect_call(0, "retake", now);
    expect_call(1, "retake", now + 20 * us);
    expect_events("startm(p0, spinning=0, lockheld=0)\n");
    expect_field(8, "p0.syscalltick");
    expect_field(0, "allpLock.key");
}

/* Short calls, one after the other, in one slice: taken after 10 ms, though no look sees a call twice. */
TEST(ShortCallsInOneSliceLoseTheP)
{
    int64_t now = call("clock");
    incall();
    int64_t taken = 0, looks = 0;
    for (int64_t t = 0; t <= 10 * ms && !taken; t += 500 * us, looks++) {
        taken = call("retake", now + t);
        if (taken)
            break;
        on(0);
        call_g("exitsyscall");
        call_g("entersyscall");
        on(ME);
    }
    if (!taken)
        fail("a G made short calls for 10 ms, with another one waiting, and kept its P");
    if (looks != 20)
        fail("the slice is over after 10 ms, at look 20, but the P was taken at look %lld", (long long)looks);
}

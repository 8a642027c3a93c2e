/**
 * @file idle.c
 * exitsyscall when the old P is gone, but another is idle. The world: m0 ran g1 on p0 and is in a system
 * call; m1 has taken p0.
 */
#include "lab05.h"

/* Any P will do. */
TEST(AnIdlePIsTaken)
{
    because("p0 is m1's by now; p1 is idle, and any P will do: it leaves the idle list and g1 runs with it");
    taken(2);
    int64_t tick = get("p1.syscalltick");
    expect_call_g(0, "exitsyscall");
    expect_field(1, "m0.p");
    expect_field(0, "p1.m");
    expect_field(Prunning_, "p1.status");
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(tick + 1, "p1.syscalltick");
    expect_list("p2", "sched.pidle");
    expect_field(0, "m0.locks");
    check_world();
}

/* What m1 does with p0 is none of our business any more. */
TEST(ThePOfAnotherMIsNotTouched)
{
    because("m1 has p0: without a successful compare-and-swap nothing of it is ours");
    taken(1);
    int64_t tick = (int64_t)(uint32_t)rnd(), sched = (int64_t)(uint32_t)rnd();
    call("newg");
    set(tick, "p0.syscalltick");
    set(sched, "p0.schedtick");
    set(2, "p0.runnext");
    call_g("exitsyscall");
    expect_field(tick, "p0.syscalltick");
    expect_field(sched, "p0.schedtick");
    expect_field(2, "p0.runnext");
    expect_field(Prunning_, "p0.status");
    expect_field(1, "p0.m");
    expect_field(0, "m1.p");
    expect_field(NIL, "m0.oldp");
}

/* It is the same time slice, on another P. */
TEST(AnIdlePStartsNoTimeSlice)
{
    because("another P by the fast way, but the same time slice");
    taken(1);
    int64_t tick = (int64_t)(uint32_t)rnd();
    set(tick, "p1.schedtick");
    call_g("exitsyscall");
    expect_field(tick, "p1.schedtick");
    expect_field(928 + get("g1.stack.lo"), "g1.stackguard0");
}

/* All Ps were idle, and sysmon has gone to sleep: now one runs. */
TEST(TakingAnIdlePWakesSysmon)
{
    because("all Ps were idle, so sysmon went to sleep; now one runs that it has to watch");
    taken(1);
    set(1, "sched.sysmonwait");
    spy("notewakeup");
    call_g("exitsyscall");
    expect_events("notewakeup(sched.sysmonnote)\n");
    expect_field(0, "sched.sysmonwait");
    expect_field(1, "m0.p");
}

/* No P is idle: that can be seen without the lock. */
TEST(WithoutIdlePsTheFastWayTakesNoLock)
{
    because("that no P is idle can be seen without sched.lock");
    taken(0);
    spy("lock");
    spy("pidleget");
    expect_call_g(false, "exitsyscallfast", 0);
    expect_events("");
    expect_field(NIL, "m0.p");
    expect_field(Gsyscall_, "g1.atomicstatus");
    expect_field(Prunning_, "p0.status");
}

/* There need not be an old P. */
TEST(ExitsyscallfastWithoutAnOldP)
{
    because("there is no old P, and p1 is idle");
    taken(1);
    expect_call_g(true, "exitsyscallfast", NIL);
    expect_field(1, "m0.p");
    expect_field(Gsyscall_, "g1.atomicstatus");
    expect_list("", "sched.pidle");
    check_world();
}

/* The half that runs on g0: the first P of the list. */
TEST(ExitsyscallfastPidleTakesOne)
{
    because("pidleget() takes a P off the list, acquirep() makes it this M's");
    taken(2);
    expect_call(true, "exitsyscallfast_pidle");
    expect_field(1, "m0.p");
    expect_field(Prunning_, "p1.status");
    expect_list("p2", "sched.pidle");
    check_world();
}

/* And without any it says so, and wakes nobody. */
TEST(ExitsyscallfastPidleWithoutIdlePs)
{
    because("no P was idle: sysmon has nothing new to watch and sleeps on");
    taken(0);
    set(1, "sched.sysmonwait");
    expect_call(false, "exitsyscallfast_pidle");
    expect_field(NIL, "m0.p");
    expect_field(1, "sched.sysmonwait");
    expect_field(0, "sched.sysmonnote.key");
    expect_field(0, "sched.lock.key");
}

/* After entersyscallblock there is no old P: an idle one, even if it is the same. */
TEST(AfterBlockAnIdlePIsTaken)
{
    call("newp", 2);
    call("newg");
    call("hold", 0, 0);
    call("rung", 0, 1);
    record("handoffp");
    call_g("entersyscallblock");
    call("idlep", 1);
    expect_call_g(0, "exitsyscall");
    expect_field(1, "m0.p");
    expect_field(Pidle_, "p0.status"); /* handoffp's: not even looked at */
    expect_field(Grunning_, "g1.atomicstatus");
}

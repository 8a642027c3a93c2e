/**
 * @file slow.c
 * exitsyscall when there is no P: the G goes to the global queue, the M to sleep. The world: m0 ran g1 on
 * p0 and is in a system call; m1 has taken p0, and no P is idle.
 */
#include "lab05.h"

/** See above; there is a g2, that m1 holds in its hands. */
static void taken_with_g2(void)
{
    taken(0);
    call("newg");
    off_queue(2);
}

/* The G waits at the tail, the M is idle, and they have nothing to do with each other any more. */
TEST(WithoutAPTheGIsQueuedAndTheMSleeps)
{
    taken_with_g2();
    call("setglobal", 2);
    because("there is no P: g1 waits at the tail of the global queue, tied to no M, and m0 sleeps as an idle M");
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    expect_list("g2 g1", "sched.runq");
    expect_field(Grunnable_, "g1.atomicstatus");
    expect_field(NIL, "g1.m");
    expect_field(NIL, "m0.curg");
    expect_field(NIL, "m0.p");
    expect_list("m0", "sched.midle");
    expect_field(0, "m0.locks");
    expect_field(0, "sched.lock.key");
    check_world();
}

/* Whoever has a P runs it: exitsyscall returns there, on another thread. */
TEST(TheGGoesOnOnAnotherM)
{
    taken_with_g2();
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    int64_t tick = get("p0.syscalltick"), slices = get("p0.schedtick");
    because("after mcall g1 is on m1, with p0: whatever was read of its M and P before that is stale");
    struct outcome o = run(1, "schedule");
    expect_returned(o, 1); /* on m1 */
    expect_field(1, "g1.m");
    expect_field(1, "m1.curg");
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(tick + 1, "p0.syscalltick");
    expect_field(slices + 1, "p0.schedtick"); /* a new time slice */
    expect_list("", "sched.runq");
    check_world();
}

/* And everything about it is as after any other system call. */
TEST(TheSlowWayCleansUpToo)
{
    because("g1 goes on on m1: what entersyscall did to it is undone as on the fast way");
    taken_with_g2();
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    expect_returned(run(1, "schedule"), 1);
    expect_field(0, "g1.syscallsp");
    expect_field(false, "g1.throwsplit");
    expect_field(get("g1.stack.lo") + STACKGUARD, "g1.stackguard0");
    expect_field(0, "m1.locks");
    expect_field(NIL, "m0.oldp");
}

/* The M that slept may well be the one that is woken for it. */
TEST(TheSleepingMIsWokenForItsG)
{
    taken_with_g2();
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    on(1);
    expect_call(0, "releasep");
    call("handoffp", 0);
    expect_returned(resume(0), 0);
    expect_field(0, "m0.p");
    expect_field(1, "m0.curg");
    expect_list("", "sched.midle");
    check_world();
}

/* A P became idle just before the M gave up: the G runs at once, and was never on a queue. */
TEST(AnIdlePIsFoundInTheSlowWay)
{
    taken_with_g2();
    call("newp");
    stop_at("casgstatus");
    expect(run_g(0, "exitsyscall"), "stopped: at casgstatus(g1, 3, 1)");
    pass("casgstatus");
    call("idlep", 1);
    set(1, "sched.sysmonwait");
    int64_t slices = get("p1.schedtick"), tick = get("p1.syscalltick");
    events();
    spy("globrunqput");
    spy("stopm");
    because("p1 is idle when m0 has sched.lock: g1 runs with it at once, in a new time slice");
    expect_returned(resume(0), 0);
    expect_events("");
    expect_field(1, "m0.p");
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(slices + 1, "p1.schedtick");
    expect_field(tick + 1, "p1.syscalltick");
    expect_field(0, "sched.sysmonwait");
    expect_field(1, "sched.sysmonnote.key");
    check_world();
}

/** g1 is locked to m0. */
static void locked(void)
{
    set(0, "g1.lockedm");
    set(1, "m0.lockedg");
    set(1, "m0.lockedExt");
}

/* Nobody but its own thread may run a locked G: the M waits for a P, and for nothing else. */
TEST(ALockedGWaitsForAPOnItsThread)
{
    because("g1 is locked to m0: it is queued like any other, and m0 waits in stoplockedm(), which takes "
            "sched.lock itself");
    taken_with_g2();
    locked();
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    expect_list("g1", "sched.runq");
    expect_list("", "sched.midle"); /* not to be had for other work */
    expect_field(1, "sched.nmidlelocked");
    expect_field(0, "sched.lock.key");
    check_world();
}

/* Another M finds it, and passes its P on. */
TEST(ALockedGComesBackOnItsThread)
{
    because("m1 finds g1 on the queue and passes its P to m0, where g1 begins a new time slice");
    taken_with_g2();
    locked();
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    int64_t slices = get("p0.schedtick"), tick = get("p0.syscalltick");
    expect(run(1, "schedule"), "blocked: futex m1.park");
    expect_returned(resume(0), 0);
    expect_field(0, "m0.p");
    expect_field(0, "g1.m");
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(0, "sched.nmidlelocked");
    expect_field(slices + 1, "p0.schedtick");
    expect_field(tick + 1, "p0.syscalltick");
    expect_list("m1", "sched.midle");
    check_world();
}

/* While the world is stopped there is no P to be had: not the old one, and none is idle. */
TEST(AStoppedWorldGivesNoP)
{
    because("p0 is in Pgcstop: the compare-and-swap fails, and then nothing of the P may be touched");
    call("newp");
    call("newg");
    call("newm"); /* somebody is at work: no deadlock */
    call("hold", 0, 0);
    call("rung", 0, 1);
    call("gcwaiting", 1);
    call_g("entersyscall"); /* hands it in */
    expect_field(Pgcstop_, "p0.status");
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    expect_field(Pgcstop_, "p0.status");
    expect_field(0, "sched.stopwait");
    expect_list("g1", "sched.runq");
    expect_field(NIL, "m0.p");
    check_world();
}

/* After entersyscallblock the old P is not tried, though it lies there. */
TEST(AfterBlockWithoutIdlePsTheGIsQueued)
{
    because("entersyscallblock handed the P off and left no oldp: there is none to win back");
    call("newp");
    call("newg");
    call("newm"); /* somebody is at work: no deadlock */
    call("hold", 0, 0);
    call("rung", 0, 1);
    record("handoffp");
    call_g("entersyscallblock");
    set(2, "p0.status"); /* as if another M were in a system call with it */
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    expect_field(2, "p0.status");
    expect_list("g1", "sched.runq");
}

/**
 * @file lab05_order.c
 * The order inside exitsyscall and exitsyscall0, seen at the calls that the contract promises, with other
 * Ms at work in the gaps. The world: m0 ran g1 on p0 and is in a system call; m1 has taken p0.
 */
#include "../../labs/05-exitsyscall/tests/lab05.h"

/* oldp is gone from the M before anything is tried, and so far the G is in its system call. */
TEST(OldpIsForgottenBeforeItIsTried)
{
    taken(1);
    stop_at("lock");
    expect(run_g(0, "exitsyscall"), "stopped: at lock(sched.lock)");
    expect_field(NIL, "m0.oldp");
    expect_field(Gsyscall_, "g1.atomicstatus");
    expect_field(NIL, "m0.p");
    pass("lock");
    expect_returned(resume(0), 0);
    expect_field(1, "m0.p");
}

/* sched.pidle without the lock is a hint: somebody else was faster, and sysmon may sleep on. */
TEST(TheIdlePIsGoneBeforeTheLock)
{
    taken(1);
    stop_at("lock");
    expect(run_g(0, "exitsyscall"), "stopped: at lock(sched.lock)");
    pass("lock");
    int64_t m2 = call("newm");
    on(m2);
    expect_call(1, "pidleget");
    call("acquirep", 1);
    set(1, "sched.sysmonwait");
    expect(resume(0), "blocked: futex m0.park");
    expect_field(1, "sched.sysmonwait");
    expect_field(0, "sched.sysmonnote.key");
    expect_list("g1", "sched.runq");
    expect_field(m2, "p1.m");
    check_world();
}

/* sysmon is woken under the lock under which the P left the idle list. */
TEST(SysmonIsWokenUnderTheLock)
{
    taken(1);
    set(1, "sched.sysmonwait");
    stop_at("notewakeup");
    expect(run_g(0, "exitsyscall"), "stopped: at notewakeup(sched.sysmonnote)");
    if (get("sched.lock.key") == 0)
        fail("sysmonwait and sysmonnote should change under sched.lock");
    expect_list("", "sched.pidle");
    expect_returned(resume(0), 0);
    expect_field(0, "sched.lock.key");
}

/* The same in the slow way. */
TEST(SysmonIsWokenUnderTheLockInTheSlowWay)
{
    taken(0);
    call("newp");
    stop_at("casgstatus");
    expect(run_g(0, "exitsyscall"), "stopped: at casgstatus(g1, 3, 1)");
    pass("casgstatus");
    call("idlep", 1);
    set(1, "sched.sysmonwait");
    stop_at("notewakeup");
    because("a P leaves the idle list: who takes it wakes sysmon, under sched.lock");
    expect(resume(0), "stopped: at notewakeup(sched.sysmonnote)");
    if (get("sched.lock.key") == 0)
        fail("sysmonwait and sysmonnote should change under sched.lock");
    expect_returned(resume(0), 0);
    expect_field(1, "m0.p");
    expect_field(0, "sched.lock.key");
}

/* To give up the G the M may hold nothing: schedule() would throw. */
TEST(TheSlowWayHoldsNothing)
{
    taken(0);
    stop_at("casgstatus");
    expect(run_g(0, "exitsyscall"), "stopped: at casgstatus(g1, 3, 1)");
    expect_field(get("sched.lock.key") != 0, "m0.locks"); /* that lock and no other */
    expect_field(NIL, "m0.p");
    expect_field(NIL, "m0.oldp");
    expect(resume(0), "blocked: futex m0.park");
}

/* When the lock is free again the G can be run by anybody: everything about it is in order by then. */
TEST(TheGIsCompleteWhenItCanBeTaken)
{
    taken(0);
    stop_at("unlock");
    expect(run_g(0, "exitsyscall"), "stopped: at unlock(sched.lock)");
    expect_list("g1", "sched.runq");
    expect_field(Grunnable_, "g1.atomicstatus");
    expect_field(NIL, "g1.m");
    expect_field(NIL, "m0.curg");
    pass("unlock");
    expect(resume(0), "blocked: futex m0.park");
}

/*
 * issue 46524: the G is out of our hands, runs elsewhere, and locks itself to the thread there. That must
 * not make *this* M believe that it has a locked G.
 */
TEST(WhetherTheGIsLockedIsReadUnderTheLock)
{
    taken(0);
    stop_at("unlock");
    expect(run_g(0, "exitsyscall"), "stopped: at unlock(sched.lock)");
    set(1, "g1.lockedm");
    set(1, "m1.lockedg");
    pass("unlock");
    because("g1 locked itself to m1 after m0 had queued it: that is m1's affair, and m0 goes to sleep like any M");
    spy("stoplockedm");
    events();
    expect(resume(0), "blocked: futex m0.park");
    expect_events("");
    expect_list("m0", "sched.midle");
    expect_field(0, "sched.nmidlelocked");
}

/*
 * Between queue and sleep, the G runs elsewhere and makes its next system call. The M that queued it
 * neither interferes nor comes back to it when it is woken for something else.
 */
TEST(TheQueuedGIsNotTouched)
{
    taken(1);
    call("pidleget"); /* p1, by plain hands: not for exitsyscall */
    call("newg");
    call("randomOrder_reset", 2);
    stop_at("stopm");
    expect(run_g(0, "exitsyscall"), "stopped: at stopm()");
    expect_returned(run(1, "schedule"), 1);
    on(1);
    call_g("entersyscall");
    int64_t sp = get("g1.syscallsp"), tick = get("p0.syscalltick");
    pass("stopm");
    expect(resume(0), "blocked: futex m0.park");
    call("setring", 1, 0, 2);
    call("startm", 1, false, false);
    expect(resume(0), "running g2");
    expect_field(Gsyscall_, "g1.atomicstatus");
    expect_field(1, "g1.m");
    expect_field(sp, "g1.syscallsp");
    expect_field(sp, "g1.sched.sp");
    expect_field(true, "g1.throwsplit");
    expect_field(tick, "p0.syscalltick");
    expect_field(Psyscall_, "p0.status");
    expect_field(0, "m1.oldp");
    expect_returned(run_g(1, "exitsyscall"), 1);
    check_world();
}

/*
 * What comes after mcall is about the M that the G is on *now*: the old one has a life of its own
 * meanwhile.
 */
TEST(AfterTheSlowWayTheOldMIsStale)
{
    taken(1);
    call("pidleget"); /* p1, by plain hands: not for exitsyscall */
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    call("hold", 0, 1);
    because("g1 goes on on m1 with p0, while m0 works on with p1: what comes after mcall is about m1 and p0");
    int64_t theirs = get("p1.syscalltick"), ours = get("p0.syscalltick");
    expect_returned(run(1, "schedule"), 1);
    expect_field(theirs, "p1.syscalltick");
    expect_field(ours + 1, "p0.syscalltick");
    expect_field(0, "m0.locks");
    expect_field(0, "m1.locks");
    expect_field(1, "g1.m");
    expect_field(NIL, "m0.oldp");
    expect_field(NIL, "m1.oldp");
}

/* A request for preemption that came during the call is stale in a new time slice: execute has dropped it. */
TEST(TheSlowWayBeginsANewTimeSlice)
{
    taken(0);
    set(true, "g1.preempt");
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    expect_returned(run(1, "schedule"), 1);
    expect_field(false, "g1.preempt");
    expect_field(get("g1.stack.lo") + 928, "g1.stackguard0");
}

/* An idle P in the slow way for a G that is locked to this M: it runs, and nobody waits. */
TEST(ALockedGTakesAnIdlePLikeAnyOther)
{
    taken(0);
    call("newp");
    set(0, "g1.lockedm");
    set(1, "m0.lockedg");
    set(1, "m0.lockedExt");
    stop_at("casgstatus");
    expect(run_g(0, "exitsyscall"), "stopped: at casgstatus(g1, 3, 1)");
    pass("casgstatus");
    call("idlep", 1);
    spy("stoplockedm");
    events();
    expect_returned(resume(0), 0);
    expect_events("");
    expect_field(1, "m0.p");
    expect_field(0, "sched.nmidlelocked");
    check_world();
}

/* A locked G, too, is parted from its M while it waits: sysmon would preempt what does not run. */
TEST(ALockedGIsPartedFromItsM)
{
    taken(0);
    set(0, "g1.lockedm");
    set(1, "m0.lockedg");
    set(1, "m0.lockedExt");
    stop_at("stoplockedm");
    expect(run_g(0, "exitsyscall"), "stopped: at stoplockedm()");
    expect_field(0, "sched.lock.key"); /* it is about to take it */
    expect_field(NIL, "m0.curg");
    expect_field(NIL, "g1.m");
    expect_field(Grunnable_, "g1.atomicstatus");
    expect_list("g1", "sched.runq");
    expect_field(0, "m0.locks");
    expect(resume(0), "blocked: futex m0.park");
}

/* Any status but Psyscall means that the P is somebody's. */
TEST(OnlyAPInPsyscallMayBeTaken)
{
    int64_t statuses[] = {Pidle_, Prunning_, Pgcstop_, Pdead_};
    taken(0);
    for (unsigned i = 0; i < 4; i++) {
        set(statuses[i], "p0.status");
        expect_call_g(false, "exitsyscallfast", 0);
        expect_field(statuses[i], "p0.status");
        expect_field(1, "p0.m");
        expect_field(NIL, "m0.p");
    }
}

/* A P in Psyscall that has an M cannot be: wirep says so. */
TEST(APThatHasAnMIsNotTakenSilently)
{
    taken(0);
    set(Psyscall_, "p0.status"); /* and p0.m is m1 */
    call_g_throws("wirep", "exitsyscallfast", 0);
}

/* In a frozen world not even the ticks of the old P are touched, whatever is idle. */
TEST(AFrozenWorldIsNotTouched)
{
    taken(1);
    set(Psyscall_, "p0.status");
    set(NIL, "p0.m");
    set(NIL, "m1.p");
    int64_t tick = get("p0.syscalltick");
    set(0x7fffffff, "sched.stopwait");
    set(1, "sched.sysmonwait");
    spy("lock");
    expect_call_g(false, "exitsyscallfast", 0);
    expect_events("");
    expect_field(tick, "p0.syscalltick");
    expect_field(Psyscall_, "p0.status");
    expect_field(1, "sched.sysmonwait");
    set(0x7ffffffe, "sched.stopwait"); /* no other value means that */
    expect_call_g(true, "exitsyscallfast", 0);
}

/*
 * The whole story of a P that comes back twice: taken from m0, run by m1, in Psyscall by m1's call, and won
 * by m0. m1 finds its own call interrupted.
 */
TEST(TwoCallsOnOneP)
{
    call("newp");
    call("newg", 2);
    call("newm");
    call("newm"); /* m2 is at work: no deadlock */
    call("hold", 0, 0);
    call("rung", 0, 1);
    call_g("entersyscall");
    int64_t first = get("p0.syscalltick");
    set(first + 1, "p0.syscalltick"); /* as retake does */
    call("hold", 1, 0);
    call("rung", 1, 2);
    on(1);
    call_g("entersyscall");
    expect_field(Psyscall_, "p0.status");
    because("p0 is in Psyscall, so it is nobody's: m0 may have it, and its tick must show m1 that its call was "
            "cut short");
    expect_returned(run_g(0, "exitsyscall"), 0);
    expect_field(0, "m0.p");
    expect_field(first + 3, "p0.syscalltick"); /* retaken, won back from m1, ended */
    expect(run_g(1, "exitsyscall"), "blocked: futex m1.park");
    expect_field(first + 3, "p0.syscalltick");
    expect_field(0, "p0.m");
    expect_list("g2", "sched.runq");
    check_world();
}

/* And the other way round: m1 is back first, m0 gets nothing. */
TEST(TwoCallsOnOnePTheOwnerFirst)
{
    call("newp");
    call("newg", 2);
    call("newm");
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 1);
    call_g("entersyscall");
    int64_t first = get("p0.syscalltick");
    set(first + 1, "p0.syscalltick");
    call("hold", 1, 0);
    call("rung", 1, 2);
    on(1);
    call_g("entersyscall");
    expect_returned(run_g(1, "exitsyscall"), 1);
    expect_field(first + 2, "p0.syscalltick"); /* nobody was in between */
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    expect_field(first + 2, "p0.syscalltick");
    expect_field(1, "p0.m");
    check_world();
}

/* exitsyscall0 by itself, on g0 of the M that runs the G. */
TEST(Exitsyscall0QueuesTheG)
{
    taken(0);
    call("newg", 2);
    call("setglobal", 2, 3);
    expect(run(0, "exitsyscall0", 1), "blocked: futex m0.park");
    expect_list("g2 g3 g1", "sched.runq");
    expect_list("m0", "sched.midle");
    expect_field(NIL, "m0.curg");
    check_world();
}

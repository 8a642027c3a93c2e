/**
 * @file enter.c
 * entersyscall: what it records, what it gives away, and in what state it leaves G, M and P. The world: m0
 * runs g1 on p0.
 */
#include "lab04.h"

/* save writes down the three numbers that it is given. */
TEST(SaveRecordsPcSpAndBp)
{
    one_g();
    for (int i = 0; i < 3; i++) {
        int64_t pc = (int64_t)rnd(), sp = (int64_t)rnd(), bp = (int64_t)rnd();
        call_g("save", pc, sp, bp);
        expect_field(pc, "g1.sched.pc");
        expect_field(sp, "g1.sched.sp");
        expect_field(bp, "g1.sched.bp");
    }
}

TEST(SaveOnG0Throws)
{
    because("g0's sched is where mcall begins: save must not overwrite it");
    one_g();
    call_throws("save on system g not allowed", "save", 1, 2, 3);
}

TEST(EnterParksNothingAndPartsMAndP)
{
    because("in a system call the G is in Gsyscall and stays the M's; the P is in Psyscall and nobody's, "
            "and the M remembers it in oldp");
    one_g();
    call_g("entersyscall");
    expect_field(Gsyscall_, "g1.atomicstatus");
    expect_field(Psyscall_, "p0.status");
    expect_field(NIL, "p0.m");
    expect_field(NIL, "m0.p");
    expect_field(0, "m0.oldp");
    expect_field(1, "m0.curg"); /* G and M stay together */
    expect_field(0, "g1.m");
    check_world();
}

/* The frame on record is that of the function that called entersyscall: it will outlive the call. */
TEST(EnterRecordsItsCallersFrame)
{
    one_g();
    call_g("entersyscall");
    expect_callers_frame("entersyscall");
}

/* reentersyscall records what it is told. */
TEST(ReentersyscallRecordsTheGivenFrame)
{
    one_g();
    int64_t lo = get("g1.stack.lo"), pc = (int64_t)rnd();
    int64_t sp = lo + 4096 + 16 * (int64_t)rndn(1000), bp = sp + 64;
    call_g("reentersyscall", pc, sp, bp);
    expect_field(pc, "g1.syscallpc");
    expect_field(sp, "g1.syscallsp");
    expect_field(bp, "g1.syscallbp");
    expect_field(pc, "g1.sched.pc");
    expect_field(sp, "g1.sched.sp");
    expect_field(bp, "g1.sched.bp");
}

TEST(EnterLeavesLocksAsTheyWere)
{
    because("m.locks counts what is held: after entersyscall it is what it was before");
    one_g();
    call_g("entersyscall");
    expect_field(0, "m0.locks");
    expect_field(0, "sched.lock.key");
}

TEST(EnterPoisonsTheGuard)
{
    because("the guard word is poisoned until exitsyscall, and no request for preemption is made up");
    one_g();
    call_g("entersyscall");
    expect_field(STACKPREEMPT, "g1.stackguard0");
    expect_field(true, "g1.throwsplit");
    expect_field(false, "g1.preempt");
}

TEST(APreemptionCheckInASystemCallThrows)
{
    because("in a system call the guard word is poisoned: a preemption check there is a mistake, and is "
            "found at once");
    one_g();
    call_g("entersyscall");
    call_g_throws("in a system call", "preemptcheck");
}

/* syscalltick moves when a call ends. When it begins the M only notes it. */
TEST(EnterNotesSyscalltickAndDoesNotMoveIt)
{
    one_g();
    int64_t tick = (int64_t)(uint32_t)rnd();
    set(tick, "p0.syscalltick");
    set(7, "m0.syscalltick");
    call_g("entersyscall");
    expect_field(tick, "p0.syscalltick");
    expect_field(tick, "m0.syscalltick");
}

/* Each call is counted in the P's statistics. */
TEST(EnterCountsTheCall)
{
    one_g();
    call_g("entersyscall");
    expect_field(1, "p0.n.syscalls");
}

TEST(EnterTouchesNoQueue)
{
    because("a P in a system call is not idle, and keeps its queue; the G is on none");
    one_g();
    call("newp");
    call("idlep", 1);
    call("newg", 4);
    call("setring", 0, (int64_t)(uint32_t)rnd(), 2, 3, 4);
    set(5, "p0.runnext");
    call_g("entersyscall");
    expect_list("g2 g3 g4", "p0.runq");
    expect_field(5, "p0.runnext");
    expect_list("p1", "sched.pidle");
    expect_field(1, "sched.npidle");
    expect_list("", "sched.runq");
    check_world();
}

TEST(EnterAloneTakesNoLock)
{
    because("with nobody waiting a call costs no lock, no wake-up and no thread");
    one_g();
    spy("lock");
    spy("notewakeup");
    spy("handoffp");
    spy("startm");
    call_g("entersyscall");
    expect_events("");
}

TEST(ASpOutsideTheStackThrows)
{
    because("a frame outside of the G's stack is refused; the stack's two ends are inside");
    one_g();
    int64_t lo = get("g1.stack.lo"), hi = get("g1.stack.hi");
    int64_t bad[] = {lo - 1, hi + 1};
    call_g_throws("entersyscall inconsistent", "reentersyscall", 1, bad[rndn(2)], 0);
}

TEST(TheEndsOfTheStackAreInside)
{
    one_g();
    call_g("reentersyscall", 1, get("g1.stack.lo"), 0);
    call("newg");
    call("newm");
    call("newp");
    call("hold", 1, 1);
    call("rung", 1, 2);
    on(1);
    int64_t hi = get("g2.stack.hi");
    call_g("reentersyscall", 1, hi, hi);
    expect_field(Gsyscall_, "g2.atomicstatus");
}

TEST(EnteringTwiceThrows)
{
    because("a second entry without exitsyscall must not get as far as the P, which is gone");
    one_g();
    call_g("entersyscall");
    struct outcome o = run_g(0, "entersyscall");
    if (o.kind != OUT_THREW)
        fail("entersyscall in a system call should throw; instead: %s", o.text);
}

TEST(InAndOutManyTimes)
{
    because("in and out, again and again: locks and statuses are what they were, and each call is counted "
            "once");
    one_g();
    int64_t tick = (int64_t)(uint32_t)(0 - rndn(50)); /* over the wrap */
    set(tick, "p0.syscalltick");
    for (int i = 1; i <= 100; i++) {
        call_g("entersyscall");
        expect_field(Psyscall_, "p0.status");
        call_g("exitsyscall");
        expect_field(Prunning_, "p0.status");
        expect_field(Grunning_, "g1.atomicstatus");
        expect_field((int64_t)(uint32_t)(tick + i), "p0.syscalltick");
        expect_field(0, "m0.locks");
    }
    check_world();
}

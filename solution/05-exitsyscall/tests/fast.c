/**
 * @file fast.c
 * exitsyscall when the old P is still there: one compare-and-swap, and everything is as it was. The world:
 * m0 runs g1 on p0.
 */
#include "lab05.h"

enum { FREEZE = 0x7fffffff };

/* G and P run again, and M and P have each other. */
TEST(TheOldPComesBack)
{
    because("nobody has taken p0: winning it by compare-and-swap and wirep() is all there is to do, and g1 runs "
            "again");
    in_syscall(0);
    expect_call_g(0, "exitsyscall");
    expect_field(Prunning_, "p0.status");
    expect_field(0, "p0.m");
    expect_field(0, "m0.p");
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(1, "m0.curg");
    check_world();
}

/* One call more has ended on this P. */
TEST(ExitMovesSyscalltickByOne)
{
    because("syscalltick counts the calls that have ended on this P: sysmon tells two calls apart by it");
    in_syscall(0);
    int64_t tick = get("p0.syscalltick");
    call_g("exitsyscall");
    expect_field(tick + 1, "p0.syscalltick");
}

/* It is still the same time slice: a loop of short calls must not look like a G that yields. */
TEST(ExitStartsNoTimeSlice)
{
    because("who takes the fast way is still in the old time slice: a loop of short calls would never be "
            "preempted otherwise");
    in_syscall(0);
    int64_t tick = (int64_t)(uint32_t)rnd();
    set(tick, "p0.schedtick");
    call_g("exitsyscall");
    expect_field(tick, "p0.schedtick");
}

TEST(ExitLeavesLocksAsTheyWere)
{
    because("each locks++ has its locks--: an M that seems to hold a lock is never preempted, and may not "
            "schedule");
    in_syscall(0);
    call_g("exitsyscall");
    expect_field(0, "m0.locks");
    expect_field(0, "sched.lock.key");
}

/* The G may be preempted again, and is in no system call any more. */
TEST(ExitRestoresTheGuard)
{
    because("what entersyscall did to the G is undone: guard word, throwsplit, and the recorded frame, which "
            "will be gone soon");
    in_syscall(0);
    call_g("exitsyscall");
    expect_field(get("g1.stack.lo") + STACKGUARD, "g1.stackguard0");
    expect_field(false, "g1.throwsplit");
    expect_field(0, "g1.syscallsp");
}

/* Somebody asked for a preemption during the call; g.preempt remembers it. */
TEST(APreemptionRequestSurvivesTheCall)
{
    because("the guard word was in use during the call; g.preempt remembers what was asked for meanwhile");
    in_syscall(0);
    set(true, "g1.preempt");
    call_g("exitsyscall");
    expect_field(STACKPREEMPT, "g1.stackguard0");
    expect_field(true, "g1.preempt");
    expect_field(false, "g1.throwsplit");
}

/* And the next check follows it. */
TEST(TheRequestIsFollowedAtTheNextCheck)
{
    because("g1 was asked to yield during its call: at the next check g2 gets its turn");
    in_syscall(0);
    call("randomOrder_reset", 1);
    call("newg");
    call("setring", 0, 0, 2);
    set(1, "p0.schedtick"); /* no turn of the global queue */
    set(true, "g1.preempt");
    call_g("exitsyscall");
    expect(run_g(0, "preemptcheck"), "running g2");
    expect_list("g1", "sched.runq");
}

/* The M has its P: there is none to remember. */
TEST(OldpIsForgotten)
{
    because("m.oldp is a P that the M may try to win back; it has one now");
    in_syscall(0);
    call_g("exitsyscall");
    expect_field(NIL, "m0.oldp");
}

/* Nearly every call ends here: no lock, and nobody is woken or started. */
TEST(TheOldPCostsNoLock)
{
    because("nearly every call ends here, many at a time: one compare-and-swap and no lock that all share");
    in_syscall(0);
    spy("lock");
    spy("notewakeup");
    spy("pidleget");
    spy("startm");
    call_g("exitsyscall");
    expect_events("");
}

/* exitsyscall in the frame that made entersyscall, as Syscall does it. */
TEST(TheSameFrameIsValid)
{
    because("Syscall enters and exits from one frame: its stack pointer is the one on record, and not above it");
    in_syscall(0);
    call_g("exitsyscall");
    expect_call_g(0, "enterexit");
    expect_field(Grunning_, "g1.atomicstatus");
}

/* A frame that has returned since entersyscall: what was recorded of it is rubbish by now. */
TEST(AFrameThatIsGoneThrows)
{
    in_syscall(0);
    set(get("g1.syscallsp") - 8192, "g1.syscallsp");
    call_g_throws("frame is no longer valid", "exitsyscall");
}

TEST(ExitWithoutEnterThrows)
{
    in_syscall(0);
    call_g("exitsyscall");
    call_g_throws("frame is no longer valid", "exitsyscall");
}

/* The fast half by itself: a P, and nothing changes for the G. */
TEST(ExitsyscallfastTakesTheOldP)
{
    because("exitsyscallfast gets a P and nothing else: what is to be done for the G comes after it");
    in_syscall(0);
    int64_t tick = get("p0.syscalltick");
    expect_call_g(true, "exitsyscallfast", 0);
    expect_field(Prunning_, "p0.status");
    expect_field(0, "p0.m");
    expect_field(0, "m0.p");
    expect_field(tick, "p0.syscalltick");
    expect_field(Gsyscall_, "g1.atomicstatus");
}

/*
 * The P was taken, used, and is in Psyscall again by another M's call. It may be taken all the same, but
 * its tick must move once more: the other M's call was interrupted.
 */
TEST(AReusedPMovesItsTickOnceMore)
{
    in_syscall(0);
    int64_t tick = (int64_t)(uint32_t)(get("m0.syscalltick") + 1 + (int64_t)rndn(1000));
    set(tick, "p0.syscalltick");
    because("p0 is in Psyscall, so it is nobody's: it may be taken, whatever its tick says, and the tick moves "
            "by two");
    expect_returned(run_g(0, "exitsyscall"), 0);
    expect_field(tick + 2, "p0.syscalltick");
    expect_field(0, "m0.p");
    check_world();
}

/* The program dies and is dumped: whoever comes from the kernel now must not get in the way. */
TEST(AFrozenWorldGivesNoP)
{
    because("stopwait is freezeStopWait: the program dies, and no P is given out, neither the old one nor an "
            "idle one");
    in_syscall(0);
    call("newp");
    call("idlep", 1);
    set(FREEZE, "sched.stopwait");
    expect_call_g(false, "exitsyscallfast", 0);
    expect_field(Psyscall_, "p0.status");
    expect_field(NIL, "m0.p");
    expect_list("p1", "sched.pidle");
    check_world();
}

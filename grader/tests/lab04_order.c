/**
 * @file lab04_order.c
 * The order inside entersyscall and entersyscallblock, seen at the calls that the contract promises:
 * casgstatus, lock, notewakeup, the safe-point function, releasep, handoffp. The world: m0 runs g1 on p0.
 */
#include <errno.h>
#include <sys/syscall.h>
#include "../../labs/04-entersyscall/tests/lab04.h"

/** The P belongs to m0, both ways. */
static void expect_held(void)
{
    expect_field(0, "m0.p");
    expect_field(0, "p0.m");
    expect_field(Prunning_, "p0.status");
}

/** What m0's G, or its g0, does is a mistake that stops the program with a message, not a crash. */
static void expect_throw(struct outcome o)
{
    if (o.kind != OUT_THREW)
        fail("it should have thrown; instead: %s", o.text);
}

/**
 * Whoever sees Gsyscall may walk the stack from the recorded frame, and the G may not be preempted
 * half-way: all that comes before the status.
 */
static void before_the_status(const char *op)
{
    one_g();
    stop_at("casgstatus");
    expect(run_g(0, op), "stopped: at casgstatus(g1, 2, 3)");
    expect_field(1, "m0.locks");
    expect_field(STACKPREEMPT, "g1.stackguard0");
    expect_field(true, "g1.throwsplit");
    if (get("g1.syscallsp") == 0 || get("g1.syscallpc") == 0)
        fail("the frame should be on record before the status says that there is a system call");
    expect_frame();
    expect_held();
    record("handoffp");
    expect(resume(0), "returned");
    expect_frame();
    expect_field(0, "m0.locks");
}

TEST(EnterRecordsTheFrameBeforeTheStatus)
{
    because("who sees Gsyscall reads the frame: it is on record before");
    before_the_status("entersyscall");
}

TEST(BlockRecordsTheFrameBeforeTheStatus)
{
    before_the_status("entersyscallblock");
}

/* sysmonwait and the note change together, under the lock that sysmon takes before it goes to sleep. */
TEST(SysmonIsWokenUnderTheLockOnTheWayIn)
{
    one_g();
    set(1, "sched.sysmonwait");
    stop_at("notewakeup");
    expect(run_g(0, "entersyscall"), "stopped: at notewakeup(sched.sysmonnote)");
    if (get("sched.lock.key") == 0)
        fail("sysmon should be woken under sched.lock: sysmonwait and the note change together");
    expect(resume(0), "returned");
    expect_field(Psyscall_, "p0.status");
    expect_field(Gsyscall_, "g1.atomicstatus");
    expect_field(0, "sched.sysmonwait");
    expect_field(0, "sched.lock.key");
    expect_frame();
}

/* The load without the lock is a hint: somebody else has woken sysmon before we get the lock. */
TEST(SysmonThatWasWokenMeanwhileIsNotWokenAgain)
{
    one_g();
    set(1, "sched.sysmonwait");
    stop_at("lock");
    expect(run_g(0, "entersyscall"), "stopped: at lock(sched.lock)");
    set(0, "sched.sysmonwait");
    set(1, "sched.sysmonnote.key");
    pass("lock");
    spy("notewakeup");
    expect(resume(0), "returned");
    expect_events("lock(sched.lock)\n");
    expect_field(0, "sched.sysmonwait");
    expect_frame();
}

/* issue 11640: the safe-point function runs on a P that is this M's, not on one that it has let go. */
TEST(TheSafePointFunctionRunsOnAPThatIsOurs)
{
    one_g();
    call("safepointfn");
    set(1, "p0.runSafePointFn");
    set(1, "sched.safePointWait");
    stop_at("safepoint");
    expect(run_g(0, "entersyscall"), "stopped: at safepoint p0");
    expect_held();
    expect_field(0, "p0.runSafePointFn"); /* claimed: handoffp will not run it again */
    expect_field(1, "sched.safePointWait");
    expect(resume(0), "returned");
    expect_frame();
    expect_field(Psyscall_, "p0.status");
}

TEST(TheSafePointIsCountedUnderTheLock)
{
    because("safePointWait is counted down after the function has run, and under sched.lock");
    one_g();
    call("safepointfn");
    set(1, "p0.runSafePointFn");
    set(1, "sched.safePointWait");
    spy("safepoint");
    spy("lock");
    spy("unlock");
    stop_at("notewakeup");
    expect(run_g(0, "entersyscall"), "stopped: at notewakeup(sched.safePointNote)");
    expect_events("safepoint p0\nlock(sched.lock)\nnotewakeup(sched.safePointNote)\n");
    expect_field(0, "sched.safePointWait");
    expect(resume(0), "returned");
    expect_events("unlock(sched.lock)\n");
}

/*
 * Sysmon, safe point and stop-the-world at once: each gets what it asked for, and the frame survives all
 * three.
 */
TEST(EnterServesEverybodyAtOnce)
{
    one_g();
    call("safepointfn");
    set(1, "p0.runSafePointFn");
    set(1, "sched.safePointWait");
    set(1, "sched.sysmonwait");
    call("gcwaiting", 1);
    call_g("entersyscall");
    expect_field(1, "sched.sysmonnote.key");
    expect_field(1, "sched.safePointNote.key");
    expect_field(1, "sched.stopnote.key");
    expect_field(0, "sched.stopwait");
    expect_field(Pgcstop_, "p0.status");
    expect_field(0, "m0.locks");
    expect_field(0, "sched.lock.key");
    expect_frame();
}

TEST(ThePIsFreeWhenItCanBeSeen)
{
    because("when the P can be seen in Psyscall p.m and m.p are nil already, oldp is set and the tick is "
            "noted");
    one_g();
    int64_t tick = (int64_t)(uint32_t)rnd();
    set(tick, "p0.syscalltick");
    call("gcwaiting", 1);
    stop_at("lock");
    expect(run_g(0, "entersyscall"), "stopped: at lock(sched.lock)");
    expect_field(Psyscall_, "p0.status");
    expect_field(NIL, "p0.m");
    expect_field(NIL, "m0.p");
    expect_field(0, "m0.oldp");
    expect_field(tick, "m0.syscalltick");
    expect_field(tick, "p0.syscalltick");
    expect_field(Gsyscall_, "g1.atomicstatus");
    pass("lock");
    expect(resume(0), "returned");
}

/* The stopper is told under the lock under which it counts. */
TEST(TheStopperIsToldUnderTheLock)
{
    one_g();
    call("gcwaiting", 1);
    stop_at("notewakeup");
    expect(run_g(0, "entersyscall"), "stopped: at notewakeup(sched.stopnote)");
    if (get("sched.lock.key") == 0)
        fail("stopwait and stopnote should change under sched.lock");
    expect_field(Pgcstop_, "p0.status");
    expect_field(0, "sched.stopwait");
    expect(resume(0), "returned");
    expect_frame();
}

TEST(NothingIsHandedInWhenTheWorldHasStopped)
{
    because("gcwaiting is still set, but every P has stopped: stopwait is 0, and there is nothing to count "
            "down");
    one_g();
    call("gcwaiting", 1);
    stop_at("lock");
    expect(run_g(0, "entersyscall"), "stopped: at lock(sched.lock)");
    set(0, "sched.stopwait");
    pass("lock");
    spy("notewakeup");
    expect(resume(0), "returned");
    expect_events("lock(sched.lock)\n");
    expect_field(0, "sched.stopwait");
    expect_field(Psyscall_, "p0.status");
}

TEST(ABpOutsideTheStackThrows)
{
    because("a frame pointer outside of the stack would lead a dump astray as surely as a stack pointer; 0 "
            "is the end of a chain");
    one_g();
    int64_t lo = get("g1.stack.lo"), hi = get("g1.stack.hi");
    int64_t bad[] = {lo - 1, hi + 1, 8};
    call_g_throws("entersyscall inconsistent", "reentersyscall", 1, lo + 4096, bad[rndn(3)]);
}

TEST(BlockNeverShowsPsyscall)
{
    because("the P is running, then idle and handed off, never in Psyscall; the G is in Gsyscall by then");
    one_g();
    call("newp");
    call("idlep", 1); /* who looks for work can be found: nobody is started for p0 */
    set(0, "sched.lastpoll");
    int64_t tick = get("p0.syscalltick");
    stop_at("releasep");
    stop_at("handoffp");
    expect(run_g(0, "entersyscallblock"), "stopped: at releasep()");
    expect_field(Gsyscall_, "g1.atomicstatus");
    expect_field(tick + 1, "p0.syscalltick");
    expect_field(tick, "m0.syscalltick");
    expect_held();
    expect(resume(0), "stopped: at handoffp(p0)");
    expect_field(Pidle_, "p0.status");
    expect_field(NIL, "p0.m");
    expect_field(NIL, "m0.p");
    expect_field(NIL, "m0.oldp");
    expect_field(0, "sched.lock.key");
    expect(resume(0), "returned");
    expect_frame();
    expect_list("p0 p1", "sched.pidle");
    check_world();
}

TEST(BlockingTwiceThrows)
{
    because("a second entry without exitsyscall must not get as far as the P, which is gone");
    one_g();
    record("handoffp");
    call_g("entersyscallblock");
    expect_throw(run_g(0, "entersyscallblock"));
}

/* The other way round, too: the P is in the kernel's hands already. */
TEST(BlockAfterEnterThrows)
{
    one_g();
    call_g("entersyscall");
    expect_throw(run_g(0, "entersyscallblock"));
}

TEST(EnterAfterBlockThrows)
{
    because("a second entry without exitsyscall must not get as far as the P, which is gone");
    one_g();
    record("handoffp");
    call_g("entersyscallblock");
    expect_throw(run_g(0, "entersyscall"));
}

/* The M is at work, in the kernel: whoever counts it as idle sees deadlocks where there are none. */
static void is_not_idle(const char *op)
{
    one_g();
    record("handoffp");
    expect(run_g(0, op), "returned");
    expect_list("", "sched.midle");
    expect_field(0, "sched.nmidle");
    expect_field(0, "sched.nmidlelocked");
    expect_field(0, "sched.nmsys");
}

TEST(AnMInASystemCallIsNotIdle)
{
    is_not_idle("entersyscall");
}

TEST(AnMInABlockingCallIsNotIdle)
{
    is_not_idle("entersyscallblock");
}

/* g0 cannot be in a system call: save refuses, before anything else has changed for good. */
TEST(EnterOnG0Throws)
{
    one_g();
    expect_throw(run(0, "entersyscall"));
    expect_held();
    expect_field(Grunning_, "g1.atomicstatus");
}

TEST(BlockOnG0Throws)
{
    one_g();
    record("handoffp");
    expect_throw(run(0, "entersyscallblock"));
    expect_events("");
    expect_field(Grunning_, "g1.atomicstatus");
}

TEST(BlockGivesThePInThroughHandoff)
{
    because("a stop-the-world wants the P: entersyscallblock hands it off, and handoffp sees to the stop");
    one_g();
    call("newp");
    call("idlep", 1);
    call("gcwaiting", 1);
    call_g("entersyscallblock");
    expect_field(Pgcstop_, "p0.status");
    expect_field(0, "sched.stopwait");
    expect_field(1, "sched.stopnote.key");
    expect_frame();
}

/* The kernel says EINTR once; to a second call it would say 0. */
TEST(AnInterruptedCallIsMadeOnce)
{
    because("the runtime does not repeat an interrupted call: that is for the program to decide");
    catch_calls();
    one_g();
    for (int six = 0; six < 2; six++) {
        call("trap_play", -EINTR, 0, 0, 0);
        if (six)
            expect_call_g(-1, "Syscall6", SYS_read, 0, 0, 1, 0, 0, 0);
        else
            expect_call_g(-1, "Syscall", SYS_read, 0, 0, 1);
        expect_result(2, EINTR, "err");
        int64_t calls = call("trapped", 0);
        if (calls != 1)
            fail("the kernel was called %lld times", (long long)calls);
    }
}

/**
 * @file others.c
 * What entersyscall owes to others: to a sleeping sysmon, to whoever asked for a safe point, to a
 * stop-the-world. The world: m0 runs g1 on p0.
 */
#include "lab04.h"

/** entersyscall, after which sched must be what syscallpc, syscallsp and syscallbp are. */
static void enter(void)
{
    call_g("entersyscall");
    expect_frame();
    expect_field(0, "m0.locks");
    expect_field(0, "sched.lock.key");
}

TEST(ASleepingSysmonIsWoken)
{
    because("sysmon sleeps while all Ps are idle: from now on there is a P to watch");
    one_g();
    set(1, "sched.sysmonwait");
    spy("notewakeup");
    enter();
    expect_events("notewakeup(sched.sysmonnote)\n");
    expect_field(0, "sched.sysmonwait");
    expect_field(1, "sched.sysmonnote.key");
    expect_field(Psyscall_, "p0.status");
}

TEST(SysmonIsWokenOnce)
{
    because("sysmon was woken by the call before: sysmonwait is clear, and its note is not signalled twice");
    one_g();
    set(1, "sched.sysmonwait");
    enter();
    call_g("exitsyscall");
    enter(); /* sysmon has not come round to clearing its note */
    expect_field(1, "sched.sysmonnote.key");
}

TEST(ThePendingSafePointFunctionRunsOnce)
{
    because("a request for a safe point is claimed, served and counted before the P is given away, once");
    one_g();
    call("safepointfn");
    set(1, "p0.runSafePointFn");
    set(3, "sched.safePointWait");
    spy("notewakeup");
    enter();
    expect_events("safepoint p0\n");
    expect_field(0, "p0.runSafePointFn");
    expect_field(2, "sched.safePointWait");
    call_g("exitsyscall");
    enter();
    expect_events("");
    expect_field(2, "sched.safePointWait");
}

TEST(TheLastSafePointSignalsTheNote)
{
    because("this was the last P to come to its safe point: the note of who waits for that is signalled");
    one_g();
    call("safepointfn");
    set(1, "p0.runSafePointFn");
    set(1, "sched.safePointWait");
    enter();
    expect_field(0, "sched.safePointWait");
    expect_field(1, "sched.safePointNote.key");
}

TEST(NoRequestNoSafePointFunction)
{
    because("without a request on this P runSafePointFn does nothing");
    one_g();
    call("safepointfn");
    set(1, "sched.safePointWait");
    call("runSafePointFn");
    expect_events("");
    expect_field(1, "sched.safePointWait");
    expect_field(0, "sched.safePointNote.key");
}

TEST(AStopTheWorldGetsTheP)
{
    because("the world is being stopped, and waits for this P among others: entersyscall hands it in");
    one_g();
    int64_t tick = get("p0.syscalltick");
    call("gcwaiting", 2);
    spy("notewakeup");
    enter();
    expect_field(Pgcstop_, "p0.status");
    expect_field(1, "sched.stopwait");
    expect_events("");
    expect_field(tick + 1, "p0.syscalltick"); /* exitsyscall shall see that it was taken */
    expect_field(tick, "m0.syscalltick");
    expect_field(Gsyscall_, "g1.atomicstatus");
}

TEST(TheLastPToStopWakesTheStopper)
{
    because("this was the last P that the stop waits for: its note is signalled");
    one_g();
    call("gcwaiting", 1);
    spy("notewakeup");
    enter();
    expect_field(0, "sched.stopwait");
    expect_events("notewakeup(sched.stopnote)\n");
    expect_field(1, "sched.stopnote.key");
}

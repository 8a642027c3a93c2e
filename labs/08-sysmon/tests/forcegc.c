/**
 * @file forcegc.c
 * A collection at least every two minutes, by a goroutine that sysmon wakes.
 */
#include <string.h>
#include "judge.h"

enum { SYSMON = 1, Grunnable_ = 1, Gwaiting_ = 4, waitReasonForceGCIdle_ = 14 };
static const int64_t sec = 1000000000;

TEST(ACollectionIsDueMoreThanTwoMinutesAfterTheLast)
{
    because("more than two minutes: at exactly two none is due yet");
    int64_t last = call("clock") - (int64_t)rndn(1000000);
    set(last, "sched.lastgc");
    expect_call(0, "gcTriggerTime", last);
    expect_call(0, "gcTriggerTime", last + 120 * sec);
    expect_call(1, "gcTriggerTime", last + 120 * sec + 1);
}

TEST(TheCollectionPeriodIsASwitch)
{
    because("the period is forcegcperiod, and a collection is due when more than that is over");
    int64_t last = call("clock"), period = 1 + (int64_t)rndn(1000 * (uint64_t)sec);
    set(period, "forcegcperiod");
    set(last, "sched.lastgc");
    expect_call(0, "gcTriggerTime", last + period);
    expect_call(1, "gcTriggerTime", last + period + 1);
}

/* 0 is no time long ago: there was no collection yet. */
TEST(NoCollectionIsDueBeforeTheFirst)
{
    because("lastgc 0 means that there was none yet, not that the last one was long ago");
    set(0, "sched.lastgc");
    expect_call(0, "gcTriggerTime", call("clock"));
    expect_call(0, "gcTriggerTime", 1000000 * sec);
}

/** g1 is the helper and parks on m0. */
static void helper(void)
{
    call("newp");
    call("newg");
    call("hold", 0, 0);
    call("rung", 0, 1);
    record("schedule");
    record("gcStart");
    expect(run_g(0, "forcegchelper"), "ended: schedule()");
}

TEST(TheHelperParksAndIsIdle)
{
    because("the helper says who it is, says that it is idle, and parks: then sysmon can wake it");
    helper();
    if (strstr(events(), "gcStart"))
        fail("nobody has asked for a collection yet");
    expect_field(1, "forcegc.g");
    expect_field(1, "forcegc.idle");
    expect_field(Gwaiting_, "g1.atomicstatus");
    expect_field(waitReasonForceGCIdle_, "g1.waitreason");
    expect_field(0, "forcegc.lock.key"); /* released by the one who parks */
}

TEST(TheReadiedHelperCollectsAndParksAgain)
{
    because("the helper collects once each time it is woken, and is idle again afterwards");
    helper();
    set(0, "forcegc.idle"); /* as sysmon does */
    set(Grunnable_, "g1.atomicstatus");
    expect(run(0, "execute", 1, false), "ended: schedule()");
    if (!strstr(events(), "gcStart(forced)\n"))
        fail("the helper should call gcStart(\"forced\") when it is readied");
    expect_field(1, "forcegc.idle");
    expect_field(Gwaiting_, "g1.atomicstatus");
}

/* sysmon readies it once; woken by somebody else it finds itself still idle. */
TEST(AHelperThatIsIdleAlreadyIsAPhaseError)
{
    call("newp");
    call("newg");
    call("hold", 0, 0);
    call("rung", 0, 1);
    set(1, "forcegc.idle");
    record("schedule"); /* if it parks */
    call_g_throws("forcegc: phase error", "forcegchelper");
}

/** sysmon has a helper, g1, which waits; m0 runs g2 on p0. Stops at the first sleep. */
static void due(bool idle)
{
    call("newp");
    call("newg", 2);
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 2);
    set(Gwaiting_, "g1.atomicstatus");
    set(1, "forcegc.g");
    set(idle, "forcegc.idle");
    set(call("clock"), "sched.lastgc");
    record("retake");
    record("injectglist");
    stop_at("usleep");
    expect(run(SYSMON, "sysmon"), "stopped: at usleep 20");
}

static bool injected(void)
{
    return strstr(events(), "injectglist(g1...)\n") != NULL;
}

TEST(SysmonHandsTheHelperToTheSchedulerWhenItIsDue)
{
    because("sysmon takes the helper out of idle and makes it runnable, once");
    due(true);
    resume(SYSMON);
    if (injected())
        fail("the last collection was just now, but sysmon readies the helper");
    call("advance", 120 * sec);
    resume(SYSMON);
    if (!injected())
        fail("the last collection was more than two minutes ago, but sysmon does not inject forcegc.g");
    expect_field(0, "forcegc.idle");
    expect_field(0, "forcegc.lock.key");
}

TEST(SysmonLeavesAHelperAloneThatIsBusy)
{
    due(false);
    call("advance", 121 * sec);
    resume(SYSMON);
    if (injected())
        fail("forcegc.idle was not set, but sysmon injects forcegc.g");
}

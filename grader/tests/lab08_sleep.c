/**
 * @file lab08_sleep.c
 * The long sleep against those who want sysmon awake: who looks at what under which lock.
 */
#include "../../labs/08-sysmon/tests/lab08.h"

/** Runs sysmon until it stops at text. */
static void until(const char *text)
{
    struct outcome o = resume(SYSMON);
    for (int i = 0; i < 20 && strcmp(o.text, text) != 0; i++) {
        if (o.kind != OUT_STOPPED)
            break;
        o = resume(SYSMON);
    }
    expect(o, text);
}

/** An M took the last idle P between the look without a lock and the lock. */
TEST(AnMThatTakesAPMeanwhileKeepsSysmonAwake)
{
    monitor_start();
    monitor_nothing_runs();
    stop_at("lock");
    until("stopped: at lock(sched.lock)");
    pass("lock");
    because("an M took p0 before sysmon had sched.lock: what sysmon saw without the lock was a hint, and it "
            "stays awake");
    expect_call(0, "pidleget");
    expect(resume(SYSMON), "stopped: at usleep 20");
    expect_field(0, "sched.sysmonwait");
    expect_field(0, "sched.lock.key");
}

TEST(AWorldThatStartsMeanwhileKeepsSysmonAwake)
{
    monitor_start();
    set(1, "sched.gcwaiting");
    stop_at("lock");
    until("stopped: at lock(sched.lock)");
    pass("lock");
    set(0, "sched.gcwaiting");
    because("the world started before sysmon had sched.lock: what it saw without the lock was a hint, and it "
            "stays awake");
    expect(resume(SYSMON), "stopped: at usleep 20");
    expect_field(0, "sched.sysmonwait");
}

/* Every 20 us: a lock that all Ms use is not for that. */
TEST(WhilePsRunNoSchedLockIsTaken)
{
    monitor_start();
    spy("lock");
    events();
    for (int i = 0; i < 5; i++)
        expect(resume(SYSMON), "stopped: at usleep 20");
    if (strstr(events(), "lock(sched.lock)"))
        fail("a P runs, there is nothing to decide, but sysmon takes sched.lock in each round");
}

/** sysmon decides to sleep; whoever comes after it has released the lock sees sysmonwait, and no sooner. */
TEST(SysmonSaysThatItSleepsBeforeItUnlocks)
{
    monitor_start();
    monitor_nothing_runs();
    stop_at("unlock");
    until("stopped: at unlock(sched.lock)");
    expect_field(1, "sched.sysmonwait");
    pass("unlock");
    set(0, "sched.sysmonwait"); /* a waker gets the lock first */
    call_text("notewakeup", "sched.sysmonnote");
    expect(resume(SYSMON), "stopped: at usleep 20"); /* does not sleep at all */
    expect_field(0, "sched.sysmonnote.key");
}

/** The time is over, and before sysmon has the lock again somebody wakes it: no second wake-up, no lost
 * one. */
TEST(AWakeupAfterTheTimeOutIsCleared)
{
    monitor_start();
    monitor_nothing_runs();
    expect(resume(SYSMON), "blocked: futex sched.sysmonnote");
    stop_at("lock");
    call("advance", 60 * sec);
    expect(resume_ret(SYSMON, -ETIMEDOUT), "stopped: at lock(sched.lock)");
    expect_field(1, "sched.sysmonwait"); /* cleared under the lock only */
    pass("lock");
    set(0, "sched.sysmonwait");
    call_text("notewakeup", "sched.sysmonnote");
    expect(resume(SYSMON), "stopped: at usleep 20");
    expect_field(0, "sched.sysmonnote.key");
    expect(resume(SYSMON), "blocked: futex sched.sysmonnote"); /* the next sleep is one */
}

TEST(TheNoteIsClearedUnderTheLock)
{
    monitor_start();
    monitor_nothing_runs();
    expect(resume(SYSMON), "blocked: futex sched.sysmonnote");
    set(0, "sched.sysmonwait");
    call_text("notewakeup", "sched.sysmonnote");
    stop_at("noteclear");
    expect(resume(SYSMON), "stopped: at noteclear(sched.sysmonnote)");
    if (get("sched.lock.key") == 0)
        fail("noteclear of sched.sysmonnote without sched.lock: a waker may be there at this moment");
}

/** The whole way: a G enters a system call on an M that took the idle P, and wakes sysmon; once. */
TEST(EnteringASystemCallWakesSysmonOnce)
{
    monitor_start();
    monitor_nothing_runs();
    expect(resume(SYSMON), "blocked: futex sched.sysmonnote");
    expect_call(0, "pidleget");
    call("hold", 0, 0);
    call("rung", 0, 1);
    call_g("entersyscall");
    expect_field(0, "sched.sysmonwait");
    expect(resume(SYSMON), "stopped: at usleep 20");
    call_g("exitsyscall");
    call_g("entersyscall"); /* nobody sleeps: no wake-up, which would be the second */
    expect_field(0, "sched.sysmonnote.key");
}

TEST(ATimerThatIsDueKeepsSysmonAwake)
{
    record("startm");
    monitor_start();
    monitor_nothing_runs();
    because("sysmon may sleep on its note until the next timer is due; if one is due already, not at all");
    set(call("clock") + 20 * us, "p0.timers.minWhen"); /* now, when it looks */
    expect(resume(SYSMON), "stopped: at usleep 20");
    set(call("clock") - (int64_t)rndn(1000000000), "p0.timers.minWhen"); /* or long ago */
    expect(resume(SYSMON), "stopped: at usleep 20");
    set(call("clock") + 20 * us + 1, "p0.timers.minWhen");
    struct outcome o = resume(SYSMON);
    expect(o, "blocked: futex sched.sysmonnote");
    if (o.v[0] != 1)
        fail("the next timer is 1 ns ahead, but the long sleep lasts %lld ns", (long long)o.v[0]);
}

TEST(TheEarliestTimerOfAllPsCounts)
{
    monitor_start();
    monitor_nothing_runs();
    call("newp", 2);
    call("idlep", 1);
    call("idlep", 2);
    int64_t now = call("clock") + 20 * us;
    set(now + 3 * sec, "p0.timers.minWhen");
    set(now + 1 * sec, "p1.timers.minWhen");
    set(now + 2 * sec, "p2.timers.minWhen");
    struct outcome o = resume(SYSMON);
    expect(o, "blocked: futex sched.sysmonnote");
    if (o.v[0] != sec)
        fail("the next timer is 1 s ahead, but the long sleep lasts %lld ns", (long long)o.v[0]);
}

/** A minute later it is a minute later. */
TEST(TheRoundAfterTheLongSleepReadsTheClockAnew)
{
    char wanted[64];
    monitor_start();
    monitor_nothing_runs();
    expect(resume(SYSMON), "blocked: futex sched.sysmonnote");
    int64_t now = call("advance", 60 * sec + (int64_t)rndn(1000));
    events();
    expect(resume_ret(SYSMON, -ETIMEDOUT), "stopped: at usleep 20");
    snprintf(wanted, sizeof wanted, "retake(%lld)\n", (long long)now);
    if (!strstr(events(), wanted))
        fail("after the long sleep retake should be told the time after it");
}

/** The clock is read with sysmonlock held: who held that lock may have held it for long. */
TEST(ARoundBeginsWhenSysmonHasItsLock)
{
    char wanted[64];
    monitor_start();
    stop_at("lock");
    until("stopped: at lock(sched.sysmonlock)");
    pass("lock");
    int64_t now = call("advance", 7 * ms);
    events();
    expect(resume(SYSMON), "stopped: at usleep 20");
    snprintf(wanted, sizeof wanted, "retake(%lld)\n", (long long)now);
    if (!strstr(events(), wanted))
        fail("retake should be told the time at which sysmonlock was taken, not an older one");
}

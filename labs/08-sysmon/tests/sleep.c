/**
 * @file sleep.c
 * The long sleep: while nothing runs, sysmon waits on its note instead of looking around.
 */
#include "lab08.h"

/** One P, which is idle; sysmon's M is m1. Comes back where sysmon sleeps for the first time: usleep 20. */
static void start(void)
{
    call("newp");
    call("newm");
    call("idlep", 0);
    monitor_begin();
}

/** Fails unless o is the long sleep, for this many nanoseconds. */
static void expect_longsleep(struct outcome o, int64_t ns)
{
    if (strcmp(o.text, "blocked: futex sched.sysmonnote") != 0)
        fail("nothing runs, so sysmon should sleep on its note, but it %s", o.text);
    if (o.v[0] != ns)
        fail("the long sleep should last %lld ns, it lasts %lld", (long long)ns, (long long)o.v[0]);
}

TEST(LongSleepWhenAllPsAreIdle)
{
    because("while it sleeps on its note sysmon holds no lock, and sysmonwait says so to who wants it awake");
    start();
    expect_longsleep(resume(SYSMON), 60 * sec);
    expect_field(1, "sched.sysmonwait");
    expect_field(0, "sched.lock.key"); /* who sleeps holds no lock */
    expect_field(0, "sched.sysmonlock.key");
}

TEST(LongSleepLastsHalfACollectionPeriodAtMost)
{
    start();
    int64_t period = sec + (int64_t)rndn(300 * (uint64_t)sec);
    set(period, "forcegcperiod");
    expect_longsleep(resume(SYSMON), period / 2);
}

TEST(LongSleepEndsWithTheNextTimer)
{
    start();
    int64_t ns = 50 * us + (int64_t)rndn(59 * (uint64_t)sec);
    set(call("clock") + 20 * us + ns, "p0.timers.minWhen"); /* 20 us: the short sleep comes first */
    expect_longsleep(resume(SYSMON), ns);
}

TEST(NoLongSleepWhileAPRuns)
{
    call("newp");
    call("newg");
    call("hold", 0, 0);
    call("rung", 0, 1);
    call("newp");
    call("idlep", 1); /* one of two */
    call("newm");
    because("one of two Ps runs: sysmon has something to watch, and does not sleep on its note");
    monitor_begin();
    expect(resume(SYSMON), "stopped: at usleep 20");
    expect_field(0, "sched.sysmonwait");
}

/* While the world is stopped nobody runs either, although no P is on the idle list. */
TEST(LongSleepWhileTheWorldIsStopped)
{
    monitor_start();
    set(1, "sched.gcwaiting");
    expect_longsleep(resume(SYSMON), 60 * sec);
}

/** Lets the back-off grow up to 10 ms, with an overdue timer, which keeps sysmon from the long sleep. */
static void backoff(void)
{
    record("startm");
    set(1, "p0.timers.minWhen");
    struct outcome o = resume(SYSMON);
    for (int i = 0; i < 70; i++)
        o = resume(SYSMON);
    expect(o, "stopped: at usleep 10000");
    set(0, "p0.timers.minWhen");
}

/* A wake-up means that something happens: from then on every 20 us. */
TEST(AWakeupBeginsTheBackOffAnew)
{
    because("sysmon was woken, so something happens: it looks every 20 us again");
    start();
    backoff();
    expect_longsleep(resume(SYSMON), 60 * sec);
    call("advance", 5 * ms);
    set(0, "sched.sysmonwait"); /* as entersyscall does it, under the lock */
    call_text("notewakeup", "sched.sysmonnote");
    set(1, "p0.timers.minWhen"); /* stay awake */
    struct outcome o = resume(SYSMON);
    for (int i = 0; i < 50; i++) {
        expect(o, "stopped: at usleep 20");
        o = resume(SYSMON);
    }
}

/* A time-out means that still nothing happens. */
TEST(ATimeOutGoesOnWithTheBackOff)
{
    start();
    backoff();
    expect_longsleep(resume(SYSMON), 60 * sec);
    call("advance", 60 * sec);
    because("the sleep timed out, so still nothing happens: the back-off goes on where it was");
    expect(resume_ret(SYSMON, -ETIMEDOUT), "stopped: at usleep 10000");
}

/* After a wake-up the note must be clear, and after a time-out nobody may believe that sysmon still
 * sleeps. */
TEST(TheNoteIsReadyForTheNextSleep)
{
    because("after each sleep, woken or timed out, the note is clear and sysmonwait is 0");
    start();
    expect_longsleep(resume(SYSMON), 60 * sec);
    set(0, "sched.sysmonwait");
    call_text("notewakeup", "sched.sysmonnote");
    expect(resume(SYSMON), "stopped: at usleep 20");
    expect_field(0, "sched.sysmonnote.key");
    expect_field(0, "sched.sysmonwait");
    expect_longsleep(resume(SYSMON), 60 * sec);
    call("advance", 60 * sec);
    expect(resume_ret(SYSMON, -ETIMEDOUT), "stopped: at usleep 20");
    expect_field(0, "sched.sysmonwait");
    expect_field(0, "sched.sysmonnote.key");
}

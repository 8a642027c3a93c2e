/**
 * @file lab03_schedule.c
 * schedule and execute: their order, their throws, and goroutines that are locked to an M.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

TEST(ExecuteTiesGAndMBeforeTheStatus)
{
    because("G and M know each other before the status says Grunning: sysmon may look at once");
    ps(1);
    int64_t g = call("newg");
    stop_at("casgstatus");
    expect(run(0, "execute", g, true), "stopped: at casgstatus(g1, 1, 2)");
    expect_field(g, "m0.curg");
    expect_field(0, "g%lld.m", (long long)g);
    pass("casgstatus");
    expect(resume(0), running(g));
}

TEST(ExecuteClearsAnOldPreemptionRequest)
{
    because("a request to preempt was for the last time slice: a new one begins without");
    ps(1);
    int64_t g = call("newg"), guard = get("g%lld.stackguard0", (long long)g);
    set(1, "g%lld.preempt", (long long)g);
    set(-1314, "g%lld.stackguard0", (long long)g);
    set(12345, "g%lld.waitsince", (long long)g);
    expect(run(0, "execute", g, false), running(g));
    expect_field(0, "g%lld.preempt", (long long)g);
    expect_field(guard, "g%lld.stackguard0", (long long)g);
    expect_field(0, "g%lld.waitsince", (long long)g);
}

TEST(TimeSlicesAreCounted)
{
    because("a G from the ring or from elsewhere has a new time slice, one from runnext the rest of the "
            "present one");
    ps(1);
    int64_t g = call("newg", 4);
    call("runqput_many", 0, g, 2);
    set(10, "p0.schedtick");
    expect(run(0, "schedule"), running(g));
    expect_field(11, "p0.schedtick");
    call("ready", waiting(), true);
    expect(run_g(0, "gopark"), running(g + 4));
    expect_field(11, "p0.schedtick");
    expect(run_g(0, "gopark"), running(g + 1));
    expect_field(12, "p0.schedtick");
    call("globrunqput", g + 2);
    expect(run_g(0, "gopark"), running(g + 2));
    expect_field(13, "p0.schedtick");
    expect_field(4, "p0.n.schedules");
}

TEST(TheSixtyFirstSliceIsTheGlobalQueues)
{
    because("each new time slice counts for the 61st, and what goes on in an old one does not");
    thieves(1);
    int64_t g = call("newg", 70), far = call("newg");
    call("runqput_many", 0, g, 70);
    call("setglobal", far);
    set(1, "p0.schedtick");
    expect(run(0, "schedule"), running(g));
    int n = 1;
    for (;; n++) {
        struct outcome o = run_g(0, "gopark");
        if (o.kind == OUT_RUNNING && o.v[0] == far)
            break;
        if (n == 65)
            fail("65 time slices, and the G of the global queue has not run");
    }
    if (n != 60)
        fail("the global queue had its turn after %d time slices, from tick 1 on it should be 60", n);
}

TEST(ScheduleClearsThePsPreemptionRequest)
{
    because("the P reschedules: a request that it should is answered");
    ps(1);
    call("runqput", 0, call("newg"), false);
    set(1, "p0.preempt");
    expect(run(0, "schedule"), running(1));
    expect_field(0, "p0.preempt");
}

TEST(ScheduleRefusesToSpinWithRunnext)
{
    ps(1);
    call("runqput", 0, call("newg"), true);
    set(1, "m0.spinning");
    set(1, "sched.nmspinning");
    call_throws("spinning with local work", "schedule");
}

/** m1 is locked to a G that is runnable on p0, and sleeps until somebody brings it a P. */
static int64_t locked_g(int64_t *m1)
{
    ps(2);
    *m1 = call("newm");
    int64_t g = call("newg");
    set(*m1, "g%lld.lockedm", (long long)g);
    set(g, "m%lld.lockedg", (long long)*m1);
    expect(run(*m1, "stoplockedm"), asleep(*m1));
    call("runqput", 0, g, false);
    return g;
}

TEST(ALockedGIsHandedToItsM)
{
    because("a G that is locked to another M runs there, with this P");
    int64_t m1, g = locked_g(&m1);
    expect(run(0, "schedule"), "blocked: futex m0.park");
    expect_field(NIL, "m0.p");
    expect_field(0, "m%lld.nextp", (long long)m1);
    expect_field(Grunnable_, "g%lld.atomicstatus", (long long)g);
    expect_returned(resume(m1), 0);
    expect_field(0, "m%lld.p", (long long)m1);
}

/* The M that gave its P away searches from the start when it has another. */
TEST(TheGiverOfALockedGSearchesAgain)
{
    int64_t m1, g = locked_g(&m1), other = call("newg");
    expect(run(0, "schedule"), "blocked: futex m0.park");
    off_queue(g);
    call("setring", 1, 0, other);
    on(m1);
    expect_returned(resume(m1), 0);
    call("startm", 1, false, false);
    expect(resume(0), running(other));
    expect_field(1, "m0.p");
}

TEST(ASpinningMHandsALockedGOver)
{
    because("a spinning M that finds a locked G has stopped spinning before it gives its P away");
    thieves(2);
    int64_t m1 = busy(1), m2 = call("newm"), g = call("newg");
    (void)m1;
    set(m2, "g%lld.lockedm", (long long)g);
    set(g, "m%lld.lockedg", (long long)m2);
    expect(run(m2, "stoplockedm"), asleep(m2));
    call("runqput", 1, g, false);
    expect(run(0, "schedule"), "blocked: futex m0.park");
    expect_field(0, "m%lld.nextp", (long long)m2);
    expect_field(0, "m%lld.spinning", (long long)m2);
    expect_field(0, "sched.nmspinning");
}

TEST(ALockedMWaitsForItsG)
{
    because("an M that is locked to a G runs nothing else: it gives its P away and waits for its G");
    ps(2);
    busy(1);
    int64_t g = call("newg", 2);
    set(0, "g%lld.lockedm", (long long)g);
    set(g, "m0.lockedg");
    call("runqput", 0, g + 1, false);
    stop_at("stoplockedm");
    expect(run(0, "schedule"), "stopped: at stoplockedm()");
    expect_list(only('g', g + 1), "p0.runq");
    record("startm"); /* handoffp: p0 has work */
    expect(resume(0), "blocked: futex m0.park");
    expect_field(NIL, "m0.p");
    set(0, "m0.nextp");
    expect(resume(0), "blocked: futex m0.park"); /* a spurious wake-up is none */
    set(1, "m0.park.key");
    set(20, "p0.schedtick");
    expect(resume(0), running(g));
    expect_field(21, "p0.schedtick");
}

/* Whoever yields tells an M that may just have looked in vain (issue 55160). */
TEST(GoschedWakesAnM)
{
    thieves(2);
    int64_t m1 = sleeper(), g = call("newg", 2);
    call("idlep", 1);
    call("rung", 0, g);
    call("runqput", 0, g + 1, false);
    set(1, "mainStarted");
    expect(run_g(0, "gosched"), running(g + 1));
    expect_list(only('g', g), "sched.runq");
    expect_started(m1, 1, true);
    expect_returned(resume(m1), 0);
    expect_returned(run(m1, "schedule"), 0); /* g goes on where it yielded, on m1 */
    expect_field(g, "m%lld.curg", (long long)m1);
    check_world();
}

/* ready: into runnext or to the tail, and somebody is told. */
TEST(ReadyWakesAnMForTheG)
{
    thieves(2);
    int64_t m1 = sleeper(), g = waiting();
    call("idlep", 1);
    call("rung", 0, call("newg"));
    call("ready", g, false);
    expect_list(only('g', g), "p0.runq");
    expect_started(m1, 1, true);
    expect_returned(resume(m1), 0);
    expect(run(m1, "schedule"), running(g));
}

/* Go issue 4820. */
TEST(ALockedGThatYieldsLetsOthersRun)
{
    because("a G that is locked to its M yields: others run before it, on another M, with the same P");
    thieves(1);
    int64_t m1 = sleeper(), g = call("newg", 2);
    call("rung", 0, g);
    set(0, "g%lld.lockedm", (long long)g);
    set(g, "m0.lockedg");
    call("globrunqput", g + 1);
    expect(run_g(0, "gosched"), "blocked: futex m0.park");
    expect_started(m1, 0, false);
    expect_returned(resume(m1), 0);
    expect(run(m1, "schedule"), running(g + 1));
    expect(run_g(m1, "gopark"), asleep(m1)); /* it has found g, and given it back with the P */
    expect_field(0, "m0.nextp");
    expect_returned(resume(0), 0);
    expect_field(g, "m0.curg");
    check_world();
}

/* A new goroutine runs next, and somebody is told as soon as there may be more than one M. */
TEST(ANewGoroutineRunsNext)
{
    ps(2);
    int64_t m1 = sleeper();
    call("idlep", 1);
    int64_t g = call("newproc");
    expect_field(g, "p0.runnext");
    expect_field(NIL, "m%lld.nextp", (long long)m1); /* main has not started: this M will get there */
    set(1, "mainStarted");
    int64_t g2 = call("newproc");
    expect_field(g2, "p0.runnext");
    expect_list(only('g', g), "p0.runq");
    expect_started(m1, 1, true);
}

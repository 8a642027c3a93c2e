/**
 * @file lab03_spin.c
 * wakep and resetspinning: the accounts of those who spin.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

/* Ten wakers at once start one M: the first one that counts it is the only one that goes on (TestWakeup). */
TEST(WakersAfterTheFirstGoAway)
{
    ps(3);
    int64_t holder = call("newm"), second = call("newm"), m3 = sleeper();
    call("idlep", 1);
    call("idlep", 2);
    expect_returned(run(holder, "lock_sched"), 0);
    expect(run(0, "wakep"), "blocked: futex sched.lock");
    expect_field(1, "sched.nmspinning"); /* counted before it exists */
    expect_returned(run(second, "wakep"), 0);
    expect_returned(run(holder, "unlock_sched"), 0);
    expect_returned(resume(0), 0);
    expect_started(m3, 2, true);
    expect_field(1, "sched.npidle");
    check_world();
}

TEST(WakepDoesNothingWhileAnybodySpins)
{
    because("an M spins and will find the G: no other is started");
    ps(3);
    int64_t m1 = busy(1);
    sleeper();
    call("idlep", 2);
    set(1, "m%lld.spinning", (long long)m1);
    set(1, "sched.nmspinning");
    call("wakep");
    expect_field(1, "sched.npidle");
    expect_field(1, "sched.nmspinning");
    expect_field(0, "sched.needspinning");
    check_world();
}

/* No M sleeps: a new one is made, and counted before it runs. */
TEST(WakepMakesAnMIfNoneSleeps)
{
    ps(2);
    record("newm");
    call("idlep", 1);
    call("wakep");
    expect_events("newm(p1, 1)\n");
    expect_field(1, "sched.nmspinning");
    expect_field(0, "sched.npidle");
}

TEST(WakepIsNotPreemptibleWithAPInLimbo)
{
    because("while the P belongs to nobody the waker is not preempted: a stop-the-world would wait for that "
            "P");
    ps(2);
    call("idlep", 1);
    stop_at("startm");
    struct outcome o = run(0, "wakep");
    if (o.kind != OUT_STOPPED || strncmp(o.text, "stopped: at startm(p1, spinning=1", 33) != 0)
        fail("wakep should start a spinning M for p1; instead: %s", o.text);
    if (get("m0.locks") <= 0)
        fail("m0.locks is %lld: it could be preempted", (long long)get("m0.locks"));
    record("startm");
    expect_returned(resume(0), 0);
    expect_field(0, "m0.locks");
}

TEST(WakepLeavesLocksAsTheyWere)
{
    because("whichever way wakep goes, m.locks and sched.lock are afterwards what they were");
    ps(2);
    call("wakep"); /* no idle P */
    expect_field(0, "m0.locks");
    set(0, "sched.needspinning");
    call("wakep");
    expect_field(0, "m0.locks");
    expect_field(0, "sched.lock.key");
    expect_field(1, "sched.needspinning");
    set(1, "sched.nmspinning");
    call("wakep"); /* one spins */
    expect_field(0, "m0.locks");
}

TEST(WakepTakesAnIdlePWhateverTheNote)
{
    because("a P is idle: wakep starts an M for it, whatever needspinning says");
    ps(2);
    int64_t m1 = sleeper();
    set(1, "sched.needspinning");
    call("idlep", 1);
    call("wakep");
    expect_started(m1, 1, true);
    expect_field(1, "sched.nmspinning");
}

TEST(ResetspinningPassesTheTaskOn)
{
    because("an M that has found work is no longer counted as spinning, and wakes another to look in its "
            "place");
    ps(2);
    int64_t m1 = sleeper();
    call("idlep", 1);
    set(1, "m0.spinning");
    set(1, "sched.nmspinning");
    call("resetspinning");
    expect_field(0, "m0.spinning");
    expect_field(1, "sched.nmspinning"); /* m1's */
    expect_started(m1, 1, true);
    check_world();
}

/* Not the last one: the others look anyway. */
TEST(ResetspinningOfOneOfTwoWakesNobody)
{
    ps(4);
    int64_t m1 = busy(1), m2 = sleeper();
    call("idlep", 2);
    call("idlep", 3);
    set(1, "m0.spinning");
    set(1, "m%lld.spinning", (long long)m1);
    set(2, "sched.nmspinning");
    call("resetspinning");
    expect_field(1, "sched.nmspinning");
    expect_field(2, "sched.npidle");
    expect_field(NIL, "m%lld.nextp", (long long)m2);
    check_world();
}

/* The count is signed, and never negative (issue 11280). */
TEST(ResetspinningThrowsIfTheCountWouldBeNegative)
{
    ps(1);
    set(1, "m0.spinning");
    call_throws("negative", "resetspinning");
}

TEST(AParkingMThrowsIfTheCountWouldBeNegative)
{
    thieves(2);
    busy(1);
    set(1, "m0.spinning");
    call_throws("negative", "findrunnable");
}

/* Go issue 5586. */
TEST(AFinderStopsSpinningBeforeItRuns)
{
    because("the M that finds work has stopped spinning before the G runs, and another M looks in its place");
    thieves(3);
    busy(1);
    int64_t m2 = sleeper();
    call("idlep", 2);
    int64_t g = call("newg", 2);
    call("runqput_many", 1, g, 2);
    stop_at("casgstatus");
    struct outcome o = run(0, "schedule");
    expect(o, "stopped: at casgstatus(g2, 1, 2)");
    expect_field(0, "m0.spinning");
    pass("casgstatus");
    expect(resume(0), running(g));
    expect_started(m2, 2, true);
    expect_field(1, "sched.nmspinning");
    check_world();
}

/* A G that comes without a search does not wake anybody: the waker of the others has done so. */
TEST(AnMThatDoesNotSpinWakesNobody)
{
    thieves(2);
    int64_t m1 = sleeper();
    call("idlep", 1);
    int64_t g = call("newg", 2);
    call("runqput_many", 0, g, 2);
    expect(run(0, "schedule"), running(g));
    expect_field(NIL, "m%lld.nextp", (long long)m1);
    expect_field(0, "sched.nmspinning");
}

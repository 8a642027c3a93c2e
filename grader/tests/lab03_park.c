/**
 * @file lab03_park.c
 * findrunnable when there is nothing: what it checks before it gives the P up, and where it waits.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

/** The poller exists and somebody waits in it, or not; netpoll stops the M. */
static void poller(bool waiters)
{
    record("netpollinited");
    record("netpollAnyWaiters");
    if (!waiters)
        script("netpollAnyWaiters", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    record("wakeNetPoller");
    stop_at("netpoll");
}

/** m0 goes on until it is about to wait in the poller: that outcome. */
static struct outcome until_poll(struct outcome o)
{
    while (o.kind == OUT_STOPPED && strcmp(o.text, "stopped: at netpoll(0)") == 0 && get("m0.p") != NIL)
        o = resume(0);
    return o;
}

/** m0 goes on, netpoll gives these Gs. */
#define resume_with(...)                                                                                     \
    (record("netpoll"), call("netpollgives", __VA_ARGS__), resume(0))

/* ---- before the P is given up ---- */

TEST(AStopIsSeenUnderTheLock)
{
    because("the world is to stop, and said so while the M waited for the lock: a P on the idle list would "
            "be missed");
    thieves(2);
    busy(1);
    stop_at("lock");
    stop_at("gcstopm");
    expect(run(0, "findrunnable"), "stopped: at lock(sched.lock)");
    call("gcwaiting", 1);
    pass("lock");
    expect(resume(0), "stopped: at gcstopm()");
    expect_field(0, "m0.p");
    expect_field(0, "sched.npidle");
}

TEST(ASafePointFunctionIsSeenUnderTheLock)
{
    because("a safe-point function was asked for while the M waited for the lock: on the idle list the P "
            "would be missed");
    thieves(2);
    busy(1);
    stop_at("lock");
    stop_at("runSafePointFn");
    expect(run(0, "findrunnable"), "stopped: at lock(sched.lock)");
    set(1, "p0.runSafePointFn");
    pass("lock");
    expect(resume(0), "stopped: at runSafePointFn()");
    expect_field(0, "sched.npidle");
}

TEST(TheGlobalQueueIsLookedAtAgainUnderTheLock)
{
    because("a G came to the global queue before the M gave its P up: it is looked at again, under the lock");
    thieves(4);
    for (int p = 1; p < 4; p++)
        busy(p);
    set(2, "sched.nmspinning");
    stop_at("lock");
    expect(run(0, "findrunnable"), "stopped: at lock(sched.lock)");
    int64_t g = call("newg", 6);
    call("setglobal_many", g, 6);
    pass("lock");
    expect_returned(resume(0), g);
    off_queue(g);
    expect_field(0, "m0.p");
    expect_list(only('g', g + 1), "p0.runq"); /* its share: 6/4 + 1 */
    expect_field(0, "sched.npidle");
}

TEST(NeedspinningMakesAnMSpinInsteadOfParking)
{
    because("needspinning is set: somebody found no P for a G, so whoever gives one up spins and looks once "
            "more");
    thieves(4);
    for (int p = 1; p < 4; p++)
        busy(p);
    int64_t g = call("newg");
    call("runqput", 2, g, false);
    set(2, "sched.nmspinning"); /* so many that m0 would not spin of its own accord */
    set(1, "sched.needspinning");
    expect_call(g, "findrunnable");
    expect_field(0, "sched.needspinning");
    expect_field(1, "m0.spinning");
    expect_field(3, "sched.nmspinning");
    expect_field(0, "sched.npidle");
}

TEST(WhoeverSpinsAnswersNeedspinning)
{
    because("an M that becomes spinning by itself has answered the note, too");
    thieves(2);
    busy(1);
    int64_t g = call("newg");
    call("runqput", 1, g, false);
    set(1, "sched.needspinning");
    expect_call(g, "findrunnable");
    expect_field(0, "sched.needspinning");
}

/* ---- the poller ---- */

TEST(WithoutPollerAnMSleepsOnItsNote)
{
    because("before the poller is there nobody can wait in it");
    thieves(2);
    busy(1);
    record("netpollinited");
    script("netpollinited", 0, 0, 0, 0, 0, 0, 0, 0);
    stop_at("netpoll");
    expect(run(0, "findrunnable"), "blocked: futex m0.park");
}

TEST(WithoutWaitersAndTimersNobodyPolls)
{
    because("with no G in the poller and no timer there is nothing to wait for in it");
    thieves(2);
    busy(1);
    poller(false);
    expect(run(0, "findrunnable"), "blocked: futex m0.park");
}

TEST(AnMWithoutWorkWaitsInThePoller)
{
    because("who waits in the poller says so: lastpoll is 0 meanwhile");
    thieves(2);
    busy(1);
    poller(true);
    expect(until_poll(run(0, "findrunnable")), "stopped: at netpoll(-1)");
    expect_field(NIL, "m0.p");
    expect_field(0, "m0.spinning");
    expect_field(0, "sched.nmspinning");
    expect_field(1, "sched.npidle");
    expect_field(0, "sched.lastpoll");
    expect_field(0, "sched.pollUntil");
    expect_field(0, "sched.lock.key");
    int64_t g = call("newg", 3, Gwaiting_), now = call("advance", 3 * MSEC);
    expect_returned(resume_with(g, g + 1, g + 2), g);
    off_queue(g);
    expect_field(0, "m0.p");
    expect_field(now, "sched.lastpoll"); /* the time after the wait, not before (issue 60276) */
    expect_field(0, "sched.pollUntil");
    expect_list(range('g', g + 1, g + 2), "p0.runq");
    check_world();
}

TEST(AfterAnEmptyPollASpinningMSpinsAgain)
{
    because("nothing came of the poll, and there is a P: who spun before spins again, and counts");
    thieves(2);
    busy(1);
    poller(true);
    expect(until_poll(run(0, "findrunnable")), "stopped: at netpoll(-1)");
    expect(resume(0), "stopped: at netpoll(0)"); /* from the start, with a P */
    expect_field(0, "m0.p");
    expect_field(1, "m0.spinning");
    expect_field(1, "sched.nmspinning");
}

TEST(AfterAnEmptyPollAnMThatDidNotSpinDoesNotSpin)
{
    because("nothing came of the poll, and there is a P: who did not spin before starts as any other");
    thieves(4);
    for (int p = 1; p < 4; p++)
        busy(p);
    poller(true);
    set(2, "sched.nmspinning");
    expect(until_poll(run(0, "findrunnable")), "stopped: at netpoll(-1)");
    expect(resume(0), "stopped: at netpoll(0)");
    expect_field(0, "m0.spinning");
    expect_field(2, "sched.nmspinning");
}

TEST(AfterAPollWithoutAPTheGsAreInjected)
{
    because("after the poll there is no idle P: the Gs go to the global queue, and the M sleeps on its note");
    thieves(2);
    int64_t m1 = busy(1), m2 = call("newm");
    poller(true);
    expect(until_poll(run(0, "findrunnable")), "stopped: at netpoll(-1)");
    on(m1);
    expect_call(0, "pidleget");
    call("hold", m2, 0);
    int64_t g = call("newg", 2, Gwaiting_);
    spy("netpollAdjustWaiters");
    expect(resume_with(g, g + 1), "blocked: futex m0.park");
    expect_list(range('g', g, g + 1), "sched.runq");
    if (!strstr(events(), "netpollAdjustWaiters(-2)"))
        fail("two Gs came from the poller: there are two waiters less");
    if (get("sched.lastpoll") == 0)
        fail("sched.lastpoll is still 0, but nobody waits in the poller");
    check_world();
}

TEST(ThePollEndsWithTheEarliestTimer)
{
    because("the wait in the poller ends with the earliest timer of all Ps, and pollUntil says when");
    thieves(3);
    int64_t m1 = busy(1), now = call("clock");
    busy(2);
    poller(false);
    call("timer_start", now + 8 * MSEC, NIL);
    on(m1);
    call("timer_start", now + 5 * MSEC, NIL);
    on(0);
    expect(until_poll(run(0, "findrunnable")), "stopped: at netpoll(5000000)");
    expect_field(now + 5 * MSEC, "sched.pollUntil");
    expect_field(0, "sched.lastpoll");
}

TEST(PollUntilIsClearedAfterTheWait)
{
    because("after the wait nobody sleeps until then: pollUntil is 0");
    thieves(2);
    busy(1);
    poller(true);
    int64_t when = call("clock") + 5 * MSEC, g = waiting();
    call("timer_start", when, NIL);
    expect(until_poll(run(0, "findrunnable")), "stopped: at netpoll(5000000)");
    expect_field(when, "sched.pollUntil");
    expect_returned(resume_with(g), g);
    expect_field(0, "sched.pollUntil");
}

/* A timer that is overdue by then: a look, no wait. */
TEST(AnOverdueTimerDoesNotMakeTheWaitNegative)
{
    thieves(2);
    busy(1);
    poller(false);
    call("timer_start", call("clock") + MSEC, NIL);
    /* the clock moves while the P is given up; a solution may read it once, at the start, or again */
    stop_at("lock");
    expect(run(0, "findrunnable"), "stopped: at lock(sched.lock)");
    call("advance", 2 * MSEC);
    pass("lock");
    struct outcome o = resume(0);
    while (o.kind == OUT_STOPPED && get("m0.p") != NIL)
        o = resume(0);
    if (strcmp(o.text, "stopped: at netpoll(0)") != 0 && strcmp(o.text, "stopped: at netpoll(1000000)") != 0)
        fail("outcome: %s; it should be a poll of no more than what was left until the timer", o.text);
}

TEST(OnlyOneMWaitsInThePoller)
{
    because("lastpoll is 0: another M waits in the poller already, and one is enough");
    thieves(2);
    busy(1);
    poller(true);
    record("netpollBreak");
    set(0, "sched.lastpoll");
    expect(run(0, "findrunnable"), "blocked: futex m0.park");
    expect_field(0, "sched.lastpoll");
    if (strstr(events(), "netpollBreak"))
        fail("there is no timer: the M in the poller may sleep on");
}

/** m0 parks with a timer at when, while another M polls until then. */
static bool breaks(int64_t when, int64_t until)
{
    thieves(2);
    busy(1);
    poller(true);
    record("netpollBreak");
    call("timer_start", when, NIL);
    set(0, "sched.lastpoll");
    set(until, "sched.pollUntil");
    expect(run(0, "findrunnable"), "blocked: futex m0.park");
    return strstr(events(), "netpollBreak()") != NULL;
}

TEST(WhoPollsForTooLongIsInterrupted)
{
    int64_t now = call("clock");
    if (!breaks(now + 5 * MSEC, now + 6 * MSEC))
        fail("the M in the poller sleeps past the timer: netpollBreak should have been called");
}

TEST(WhoPollsWithoutLimitIsInterrupted)
{
    if (!breaks(call("clock") + 5 * MSEC, 0))
        fail("the M in the poller sleeps for ever: netpollBreak should have been called");
}

TEST(WhoPollsForLessIsLeftAlone)
{
    because("the M in the poller wakes before the new timer is due: no need to interrupt it");
    int64_t now = call("clock");
    if (breaks(now + 5 * MSEC, now + 4 * MSEC))
        fail("the M in the poller wakes before the timer: netpollBreak should not have been called");
}

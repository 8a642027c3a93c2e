/**
 * @file lab03_find.c
 * findrunnable as long as there is something to find: the order of the places, and what comes before them.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

/** The poller exists, and somebody waits in it. What it gives is the test's. */
static void network(void)
{
    record("netpollinited");
    record("netpollAnyWaiters");
    record("netpoll");
}

TEST(GlobalQueueBeforeNetwork)
{
    because("the global queue comes before the network");
    ps(2);
    network();
    int64_t g = call("newg");
    call("setglobal", g);
    call("netpollgives", waiting());
    expect_call(g, "findrunnable");
    if (strstr(events(), "netpoll("))
        fail("the network was asked although the global queue had a G");
}

TEST(NetworkBeforeStealing)
{
    because("the network comes before other Ps");
    thieves(2);
    busy(1);
    network();
    call("runqput", 1, call("newg"), false);
    int64_t g = waiting();
    call("netpollgives", g);
    expect_call(g, "findrunnable");
    expect_result(1, false, "inheritTime");
    expect_field(Grunnable_, "g%lld.atomicstatus", (long long)g);
    expect_field(0, "m0.spinning");
}

TEST(WaitersAreCountedDownWhenAllAreRunnable)
{
    because("of several Gs from the poller the first is run; the waiters are counted down when the others "
            "can be found");
    ps(1);
    network();
    int64_t g = call("newg", 3, Gwaiting_);
    call("netpollgives", g, g + 1, g + 2);
    stop_at("netpollAdjustWaiters");
    struct outcome o = run(0, "findrunnable");
    while (o.kind == OUT_STOPPED && strstr(o.text, "(0)"))
        o = resume(0);
    expect(o, "stopped: at netpollAdjustWaiters(-3)");
    for (int i = 0; i < 3; i++)
        expect_field(Grunnable_, "g%lld.atomicstatus", (long long)g + i);
    expect_list(range('g', g + 1, g + 2), "p0.runq");
    record("netpollAdjustWaiters");
    expect_returned(resume(0), g);
    off_queue(g);
    check_world();
}

/* netpoll(0) is not free: it is asked only if there may be an answer, and nobody else is asking. */
TEST(NetworkIsNotAskedInVain)
{
    thieves(2);
    int64_t m1 = busy(1), g = call("newg");
    (void)m1;
    network();
    script("netpollAnyWaiters", 0, 0, 0, 0);
    call("runqput", 1, g, false);
    expect_call(g, "findrunnable");
    script("netpollAnyWaiters", 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    set(0, "sched.lastpoll"); /* an M waits there already */
    call("runqput", 1, g, false);
    expect_call(g, "findrunnable");
    set(call("clock"), "sched.lastpoll");
    set(1, "sched.pollingNet"); /* somebody else asks at this moment */
    call("runqput", 1, g, false);
    expect_call(g, "findrunnable");
    if (strstr(events(), "netpoll("))
        fail("the network was asked in vain");
    set(0, "sched.pollingNet");
    call("runqput", 1, g, false);
    expect_call(g, "findrunnable");
    if (!strstr(events(), "netpoll(0)"))
        fail("the network should have been asked, without waiting, before other Ps");
}

TEST(OneMAtATimeAsksTheNetwork)
{
    because("pollingNet is held during the look, and given back after it");
    thieves(2);
    busy(1);
    network();
    stop_at("netpoll");
    expect(run(0, "findrunnable"), "stopped: at netpoll(0)");
    expect_field(1, "sched.pollingNet");
    int64_t g = waiting();
    record("netpoll");
    call("netpollgives", g);
    expect_returned(resume(0), g);
    expect_field(0, "sched.pollingNet");
}

TEST(TheGlobalQueueComesFirstAtTickZeroAndAllMultiples)
{
    because("when schedtick is a multiple of 61, and 0 is one, the global queue comes before runnext");
    ps(1);
    int64_t g = call("newg", 3);
    for (int k = 0; k < 12; k++) {
        int64_t tick = k < 4 ? 61 * k : 61 * (int64_t)rndn(1 << 20);
        call("setglobal", g);
        set(g + 1, "p0.runnext");
        call("setring", 0, 0, g + 2);
        set(tick, "p0.schedtick");
        expect_call(g, "findrunnable");
        expect_result(1, false, "inheritTime of a G from the global queue");
        call("setglobal", g);
        set(tick + 1 + (int64_t)rndn(60), "p0.schedtick");
        expect_call(g + 1, "findrunnable");
        expect_result(1, true, "inheritTime of a G from runnext");
    }
}

/* With an empty global queue that tick is like all others. */
TEST(TheSixtyFirstTickWithoutGlobalWork)
{
    ps(1);
    int64_t g = call("newg");
    set(122, "p0.schedtick");
    call("runqput", 0, g, true);
    expect_call(g, "findrunnable");
    expect_result(1, true, "inheritTime");
}

TEST(AGlobalBatchIsHalfARingAtMost)
{
    because("a batch from the global queue is half a ring at most: the other half is for what its Gs make "
            "runnable");
    ps(1);
    int64_t g = call("newg", 300);
    call("setglobal_many", g, 300);
    expect_call(g, "findrunnable");
    off_queue(g);
    expect_list(range('g', g + 1, g + HALF - 1), "p0.runq");
    expect_field(300 - HALF, "sched.runqsize");
    check_world();
}

TEST(DueTimersAreRunFirst)
{
    because("the P's own due timers are run before anything is looked for");
    ps(1);
    record("netpollinited");
    record("wakeNetPoller");
    int64_t g = call("newg"), sleeping = waiting();
    call("runqput", 0, g, false);
    call("timer_start", call("clock") - 1, sleeping);
    expect_call(sleeping, "findrunnable");
    expect_list(only('g', g), "p0.runq");
}

TEST(TheSafePointFunctionIsRunFirst)
{
    because("a safe-point function that was asked for is run before the search");
    ps(1);
    int64_t g = call("newg");
    call("runqput", 0, g, false);
    set(1, "p0.runSafePointFn");
    stop_at("runSafePointFn");
    expect(run(0, "findrunnable"), "stopped: at runSafePointFn()");
    expect_list(only('g', g), "p0.runq");
    set(0, "p0.runSafePointFn");
    expect_returned(resume(0), g);
}

TEST(StopTheWorldComesFirst)
{
    because("the world is to stop: nothing is taken from any queue before it goes on, and then the search "
            "begins anew");
    ps(1);
    int64_t g = call("newg");
    call("runqput", 0, g, false);
    call("gcwaiting", 1);
    stop_at("gcstopm");
    expect(run(0, "findrunnable"), "stopped: at gcstopm()");
    expect_list(only('g', g), "p0.runq");
    call("gcwaiting", 0);
    record("gcstopm");
    expect_returned(resume(0), g);
}

TEST(ASpinningMStopsForStopTheWorld)
{
    because("the world is to stop: the M parks with its P in Pgcstop, tells the stopper, spins no more, and "
            "steals nothing");
    ps(2);
    int64_t m1 = busy(1);
    set(1, "m0.spinning");
    set(1, "sched.nmspinning");
    call("gcwaiting", 1);
    expect(run(0, "findrunnable"), "blocked: futex m0.park");
    expect_field(Pgcstop_, "p0.status");
    expect_field(0, "sched.nmspinning");
    expect_field(1, "sched.stopnote.key");
    expect_field(0, "sched.npidle");
    (void)m1;
    check_world();
}

TEST(SpinnersAreAtMostHalfOfTheBusy)
{
    because("Ms spin while they are fewer than half of the busy Ps; one more parks");
    for (int64_t spinners = 1; spinners <= 2; spinners++) {
        if (spinners == 1)
            thieves(4);
        int64_t g = call("newg");
        if (spinners == 1)
            for (int p = 1; p < 4; p++)
                busy(p);
        set(spinners, "sched.nmspinning");
        call("runqput", 1, g, false);
        if (spinners == 1) { /* 2 < 4 */
            expect_call(g, "findrunnable");
            expect_field(2, "sched.nmspinning");
            set(0, "m0.spinning");
        } else { /* 4 < 4 does not hold */
            expect(run(0, "findrunnable"), "blocked: futex m0.park");
            expect_field(2, "sched.nmspinning");
            expect_list(only('g', g), "p1.runq");
        }
    }
}

TEST(IdlePsDoNotCountAsBusy)
{
    because("Ms spin while they are fewer than half of the busy Ps, and an idle P is not busy");
    thieves(6);
    for (int p = 1; p < 4; p++)
        busy(p);
    call("idlep", 4);
    call("idlep", 5);
    set(2, "sched.nmspinning"); /* 4 < 6 - 2 does not hold */
    call("runqput", 1, call("newg"), false);
    expect(run(0, "findrunnable"), "blocked: futex m0.park");
}

TEST(ASpinningMGoesOnSpinning)
{
    because("an M that spins already goes on, whatever the others do, and is counted once");
    thieves(2);
    busy(1);
    int64_t g = call("newg");
    set(1, "m0.spinning");
    set(2, "sched.nmspinning");
    call("runqput", 1, g, false);
    expect_call(g, "findrunnable");
    expect_field(2, "sched.nmspinning");
    expect_field(1, "m0.spinning");
}

/* No worker of a collector or tracer exists here that would need another M. */
TEST(TryWakePIsFalse)
{
    ps(1);
    call("runqput", 0, call("newg"), false);
    call("findrunnable");
    expect_result(2, false, "tryWakeP");
}

/** m0 searches while m1 has sched.lock: it must wait, and nothing has changed meanwhile. */
static struct outcome waits_for_the_lock(int64_t m1)
{
    expect_returned(run(m1, "lock_sched"), 0);
    expect(run(0, "findrunnable"), "blocked: futex sched.lock");
    check_world();
    expect_returned(run(m1, "unlock_sched"), 0);
    return resume(0);
}

TEST(TheTurnOfTheGlobalQueueTakesTheLock)
{
    because("the global queue changes under sched.lock only");
    ps(2);
    int64_t g = call("newg", 3);
    call("runqput", 0, g, false);
    call("setglobal", g + 1, g + 2);
    set(61, "p0.schedtick");
    expect_returned(waits_for_the_lock(call("newm")), g + 1);
}

TEST(AGlobalBatchTakesTheLock)
{
    because("the global queue changes under sched.lock only");
    ps(2);
    int64_t g = call("newg", 3);
    call("setglobal_many", g, 3);
    expect_returned(waits_for_the_lock(call("newm")), g);
}

TEST(TheIdleListTakesTheLock)
{
    thieves(2);
    int64_t m1 = busy(1);
    expect(waits_for_the_lock(m1), "blocked: futex m0.park");
    check_world();
}

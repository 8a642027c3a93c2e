/**
 * @file lab03_steal.c
 * stealWork: whom it visits, in which order, and what it leaves for the last pass.
 */
#include <stdlib.h>
#include "../../labs/03-runqueue/tests/lab03.h"

/** The next thief begins elsewhere. */
static void reseed(void)
{
    set((int64_t)(rnd() | 1), "m0.rand");
}

/** p is held by a new M, whose clock is the world's: a timer on it that readies g. */
static void timer_on(int64_t p, int64_t when, int64_t g)
{
    int64_t m = busy(p);
    on(m);
    call("timer_start", when, g);
    on(0);
}

/** Timers need no poller and wake nobody. */
static void timers_alone(void)
{
    record("netpollinited");
    record("wakeNetPoller");
}

/* Over all r each P is a start, and each coprime step is taken, independently of the start. */
TEST(EveryStartAndEveryStepOccur)
{
    call("randomOrder_reset", 8);
    bool pairs[8][8] = {{false}};
    int n = 0;
    for (int k = 0; k < 400; k++) {
        call("randomOrder_start", (uint32_t)rnd());
        int64_t pos = result(2), inc = result(3) % 8;
        if (pos < 0 || pos > 7 || inc % 2 == 0)
            fail("8 Ps: start %lld, step %lld", (long long)pos, (long long)result(3));
        n += !pairs[pos][inc];
        pairs[pos][inc] = true;
    }
    if (n != 32)
        fail("8 Ps: of 32 pairs of start and step only %d occur in 400 random walks", n);
}

/* Any victim is found, whatever the start. */
TEST(TheOnlyPWithWorkIsFound)
{
    enum { N = 13 };
    thieves(N);
    for (int p = 1; p < N; p++)
        busy(p);
    int64_t g = call("newg");
    for (int p = 1; p < N; p++) {
        reseed();
        call("runqput", p, g, false);
        expect_call(g, "stealWork", 0);
        expect_result(1, false, "inheritTime of a stolen G");
        expect_field(NIL, "m0.curg");
    }
    expect_call(NIL, "stealWork", 0);
    expect_result(2, false, "newWork, where there is none");
    expect_result(3, 0, "pollUntil, where there is no timer");
}

TEST(IdlePsAndTheOwnOneAreNotRobbed)
{
    because("an idle P is no victim, and the thief is none to itself");
    thieves(3);
    int64_t g = call("newg", 2);
    call("idlep", 1);
    call("idlep", 2);
    call("setring", 1, 0, g);
    set(g + 1, "p0.runnext");
    spy("usleep");
    for (int k = 0; k < 8; k++) {
        reseed();
        expect_call(NIL, "stealWork", 0);
    }
    expect_list(only('g', g), "p1.runq");
    expect_field(g + 1, "p0.runnext");
    expect_events("");
}

TEST(RunnextIsLeftForTheLastPass)
{
    because("as long as there is a ring to steal from, nobody's runnext is touched, and nobody waits for it");
    enum { N = 6 };
    thieves(N);
    int64_t g = call("newg", N);
    for (int p = 1; p < N; p++) {
        busy(p);
        call("runqput", p, g + p, true);
    }
    spy("usleep");
    for (int k = 0; k < 8; k++) {
        reseed();
        int64_t victim = 1 + (int64_t)rndn(N - 1);
        call("runqput", victim, g, false);
        expect_call(g, "stealWork", 0);
        expect_events("");
    }
    int64_t got = call("stealWork", 0);
    expect_events("usleep 3\n");
    if (got <= g || got >= g + N)
        fail("in the last pass a runnext should have been stolen, it was %lld", (long long)got);
}

/* What it takes is counted: the one that it returns and those in its ring. */
TEST(StolenGsAreCounted)
{
    thieves(2);
    busy(1);
    int64_t g = call("newg", 7);
    call("runqput_many", 1, g, 7);
    expect_call(g + 3, "stealWork", 0);
    expect_field(4, "p0.n.steals");
    expect_field(0, "p1.n.steals");
    call("setring", 0, 0);
    call("setring", 1, 0);
    expect_call(NIL, "stealWork", 0);
    expect_field(4, "p0.n.steals");
}

TEST(DueTimersOfOthersAreRun)
{
    because("who has nothing to do runs the due timers of Ps that are busy with something else");
    thieves(3);
    timers_alone();
    int64_t g = waiting();
    timer_on(1, call("clock") - 1, g);
    busy(2);
    reseed();
    expect_call(g, "stealWork", 0);
    expect_result(1, true, "inheritTime: the timer readied it into the own runnext");
    expect_result(2, true, "newWork");
    expect_field(0, "p1.timers.len");
    expect_field(Grunnable_, "g%lld.atomicstatus", (long long)g);
}

TEST(DueTimersOfIdlePsAreRun)
{
    because("an idle P may have timers, too: who looks for work runs those that are due");
    thieves(2);
    timers_alone();
    int64_t g = waiting();
    timer_on(1, call("clock"), g);
    set(NIL, "m%lld.p", (long long)get("p1.m"));
    call("idlep", 1);
    expect_call(g, "stealWork", 0);
}

TEST(TimersAreLeftForTheLastPass)
{
    because("a ring to steal from comes before the timers of others, which are for the last pass");
    thieves(4);
    timers_alone();
    int64_t g = call("newg"), sleeping = waiting();
    timer_on(1, call("clock") - 1, sleeping);
    busy(2);
    busy(3);
    for (int k = 0; k < 8; k++) {
        reseed();
        call("runqput", 2 + k % 2, g, false);
        expect_call(g, "stealWork", 0);
        expect_field(Gwaiting_, "g%lld.atomicstatus", (long long)sleeping);
    }
}

TEST(TimersThatRanAreNewWork)
{
    because("timers ran, and what they made runnable is elsewhere by now: newWork says that the search "
            "begins anew");
    thieves(2);
    timers_alone();
    timer_on(1, call("clock") - 1, NIL);
    expect_call(NIL, "stealWork", 0);
    expect_result(2, true, "newWork");
}

TEST(PollUntilIsTheEarliestTimerOfAll)
{
    because("timers that are not due yet tell until when to wait: the earliest counts, with the one that "
            "was known before");
    thieves(4);
    timers_alone();
    int64_t now = call("clock");
    timer_on(1, now + 7 * MSEC, NIL);
    timer_on(2, now + 5 * MSEC, NIL);
    timer_on(3, now + 9 * MSEC, NIL);
    reseed();
    expect_call(NIL, "stealWork", 0);
    expect_result(2, false, "newWork");
    expect_result(3, now + 5 * MSEC, "pollUntil");
    expect_result(4, now, "now");
}

/* timerpMask says who may have timers: a P without its bit is not asked. */
TEST(OnlyPsInTimerpMaskAreAskedForTimers)
{
    thieves(3);
    busy(1);
    busy(2);
    set(4, "timerpMask[0]");
    spy("checkTimers");
    expect_call(NIL, "stealWork", 0);
    if (strstr(events(), "checkTimers(p1)"))
        fail("p1 has no bit in timerpMask, but its timers were asked for");
}

TEST(StealingStopsForStopTheWorld)
{
    because("the world is to stop, and whoever stops it waits for our P: no more stealing");
    thieves(2);
    busy(1);
    int64_t g = call("newg");
    call("runqput", 1, g, false);
    call("gcwaiting", 1);
    expect_call(NIL, "stealWork", 0);
    expect_result(2, true, "newWork");
    expect_list(only('g', g), "p1.runq");
}

/** The Ps whose timers were asked for, in their order, as one number in base n; each of 1 ... n - 1 once. */
static int64_t walk(int n)
{
    int64_t order = 0, seen = 0;
    expect_call(NIL, "stealWork", 0);
    for (const char *s = events(); (s = strstr(s, "checkTimers(p")) != NULL; s++) {
        long p = strtol(s + 13, NULL, 10);
        if (p <= 0 || p >= n || seen >> p & 1)
            fail("the timers of p%ld should have been asked for once, by an M on p0 of %d Ps", p, n);
        seen |= 1ll << p;
        order = order * n + p;
    }
    if (seen != (1ll << n) - 2)
        fail("of %d Ps not all were visited (set of those that were: %llx)", n, (long long)seen);
    return order;
}

/* Each other P once, and not always in the same order. */
TEST(ThievesVisitEachPOnceInAnOrderOfTheirOwn)
{
    enum { N = 7 };
    thieves(N);
    timers_alone();
    for (int p = 1; p < N; p++)
        timer_on(p, call("clock") + MSEC, NIL);
    spy("checkTimers");
    int64_t first = 0, others = 0;
    for (int k = 0; k < 12; k++) {
        reseed();
        int64_t order = walk(N);
        first = k ? first : order;
        others += order != first;
    }
    if (!others)
        fail("twelve random walks over seven Ps were all the same");
}

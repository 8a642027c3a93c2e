/**
 * @file lab07_deadline.c
 * Deadlines: the timers behind them, and those that are late.
 */
#include "../../labs/07-netpoll/tests/poll.h"

/** Lets time pass and runs the timers of P m that are due, on M m. */
static void pass_time(int64_t m, int64_t ns)
{
    on(m);
    call("advance", ns);
    call("checkTimers", m);
}

/*
 * The deadline wakes the G; before it runs, somebody sets a later one. Then there is neither I/O nor an error, and the
 * G must go on waiting.
 */
TEST(AWaiterWhoseDeadlineWasMovedWaitsAgain)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, MS, 'r');
    park(0, pd, 'r');
    pass_time(0, MS);
    expect_field(Grunnable_, "g1.atomicstatus");
    on(1);
    call("pollSetDeadline", pd, 5 * MS, 'r');
    because("the deadline that woke g1 was moved before it ran: there is neither I/O nor an error, so it waits "
            "again");
    expect(goes_on(1, 0, 0), "ended: schedule()");
    expect_field(1, "netpollWaiters");
    expect_pd(PARKED + 1, pd, RG);
    pass_time(1, 5 * MS);
    expect_waited(goes_on(1, 1, 0), TIMEOUT);
}

TEST(ADeadlineInThePastWakesWhoWaits)
{
    running(3);
    int64_t pd = open_pipe(NULL, NULL);
    park(0, pd, 'r');
    park(1, pd, 'w');
    on(2);
    call("pollSetDeadline", pd, INT64_MIN, 'w');
    expect_field(1, "netpollWaiters");
    expect_waited(goes_on(2, 2, 1), TIMEOUT);
    expect_field(Gwaiting_, "g1.atomicstatus");
    call("pollSetDeadline", pd, -1, 'r' + 'w');
    expect_waited(goes_on(1, 2, 0), TIMEOUT);
    expect_field(0, "netpollWaiters");
}

TEST(ADeadlineWakesItsDirectionOnly)
{
    running(3);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, MS, 'w');
    call("pollSetDeadline", pd, 3 * MS, 'r');
    park(0, pd, 'r');
    park(1, pd, 'w');
    pass_time(0, MS);
    expect_field(Gwaiting_, "g1.atomicstatus");
    expect_waited(goes_on(2, 0, 1), TIMEOUT);
    expect_pd(call("clock") + 2 * MS, pd, RTIMER);
    pass_time(0, 2 * MS);
    expect_waited(goes_on(1, 0, 0), TIMEOUT);
}

/* Deadlines that were equal and become different need two timers again, and the other way round. */
TEST(DeadlinesThatPartUseTwoTimers)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL), now = call("clock");
    call("pollSetDeadline", pd, 5 * MS, 'r' + 'w');
    call("pollSetDeadline", pd, 9 * MS, 'r');
    expect_pd(now + 9 * MS, pd, RTIMER);
    expect_pd(now + 5 * MS, pd, WTIMER);
    pass_time(0, 5 * MS);
    expect_error(OK, "netpollcheckerr", pd, 'r');
    expect_error(TIMEOUT, "netpollcheckerr", pd, 'w');
    call("pollSetDeadline", pd, 4 * MS, 'w'); /* equal again: now + 9 ms */
    expect_pd(now + 9 * MS, pd, RTIMER);
    expect_pd(0, pd, WTIMER);
    pass_time(0, 4 * MS);
    expect_error(TIMEOUT, "netpollcheckerr", pd, 'r');
    expect_error(TIMEOUT, "netpollcheckerr", pd, 'w');
}

/* The shared timer was set for both; taking one of them away leaves the other its own. */
TEST(TakingOneOfTwoEqualDeadlinesAway)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL), now = call("clock");
    call("pollSetDeadline", pd, 5 * MS, 'r' + 'w');
    call("pollSetDeadline", pd, 0, 'r');
    expect_pd(0, pd, RTIMER);
    expect_pd(now + 5 * MS, pd, WTIMER);
    pass_time(0, 5 * MS);
    expect_error(OK, "netpollcheckerr", pd, 'r');
    expect_error(TIMEOUT, "netpollcheckerr", pd, 'w');
}

/* Each way in which a timer's deadline is not its own any more. */
TEST(LateTimersAreIgnored)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, MS, 'w');
    int64_t wseq = pdget(pd, WSEQ);
    call("pollSetDeadline", pd, 0, 'w');
    call("netpolldeadline", pd, wseq, false, true); /* taken away */
    call("pollSetDeadline", pd, 2 * MS, 'w');
    call("netpolldeadline", pd, wseq, false, true); /* and set anew */
    expect_error(OK, "netpollcheckerr", pd, 'w');
    call("pollSetDeadline", pd, 5 * MS, 'r' + 'w');
    int64_t rseq = pdget(pd, RSEQ);
    call("pollSetDeadline", pd, 6 * MS, 'w'); /* it served both; now reading alone */
    if (pdget(pd, RSEQ) == rseq)
        fail("the shared timer became the reader's own, but has the same rseq: the old one would end both");
    call("netpolldeadline", pd, rseq, true, true);
    expect_error(OK, "netpollcheckerr", pd, 'r');
    expect_error(OK, "netpollcheckerr", pd, 'w');
    rseq = pdget(pd, RSEQ), wseq = pdget(pd, WSEQ);
    call("pollUnblock", pd);
    call("netpolldeadline", pd, rseq, true, false); /* closed */
    call("netpolldeadline", pd, wseq, false, true);
}

/* A timer whose deadline has come already may be moved like any other. */
TEST(ADeadlineAfterAnExpiredOneWorks)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    for (int i = 0; i < 3; i++) {
        call("pollSetDeadline", pd, MS, i == 1 ? 'r' + 'w' : 'r');
        expect_error(OK, "pollReset", pd, 'r');
        pass_time(0, MS - 1);
        expect_error(OK, "pollReset", pd, 'r');
        pass_time(0, 1);
        expect_error(TIMEOUT, "pollReset", pd, 'r');
    }
}

TEST(TheSameDeadlineAgainChangesNothing)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL), now = call("clock");
    for (int i = 0; i < 2; i++) {
        call("pollSetDeadline", pd, 5 * MS, 'r');
        expect_pd(now + 5 * MS, pd, RTIMER);
        expect_pd(now + 5 * MS, pd, RD);
    }
    pass_time(0, 5 * MS);
    expect_error(TIMEOUT, "pollReset", pd, 'r');
}

TEST(NoDeadlineOnAClosingPollDesc)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollUnblock", pd);
    call("pollSetDeadline", pd, MS, 'r' + 'w');
    expect_pd(0, pd, RTIMER);
    expect_pd(0, pd, WTIMER);
    expect_pd(0, pd, RD);
    call("pollSetDeadline", pd, -1, 'r');
    expect_pd(0, pd, RD);
}

TEST(ClosingStopsTheTimers)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, MS, 'r');
    call("pollSetDeadline", pd, 2 * MS, 'w');
    int64_t rseq = pdget(pd, RSEQ), wseq = pdget(pd, WSEQ);
    call("pollUnblock", pd);
    expect_pd(0, pd, RTIMER);
    expect_pd(0, pd, WTIMER);
    if (pdget(pd, RSEQ) == rseq || pdget(pd, WSEQ) == wseq)
        fail("a timer that goes off while its descriptor is closed should find another seq");
    pass_time(0, 5 * MS);
    call("pollClose", pd);
}

TEST(TimersThatShouldNotBeThereThrow)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL), seq = pdget(pd, RSEQ);
    on(1);
    call_throws("inconsistent read deadline", "netpolldeadline", pd, seq, true, false);
}

TEST(WriteTimersThatShouldNotBeThereThrow)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL), seq = pdget(pd, WSEQ);
    call_throws("inconsistent write deadline", "netpolldeadline", pd, seq, false, true);
}

/* An I/O event and a deadline for one wait: the G is made runnable once. */
TEST(EventAndDeadlineWakeOnce)
{
    int64_t w;
    running(2);
    int64_t pd = open_pipe(NULL, &w);
    call("pollSetDeadline", pd, MS, 'r');
    park(0, pd, 'r');
    on(1);
    call("writefd", w, 1);
    expect_call(-1, "netpoll", 0);
    expect_text("g1");
    call("advance", MS);
    call("checkTimers", 0); /* the deadline finds pdReady, and nobody parked */
    expect_call(NIL, "runqget", 1);
    expect_pd(READY, pd, RG);
    expect_pd(-1, pd, RD);
    expect_waited(polled(1, 0), OK); /* what came first counts */
    expect_error(TIMEOUT, "pollReset", pd, 'r');
}

/* The deadline is published before anybody is woken for it: the G may run at once, and ask why. */
TEST(ExpiryIsPublishedBeforeTheWakeUp)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, MS, 'r');
    park(0, pd, 'r');
    stop_at("runqput");
    call("advance", MS);
    expect(run(1, "checkTimers", 0), "stopped: at runqput(p1, g1, 1)");
    pass("runqput");
    expect_error(TIMEOUT, "netpollcheckerr", pd, 'r');
    expect_returned(resume(1), 0);
}

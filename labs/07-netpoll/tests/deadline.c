/**
 * @file deadline.c
 * Deadlines, on a clock that stands still.
 */
#include "poll.h"

/** Lets time pass and runs the timers that are due, on M m. */
static void pass_time(int64_t m, int64_t ns)
{
    on(m);
    call("advance", ns);
    call("checkTimers", m);
}

TEST(ADeadlineInThePastFailsAtOnce)
{
    because("d < 0: reading has timed out already; writing has no deadline");
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, -1, 'r');
    expect_waited(run_g(0, "pollWait", pd, 'r'), TIMEOUT);
    expect_error(TIMEOUT, "pollReset", pd, 'r');
    expect_error(OK, "pollReset", pd, 'w');
}

TEST(ADeadlineWakesTheReader)
{
    because("g1 is woken by the deadline, not by an event: it may not take that for readiness");
    running(2);
    int64_t pd = open_pipe(NULL, NULL), d = (1 + (int64_t)rndn(1000)) * MS;
    call("pollSetDeadline", pd, d, 'r');
    park(0, pd, 'r');
    pass_time(0, d - 1);
    expect_field(Gwaiting_, "g1.atomicstatus"); /* a nanosecond too early */
    pass_time(0, 1);
    expect_field(0, "netpollWaiters");
    expect_waited(goes_on(1, 0, 0), TIMEOUT);
    expect_pd(-1, pd, RD);
}

TEST(AnExpiredDeadlineStaysUntilItIsSetAgain)
{
    because("a deadline that has passed fails every wait until it is set again; 0 takes it away");
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, MS, 'w');
    pass_time(0, MS);
    for (int i = 0; i < 2; i++) {
        expect_error(TIMEOUT, "pollReset", pd, 'w');
        expect_waited(run_g(0, "pollWait", pd, 'w'), TIMEOUT);
    }
    call("pollSetDeadline", pd, 0, 'w');
    expect_error(OK, "pollReset", pd, 'w');
    call("pollSetDeadline", pd, MS, 'w');
    expect_error(OK, "pollReset", pd, 'w');
}

TEST(NoDeadlineMeansNoTimer)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, MS, 'r');
    expect_pd(call("clock") + MS, pd, RTIMER);
    park(0, pd, 'r');
    on(1);
    call("pollSetDeadline", pd, 0, 'r');
    expect_pd(0, pd, RD);
    pass_time(0, 10 * MS);
    expect_field(Gwaiting_, "g1.atomicstatus");
}

TEST(ADeadlineCanBeMovedWhileSomebodyWaits)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, 10 * MS, 'r');
    park(0, pd, 'r');
    on(1);
    call("pollSetDeadline", pd, 30 * MS, 'r');
    pass_time(0, 20 * MS);
    pass_time(1, 0);
    expect_field(Gwaiting_, "g1.atomicstatus");
    pass_time(0, 10 * MS);
    pass_time(1, 0);
    expect_waited(goes_on(1, 1, 0), TIMEOUT); /* the timer lies on the P of whoever set it */
}

TEST(EqualDeadlinesUseOneTimer)
{
    running(3);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, 5 * MS, 'r' + 'w');
    expect_pd(call("clock") + 5 * MS, pd, RTIMER);
    expect_pd(0, pd, WTIMER);
    park(0, pd, 'r');
    park(1, pd, 'w');
    pass_time(0, 5 * MS);
    expect_pd(-1, pd, RD);
    expect_pd(-1, pd, WD);
    expect_field(0, "netpollWaiters");
    expect_field(Grunnable_, "g1.atomicstatus");
    expect_field(Grunnable_, "g2.atomicstatus");
}

/* The timer may be waiting for the lock in the moment in which its deadline is moved. */
TEST(AStaleTimerIsIgnored)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, MS, 'r');
    int64_t seq = pdget(pd, RSEQ);
    call("pollSetDeadline", pd, 9 * MS, 'r');
    int64_t deadline = pdget(pd, RD);
    call("netpolldeadline", pd, seq, true, false);
    expect_pd(deadline, pd, RD);
    expect_error(OK, "pollReset", pd, 'r');
    call("netpolldeadline", pd, pdget(pd, RSEQ), true, false);
    expect_error(TIMEOUT, "pollReset", pd, 'r');
}

TEST(ADeadlineBeyondTheEndOfTimeIsTheEndOfTime)
{
    because("now + d does not fit into 64 bits: such a deadline is the latest time there is");
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, INT64_MAX - (int64_t)rndn(1000), 'r');
    expect_pd(INT64_MAX, pd, RD);
    expect_error(OK, "pollReset", pd, 'r');
}

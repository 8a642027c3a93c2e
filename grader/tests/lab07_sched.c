/**
 * @file lab07_sched.c
 * The poller in its place in the scheduler: who waits in it, and who wakes it.
 */
#include "../../labs/07-netpoll/tests/poll.h"

/** m0 and m1 with idle-to-be Ps p0 and p1, m2 and p2 for the test; g1, which waits to read, and its pipe. */
static int64_t reader_parked(int64_t *w)
{
    running(3);
    int64_t pd = open_pipe(NULL, w);
    park(0, pd, 'r');
    set(NIL, "m1.curg");
    set(6, "g2.atomicstatus"); /* Gdead: it is not needed */
    return pd;
}

/* The M that finds nothing to do waits in the poller, without its P, and comes back with a G. */
TEST(AnIdleMWaitsInThePollerWithoutItsP)
{
    int64_t w;
    reader_parked(&w);
    expect(run(0, "findrunnable"), "blocked: epoll_wait -1");
    on(2);
    expect_field(NIL, "m0.p");
    expect_field(0, "sched.lastpoll");
    expect_field(0, "m0.spinning");
    call("writefd", w, 1);
    expect_returned(resume(0), 1);
    expect_field(Grunnable_, "g1.atomicstatus");
    expect_field(0, "netpollWaiters");
    if (get("sched.lastpoll") == 0)
        fail("lastpoll should say when the poll was, it is 0");
}

TEST(OnlyOneMWaitsInThePoller)
{
    int64_t w;
    reader_parked(&w);
    expect(run(0, "findrunnable"), "blocked: epoll_wait -1");
    expect(run(1, "findrunnable"), "blocked: futex m1.park");
}

/* A timer that is due sooner than the poller would come back breaks its sleep; a later one does not. */
TEST(ASoonerTimerBreaksThePoller)
{
    int64_t w, pd = reader_parked(&w);
    on(2);
    call("pollSetDeadline", pd, 50 * MS, 'w');
    expect(run(0, "findrunnable"), "blocked: epoll_wait 50");
    events();
    spy("linux_write");
    call("pollSetDeadline", pd, 80 * MS, 'r');
    expect_events("");
    call("pollSetDeadline", pd, 20 * MS, 'r');
    const char *log = events();
    if (!strstr(log, "write "))
        fail("a deadline in 20 ms should break the sleep of the poller, which lasts 50 ms");
    expect(resume(0), "blocked: epoll_wait 20");
    call("advance", 20 * MS);
    expect_returned(resume(0), 1); /* it runs the timer and gets g1 */
}

/* Two ends of a hand-over: no P is free when the event comes, so the G goes to a queue, and the counter down. */
TEST(WithoutAPTheReadyGsAreQueued)
{
    int64_t w;
    reader_parked(&w);
    expect(run(0, "findrunnable"), "blocked: epoll_wait -1");
    on(2);
    int64_t p = call("pidleget");
    if (p < 0)
        fail("test: m0's P should be idle");
    call("hold", 1, p);
    call("writefd", w, 1);
    expect(resume(0), "blocked: futex m0.park");
    expect_list("g1", "sched.runq");
    expect_field(0, "netpollWaiters");
}

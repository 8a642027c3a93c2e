/**
 * @file race.c
 * Two Ms, step by step: what may happen between "about to park" and "parked".
 */
#include "poll.h"

/** m0's G has announced that it waits, and is about to park: the place where wake-ups get lost. */
static int64_t about_to_park(int mode)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    stop_at("gopark");
    expect(run_g(0, "pollWait", pd, mode), "stopped: at gopark(IO wait)");
    pass("gopark");
    on(1);
    return pd;
}

TEST(AnEventBeforeTheParkIsNotLost)
{
    int64_t pd = about_to_park('r');
    expect_pd(WAIT, pd, RG);
    expect_call(0, "netpollready", pd, 'r');
    expect_text(""); /* it has not parked: nobody to make runnable */
    expect_pd(READY, pd, RG);
    expect_waited(resume(0), OK); /* the G goes on at once, on the same M */
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(0, "netpollWaiters");
    expect_pd(NIL_, pd, RG);
}

TEST(ACloseBeforeTheParkIsNotLost)
{
    int64_t pd = about_to_park('w');
    because("closing came between pdWait and the park: whoever waits, reader or writer, is told");
    call("pollUnblock", pd);
    expect_call(NIL, "runqget", 1);
    expect_waited(resume(0), CLOSING);
    expect_field(0, "netpollWaiters");
}

TEST(ADeadlineBeforeTheParkIsNotLost)
{
    int64_t pd = about_to_park('r');
    call("pollSetDeadline", pd, -1, 'r');
    expect_waited(resume(0), TIMEOUT);
    expect_field(0, "netpollWaiters");
}

/* The closer looks for waiters after it has published "closing"; so a waiter that announces itself must look after that. */
TEST(ErrorsAreLookedAtOnceMoreBeforeParking)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollUnblock", pd);
    struct outcome o = run_g(0, "netpollblock", pd, 'r', false);
    if (o.kind == OUT_ENDED)
        fail("netpollblock parked the G although the poll descriptor was closing: nobody will wake it");
    expect_returned(o, false);
    expect_pd(NIL_, pd, RG);
}

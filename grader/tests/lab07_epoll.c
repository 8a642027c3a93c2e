/**
 * @file lab07_epoll.c
 * The back end in rarer situations: before it is set up, interrupted, broken, with many events.
 */
#include "../../labs/07-netpoll/tests/poll.h"

TEST(PollingBeforeTheSetUpFindsNothing)
{
    expect_call(0, "netpoll", 0);
    expect_text("");
    expect_returned(run(0, "netpoll", -1), 0); /* and does not wait */
    expect_call(false, "netpollinited");
}

/* Issue 35282: nobody may use the poller while it is being made, nor make a second one. */
TEST(NobodySeesThePollerBeforeItIsReady)
{
    int64_t m1 = call("newm");
    stop_at("linux_epoll_ctl");
    struct outcome o = run(0, "netpollGenericInit");
    if (strncmp(o.text, "stopped: at epoll_ctl 1 ", 24) != 0)
        fail("the set-up should add the eventfd; instead: %s", o.text);
    pass("linux_epoll_ctl");
    on(m1);
    expect_call(false, "netpollinited");
    events();
    spy("linux_epoll_create");
    o = run(m1, "netpollGenericInit");
    if (o.kind != OUT_BLOCKED)
        fail("who comes while the poller is set up must wait until that is done; instead: %s", o.text);
    expect_returned(resume(0), 0);
    expect_returned(resume(m1), 0);
    expect_events("");
    expect_call(true, "netpollinited");
}

TEST(TheEventfdDoesNotBlockAndIsClosedOnExec)
{
    spy("linux_eventfd");
    call("netpollGenericInit");
    expect_events("eventfd 0 80800\n");
}

TEST(NoEpollThrows)
{
    record("linux_epoll_create");
    script("linux_epoll_create", -ENFILE);
    call_throws("epoll_create", "netpollinit");
}

TEST(NoEventfdThrows)
{
    record("linux_eventfd");
    script("linux_eventfd", -EMFILE);
    call_throws("eventfd", "netpollinit");
}

TEST(AnEventfdThatCannotBeAddedThrows)
{
    script("linux_epoll_ctl", -ENOSPC);
    call_throws("epoll_ctl", "netpollinit");
}

TEST(ATimedWaitThatIsInterruptedEnds)
{
    call("netpollGenericInit");
    expect(run(0, "netpoll", 5 * MS), "blocked: epoll_wait 5");
    because("a wait with a limit that is interrupted ends: the caller knows how much time is left, netpoll does not");
    expect_returned(resume_ret(0, -EINTR), 0);
    expect_text("");
}

TEST(AnEndlessWaitThatIsInterruptedGoesOn)
{
    call("netpollGenericInit");
    expect(run(0, "netpoll", -1), "blocked: epoll_wait -1");
    because("a wait without a limit that is interrupted goes on");
    for (int i = 0; i < 3; i++)
        expect(resume_ret(0, -EINTR), "blocked: epoll_wait -1");
    expect_returned(resume_ret(0, 0), 0);
}

TEST(ALookThatIsInterruptedIsRepeated)
{
    int64_t w;
    running(2);
    int64_t pd = open_pipe(NULL, &w);
    park(0, pd, 'r');
    on(1);
    call("writefd", w, 1);
    script("linux_epoll_wait", -EINTR, -EINTR);
    expect_call(-1, "netpoll", 0);
    expect_text("g1");
}

TEST(OtherErrorsOfEpollThrow)
{
    call("netpollGenericInit");
    script("linux_epoll_wait", -EBADF);
    call_throws("netpoll failed", "netpoll", 0);
}

TEST(ABreakThatIsInterruptedIsRepeated)
{
    call("netpollGenericInit");
    record("linux_write");
    script("linux_write", -EINTR, -EINTR, 8);
    call("netpollBreak");
    int n = 0;
    for (const char *s = events(); *s; s++)
        n += *s == '\n';
    if (n != 3)
        fail("write was interrupted twice: expected 3 calls, there were %d", n);
}

TEST(AFullEventfdIsABreak)
{
    call("netpollGenericInit");
    record("linux_write");
    script("linux_write", -EAGAIN);
    call("netpollBreak");
    call("netpollBreak"); /* it counts: the poller will wake, no second write is needed */
    const char *log = events();
    if (!*log || strchr(log, '\n') != strrchr(log, '\n'))
        fail("the first of two breaks found the eventfd full; the writes were:\n%s", *log ? log : "(none)\n");
}

TEST(OtherErrorsOfTheBreakThrow)
{
    call("netpollGenericInit");
    record("linux_write");
    script("linux_write", -EBADF);
    call_throws("netpollBreak", "netpollBreak");
}

/*
 * A break in the moment in which the poller takes the last one back: it may be swallowed (that poller is awake), but
 * the next must work. The other way round, flag first and then the read, the flag stays set for ever.
 */
TEST(TheEventfdIsReadBeforeTheFlagIsReset)
{
    running(2);
    call("netpollGenericInit");
    call("netpollBreak");
    stop_at("linux_read");
    struct outcome o = run(0, "netpoll", -1);
    if (strncmp(o.text, "stopped: at read ", 17) != 0)
        fail("a poll that may wait should read the eventfd (by linux_read); instead: %s", o.text);
    pass("linux_read");
    on(1);
    call("netpollBreak");
    expect_returned(resume(0), 0);
    if (run(0, "netpoll", -1).kind != OUT_BLOCKED) /* it was not swallowed: as good */
        expect(run(0, "netpoll", -1), "blocked: epoll_wait -1");
    spy("linux_write");
    events();
    call("netpollBreak");
    if (!*events())
        fail("after a break at an unlucky moment no break wakes the poller any more");
}

TEST(ATimedWaitTakesTheBreakToo)
{
    call("netpollGenericInit");
    call("netpollBreak");
    because("a wait with a limit takes the break back as well: the next one sleeps");
    expect_returned(run(0, "netpoll", 7 * MS), 0);
    expect(run(0, "netpoll", 7 * MS), "blocked: epoll_wait 7");
}

/* A break and descriptors in one answer: neither is lost. */
TEST(ABreakDoesNotHideEvents)
{
    int64_t w;
    running(3);
    int64_t pd = open_pipe(NULL, &w);
    park(0, pd, 'r');
    on(2);
    call("netpollBreak");
    call("writefd", w, 1);
    because("one answer of epoll_wait holds a break and an event: the break is taken back, and the event makes "
            "g1 ready");
    expect_returned(run(2, "netpoll", -1), -1);
    expect_text("g1");
    expect(run(2, "netpoll", -1), "blocked: epoll_wait -1");
}

TEST(TheEventfdMustBeReadableAndNothingElse)
{
    spy("linux_epoll_ctl");
    call("netpollGenericInit");
    int64_t data = registered();
    call("epollinject", EPOLLIN | EPOLLHUP, data);
    call_throws("eventfd", "netpoll", -1);
}

/* More than one call can fetch: the rest comes with the next. */
TEST(MoreEventsThanFitAreNotLost)
{
    enum { N = 150 };
    int64_t fd, w, pd[N];
    running(1);
    pd[0] = open_pipe(&fd, &w);
    for (int i = 1; i < N; i++) /* a duplicate is a registration of its own */
        pd[i] = call("pollOpen", call("dupfd", fd));
    call("writefd", w, 1);
    for (int calls = 0; calls < N; calls++)
        expect_call(0, "netpoll", 0);
    for (int i = 0; i < N; i++)
        if (pdget(pd[i], RG) != READY)
            fail("of %d readable descriptors, number %d is not ready after as many calls of netpoll", N, i);
}

/* A wait brings several Gs; the counter is the caller's business. */
TEST(AWaitBringsAllThatIsReady)
{
    int64_t w[3], pd[3];
    running(4);
    for (int i = 0; i < 3; i++) {
        pd[i] = open_pipe(NULL, &w[i]);
        park(i, pd[i], 'r');
    }
    on(3);
    for (int i = 0; i < 3; i++)
        call("writefd", w[i], 1);
    because("three Gs became ready: netpoll returns the change of netpollWaiters for all of them");
    expect_returned(run(3, "netpoll", -1), -3);
    const char *s = result_text();
    if (!strstr(s, "g1") || !strstr(s, "g2") || !strstr(s, "g3"))
        fail("three Gs should have become ready, netpoll's list is \"%s\"", s);
    expect_field(3, "netpollWaiters");
}

/* An edge is reported once: data that nobody has read makes no further event. */
TEST(AnEdgeIsReportedOnce)
{
    int64_t w;
    running(1);
    int64_t pd = open_pipe(NULL, &w);
    call("writefd", w, 2);
    call("netpoll", 0);
    expect_pd(READY, pd, RG);
    expect_error(OK, "pollReset", pd, 'r');
    call("netpoll", 0);
    expect_pd(NIL_, pd, RG);
    expect(run(0, "netpoll", -1), "blocked: epoll_wait -1");
}

/* The other end closes: the reader must learn it, and so must a writer. */
TEST(AHangUpWakesTheReader)
{
    int64_t w;
    running(2);
    int64_t pd = open_pipe(NULL, &w);
    park(0, pd, 'r');
    on(1);
    call("closefd", w);
    expect_call(-1, "netpoll", 0);
    expect_text("g1");
    expect_waited(polled(1, 0), OK);
}

/* Issue 5061: a duplicate keeps the registration alive; the same number must be free for a new one. */
TEST(ANumberCanBeUsedAgainAlthoughADuplicateIsOpen)
{
    running(1);
    int64_t fd, pd = open_pipe(&fd, NULL);
    int64_t dup = call("dupfd", fd);
    call("pollUnblock", pd);
    call("pollClose", pd);
    pd = call("pollOpen", fd);
    expect_result(1, 0, "errno of pollOpen");
    call("pollUnblock", pd);
    call("pollClose", pd);
    call("closefd", fd);
    call("pollOpen", dup);
    expect_result(1, 0, "errno of pollOpen");
}

TEST(OpenAndCloseOfTheBackEndReportErrors)
{
    running(1);
    int64_t fd, pd = open_pipe(&fd, NULL);
    expect_call(EEXIST, "netpollopen", fd, pd);
    expect_call(0, "netpollclose", fd);
    expect_call(ENOENT, "netpollclose", fd);
    expect_call(EBADF, "netpollopen", 999, pd);
}

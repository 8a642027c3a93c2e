/**
 * @file lab07_desc.c
 * The life of a pollDesc, and the rarer states of its words.
 */
#include "../../labs/07-netpoll/tests/poll.h"

/* Both directions at once: the list is LIFO, so the writer comes out first; neither is counted down yet. */
TEST(ReadyPushesReaderThenWriter)
{
    running(3);
    int64_t pd = open_pipe(NULL, NULL);
    park(0, pd, 'r');
    park(1, pd, 'w');
    on(2);
    expect_call(-2, "netpollready", pd, 'r' + 'w');
    expect_text("g2 g1");
    expect_field(2, "netpollWaiters");
    call("netpollAdjustWaiters", -2);
    expect_call(false, "netpollAnyWaiters");
}

/*
 * An event arrives when the G is Gwaiting but has not committed: the commit fails, the G goes on at once on this M
 * and in this time slice, and nobody is counted.
 */
TEST(ACommitThatComesTooLateUndoesThePark)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    stop_at("before_gopark_commit");
    expect(run_g(0, "pollWait", pd, 'r'), "stopped: at before_gopark_commit");
    on(1);
    expect_pd(WAIT, pd, RG);
    expect_call(0, "netpollready", pd, 'r');
    expect_text("");
    expect_waited(resume(0), OK);
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(0, "g1.m");
    expect_field(0, "p0.schedtick");
    expect_field(0, "netpollWaiters");
    check_world();
}

/* The same with a close: the word is pdNil again when the commit comes. */
TEST(ACloseBeforeTheCommitUndoesThePark)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    stop_at("before_gopark_commit");
    expect(run_g(0, "pollWait", pd, 'w'), "stopped: at before_gopark_commit");
    on(1);
    call("pollUnblock", pd);
    expect_pd(NIL_, pd, WG);
    expect_waited(resume(0), CLOSING);
    expect_field(0, "netpollWaiters");
}

/* Before the commit the G is counted by nobody, after it by the counter. */
TEST(AWaiterCountsFromTheCommitOn)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    stop_at("before_gopark_commit");
    expect(run_g(0, "pollWait", pd, 'r'), "stopped: at before_gopark_commit");
    expect_field(0, "netpollWaiters");
    expect(resume(0), "ended: schedule()");
    expect_field(1, "netpollWaiters");
    expect_pd(PARKED + 1, pd, RG);
}

/*
 * Issue 60782: whoever wakes counts the waiters down only after their Gs are on a queue; in between, the poller would
 * look unused while a G that it woke is nowhere. Nor is the lock held in that moment.
 */
static void made_runnable_by(const char *how, const char *op, int64_t a, int64_t b, int64_t c)
{
    stop_at("runqput");
    expect(run(1, op, 0, a, b, c), "stopped: at runqput(p1, g1, 1)");
    pass("runqput");
    on(2);
    if (get("netpollWaiters") != 1)
        fail("by %s: the waiter is counted down before its G is on a queue", how);
    struct outcome other = run(2, "pollSetDeadline", 0, 0, 'w');
    if (other.kind != OUT_RETURNED)
        fail("by %s: the lock is held while the G is made runnable: %s", how, other.text);
    expect_returned(resume(1), 0);
    expect_field(0, "netpollWaiters");
}

/** m0's G waits to read from the first pollDesc, whose handle is 0. */
static void one_waits(void)
{
    running(3);
    if (open_pipe(NULL, NULL) != 0)
        fail("test: the first poll descriptor should be number 0");
    park(0, 0, 'r');
    on(1);
}

TEST(AfterACloseWaitersAreCountedDownLast)
{
    one_waits();
    made_runnable_by("closing", "pollUnblock", 0, 0, 0);
}

TEST(AfterADeadlineWaitersAreCountedDownLast)
{
    one_waits();
    call("pollSetDeadline", 0, MS, 'r');
    made_runnable_by("a deadline", "netpolldeadline", pdget(0, RSEQ), true, false);
}

TEST(AfterADeadlineInThePastWaitersAreCountedDownLast)
{
    one_waits();
    made_runnable_by("a deadline in the past", "pollSetDeadline", -1, 'r', 0);
}

TEST(BlockingForIOOnlyIgnoresErrors)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollUnblock", pd);
    because("waitio is true: the G waits for I/O and nothing else, also on a descriptor that is closing");
    expect(run_g(0, "netpollblock", pd, 'r', true), "ended: schedule()");
    on(1);
    expect_call(1, "netpollunblock", pd, 'r', true);
    expect_returned(polled(1, 0), true);
}

/* A G that was only woken is not told that there is I/O. */
TEST(AWakeUpWithoutAnEventIsNotReadiness)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    expect(run_g(0, "netpollblock", pd, 'r', false), "ended: schedule()");
    on(1);
    because("g1 was woken without an event: netpollblock returns false, so that its caller looks at the errors");
    expect_call(1, "netpollunblock", pd, 'r', false);
    expect_returned(polled(1, 0), false);
}

TEST(ADestroyedWordThrows)
{
    running(3);
    int64_t pd = open_pipe(NULL, NULL);
    expect(run_g(0, "netpollblock", pd, 'r', false), "ended: schedule()");
    on(1);
    call("pdset", pd, 'r', PARKED + 3);
    set(Grunnable_, "g1.atomicstatus");
    struct outcome o = run(0, "execute", 1, false);
    if (o.kind != OUT_THREW || !strstr(o.text, "corrupted polldesc"))
        fail("a G that finds another G in its word should throw \"corrupted polldesc\"; instead: %s", o.text);
}

TEST(ASecondWaiterThrowsWhileTheFirstIsAboutToPark)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    stop_at("gopark");
    expect(run_g(0, "pollWait", pd, 'w'), "stopped: at gopark(IO wait)");
    on(1);
    call_g_throws("double wait", "pollWait", pd, 'w');
}

TEST(UnblockNeedsNoDelta)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    park(0, pd, 'r');
    on(1);
    because("delta is NULL here: the caller does not want to know");
    expect_call(1, "netpollunblock", pd, 'r', true, true);
    expect_call(NIL, "netpollunblock", pd, 'w', false, true);
}

/* Closing: the two messages of pollClose, and it does not recycle a pollDesc under a G. */
TEST(RecyclingUnderAReaderThrows)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollUnblock", pd);
    expect(run_g(0, "netpollblock", pd, 'r', true), "ended: schedule()");
    on(1);
    call_throws("blocked read on closing polldesc", "pollClose", pd);
}

TEST(RecyclingUnderAWriterThrows)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollUnblock", pd);
    stop_at("gopark");
    expect(run_g(0, "netpollblock", pd, 'w', true), "stopped: at gopark(IO wait)");
    on(1);
    call_throws("blocked write on closing polldesc", "pollClose", pd);
}

/* Until the descriptor is out of epoll, nobody else gets its pollDesc. */
TEST(APollDescIsNotReusedBeforeItsDescriptorIsRemoved)
{
    running(2);
    int64_t fd, pd = open_pipe(&fd, NULL);
    call("pollUnblock", pd);
    stop_at("linux_epoll_ctl");
    char want[48];
    snprintf(want, sizeof want, "stopped: at epoll_ctl 2 fd=%d ", (int)fd);
    struct outcome o = run(0, "pollClose", pd);
    if (strncmp(o.text, want, strlen(want)) != 0)
        fail("pollClose should remove the descriptor by EPOLL_CTL_DEL; instead: %s", o.text);
    pass("linux_epoll_ctl");
    on(1);
    for (int i = 0; i < 3; i++)
        if (open_pipe(NULL, NULL) == pd)
            fail("the poll descriptor was used again while its first descriptor was still in the epoll set");
    expect_returned(resume(0), 0);
}

/* Readiness, deadlines and errors of the last use are no business of the next. */
TEST(AReusedPollDescIsLikeNew)
{
    running(1);
    spy("linux_epoll_ctl");
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, -1, 'r');
    call("pollSetDeadline", pd, MS, 'w');
    call("epollinject", EPOLLERR, registered());
    call("netpoll", 0);
    expect_pd(READY, pd, RG);
    int64_t rseq = pdget(pd, RSEQ), wseq = pdget(pd, WSEQ), fdseq = pdget(pd, FDSEQ);
    call("pollUnblock", pd);
    expect_pd(0, pd, WTIMER);
    call("pollClose", pd);
    reopen(pd);
    expect_pd(0, pd, CLOSED);
    expect_pd(NIL_, pd, RG);
    expect_pd(NIL_, pd, WG);
    expect_pd(0, pd, RD);
    expect_pd(0, pd, WD);
    expect_error(OK, "netpollcheckerr", pd, 'r');
    expect_error(OK, "netpollcheckerr", pd, 'w');
    if (pdget(pd, RSEQ) == rseq || pdget(pd, WSEQ) == wseq || pdget(pd, FDSEQ) == fdseq)
        fail("a new use should have another fdseq, rseq and wseq, or late events and timers will hit it");
    call("advance", 10 * MS);
    call("checkTimers", 0);
    call("netpolldeadline", pd, rseq, true, false);
    call("netpolldeadline", pd, wseq, false, true);
    expect_error(OK, "netpollcheckerr", pd, 'r');
    expect_error(OK, "netpollcheckerr", pd, 'w');
}

/* The stamps are of 16 bits in the published word: they wrap, and 0 is none. */
TEST(TheStampIsNeverZero)
{
    running(1);
    spy("linux_epoll_ctl");
    int64_t pd = open_pipe(NULL, NULL);
    call("pdfdseq", pd, 0xffff);
    call("pollUnblock", pd);
    call("pollClose", pd);
    reopen(pd);
    int64_t data = registered();
    if ((pdget(pd, FDSEQ) & 0xffff) == 0)
        fail("fdseq is %#llx after the wrap: its published part says \"any use\"",
             (long long)pdget(pd, FDSEQ));
    call("epollinject", EPOLLERR, data); /* and events of this use are still recognised */
    call("netpoll", 0);
    expect_pd(READY, pd, RG);
    expect_error(NOTPOLLABLE, "netpollcheckerr", pd, 'r');
}

TEST(EventErrorsOfAnotherUseAreIgnored)
{
    enum { eventerr = 2, expired = 4 };
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollSetDeadline", pd, -1, 'r');
    int64_t info = pdget(pd, INFO), seq = pdget(pd, FDSEQ);
    call("netpollSetEventErr", pd, true, seq + 1 + (int64_t)rndn(1000));
    expect_pd(info, pd, INFO);
    call("netpollSetEventErr", pd, true, seq);
    expect_pd(info | eventerr, pd, INFO); /* no other bit */
    call("netpollSetEventErr", pd, false, seq + 1);
    expect_pd(info | eventerr, pd, INFO);
    call("netpollSetEventErr", pd, false, seq);
    expect_pd(info, pd, INFO);
    call("netpollSetEventErr", pd, true, 0); /* 0: whatever stands there */
    expect_pd(info | eventerr, pd, INFO);
}

/* What is published about deadlines and closing leaves the event error alone. */
TEST(PublishingKeepsTheEventError)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("netpollSetEventErr", pd, true, 0);
    call("pollSetDeadline", pd, MS, 'w');
    expect_error(NOTPOLLABLE, "netpollcheckerr", pd, 'r');
}

TEST(APollDescThatIsNotFreeThrows)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollUnblock", pd);
    call("pollClose", pd);
    call("pdset", pd, 'r', PARKED + 1);
    int64_t r = call("pipe");
    for (int i = 0; i < 300; i++) {
        struct outcome o = run(0, "pollOpen", r);
        if (o.kind == OUT_THREW && strstr(o.text, "blocked read on free polldesc"))
            return;
        expect(o, "returned");
        if (o.v[0] == pd)
            break;
        call("pollUnblock", o.v[0]);
        call("pollClose", o.v[0]);
    }
    fail("a poll descriptor with a parked G was given out");
}

/* Thousands of connections come and go: memory is taken for those that are open at one time. */
TEST(ClosedAndRefusedPollDescsAreUsedAgain)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fail("judge: no temporary file");
    give_fd(fd);
    running(1);
    int64_t r = call("pipe");
    spy("persistentalloc");
    for (int i = 0; i < 500; i++) {
        expect_call(NIL, "pollOpen", GUEST_EXTRA_FD);
        int64_t pd = call("pollOpen", r);
        call("pollUnblock", pd);
        call("pollClose", pd);
    }
    int n = 0;
    for (const char *s = events(); *s; s++)
        n += *s == '\n';
    if (n == 0)
        fail("poll descriptors should come from persistentalloc");
    if (n > 20)
        fail("of a thousand opens, half of them refused, never more than one was open, but persistentalloc was called "
             "%d times: some poll descriptors do not come back to the free list", n);
}

/* Issue 45211: who waits and who brings events reads what is published, without the lock. */
TEST(WaitersAndEventsNeedNoLock)
{
    running(3);
    int64_t pd = open_pipe(NULL, NULL);
    stop_at("timer_start");
    char want[64];
    snprintf(want, sizeof want, "stopped: at timer_start(%lld)", (long long)call("clock") + MS);
    expect(run(1, "pollSetDeadline", pd, MS, 'r'), want);
    pass("timer_start"); /* m1 holds the lock */
    because("m1 holds the lock of the poll descriptor: who waits and who brings events must do without it");
    expect(run_g(0, "pollWait", pd, 'r'), "ended: schedule()");
    on(2);
    expect_error(OK, "netpollcheckerr", pd, 'r');
    call("netpollSetEventErr", pd, true, 0);
    expect_call(-1, "netpollready", pd, 'r');
    expect_text("g1");
    expect_returned(resume(1), 0);
}

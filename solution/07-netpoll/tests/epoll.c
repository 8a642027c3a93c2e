/**
 * @file epoll.c
 * The back end: what is asked of the kernel, and what its answers do. The descriptors are real, the sleep is played.
 */
#include "poll.h"

TEST(EventsMakeTheirDirectionsReady)
{
    static const struct {
        uint32_t event;
        int r, w;
    } want[] = {
        {EPOLLIN, READY, NIL_},   {EPOLLRDHUP, READY, NIL_}, {EPOLLOUT, NIL_, READY},
        {EPOLLHUP, READY, READY}, {EPOLLERR, READY, READY},  {EPOLLIN | EPOLLOUT, READY, READY},
        {EPOLLPRI, NIL_, NIL_},
    };
    running(1);
    spy("linux_epoll_ctl");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        int64_t pd = open_pipe(NULL, NULL);
        call("epollinject", want[i].event, registered());
        expect_call(0, "netpoll", 0);
        if (pdget(pd, RG) != want[i].r || pdget(pd, WG) != want[i].w)
            fail("after the event %#x reading is %s and writing is %s", want[i].event,
                 pdget(pd, RG) == READY ? "ready" : "not ready",
                 pdget(pd, WG) == READY ? "ready" : "not ready");
    }
}

TEST(OnlyEPOLLERRAloneIsAnEventError)
{
    because("EPOLLERR alone is an error of the descriptor, for readers; with other events it is not, and the "
            "next event takes it back");
    running(1);
    spy("linux_epoll_ctl");
    int64_t pd = open_pipe(NULL, NULL), data = registered();
    call("epollinject", EPOLLERR | EPOLLIN, data);
    call("netpoll", 0);
    expect_error(OK, "netpollcheckerr", pd, 'r');
    call("epollinject", EPOLLERR, data);
    call("netpoll", 0);
    expect_error(NOTPOLLABLE, "netpollcheckerr", pd, 'r');
    expect_error(OK, "netpollcheckerr", pd, 'w');
    call("epollinject", EPOLLIN, data); /* the next event takes it back */
    call("netpoll", 0);
    expect_error(OK, "netpollcheckerr", pd, 'r');
}

TEST(DelaysAreRoundedToMillisecondsButNotToNone)
{
    because("epoll_wait takes milliseconds: less than one is one, no limit is -1, and the longest wait is "
            "1000000000");
    static const struct {
        int64_t delay;
        const char *wait;
    } want[] = {
        {-1, "blocked: epoll_wait -1"},
        {INT64_MIN, "blocked: epoll_wait -1"},
        {1, "blocked: epoll_wait 1"},
        {MS - 1, "blocked: epoll_wait 1"},
        {MS, "blocked: epoll_wait 1"},
        {2 * MS - 1, "blocked: epoll_wait 1"},
        {2 * MS, "blocked: epoll_wait 2"},
        {86400000LL * MS, "blocked: epoll_wait 86400000"},
        {1000000000000000LL - 1, "blocked: epoll_wait 999999999"},
        {1000000000000000LL, "blocked: epoll_wait 1000000000"},
        {INT64_MAX, "blocked: epoll_wait 1000000000"},
    };
    call("netpollGenericInit");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct outcome o = run(0, "netpoll", want[i].delay);
        if (strcmp(o.text, want[i].wait) != 0)
            fail("netpoll(%lld): %s; it should be: %s", (long long)want[i].delay, o.text, want[i].wait);
        expect_returned(resume(0), 0);
    }
    expect_call(0, "netpoll", 0);
}

TEST(BreakWakesTheBlockedPoller)
{
    because("a break ends one sleep: the poller reads the eventfd and resets the flag, so that it sleeps again "
            "and the next break works");
    call("netpollGenericInit");
    int64_t m = call("newm");
    spy("linux_write");
    for (int i = 0; i < 3; i++) {
        expect(run(m, "netpoll", -1), "blocked: epoll_wait -1"); /* what was before has been read */
        call("netpollBreak");
        if (!*events()) /* it would not wake: a played sleep ends in any case */
            fail("break number %d wrote nothing to the eventfd (by linux_write)", i + 1);
        expect_returned(resume(m), 0);
        expect_text("");
    }
}

TEST(ManyBreaksAreOneWrite)
{
    call("netpollGenericInit");
    spy("linux_write");
    for (int i = 0; i < 5; i++)
        call("netpollBreak");
    const char *log = events();
    if (!strstr(log, "n=8\n") || strchr(log, '\n') != strrchr(log, '\n'))
        fail("five breaks before anybody has read should be one write of 8 bytes; they were:\n%s", log);
    expect_returned(run(0, "netpoll", -1), 0); /* it does not sleep: the break was before */
    call("netpollBreak");
    if (!*events())
        fail("the break after a poll that was broken wrote nothing: the flag was not reset");
}

/* It is meant for the M that sleeps: one that only has a look must leave it for that. */
TEST(APollThatDoesNotWaitLeavesTheBreakAlone)
{
    because("the break came before: netpoll(0) leaves it alone, the next one that may wait takes it, and does "
            "not sleep");
    call("netpollGenericInit");
    call("netpollBreak");
    expect_call(0, "netpoll", 0);
    expect_returned(run(0, "netpoll", -1), 0);
    expect(run(0, "netpoll", -1), "blocked: epoll_wait -1");
}

TEST(AnEventOfAnEarlierUseIsDropped)
{
    because("the event carries the fdseq of an earlier use: it is not for the descriptor that uses the pollDesc "
            "now");
    running(1);
    spy("linux_epoll_ctl");
    int64_t old = open_pipe(NULL, NULL), olddata = registered();
    call("pollUnblock", old);
    call("pollClose", old);
    reopen(old);
    if (registered() == olddata)
        fail("two uses of one pollDesc have the same data in the kernel");
    call("epollinject", EPOLLIN | EPOLLOUT | EPOLLERR, olddata);
    expect_call(0, "netpoll", 0);
    expect_pd(NIL_, old, RG);
    expect_pd(NIL_, old, WG);
    call("epollinject", EPOLLERR, olddata);
    call("netpoll", 0);
    expect_error(OK, "netpollcheckerr", old, 'r');
}

/* close(2) forgets the registration only with the last duplicate of the descriptor. */
TEST(ADuplicateBringsNoEventsAfterClose)
{
    running(1);
    int64_t fd, w, pd = open_pipe(&fd, &w);
    call("dupfd", fd);
    call("pollUnblock", pd);
    call("pollClose", pd);
    call("closefd", fd);
    call("writefd", w, 1);
    int64_t m = call("newm");
    because("the poll descriptor is closed: its descriptor must be out of epoll, though a duplicate of it is "
            "still open");
    expect(run(m, "netpoll", -1), "blocked: epoll_wait -1"); /* no event is there */
}

TEST(ADescriptorIsWatchedInBothDirectionsAtEdges)
{
    because("one EPOLL_CTL_ADD for both directions: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLET");
    running(1);
    spy("linux_epoll_ctl");
    int64_t fd;
    open_pipe(&fd, NULL);
    char want[64];
    snprintf(want, sizeof want, "epoll_ctl 1 fd=%d events=%x ", (int)fd,
             (unsigned)(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET));
    const char *log = events();
    if (!strstr(log, want))
        fail("expected \"%s\"; the calls were:\n%s", want, log);
}

TEST(ThePollerIsSetUpOnce)
{
    because("one epoll descriptor for the program, closed on exec");
    spy("linux_epoll_create");
    expect_call(false, "netpollinited");
    running(1);
    open_pipe(NULL, NULL);
    expect_call(true, "netpollinited");
    open_pipe(NULL, NULL);
    call("netpollGenericInit");
    const char *log = events();
    if (strcmp(log, "epoll_create 80000\n") != 0)
        fail("expected one epoll_create with EPOLL_CLOEXEC; the calls were:\n%s", *log ? log : "(none)\n");
}

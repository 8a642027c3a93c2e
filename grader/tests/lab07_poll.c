/**
 * @file lab07_poll.c
 * The poller with a real pipe and a real epoll descriptor; only the sleep is played.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>
#include "judge.h"

/**
 * A G that reads before there is something parks; a byte makes it ready; it goes on with the answer "no
 * error".
 */
TEST(AReaderParksAndIsMadeReady)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
        fail("judge: no pipe");
    give_fd(fds[0]);
    call("newp");
    call("randomOrder_reset", 1);
    call("hold", 0, 0);
    int64_t g = call("newg");
    call("rung", 0, g);
    call("netpollGenericInit");
    const int64_t pd = 0; /* the first poll descriptor's handle */
    expect_call(pd, "pollOpen", GUEST_EXTRA_FD);
    record("schedule");
    expect(run_g(0, "pollWait", pd, 'r'), "ended: schedule()");
    expect_field(4, "g1.atomicstatus");
    expect_call(true, "netpollAnyWaiters");
    call("pd", pd);
    expect_result(3, 16 + g, "pd.rg");
    /* nothing yet: a poll that may not wait finds nothing, one that may sleeps */
    call("netpoll", 0);
    expect_text("");
    int64_t m = call("newm");
    expect(run(m, "netpoll", -1), "blocked: epoll_wait -1");
    if (write(fds[1], "x", 1) != 1)
        fail("judge: cannot write");
    expect_returned(resume(m), -1);
    expect_text("g1");
    on(m);
    call("netpollAdjustWaiters", -1);
    expect_call(false, "netpollAnyWaiters");
}

/**
 * @file wait.c
 * Waiting for a descriptor and being woken: the two words of a pollDesc, whatever state they are found in.
 */
#include "poll.h"

/** A G that reads before there is something parks; a byte makes it ready; it goes on with the answer "no error". */
TEST(AReaderParksAndIsMadeReady)
{
    because("netpoll returns by how much netpollWaiters changes: one G less that waits");
    int64_t w;
    running(2);
    int64_t pd = open_pipe(NULL, &w);
    park(0, pd, 'r');
    expect_field(Gwaiting_, "g1.atomicstatus");
    expect_pd(PARKED + 1, pd, RG);
    expect_field(1, "netpollWaiters");
    on(1);
    call("netpoll", 0); /* nothing yet */
    expect_text("");
    call("writefd", w, 1);
    expect_call(-1, "netpoll", 0);
    expect_text("g1");
    expect_pd(READY, pd, RG);
    expect_waited(polled(1, 0), OK);
    expect_pd(NIL_, pd, RG);
}

TEST(ReadinessThatIsThereIsUsedUpWithoutParking)
{
    because("the event came before the wait: g1 takes pdReady and goes on, and nothing of it is left");
    int64_t w;
    running(1);
    int64_t pd = open_pipe(NULL, &w);
    call("writefd", w, 1);
    expect_call(0, "netpoll", 0);
    expect_text("");
    expect_pd(READY, pd, RG);
    expect_waited(run_g(0, "pollWait", pd, 'r'), OK); /* the G did not park */
    expect_pd(NIL_, pd, RG);                          /* and the next one will */
    expect_field(0, "netpollWaiters");
}

TEST(ASecondReaderThrows)
{
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    park(0, pd, 'r');
    on(1);
    call_g_throws("double wait", "pollWait", pd, 'r');
}

TEST(ReadersAndWritersDoNotDisturbEachOther)
{
    running(3);
    int64_t pd = open_pipe(NULL, NULL);
    park(0, pd, 'r');
    park(1, pd, 'w');
    expect_field(2, "netpollWaiters");
    on(2);
    expect_call(-1, "netpollready", pd, 'w');
    expect_text("g2");
    expect_pd(PARKED + 1, pd, RG);
    expect_call(-1, "netpollready", pd, 'r');
    expect_text("g1");
}

TEST(ReadinessStaysUntilItIsUsed)
{
    because("pdReady is used up by a waiter only: a second event, or a wake-up without one, leaves it");
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    expect_call(NIL, "netpollunblock", pd, 'r', true);
    expect_pd(READY, pd, RG);
    expect_call(NIL, "netpollunblock", pd, 'r', true); /* a second event is no more than one */
    expect_pd(READY, pd, RG);
    expect_call(NIL, "netpollunblock", pd, 'r', false); /* only waking takes nothing away */
    expect_pd(READY, pd, RG);
    expect_pd(NIL_, pd, WG);
}

TEST(UnblockReturnsTheParkedGOnce)
{
    because("whoever takes a parked G out of the word wakes it, and counts it; afterwards nobody is there");
    running(2);
    int64_t pd = open_pipe(NULL, NULL);
    park(0, pd, 'w');
    on(1);
    expect_call(1, "netpollunblock", pd, 'w', false);
    expect_result(1, -1, "the change of netpollWaiters");
    expect_pd(NIL_, pd, WG);
    expect_call(NIL, "netpollunblock", pd, 'w', true);
    expect_result(1, 0, "the change of netpollWaiters when nobody was parked");
    expect_pd(READY, pd, WG);
}

/** atomicInfo decides: closing before the deadline before an event error, which only readers see. */
TEST(ErrorsHaveAnOrder)
{
    because("closing comes before a deadline of this direction, that before an event error, which readers alone "
            "are told");
    enum { closing = 1, eventerr = 2, rexpired = 4, wexpired = 8 };
    static const int want[][3] = {
        {0, OK, OK},
        {eventerr, NOTPOLLABLE, OK},
        {rexpired, TIMEOUT, OK},
        {wexpired, OK, TIMEOUT},
        {rexpired | eventerr, TIMEOUT, OK},
        {wexpired | eventerr, NOTPOLLABLE, TIMEOUT},
        {closing | rexpired | wexpired | eventerr, CLOSING, CLOSING},
        {closing, CLOSING, CLOSING},
    };
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        call("pdinfo", pd, want[i][0] | (int64_t)rndn(0x10000) << 16);
        expect_error(want[i][1], "netpollcheckerr", pd, 'r');
        expect_error(want[i][2], "netpollcheckerr", pd, 'w');
    }
}

TEST(ResetForgetsReadinessOfItsDirectionOnly)
{
    because("pollReset begins a new wait in one direction: what was ready there counts no more, the other "
            "direction is left alone");
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("netpollready", pd, 'r' + 'w');
    expect_error(OK, "pollReset", pd, 'r');
    expect_pd(NIL_, pd, RG);
    expect_pd(READY, pd, WG);
    expect_error(OK, "pollReset", pd, 'w');
    expect_pd(NIL_, pd, WG);
    call("pollUnblock", pd);
    expect_error(CLOSING, "pollReset", pd, 'r');
    expect_error(CLOSING, "pollReset", pd, 'w');
}

TEST(ClosingWakesReaderAndWriter)
{
    because("closing wakes whoever waits, in both directions, counts them down, and fails every later wait");
    running(3);
    int64_t pd = open_pipe(NULL, NULL);
    park(0, pd, 'r');
    park(1, pd, 'w');
    on(2);
    call("pollUnblock", pd);
    expect_field(0, "netpollWaiters");
    int64_t first = call("runqget", 2), second = call("runqget", 2);
    if (first + second != 1 + 2)
        fail("both Gs should be on the queue of the P that closes; they are: %lld and %lld", (long long)first,
             (long long)second);
    expect_waited(run(0, "execute", 1, false), CLOSING);
    expect_waited(run(1, "execute", 2, false), CLOSING);
    expect_waited(run_g(0, "pollWait", pd, 'r'), CLOSING); /* and whoever comes later need not park */
}

TEST(ClosingTwiceThrows)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call("pollUnblock", pd);
    call_throws("unblock on closing polldesc", "pollUnblock", pd);
}

TEST(RecyclingAnOpenPollDescThrows)
{
    running(1);
    int64_t pd = open_pipe(NULL, NULL);
    call_throws("close polldesc w/o unblock", "pollClose", pd);
}

/* The kernel refuses to poll a regular file; the caller must learn it, and read it by blocking calls. */
TEST(ARegularFileCannotBePolled)
{
    because("epoll refuses a regular file: pollOpen returns NULL and the errno, a positive number");
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fail("judge: no temporary file");
    give_fd(fd);
    running(1);
    expect_call(NIL, "pollOpen", GUEST_EXTRA_FD);
    expect_result(1, EPERM, "errno of pollOpen");
    open_pipe(NULL, NULL);
}

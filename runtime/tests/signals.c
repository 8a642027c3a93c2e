/* Signals as a program sees them: they come to the channels that asked, whichever thread the kernel picks. */
#include "check.h"
#include "core.h"

/** Sends sig to this process. */
static void raise(int sig)
{
    int err = linux_kill(linux_getpid(), sig);
    CHECK(err == 0, "signal %d can be sent, not error %d", sig, -err);
}

/** Waits for the next signal on c, which must be sig. */
static void expect(Chan *c, int sig)
{
    int got = 0;
    UNTIL(chan_tryrecv(c, &got, NULL), gosched(), "a signal");
    CHECK(got == sig, "signal %d comes, not %d", sig, got);
}

/** A channel with room for n that gets sig. */
static Chan *waitfor(int sig, size_t n)
{
    Chan *c = chan_make(sizeof(int), n);
    CHECK(signal_notify(c, sig) == 0, "signal %d can be waited for", sig);
    return c;
}

static void stop_and_free(Chan *c)
{
    signal_stop(c);
    chan_free(c);
}

static void a_signal_comes(void)
{
    Chan *c = waitfor(KSIGUSR1, 1);
    for (int i = 0; i < 100; i++) {
        raise(KSIGUSR1);
        expect(c, KSIGUSR1);
    }
    CHECK(chan_len(c) == 0, "each comes once");
    stop_and_free(c);
}

static void raiselater(void *unused)
{
    (void)unused;
    raise(KSIGUSR1);
}

static void a_parked_goroutine_is_woken(void)
{
    int sig = 0;
    Chan *c = waitfor(KSIGUSR1, 1);
    Timer *t = timer_after(20 * NSEC_PER_MSEC, raiselater, NULL); /* by then main sleeps, and every P is idle */
    CHECK(chan_recv(c, &sig) && sig == KSIGUSR1, "the signal is received, not %d", sig);
    timer_free(t);
    stop_and_free(c);
}

static void one_channel_many_signals(void)
{
    Chan *c = waitfor(KSIGUSR1, 4);
    CHECK(signal_notify(c, KSIGUSR2) == 0 && signal_notify(c, KSIGHUP) == 0 && signal_notify(c, KSIGUSR2) == 0,
          "one channel may wait for several signals, and twice for one");
    raise(KSIGUSR2);
    expect(c, KSIGUSR2);
    raise(KSIGHUP);
    expect(c, KSIGHUP);
    raise(KSIGUSR1);
    expect(c, KSIGUSR1);
    stop_and_free(c);
}

static void many_channels_one_signal(void)
{
    Chan *a = waitfor(KSIGUSR1, 1), *b = waitfor(KSIGUSR1, 1), *other = waitfor(KSIGUSR2, 1);
    raise(KSIGUSR1);
    expect(a, KSIGUSR1);
    expect(b, KSIGUSR1);
    CHECK(chan_len(other) == 0, "a signal comes only to those who asked for it");
    signal_stop(a);
    raise(KSIGUSR1);
    expect(b, KSIGUSR1);
    CHECK(chan_len(a) == 0, "nothing comes after signal_stop");
    chan_free(a);
    stop_and_free(b);
    stop_and_free(other);
}

static void a_full_channel_holds_up_nobody(void)
{
    Chan *full = waitfor(KSIGUSR1, 1), *c = waitfor(KSIGUSR1, 1);
    for (int i = 0; i < 10; i++) {
        raise(KSIGUSR1);
        expect(c, KSIGUSR1);
    }
    CHECK(chan_len(full) == 1, "a full channel keeps what it has");
    stop_and_free(full);
    stop_and_free(c);
}

/** The handler of sig: 0 the default, 1 ignored. */
static uintptr_t handlerof(int sig)
{
    struct ksigaction sa;
    CHECK(linux_sigaction(sig, NULL, &sa) == 0, "the handler of %d can be read", sig);
    return (uintptr_t)sa.handler;
}

static void stop_restores_what_was(void)
{
    struct ksigaction ignore = {.handler = (void (*)(int, void *, void *))1}, dfl = {0};
    linux_sigaction(KSIGUSR2, &ignore, NULL);
    Chan *c = waitfor(KSIGUSR2, 1), *d = waitfor(KSIGUSR2, 1);
    raise(KSIGUSR2);
    expect(c, KSIGUSR2);
    expect(d, KSIGUSR2);
    stop_and_free(c);
    CHECK(handlerof(KSIGUSR2) > 1, "d still waits for it");
    stop_and_free(d);
    CHECK(handlerof(KSIGUSR2) == 1, "it is ignored again");
    raise(KSIGUSR2);
    linux_sigaction(KSIGUSR2, &dfl, NULL);
    c = waitfor(KSIGUSR2, 1);
    CHECK(chan_len(c) == 0, "and was ignored meanwhile");
    stop_and_free(c);
    CHECK(handlerof(KSIGUSR2) == 0, "it has its default again");
    signal_stop(NULL); /* nobody */
}

static void what_nobody_can_wait_for(void)
{
    Chan *c = chan_make(sizeof(int), 1);
    const int bad[] = {0, -1, 65, KSIGKILL, KSIGSTOP, KSIGURG, KSIGSEGV, KSIGBUS, KSIGFPE, KSIGILL};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(signal_notify(c, bad[i]) == -EINVAL, "signal %d is refused", bad[i]);
    CHECK(signal_notify(NULL, KSIGUSR1) == -EINVAL, "nobody cannot wait");
    CHECK(signal_notify(c, 63) == 0, "a real-time signal can be waited for"); /* valgrind has the last one */
    raise(63);
    expect(c, 63);
    stop_and_free(c);
}

/* ---- a signal that was blocked when the process began ---- */

static void a_blocked_signal_is_unblocked(void)
{
    uint64_t set = (uint64_t)1 << (KSIGUSR1 - 1);
    lockosthread();
    linux_sigprocmask(KSIG_BLOCK, &set, NULL);
    Chan *c = waitfor(KSIGUSR1, 1);
    CHECK(linux_tgkill(linux_getpid(), gothreadid(), KSIGUSR1) == 0, "a signal to this thread");
    expect(c, KSIGUSR1);
    unlockosthread();
    stop_and_free(c);
}

/* ---- while everybody is busy ---- */

static _Atomic int ended;
static _Atomic bool stop;
static _Atomic uint64_t sink;

static void compute(void *unused)
{
    (void)unused;
    while (!stop) {
        for (int i = 0; i < 10000; i++)
            sink++;
        gosched(); /* libtsan is not interrupted: see the tests of preemption for loops that call nothing */
    }
    ended++;
}

static void blockread(void *fds)
{
    char c;
    CHECK(file_read(((int *)fds)[0], &c, 1) == 1, "a byte comes");
    ended++;
}

static void from_loops_and_system_calls(void)
{
    int fds[2];
    CHECK(linux_pipe(fds, KO_CLOEXEC) == 0, "a pipe");
    Chan *c = waitfor(KSIGUSR1, 1);
    stop = false;
    ended = 0;
    for (int i = 0; i < 4; i++) {
        go(compute, NULL);
        go(blockread, fds);
    }
    for (int i = 0; i < 50; i++) {
        raise(KSIGUSR1);
        expect(c, KSIGUSR1);
    }
    stop = true;
    CHECK(file_write(fds[1], "1234", 4) == 4, "bytes for those who read");
    await(&ended, 8, "goroutines that end");
    linux_close(fds[0]);
    linux_close(fds[1]);
    stop_and_free(c);
}

static void raise_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        linux_tgkill(linux_getpid(), gothreadid(), KSIGUSR2); /* to this thread, while main runs on another */
        if (i % 64 == 0)
            gosched();
    }
    ended++;
}

/** A handler that has begun when signal_stop takes the signal away finds that nobody waits, and must let the old effect come. */
static void stop_races_with_signals(void)
{
    struct ksigaction ignore = {.handler = (void (*)(int, void *, void *))1}, dfl = {0};
    linux_sigaction(KSIGUSR2, &ignore, NULL);
    ended = 0;
    for (int i = 0; i < 4; i++)
        go(raise_many, NULL);
    while (ended < 4) {
        Chan *c = waitfor(KSIGUSR2, 1);
        stop_and_free(c);
        gosched();
    }
    linux_sigaction(KSIGUSR2, &dfl, NULL);
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"a_signal_comes", a_signal_comes},
        {"a_parked_goroutine_is_woken", a_parked_goroutine_is_woken},
        {"one_channel_many_signals", one_channel_many_signals},
        {"many_channels_one_signal", many_channels_one_signal},
        {"a_full_channel_holds_up_nobody", a_full_channel_holds_up_nobody},
        {"stop_restores_what_was", stop_restores_what_was},
        {"what_nobody_can_wait_for", what_nobody_can_wait_for},
        {"a_blocked_signal_is_unblocked", a_blocked_signal_is_unblocked},
        {"from_loops_and_system_calls", from_loops_and_system_calls},
        {"stop_races_with_signals", stop_races_with_signals},
    };
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

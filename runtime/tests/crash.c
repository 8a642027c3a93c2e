/* Programs that must die, each with its text on standard error: `crash NAME`. Who runs them compares text and status. */
#include "check.h"
#include "core.h"
#include "../../grader/guest/report.h"

static void block(void *arg)
{
    (void)arg;
    Chan *c = chan_make(1, 0);
    chan_recv(c, NULL);
}

static void deadlock(void)
{
    block(NULL);
}

static void deadlock_many(void)
{
    for (int i = 0; i < 10; i++)
        go(block, NULL);
    block(NULL);
}

static void locked_deadlock(void)
{
    lockosthread();
    block(NULL);
}

static void lock_and_block(void *arg)
{
    lockosthread();
    block(arg);
}

static void locked_deadlock2(void)
{
    go(lock_and_block, NULL);
    gosleep(NSEC_PER_MSEC);
    block(NULL);
}

static void write_later(void *w)
{
    gosleep(NSEC_PER_MSEC);
    net_write(w, "x", 1);
}

static void read_one(void *r)
{
    char b;
    net_read(r, &b, 1);
}

/* The poller has been used: goroutines waited in it and were woken by an event, a deadline and a close. None is left. */
static void net_deadlock(void)
{
    int err;
    char b;
    Conn *r, *w;
    net_pipe(&r, &w);
    net_readdeadline(r, nanotime() + NSEC_PER_MSEC);
    net_read(r, &b, 1);
    net_readdeadline(r, 0);
    go(write_later, w);
    net_read(r, &b, 1);
    while (load_seqcst(&netpollWaiters) != 0) /* the count follows this goroutine, which runs already */
        gosched();
    go(read_one, r);
    while (load_seqcst(&netpollWaiters) == 0)
        gosched();
    net_close(r);
    Listener *l = net_listen("tcp", "127.0.0.1:0", &err);
    net_closelistener(l);
    block(NULL);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void goexit_deadlock(void)
{
    go(nothing, NULL);
    goexit();
}

static void say_done(void *arg)
{
    (void)arg;
    goprintf(1, "done\n");
    if (report_end)
        report_end();
    goexitprocess(0);
}

/* main ends by goexit, the others go on: no deadlock. */
static void goexit_main(void)
{
    go(say_done, NULL);
    goexit();
}

static void gonil(void)
{
    go(NULL, NULL);
}

static int recurse(int n)
{
    volatile char room[1024];
    room[n % 1024] = (char)n;
    return n < 0 ? 0 : recurse(n + 1) + room[0]; /* never < 0 before the stack ends */
}

static void overflow(void *arg)
{
    (void)arg;
    recurse(0);
}

static void stackoverflow(void)
{
    go(overflow, NULL);
    for (;;)
        gosched();
}

static void lock_and_wait(void *arg)
{
    lockosthread();
    chan_recv(arg, NULL);
}

static void threadexhaustion(void)
{
    setmaxthreads(10);
    Chan *c = chan_make(1, 0);
    for (int i = 0; i < 100; i++) {
        go(lock_and_wait, c);
        gosched();
    }
    for (;;)
        gosleep(NSEC_PER_MSEC);
}

static void say(void *text)
{
    goprintf(1, "%s\n", (const char *)text);
}

static void panics(void)
{
    defer(say, "deferred");
    gopanic("oh no");
}

static void closeclosed(void)
{
    Chan *c = chan_make(1, 0);
    chan_close(c);
    chan_close(c);
}

static void sendclosed(void)
{
    Chan *c = chan_make(1, 0);
    chan_close(c);
    chan_send(c, "x");
}

static void unlockunlocked(void)
{
    Mutex m = {0};
    mutex_unlock(&m);
}

static void negativewg(void)
{
    WaitGroup wg = {0};
    wg_done(&wg);
}

static void segv(void)
{
    volatile int *volatile p = (volatile int *)16;
    *p = 1;
}

static void quit(void)
{
    go(block, NULL);
    gosched();
    linux_kill(linux_getpid(), KSIGQUIT);
    for (;;)
        gosleep(NSEC_PER_SEC);
}

/* The goroutine that asks for the time, and the signal that looks where it is. */
static G *asker;

/* Asks for SIGQUIT, which comes as this handler returns: while asker is in the vDSO. Without a vDSO: wherever it is. */
static void on_look(int sig, void *info, void *uc)
{
    extern const char __executable_start[], end[];
    (void)sig, (void)info;
    uintptr_t pc = sigctxt_pc(uc);
    bool outside = pc < (uintptr_t)__executable_start || pc >= (uintptr_t)end;
    if (getg() == asker && (outside || !vdsoClockGettime))
        linux_tgkill(linux_getpid(), linux_gettid(), KSIGQUIT);
}

/* Each 100 us a signal to this thread alone. */
static void look_again_and_again(void)
{
    enum { SIGEV_THREAD_ID = 4 };
    struct {
        uint64_t value;
        int32_t signo, notify, tid, unused[11];
    } event = {.signo = KSIGALRM, .notify = SIGEV_THREAD_ID, .tid = linux_gettid()};
    struct ktimespec times[2] = {{0, 100000}, {0, 100000}};
    int32_t timer;
    struct ksigaction sa = {on_look, KSA_SIGINFO | KSA_ONSTACK | KSA_RESTART | KSA_RESTORER, arch_sigreturn, sigset_all};
    CHECK(linux_sigaction(KSIGALRM, &sa, NULL) == 0, "SIGALRM can be handled");
    CHECK(RawSyscall(__NR_timer_create, KCLOCK_MONOTONIC, (uintptr_t)&event, (uintptr_t)&timer).err == 0, "a timer can be made");
    CHECK(RawSyscall6(__NR_timer_settime, (uintptr_t)timer, 0, (uintptr_t)times, 0, 0, 0).err == 0, "a timer can be set");
}

static __attribute__((noinline)) void ask_again_and_again(void)
{
    for (int64_t end = nanotime() + PATIENCE; nanotime() < end;)
        continue;
}

static void quit_in_vdso(void)
{
    lockosthread();
    asker = getg();
    look_again_and_again();
    ask_again_and_again();
    CHECK(false, "a signal has come while the time was being read");
}

static void status7(void)
{
    goexitprocess(7);
}

/* A goroutine dies with a message while main returns: the message must still come out whole. */
static void slow_defer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++)
        gosched();
}

static void slow_panic(void *started)
{
    defer(slow_defer, NULL);
    *(_Atomic bool *)started = true;
    gopanic("late");
}

static void panicrace(void)
{
    static _Atomic bool started;
    go(slow_panic, (void *)&started);
    while (!started)
        gosched();
}

static void badstatus(void)
{
    casgstatus(getg(), Gwaiting, Grunnable); /* it is running */
}

static const struct test tests[] = {
    {"deadlock", deadlock},
    {"deadlock_many", deadlock_many},
    {"locked_deadlock", locked_deadlock},
    {"locked_deadlock2", locked_deadlock2},
    {"net_deadlock", net_deadlock},
    {"goexit_deadlock", goexit_deadlock},
    {"goexit_main", goexit_main},
    {"gonil", gonil},
    {"stackoverflow", stackoverflow},
    {"threadexhaustion", threadexhaustion},
    {"panic", panics},
    {"closeclosed", closeclosed},
    {"sendclosed", sendclosed},
    {"unlockunlocked", unlockunlocked},
    {"negativewg", negativewg},
    {"segv", segv},
    {"quit", quit},
    {"quit_in_vdso", quit_in_vdso},
    {"status7", status7},
    {"panicrace", panicrace},
    {"badstatus", badstatus},
};

int gomain(int argc, char **argv)
{
    if (argc != 2) {
        goprintf(2, "usage: crash NAME\n");
        return 2;
    }
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

/* System calls as a program sees them: a blocked one does not hold up the others, whatever signals arrive. */
#include "check.h"
#include "labs.h"

/** A pipe in blocking mode, past the network poller. */
static void blocking_pipe(int fds[2])
{
    sysret r = RawSyscall(__NR_pipe2, (uintptr_t)fds, KO_CLOEXEC, 0);
    CHECK(r.err == 0, "a pipe can be made, errno %lu", (unsigned long)r.err);
}

static void write_all(int fd, size_t n)
{
    char b[256] = {0};
    while (n) {
        intptr_t w = file_write(fd, b, n < sizeof b ? n : sizeof b);
        CHECK(w > 0, "a write to a pipe succeeds, not %ld", (long)w);
        n -= (size_t)w;
    }
}

struct reader {
    int fd;
    WaitGroup *wg;
    _Atomic int begun;
};

static void read_one(void *arg)
{
    struct reader *r = arg;
    char c;
    r->begun++;
    intptr_t n = file_read(r->fd, &c, 1);
    CHECK(n == 1, "one byte was read, not %ld", (long)n);
    wg_done(r->wg);
}

/* ---- many blocked reads, few Ps ---- */

static void blocked_reads(int procs, int readers)
{
    int old = gomaxprocs_set(procs);
    int fds[2];
    blocking_pipe(fds);
    WaitGroup wg = {0};
    struct reader r = {fds[0], &wg, 0};
    wg_add(&wg, readers);
    for (int i = 0; i < readers; i++)
        go(read_one, &r);
    /* Main goes on while they block, one after the other, and after all of them have. */
    while (r.begun < readers)
        gosched();
    for (int i = 0; i < 1000; i++)
        gosched();
    write_all(fds[1], (size_t)readers);
    wg_wait(&wg);
    file_close(fds[0]);
    file_close(fds[1]);
    gomaxprocs_set(old);
}

static void blocked_reads_one_p(void)
{
    blocked_reads(1, 20);
}

static void blocked_reads_thousand(void)
{
    blocked_reads(2, 1000);
}

/* ---- a call that is known to block gives its P away by itself ---- */

static void read_in_block(void *arg)
{
    struct reader *r = arg;
    char c;
    r->begun++;
    entersyscallblock();
    sysret n = RawSyscall(__NR_read, (uintptr_t)r->fd, (uintptr_t)&c, 1);
    exitsyscall();
    CHECK(n.err == 0 && n.r1 == 1, "one byte was read, errno %lu", (unsigned long)n.err);
    wg_done(r->wg);
}

/* Run with one P and nohandoff=1, there is nobody else who could let main go on and write. */
static void block_needs_no_sysmon(void)
{
    int fds[2];
    blocking_pipe(fds);
    WaitGroup wg = {0};
    struct reader r = {fds[0], &wg, 0};
    wg_add(&wg, 20);
    for (int i = 0; i < 20; i++)
        go(read_in_block, &r);
    while (r.begun < 20)
        gosched();
    write_all(fds[1], 20);
    wg_wait(&wg);
    file_close(fds[0]);
    file_close(fds[1]);
}

/* ---- short calls cost no threads ---- */

static void short_calls_cost_no_threads(void)
{
    int old = gomaxprocs_set(2);
    SchedStats a, b;
    schedstats(&a);
    for (int i = 0; i < 100000; i++)
        Syscall(__NR_getpid, 0, 0, 0);
    schedstats(&b);
    unsigned long threads = b.threads - a.threads, handoffs = b.handoffs - a.handoffs;
    unsigned long calls = b.syscalls - a.syscalls;
    CHECK(threads <= 4, "100000 calls of getpid started %lu threads", threads);
    CHECK(calls >= 100000, "each was counted: %lu", calls);
    CHECK(handoffs < 20000, "sysmon took a P now and then, not %lu times", handoffs);
    gomaxprocs_set(old);
}

/* ---- no more goroutines run at a time than there are Ps ---- */

static _Atomic int running, mostrunning;

static void run_and_call(void *wg)
{
    for (int i = 0; i < 400; i++) {
        M *mp = load_relaxed(&getg()->m);
        mp->locks++; /* no preemption by signal, and there is no other from here on */
        int n = ++running, most = mostrunning;
        while (n > most && !atomic_compare_exchange_weak(&mostrunning, &most, n))
            ;
        for (volatile int k = 0; k < 2000; k++)
            ;
        running--;
        mp->locks--;
        struct ktimespec ts = {0, 20000};
        if (i % 4 == 0)
            Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
        else
            Syscall(__NR_getpid, 0, 0, 0);
    }
    wg_done(wg);
}

static void as_many_run_as_there_are_ps(void)
{
    int old = gomaxprocs_set(2);
    WaitGroup wg = {0};
    running = mostrunning = 0;
    wg_add(&wg, 16);
    for (int i = 0; i < 16; i++)
        go(run_and_call, &wg);
    wg_wait(&wg);
    CHECK(running == 0 && mostrunning <= 2, "with 2 Ps %d goroutines ran at a time", (int)mostrunning);
    gomaxprocs_set(old);
}

/* ---- a goroutine in a system call is alive: that is no deadlock ---- */

static void wait_for_word(void *c)
{
    CHECK(numgoroutine() == 2, "two goroutines, whatever the other does, not %d", numgoroutine());
    bool done;
    CHECK(chan_recv(c, &done), "a word comes");
    chan_send(c, &done);
}

/** Main sleeps in the kernel, everybody else waits for it. */
static void all_but_one_wait(bool block)
{
    Chan *c = chan_make(sizeof(bool), 0);
    struct ktimespec ts = {0, 20 * NSEC_PER_MSEC};
    bool done = true;
    while (numgoroutine() > 1) /* those of the test before are still ending */
        gosched();
    go(wait_for_word, c);
    if (block) {
        entersyscallblock();
        RawSyscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
        exitsyscall();
    } else {
        Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
    }
    chan_send(c, &done);
    chan_recv(c, &done);
    chan_free(c);
}

static void a_call_is_no_deadlock(void)
{
    all_but_one_wait(false);
    all_but_one_wait(true);
}

/* ---- EINTR everywhere: a 1 kHz interval timer ---- */

static _Atomic long ticks;

static void on_alarm(int sig, void *info, void *uc)
{
    (void)sig, (void)info, (void)uc;
    atomic_fetch_add(&ticks, 1);
}

static void interval_timer(int64_t usec)
{
    struct {
        int64_t isec, iusec, sec, usec;
    } it = {0, usec, 0, usec};
    if (usec) {
        struct ksigaction sa = {on_alarm, KSA_SIGINFO | KSA_ONSTACK | KSA_RESTORER, arch_sigreturn, ~0ull};
        CHECK(linux_sigaction(KSIGALRM, &sa, NULL) == 0, "SIGALRM can be handled");
    }
    sysret r = RawSyscall(__NR_setitimer, 0, (uintptr_t)&it, 0);
    CHECK(r.err == 0, "an interval timer can be set");
}

static _Atomic bool interrupted;
static int interruptee;

/** Sends signals to a thread (interruptee) until it has had enough. */
static void interrupt_thread(void *unused)
{
    (void)unused;
    while (!interrupted) {
        linux_tgkill(linux_getpid(), interruptee, KSIGALRM);
        gosleep(NSEC_PER_MSEC);
    }
}

/* The runtime does not repeat an interrupted call: these would never end. */
static void interrupted_calls_return_eintr(void)
{
    struct ksigaction sa = {on_alarm, KSA_SIGINFO | KSA_ONSTACK | KSA_RESTORER, arch_sigreturn, ~0ull};
    CHECK(linux_sigaction(KSIGALRM, &sa, NULL) == 0, "SIGALRM can be handled");
    lockosthread();
    interruptee = linux_gettid();
    interrupted = false;
    go(interrupt_thread, NULL);
    for (int i = 0; i < 20; i++) {
        sysret r = Syscall(__NR_ppoll, 0, 0, 0);
        CHECK(r.err == EINTR, "an interrupted call returns EINTR, not errno %lu", (unsigned long)r.err);
    }
    interrupted = true;
    unlockosthread();
}

static void busy(void *arg)
{
    for (int i = 0; i < 300; i++) {
        gosched();
        Syscall(__NR_getpid, 0, 0, 0);
        gosleep(10 * NSEC_PER_USEC);
    }
    wg_done(arg);
}

static void signals_do_no_harm(void)
{
    int fds[2];
    blocking_pipe(fds);
    WaitGroup wg = {0};
    struct reader r = {fds[0], &wg, 0};
    ticks = 0;
    interval_timer(1000);
    wg_add(&wg, 58);
    for (int i = 0; i < 50; i++)
        go(read_one, &r);
    for (int i = 0; i < 8; i++)
        go(busy, &wg);
    while (ticks < 50)
        gosleep(NSEC_PER_MSEC);
    write_all(fds[1], 50);
    wg_wait(&wg);
    interval_timer(0);
    file_close(fds[0]);
    file_close(fds[1]);
}

/* ---- preemption sees goroutines that make short calls all the time ---- */

static _Atomic int started;
static _Atomic bool stop_calls;

static void call_loop(void *arg)
{
    started++;
    while (!stop_calls) {
        struct ktimespec ts = {0, 10000};
        Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
    }
    wg_done(arg);
}

static void preemption_after_syscall(void)
{
    int old = gomaxprocs_set(2);
    WaitGroup wg = {0};
    started = 0;
    stop_calls = false;
    wg_add(&wg, 8);
    for (int i = 0; i < 8; i++)
        go(call_loop, &wg);
    while (started < 8)
        gosleep(NSEC_PER_MSEC); /* main and all eight get a turn */
    stop_calls = true;
    wg_wait(&wg);
    gomaxprocs_set(old);
}

/* ---- a stop of the world does not wait for a blocked call ---- */

static void stop_during_blocked_calls(void)
{
    int fds[2];
    blocking_pipe(fds);
    WaitGroup wg = {0};
    struct reader r = {fds[0], &wg, 0};
    wg_add(&wg, 10);
    for (int i = 0; i < 10; i++)
        go(read_one, &r);
    for (int i = 0; i < 20; i++) {
        gogc();
        gosched();
    }
    write_all(fds[1], 10);
    wg_wait(&wg);
    file_close(fds[0]);
    file_close(fds[1]);
}

/* ---- a locked goroutine comes back from a blocked call to its own thread ---- */

struct pingpong {
    int there[2], back[2];
    WaitGroup *wg;
};

static void locked_reader(void *arg)
{
    struct pingpong *p = arg;
    char c;
    lockosthread();
    int tid = linux_gettid();
    for (int i = 0; i < 100; i++) {
        CHECK(file_read(p->there[0], &c, 1) == 1, "a byte comes");
        CHECK(linux_gettid() == tid, "the thread after the call is %d, as before: %d", linux_gettid(), tid);
        CHECK(file_write(p->back[1], &c, 1) == 1, "and goes back");
    }
    unlockosthread();
    wg_done(p->wg);
}

static void locked_calls_keep_their_thread(void)
{
    WaitGroup wg = {0};
    struct pingpong p[3];
    char c;
    for (int i = 0; i < 3; i++) {
        blocking_pipe(p[i].there);
        blocking_pipe(p[i].back);
        p[i].wg = &wg;
        wg_add(&wg, 1);
        go(locked_reader, &p[i]);
    }
    for (int n = 0; n < 100; n++) {
        for (int i = 0; i < 3; i++)
            write_all(p[i].there[1], 1);
        gosched();
        for (int i = 0; i < 3; i++)
            CHECK(file_read(p[i].back[0], &c, 1) == 1, "a byte comes back");
    }
    wg_wait(&wg);
    for (int i = 0; i < 3; i++) {
        file_close(p[i].there[0]), file_close(p[i].there[1]);
        file_close(p[i].back[0]), file_close(p[i].back[1]);
    }
}

static const struct test tests[] = {
    {"blocked_reads_one_p", blocked_reads_one_p},
    {"blocked_reads_thousand", blocked_reads_thousand},
    {"block_needs_no_sysmon", block_needs_no_sysmon},
    {"interrupted_calls_return_eintr", interrupted_calls_return_eintr},
    {"as_many_run_as_there_are_ps", as_many_run_as_there_are_ps},
    {"a_call_is_no_deadlock", a_call_is_no_deadlock},
    {"short_calls_cost_no_threads", short_calls_cost_no_threads},
    {"signals_do_no_harm", signals_do_no_harm},
    {"preemption_after_syscall", preemption_after_syscall},
    {"stop_during_blocked_calls", stop_during_blocked_calls},
    {"locked_calls_keep_their_thread", locked_calls_keep_their_thread},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

/* The whole runtime in a storm of signals: an interval timer ticks a thousand times a second, and each tick interrupts
 * several threads, wherever they are. The handler asks for no restart, so every call that sleeps returns EINTR sooner or
 * later. Whatever the goroutines do meanwhile must be done as if there were no signals. */
#include "signals.h"

/* ---- what goes on in it; each does a fixed amount of work ---- */

static WaitGroup all;

/** A pipe in blocking mode, past the network poller. */
static void blocking_pipe(int fds[2])
{
    CHECK(RawSyscall(__NR_pipe2, (uintptr_t)fds, KO_CLOEXEC, 0).err == 0, "a pipe can be made");
}

enum { BYTES = 400 };

static void write_bytes(void *arg)
{
    int fd = (int)(intptr_t)arg;
    for (int i = 0; i < BYTES; i++) {
        unsigned char b = (unsigned char)i;
        gosleep(cheaprandn(3) * 500 * NSEC_PER_USEC);
        CHECK(file_write(fd, &b, 1) == 1, "a byte can be written");
    }
    file_close(fd);
    wg_done(&all);
}

static void blocking_reader(void *unused)
{
    (void)unused;
    int fds[2];
    blocking_pipe(fds);
    wg_add(&all, 1);
    go(write_bytes, (void *)(intptr_t)fds[1]);
    for (int i = 0; i < BYTES; i++) {
        unsigned char b;
        CHECK(file_read(fds[0], &b, 1) == 1 && b == i % 256, "byte %d comes as it was written", i);
    }
    file_close(fds[0]);
    wg_done(&all);
}

static void poll_write_bytes(void *arg)
{
    for (int i = 0; i < BYTES; i++) {
        unsigned char b = (unsigned char)i;
        gosleep(cheaprandn(3) * 500 * NSEC_PER_USEC);
        CHECK(net_write(arg, &b, 1) == 1, "a byte can be written");
    }
    net_close(arg);
    wg_done(&all);
}

/** Reads through the poller, with deadlines that pass now and then. */
static void polling_reader(void *unused)
{
    (void)unused;
    Conn *r, *w;
    CHECK(net_pipe(&r, &w) == 0, "a pipe can be made");
    wg_add(&all, 1);
    go(poll_write_bytes, w);
    for (int i = 0; i < BYTES; i++) {
        unsigned char b;
        intptr_t n;
        do {
            net_readdeadline(r, nanotime() + NSEC_PER_MSEC);
            n = net_read(r, &b, 1);
        } while (n == -NET_ETIMEOUT);
        CHECK(n == 1 && b == i % 256, "byte %d comes as it was written, not %ld", i, (long)n);
    }
    net_close(r);
    wg_done(&all);
}

static _Atomic long cut_short;

/** Sleeps in the kernel: a signal ends that, and the caller is told. */
static void kernel_sleeper(void *unused)
{
    (void)unused;
    for (int i = 0; i < 150; i++) {
        struct ktimespec ts = {0, 5 * NSEC_PER_MSEC};
        int64_t start = nanotime();
        sysret r = Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
        CHECK(r.err == 0 || r.err == EINTR, "nanosleep ends in time or by a signal, not with errno %lu", (unsigned long)r.err);
        CHECK(r.err || nanotime() - start >= ts.tv_nsec, "who was not interrupted has slept long enough");
        cut_short += r.err == EINTR;
    }
    wg_done(&all);
}

/** Sleeps in the scheduler: no signal ends that. */
static void sleeper(void *unused)
{
    (void)unused;
    for (int i = 0; i < 400; i++) {
        int64_t ns = cheaprandn(3 * NSEC_PER_MSEC), start = nanotime();
        gosleep(ns);
        CHECK(nanotime() - start >= ns, "a sleep of %ld ns is not cut short", (long)ns);
    }
    wg_done(&all);
}

struct link {
    Chan *in, *out;
    WaitGroup *wg;
};

static void pass_on(void *arg)
{
    struct link *l = arg;
    for (long v; chan_recv(l->in, &v);) {
        v++;
        chan_send(l->out, &v);
    }
    chan_close(l->out);
    wg_done(l->wg);
}

/** A number goes round a ring of goroutines, each of which adds one. */
static void ring_of_channels(void *unused)
{
    enum { N = 8, ROUNDS = 1500 };
    (void)unused;
    WaitGroup wg = {0};
    struct link l[N];
    Chan *c[N + 1];
    for (size_t i = 0; i <= N; i++)
        c[i] = chan_make(sizeof(long), i % 3);
    wg_add(&wg, N);
    for (int i = 0; i < N; i++) {
        l[i] = (struct link){c[i], c[i + 1], &wg};
        go(pass_on, &l[i]);
    }
    long v = 0;
    for (int i = 0; i < ROUNDS; i++) {
        chan_send(c[0], &v);
        CHECK(chan_recv(c[N], &v) && v == (i + 1) * N, "after round %d the number is %ld", i, v);
    }
    chan_close(c[0]);
    CHECK(!chan_recv(c[N], NULL), "the ring ends when its beginning is closed");
    wg_wait(&wg);
    for (size_t i = 0; i <= N; i++)
        chan_free(c[i]);
    wg_done(&all);
}

/** Keeps its thread; every other one ends with it. */
static void locked(void *arg)
{
    lockosthread();
    int tid = gothreadid();
    for (int i = 0; i < 200; i++) {
        struct ktimespec ts = {0, 100 * NSEC_PER_USEC};
        gosched();
        CHECK(gothreadid() == tid, "a locked goroutine keeps its thread over gosched");
        gosleep(200 * NSEC_PER_USEC);
        CHECK(gothreadid() == tid, "a locked goroutine keeps its thread over gosleep");
        Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
        CHECK(gothreadid() == tid, "a locked goroutine keeps its thread over a system call");
    }
    if ((intptr_t)arg % 2)
        unlockosthread();
    wg_done(&all);
}

static void resizer(void *unused)
{
    (void)unused;
    for (int i = 0; i < 250; i++) {
        gomaxprocs_set(1 + (int)cheaprandn(4));
        gosleep(2 * NSEC_PER_MSEC);
    }
    wg_done(&all);
}

static void collector(void *unused)
{
    (void)unused;
    for (int i = 0; i < 250; i++) {
        gogc();
        gosleep(NSEC_PER_MSEC);
    }
    wg_done(&all);
}

static Mutex mu;
static long counter; /* under mu */

static void adder(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        mutex_lock(&mu);
        counter++;
        if (i % 100 == 0)
            gosched();
        mutex_unlock(&mu);
    }
    wg_done(&all);
}

static volatile unsigned sink;

/** Calls nothing: must be preempted, or is done in the end. */
static void cruncher(void *unused)
{
    (void)unused;
    unsigned v = 1;
    for (int i = 0; i < 30 * 1000 * 1000; i++)
        v = v * 1664525 + 1013904223;
    sink = v;
    wg_done(&all);
}

static void everything_goes_on(void)
{
    static const struct {
        void (*fn)(void *);
        int n;
    } work[] = {
        {blocking_reader, 6}, {polling_reader, 4}, {kernel_sleeper, 4}, {sleeper, 8},   {ring_of_channels, 2},
        {locked, 6},          {resizer, 1},        {collector, 1},      {adder, 8},     {cruncher, 2},
    };
    int old = gomaxprocs_set(0);
    counter = 0;
    for (size_t i = 0; i < sizeof work / sizeof *work; i++) {
        wg_add(&all, work[i].n);
        for (int j = 0; j < work[i].n; j++)
            go(work[i].fn, (void *)(intptr_t)j);
    }
    wg_wait(&all);
    CHECK(counter == 8000, "a counter under a mutex is exact, not %ld", counter);
    CHECK(cut_short > 0 && hits > 0, "the storm reached threads that slept (%ld hits)", (long)hits);
    gomaxprocs_set(old);
}

/* ---- a thousand threads in the kernel, two Ps for the rest ---- */

enum { BLOCKED = 1000, PIPES = 10 };

static _Atomic int reading;

static void read_one(void *arg)
{
    char b;
    reading++;
    CHECK(file_read((int)(intptr_t)arg, &b, 1) == 1, "the byte comes");
    wg_done(&all);
}

/** Main and a partner exchange values n times. */
static void ping_pong(int n)
{
    Chan *ping = chan_make(sizeof(long), 0), *pong = chan_make(sizeof(long), 0);
    WaitGroup wg = {0};
    struct link l = {ping, pong, &wg};
    wg_add(&wg, 1);
    go(pass_on, &l);
    for (long i = 0, v; i < n; i++) {
        chan_send(ping, &i);
        CHECK(chan_recv(pong, &v) && v == i + 1, "the partner answers");
    }
    chan_close(ping);
    CHECK(!chan_recv(pong, NULL), "the partner ends");
    wg_wait(&wg);
    chan_free(ping);
    chan_free(pong);
}

static void block_a_thousand(int fds[PIPES][2])
{
    reading = 0;
    wg_add(&all, BLOCKED);
    for (int i = 0; i < BLOCKED; i++)
        go(read_one, (void *)(intptr_t)fds[i % PIPES][0]);
    while (reading < BLOCKED)
        gosched();
    ping_pong(2000); /* what is left of the Ps is enough for others */
    gogc();          /* and nobody waits for the blocked */
    char b[BLOCKED / PIPES] = {0};
    for (int i = 0; i < PIPES; i++)
        CHECK(file_write(fds[i][1], b, sizeof b) == sizeof b, "bytes can be written");
    wg_wait(&all);
}

/** Waits until every thread has laid itself down again, but one a P and one that polls. */
static void await_idle_threads(void)
{
    int64_t limit = nanotime() + PATIENCE;
    for (;;) {
        lock(&sched.lock);
        int64_t live = sched.mnext - sched.nmfreed;
        int64_t awake = live - sched.nmidle - sched.nmidlelocked - sched.nmsys;
        unlock(&sched.lock);
        if (awake <= gomaxprocs_set(0) + 1)
            return;
        CHECK(nanotime() < limit, "the threads that came back from the kernel become idle: %ld of %ld are awake", (long)awake,
              (long)live);
        gosleep(NSEC_PER_MSEC);
    }
}

static void a_thousand_blocked_reads(void)
{
    int old = gomaxprocs_set(2);
    int fds[PIPES][2];
    for (int i = 0; i < PIPES; i++)
        blocking_pipe(fds[i]);
    for (int i = 0; i < 2; i++) {
        block_a_thousand(fds);
        await_idle_threads();
    }
    /* One for each blocked read, a few for the rest, and those that were just going to sleep when a read that a signal had
     * ended began anew on another thread. */
    SchedStats st;
    schedstats(&st);
    CHECK(st.threads <= BLOCKED + 300, "the second thousand of reads uses the threads of the first: %lu were started",
          (unsigned long)st.threads);
    for (int i = 0; i < PIPES; i++) {
        file_close(fds[i][0]);
        file_close(fds[i][1]);
    }
    gomaxprocs_set(old);
}

static const struct test tests[] = {
    {"everything_goes_on", everything_goes_on},
    {"a_thousand_blocked_reads", a_thousand_blocked_reads},
};

int gomain(int argc, char **argv)
{
    blow(1000);
    int status = test_main(tests, sizeof tests / sizeof *tests, argc, argv);
    blow(0);
    return status;
}

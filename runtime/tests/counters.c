/* The counters count exactly: each in a program whose every step is known. What could disturb one (a time slice that ends,
 * a collection that is due) is switched off or is itself a part of the sum. */
#include "check.h"
#include "core.h"

/** What has happened since an earlier look. */
static SchedStats first;

static void begin(void)
{
    schedstats(&first);
}

static SchedStats since(void)
{
    SchedStats now;
    schedstats(&now);
    uint64_t *n = (uint64_t *)&now;
    const uint64_t *f = (const uint64_t *)&first;
    for (size_t i = 0; i < sizeof now / sizeof *n; i++)
        n[i] -= f[i]; /* all members are counts */
    return now;
}

/** Fails unless the counter that is called name has grown by want. */
#define GREW(d, name, want)                                                                                       \
    CHECK((d).name == (uint64_t)(want), #name " has grown by %lu, and %lu happened", (unsigned long)(d).name, \
          (unsigned long)(want))

/** The other goroutines of the program have ended. */
static void alone(void)
{
    UNTIL(numgoroutine() == 1, gosched(), "main is alone");
}

static void nothing(void *wg)
{
    wg_done(wg);
}

/* ---- goroutines begin and end ---- */

static void goroutines(void)
{
    enum { N = 1000 };
    alone();
    begin();
    WaitGroup wg = {0};
    wg_add(&wg, N);
    for (int i = 0; i < N; i++)
        gostack(i % 3 ? 0 : 16384, nothing, &wg);
    wg_wait(&wg);
    alone();
    SchedStats d = since();
    GREW(d, spawns, N);
    GREW(d, exits, N);
    SchedStats st;
    schedstats(&st);
    int64_t live = (int64_t)(st.spawns - st.exits) - load_relaxed(&sched.ngsys); /* a count; nothing starts now */
    CHECK(live == 1, "main alone is alive, and spawns - exits leaves %ld goroutines of the program", (long)live);
}

/* ---- one P: each yield, and each preemption, is a switch ---- */

static void yields(void)
{
    enum { N = 5000 };
    int old = gomaxprocs_set(1);
    alone();
    begin();
    for (int i = 0; i < N; i++)
        goyield();
    SchedStats d = since();
    GREW(d, schedules, N + d.preemptions);
    GREW(d, steals, 0);
    GREW(d, syscalls, 0);
    GREW(d, netpollwakes, 0);
    gomaxprocs_set(old);
}

/* ---- system calls ---- */

static void calls(void)
{
    enum { N = 10000 };
    alone();
    begin();
    for (int i = 0; i < N; i++) {
        Syscall(__NR_getpid, 0, 0, 0);
        RawSyscall(__NR_getpid, 0, 0, 0); /* not counted: the scheduler does not hear of it */
    }
    SchedStats d = since();
    GREW(d, syscalls, N);
}

/* ---- two Ps: what main makes while it keeps its P for itself, the other P steals ---- */

static _Atomic int ran;

static void run(void *unused)
{
    (void)unused;
    ran++;
}

static void steals(void)
{
    enum { N = 200 }; /* the ring has room for them */
    int old = gomaxprocs_set(2);
    int32_t async = debug.asyncpreemptoff;
    debug.asyncpreemptoff = 1;
    alone();
    UNTIL(runqempty(getp()), gosched(), "main's queue is empty");
    ran = 0;
    M *mp = acquirem(); /* nobody takes the P away from main from here on */
    begin();
    for (int i = 0; i < N; i++)
        newproc(run, NULL, 0);
    int64_t end = nanotime() + PATIENCE;
    while (ran < N)
        CHECK(nanotime() < end, "the other P runs all %d goroutines, not %d", N, (int)ran);
    SchedStats d = since();
    releasem(mp);
    GREW(d, steals, N);
    GREW(d, schedules, N);
    GREW(d, spawns, N);
    debug.asyncpreemptoff = async;
    gomaxprocs_set(old);
}

/* ---- each call that blocks loses its P, once ---- */

static void read_byte(void *arg)
{
    char c;
    CHECK(file_read((int)(intptr_t)arg, &c, 1) == 1, "a byte comes");
    ran++;
}

static void blocked_calls(void)
{
    enum { N = 12 };
    int fds[2], old = gomaxprocs_set(1);
    CHECK(RawSyscall(__NR_pipe2, (uintptr_t)fds, KO_CLOEXEC, 0).err == 0, "a pipe can be made");
    alone();
    ran = 0;
    begin();
    for (int i = 0; i < N; i++)
        go(read_byte, (void *)(intptr_t)fds[0]);
    UNTIL(since().syscalls == N, gosched(), "all of them have begun to read");
    /* Main runs, on the only P: it has been taken from each of them. */
    SchedStats d = since();
    GREW(d, retakes, N);
    GREW(d, handoffs, N);
    char bytes[N] = {0};
    CHECK(RawSyscall(__NR_write, (uintptr_t)fds[1], (uintptr_t)bytes, N).r1 == N, "a byte for each");
    UNTIL(ran == N, gosched(), "all of them have read");
    alone();
    d = since();
    GREW(d, retakes, N);
    GREW(d, handoffs, N);
    file_close(fds[0]);
    file_close(fds[1]);
    gomaxprocs_set(old);
}

/* ---- one P, two goroutines: each switch is a yield of main or a preemption ---- */

static _Atomic bool stop;
static _Atomic int looping;

static void empty_loop(void *wg)
{
    looping++;
    while (!stop)
        ;
    wg_done(wg);
}

static void calling_loop(void *wg)
{
    looping++;
    while (!stop)
        gomaxprocs_set(0); /* asks, changes nothing, and is a place to yield */
    wg_done(wg);
}

static SchedStats preempted(void (*loop)(void *), uint64_t n, int32_t asyncoff)
{
    int old = gomaxprocs_set(1);
    int32_t async = debug.asyncpreemptoff;
    debug.asyncpreemptoff = asyncoff;
    WaitGroup wg = {0};
    stop = false;
    looping = 0;
    alone();
    wg_add(&wg, 1);
    go(loop, &wg);
    await(&looping, 1, "loops that run");
    begin();
    SchedStats d = {0};
    uint64_t yielded = 0;
    UNTIL((d = since()).preemptions >= n, (gosched(), yielded++), "the loop is preempted");
    GREW(d, schedules, yielded + d.preemptions);
    stop = true;
    wg_wait(&wg);
    debug.asyncpreemptoff = async;
    gomaxprocs_set(old);
    return d;
}

static void preemptions(void)
{
    SchedStats d = preempted(calling_loop, 5, 1);
    GREW(d, asyncpreempts, 0);
    GREW(d, preemptsignals, 0);
    if (debug.asyncpreemptoff)
        return; /* by the user, for a tool that does not like signals */
    d = preempted(empty_loop, 5, 0);
    /* Main itself may have been asked, on a machine that let it stand, and have come to a check. */
    CHECK(d.asyncpreempts >= 1 && d.asyncpreempts <= d.preemptions, "a loop without calls was stopped by signals: %lu of %lu",
          (unsigned long)d.asyncpreempts, (unsigned long)d.preemptions);
    CHECK(d.preemptsignals >= d.asyncpreempts, "a signal was sent for each: %lu for %lu", (unsigned long)d.preemptsignals,
          (unsigned long)d.asyncpreempts);
}

/* ---- the poller ---- */

static void read_conn(void *c)
{
    char b;
    CHECK(net_read(c, &b, 1) == 1, "a byte comes");
    ran++;
}

static void poller(void)
{
    enum { N = 100 };
    static Conn *r[N], *w[N];
    for (int i = 0; i < N; i++)
        CHECK(net_pipe(&r[i], &w[i]) == 0, "a pipe can be made");
    for (int round = 0; round < 2; round++) {
        alone();
        ran = 0;
        begin();
        for (int i = 0; i < N; i++)
            go(read_conn, r[i]);
        UNTIL(load_seqcst(&netpollWaiters) == N, gosched(), "all of them wait in the poller");
        SchedStats d = since();
        GREW(d, netpollwakes, 0);
        for (int i = 0; i < N; i++)
            CHECK(net_write(w[i], "x", 1) == 1, "a byte can be written");
        UNTIL(ran == N, gosched(), "all of them have read");
        d = since();
        GREW(d, netpollwakes, N);
    }
    for (int i = 0; i < N; i++) {
        net_close(r[i]);
        net_close(w[i]);
    }
}

/* ---- the kernel's sleeps and wakes; by the P's own counters, for other threads may be on their way to sleep ---- */

static void futexes(void)
{
    enum { N = 100 };
    _Atomic uint32_t word = 1;
    M *mp = acquirem();
    pcounters *n = &mp->p->n;
    uint64_t sleeps = load_relaxed(&n->futexsleeps), wakes = load_relaxed(&n->futexwakes); /* our own P's */
    begin();
    for (int i = 0; i < N; i++) {
        futexsleep(&word, 2, -1); /* not what is there: returns at once */
        futexwakeup(&word, 1);
        futexwakeup(&word, 1);
    }
    sleeps = load_relaxed(&n->futexsleeps) - sleeps;
    wakes = load_relaxed(&n->futexwakes) - wakes;
    SchedStats d = since();
    releasem(mp);
    CHECK(sleeps == N && wakes == 2 * N, "%d sleeps and %d wakes were counted as %lu and %lu", N, 2 * N, (unsigned long)sleeps,
          (unsigned long)wakes);
    CHECK(d.futexsleeps >= N && d.futexwakes >= 2 * N, "they are in the sums");
}

/* ---- threads ---- */

static _Atomic int mainended; /* the main thread cannot end: it counts as ended, and stays on the list for ever */

static void end_with_thread(void *unused)
{
    (void)unused;
    lockosthread();
    if (gothreadid() == linux_getpid())
        mainended = 1;
}

static int64_t listed(void)
{
    int64_t n = 0;
    lock(&sched.lock);
    for (M *mp = load_relaxed(&allm); mp; mp = mp->alllink) /* changes only under the lock */
        n++;
    unlock(&sched.lock);
    return n;
}

static int64_t living(void)
{
    SchedStats st;
    schedstats(&st);
    return (int64_t)(st.threads - st.threadsended);
}

static void threads(void)
{
    enum { N = 20 };
    alone();
    begin();
    for (int i = 0; i < N; i++)
        go(end_with_thread, NULL);
    UNTIL(since().threadsended == N, gosleep(NSEC_PER_MSEC), "the threads have ended with their goroutines");
    SchedStats d = since();
    GREW(d, threadsended, N);
    /* An id is taken before the M is on the list, and leaves it before it is given back. */
    UNTIL(listed() == living() + mainended, gosleep(NSEC_PER_MSEC), "started - ended is the number of Ms");
}

static const struct test tests[] = {
    {"goroutines", goroutines}, {"yields", yields},           {"calls", calls},   {"steals", steals},
    {"blocked_calls", blocked_calls}, {"preemptions", preemptions}, {"poller", poller}, {"futexes", futexes},
    {"threads", threads},
};

int gomain(int argc, char **argv)
{
    debug.updatemaxprocs = 0; /* the runtime's own goroutines stay asleep */
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

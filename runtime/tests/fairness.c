/* Nobody keeps the others from running: not by loops, not by chatter, not by system calls, not on a
 * thread of its own. */
#include "loops.h"

/* ---- a goroutine that is locked to its thread is preempted, and comes back to that thread ---- */

static void locked_loop(void *wg)
{
    lockosthread();
    int tid = gothreadid();
    while (!stop)
        ;
    CHECK(gothreadid() == tid, "a locked goroutine stays on its thread");
    unlockosthread();
    wg_done(wg);
}

static void locked_loops_are_preempted(void)
{
    WaitGroup wg = {0};
    stop = false;
    wg_add(&wg, 3);
    uint64_t before = preemptions();
    for (int i = 0; i < 2; i++)
        go(locked_loop, &wg);
    go(empty_loop, &wg);
    UNTIL(preemptions() >= before + 10, stop_and_yield(), "locked loops are preempted");
    stop = true;
    wg_wait(&wg);
}

/* ---- a pair that hogs runnext shares one slice and does not starve another pair ---- */

struct pair {
    Chan *ping, *pong;
    _Atomic uint64_t count, *others;
    int64_t begun;
    WaitGroup *wg;
};

static bool fair(uint64_t a, uint64_t b)
{
    return a * 20 > b && b * 20 > a;
}

/* The pair itself decides when to stop. Nobody else runs on the only P meanwhile, not even a timer: that
 * would let the other pair in. A pair that is never preempted goes on alone until the end; a busy
 * machine only takes longer to be fair. */
static void pinger(void *arg)
{
    struct pair *p = arg;
    long v = 0;
    while (!stop) {
        chan_send(p->ping, &v);
        if (!chan_recv(p->pong, &v))
            break;
        int64_t took = nanotime() - p->begun;
        if (++p->count % 64 == 0 && took > 100 * NSEC_PER_MSEC &&
            (fair(p->count, *p->others) || took > 8 * NSEC_PER_SEC))
            stop = true;
    }
    chan_close(p->ping);
    wg_done(p->wg);
}

static void ponger(void *arg)
{
    struct pair *p = arg;
    long v;
    while (chan_recv(p->ping, &v))
        chan_send(p->pong, &v);
    wg_done(p->wg);
}

static void ping_pong_hog(void)
{
    int old = gomaxprocs_set(1);
    struct pair p[2];
    WaitGroup wg = {0};
    stop = false;
    wg_add(&wg, 4);
    for (int i = 0; i < 2; i++) {
        p[i] = (struct pair){
            chan_make(sizeof(long), 0), chan_make(sizeof(long), 1), 0, &p[1 - i].count, nanotime(), &wg};
        go(pinger, &p[i]);
        go(ponger, &p[i]);
    }
    wg_wait(&wg);
    CHECK(fair(p[0].count, p[1].count), "each pair had a fair share: %lu and %lu turns",
          (unsigned long)p[0].count, (unsigned long)p[1].count);
    for (int i = 0; i < 2; i++) {
        chan_free(p[i].ping);
        chan_free(p[i].pong);
    }
    gomaxprocs_set(old);
}

/* ---- goroutines that do nothing but short system calls let the others in ---- */

struct caller {
    int64_t ns;
    _Atomic int *begun;
    WaitGroup *wg;
};

/** A system call that takes ns. */
static void call_for(int64_t ns)
{
    entersyscall();
    for (int64_t end = nanotime() + ns; nanotime() < end;)
        ;
    exitsyscall();
}

static void caller(void *arg)
{
    struct caller *c = arg;
    ++*c->begun;
    while (!stop)
        call_for(c->ns);
    wg_done(c->wg);
}

/* The shorter the calls, the less sysmon sees the same one twice: only the length of the slice tells it
 * what goes on. */
static void calls_lose_their_p(void)
{
    enum { CALLERS = 8 };
    int old = gomaxprocs_set(2);
    for (int64_t us = 10; us <= 1000; us *= 10) {
        WaitGroup wg = {0};
        _Atomic int begun = 0;
        struct caller c = {us * NSEC_PER_USEC, &begun, &wg};
        stop = false;
        wg_add(&wg, CALLERS);
        for (int i = 0; i < CALLERS; i++)
            go(caller, &c);
        await(&begun, CALLERS, "goroutines that make short system calls");
        stop = true;
        wg_wait(&wg);
    }
    gomaxprocs_set(old);
}

/* ---- a timer fires although others never stop ---- */

static void flood(void *arg)
{
    Chan *c = arg;
    long v = 1;
    while (!stop) {
        chan_trysend(c, &v);
        chan_tryrecv(c, &v, NULL);
        gosched();
    }
}

static void flood_syscalls(void *unused)
{
    (void)unused;
    while (!stop)
        Syscall(__NR_getppid, 0, 0, 0);
}

static void timer_fires_beside(void (*fn)(void *), void *arg)
{
    stop = false;
    go(fn, arg);
    go(fn, arg);
    for (int i = 0; i < 3; i++) {
        int64_t t0 = nanotime();
        gosleep(20 * NSEC_PER_MSEC);
        int64_t took = nanotime() - t0;
        CHECK(took >= 20 * NSEC_PER_MSEC && took < 5 * NSEC_PER_SEC, "20 ms of sleep do not take %ld ns",
              (long)took);
    }
    stop = true;
}

static void timer_fairness(void)
{
    static Chan *c; /* stays: the floods end later */
    c = chan_make(sizeof(long), 1);
    timer_fires_beside(flood, c);
}

static void timer_fairness_syscalls(void)
{
    timer_fires_beside(flood_syscalls, NULL);
}

static void timer_fairness_loops(void)
{
    WaitGroup wg = {0};
    wg_add(&wg, 2);
    timer_fires_beside(empty_loop, &wg);
    wg_wait(&wg);
}

static const struct test tests[] = {
    {"locked_loops_are_preempted", locked_loops_are_preempted},
    {"ping_pong_hog", ping_pong_hog},
    {"calls_lose_their_p", calls_lose_their_p},
    {"timer_fairness", timer_fairness},
    {"timer_fairness_syscalls", timer_fairness_syscalls},
    {"timer_fairness_loops", timer_fairness_loops},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

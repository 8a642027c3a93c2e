/* Scheduling as a program sees it: fairness, parallelism, preemption, stopping the world. Each test states in words what
 * must happen; a scheduler that breaks the rule hangs or fails a count. */
#include "check.h"

static void done_fn(void *wg)
{
    wg_done(wg);
}

/* ---- stop-the-world never deadlocks with goroutine creation ---- */

static _Atomic bool stop_respawn;
static WaitGroup respawn_wg;

static void respawn(void *arg)
{
    if (stop_respawn) {
        wg_done(&respawn_wg);
        return;
    }
    go(respawn, arg);
}

static void collector(void *wg)
{
    for (int i = 0; i < 200; i++)
        gogc();
    wg_done(wg);
}

static void resizer(void *wg)
{
    for (int i = 0; i < 200; i++) {
        gomaxprocs_set(2);
        gomaxprocs_set(3);
    }
    wg_done(wg);
}

static void stop_the_world_and_newproc(void)
{
    int old = gomaxprocs_set(3);
    WaitGroup wg = {0};
    stop_respawn = false;
    wg_add(&respawn_wg, 1);
    go(respawn, NULL);
    wg_add(&wg, 2);
    go(collector, &wg);
    go(resizer, &wg);
    wg_wait(&wg);
    stop_respawn = true;
    wg_wait(&respawn_wg);
    gomaxprocs_set(old);
}

/* ---- somebody who yields in a loop lets others through ---- */

static _Atomic bool stop_yielding;

static void yielder(void *wg)
{
    while (!stop_yielding)
        gosched();
    wg_done(wg);
}

static void locked_yielder(void *wg)
{
    lockosthread();
    yielder(wg);
}

static void yield_progress_with(void (*fn)(void *))
{
    Chan *c = chan_make(sizeof(long), 0);
    WaitGroup wg = {0};
    stop_yielding = false;
    wg_add(&wg, 1);
    go(fn, &wg);
    gosleep(2 * NSEC_PER_MSEC);
    stop_yielding = true;
    wg_wait(&wg);
    chan_free(c);
}

static void yield_progress(void)
{
    yield_progress_with(yielder);
}

static void yield_locked_progress(void)
{
    yield_progress_with(locked_yielder);
}

/* ---- P goroutines that spin in strict rotation need P threads at once ---- */

static _Atomic uint32_t turn;
enum { ROUNDS = 25 }; /* more show nothing new, and on fewer CPUs than Ps each turn costs a time slice */

struct rotate {
    uint32_t me, of;
    WaitGroup *wg;
};

static void rotate(void *arg)
{
    struct rotate *r = arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        while (turn != r->of * i + r->me)
            ;
        turn++;
    }
    wg_done(r->wg);
}

static void parallelism(void)
{
    int old = gomaxprocs_set(4);
    for (int round = 0; round < 3; round++) {
        struct rotate r[4];
        WaitGroup wg = {0};
        turn = 0;
        wg_add(&wg, 4);
        for (uint32_t i = 0; i < 4; i++) {
            r[i] = (struct rotate){i, 4, &wg};
            go(rotate, &r[i]);
        }
        wg_wait(&wg);
        CHECK(turn == 4 * ROUNDS, "all turns were taken, %u were", turn);
    }
    gomaxprocs_set(old);
}

/* ---- a loop without calls is preempted by signal: with one P the others still run ---- */

static volatile bool loop_stop;

static void tight_loop(void *wg)
{
    while (!loop_stop)
        ;
    wg_done(wg);
}

static void async_preemption(void)
{
    int old = gomaxprocs_set(1);
    WaitGroup wg = {0};
    loop_stop = false;
    wg_add(&wg, 3);
    for (int i = 0; i < 3; i++)
        go(tight_loop, &wg);
    gosched(); /* the loops get the only P; main runs again only if they are interrupted */
    gogc();    /* and the world can be stopped */
    loop_stop = true;
    wg_wait(&wg);
    gomaxprocs_set(old);
}

/* ---- values in vector and floating-point registers survive preemption ---- */

static double series(int n)
{
    double a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
    for (int i = 1; i <= n; i++) {
        a += 1.0 / i, b -= a / (i + 1), c += b * 1e-9, d = d * 0.999 + c, e += d - a, f = f * 0.5 + e * 1e-6;
    }
    return a + b + c + d + e + f;
}

static volatile int terms = 300000; /* volatile: each sum is really computed */
static _Atomic bool stop_summing;

struct summer {
    double want, got;
    WaitGroup *wg;
};

static void summer(void *arg)
{
    struct summer *s = arg;
    do
        s->got = series(terms);
    while (s->got == s->want && !stop_summing);
    wg_done(s->wg);
}

static void registers_survive_preemption(void)
{
    struct summer s[4];
    WaitGroup wg = {0};
    double want = series(terms);
    SchedStats before, now;
    schedstats(&before);
    stop_summing = false;
    wg_add(&wg, 4);
    for (int i = 0; i < 4; i++) {
        s[i] = (struct summer){want, 0, &wg};
        go(summer, &s[i]);
    }
    do {
        gosched();
        schedstats(&now);
    } while (now.preemptions < before.preemptions + 20);
    stop_summing = true;
    wg_wait(&wg);
    for (int i = 0; i < 4; i++)
        CHECK(s[i].got == want, "the sum of goroutine %d is the same with and without preemption", i);
}

/* ---- a pair that hogs runnext shares one slice and does not starve a light pair ---- */

struct pair {
    Chan *ping, *pong;
    _Atomic uint64_t count;
    WaitGroup *wg;
};

static _Atomic bool pair_stop;

static void pinger(void *arg)
{
    struct pair *p = arg;
    long v = 0;
    while (!pair_stop) {
        chan_send(p->ping, &v);
        if (!chan_recv(p->pong, &v))
            break;
        p->count++;
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
    pair_stop = false;
    wg_add(&wg, 4);
    for (int i = 0; i < 2; i++) {
        p[i] = (struct pair){chan_make(sizeof(long), 0), chan_make(sizeof(long), 1), 0, &wg};
        go(pinger, &p[i]);
        go(ponger, &p[i]);
    }
    /* A pair that is never preempted would starve the other for ever; a busy machine only takes longer to be fair. */
    int64_t limit = nanotime() + 20 * NSEC_PER_SEC;
    do
        gosleep(100 * NSEC_PER_MSEC);
    while (nanotime() < limit && (p[0].count * 20 <= p[1].count || p[1].count * 20 <= p[0].count));
    pair_stop = true;
    wg_wait(&wg);
    for (int i = 0; i < 2; i++)
        CHECK(p[i].count * 20 > p[1 - i].count, "pair %d had a fair share: %lu against %lu", i,
              (unsigned long)p[i].count, (unsigned long)p[1 - i].count);
    for (int i = 0; i < 2; i++) {
        chan_free(p[i].ping);
        chan_free(p[i].pong);
    }
    gomaxprocs_set(old);
}

/* ---- a timer fires although two goroutines flood a channel ---- */

struct flood {
    Chan *c;
    WaitGroup *wg;
};

static void flood(void *arg)
{
    struct flood *f = arg;
    long v = 1;
    while (!pair_stop) {
        chan_trysend(f->c, &v);
        chan_tryrecv(f->c, &v, NULL);
        gosched();
    }
    wg_done(f->wg);
}

static void timer_fairness(void)
{
    WaitGroup wg = {0};
    struct flood f = {chan_make(sizeof(long), 1), &wg};
    pair_stop = false;
    wg_add(&wg, 2);
    go(flood, &f);
    go(flood, &f);
    int64_t t0 = nanotime();
    gosleep(20 * NSEC_PER_MSEC);
    CHECK(nanotime() - t0 >= 20 * NSEC_PER_MSEC, "the sleep lasted as long as asked");
    pair_stop = true;
    wg_wait(&wg);
    chan_free(f.c);
}

/* ---- counts ---- */

static void parked(void *c)
{
    chan_recv(c, NULL);
}

static void number_of_goroutines(void)
{
    while (numgoroutine() != 1)
        gosched(); /* those of earlier tests end */
    Chan *c = chan_make(1, 0);
    for (int i = 0; i < 10; i++)
        go(parked, c);
    CHECK(numgoroutine() == 11, "main and ten, not %d", numgoroutine());
    chan_close(c);
    while (numgoroutine() != 1)
        gosched();
    chan_free(c);
}

static void main_is_goroutine_1(void)
{
    CHECK(goid() == 1, "main is goroutine 1, not %lu", (unsigned long)goid());
}

static _Atomic uint64_t ids[2000];

static void take_id(void *arg)
{
    ids[(long)arg] = goid();
}

static void goids_are_unique(void)
{
    for (long i = 0; i < 2000; i++)
        go(take_id, (void *)i);
    for (long i = 0; i < 2000; i++)
        while (ids[i] == 0)
            gosched();
    for (long i = 0; i < 2000; i++)
        for (long j = 0; j < i; j++)
            CHECK(ids[i] != ids[j], "goroutines %ld and %ld both have id %lu", i, j, (unsigned long)ids[i]);
}

/* ---- many at once ---- */

static void thousands(void)
{
    WaitGroup wg = {0};
    wg_add(&wg, 20000);
    for (int i = 0; i < 20000; i++)
        go(done_fn, &wg);
    wg_wait(&wg);
}

static int depth(int n)
{
    volatile char room[512];
    room[0] = (char)n;
    return n == 0 ? room[0] : depth(n - 1) + 1 + room[0] * 0;
}

static void deep(void *arg)
{
    CHECK(depth(500) == 500, "a recursion of 500 frames of half a kilobyte fits in 512 KiB");
    wg_done(arg);
}

static void explicit_stack_size(void)
{
    WaitGroup wg = {0};
    wg_add(&wg, 4);
    for (int i = 0; i < 4; i++)
        gostack(512 * 1024, deep, &wg);
    wg_wait(&wg);
}

static const struct test tests[] = {
    {"main_is_goroutine_1", main_is_goroutine_1},
    {"stop_the_world_and_newproc", stop_the_world_and_newproc},
    {"yield_progress", yield_progress},
    {"yield_locked_progress", yield_locked_progress},
    {"parallelism", parallelism},
    {"async_preemption", async_preemption},
    {"registers_survive_preemption", registers_survive_preemption},
    {"ping_pong_hog", ping_pong_hog},
    {"timer_fairness", timer_fairness},
    {"number_of_goroutines", number_of_goroutines},
    {"goids_are_unique", goids_are_unique},
    {"thousands", thousands},
    {"explicit_stack_size", explicit_stack_size},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

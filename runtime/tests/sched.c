/* Scheduling as a program sees it: fairness, parallelism, stopping the world. Each test states in words what
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
    {"number_of_goroutines", number_of_goroutines},
    {"goids_are_unique", goids_are_unique},
    {"thousands", thousands},
    {"explicit_stack_size", explicit_stack_size},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

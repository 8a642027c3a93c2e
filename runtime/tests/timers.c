/* Sleep and timers: never early, in order, stoppable, and due even if nobody is idle. Lateness is not
 * tested beyond seconds: it depends on the machine. */
#include "check.h"
#include "core.h"

/* ---- sleep ---- */

static void sleep_is_never_short(void)
{
    static const int64_t ns[] = {1, 1000, 50000, 1000000, 3000000};
    for (size_t i = 0; i < sizeof ns / sizeof *ns; i++) {
        int64_t start = nanotime();
        gosleep(ns[i]);
        int64_t slept = nanotime() - start;
        CHECK(slept >= ns[i], "slept %lld ns, expected at least %lld", (long long)slept, (long long)ns[i]);
        CHECK(slept < 5 * NSEC_PER_SEC, "slept %lld ms, wanted 3 or less",
              (long long)(slept / NSEC_PER_MSEC));
    }
    gosleep(0);
    gosleep(-5);
}

enum { SLEEPERS = 500 };
static struct {
    int64_t base;
    int64_t want[SLEEPERS];
    _Atomic int woken;
    WaitGroup wg;
} sleepers;

static void sleeper(void *arg)
{
    int64_t until = sleepers.want[(intptr_t)arg];
    gosleep(until - nanotime());
    CHECK(nanotime() >= until, "woke early");
    sleepers.woken++;
    wg_done(&sleepers.wg);
}

static void many_sleepers_all_wake(void)
{
    sleepers.woken = 0;
    sleepers.base = nanotime();
    wg_add(&sleepers.wg, SLEEPERS);
    for (intptr_t i = 0; i < SLEEPERS; i++) { /* neither rising nor falling: the heap has work */
        sleepers.want[i] = sleepers.base + (i * 7919 % SLEEPERS) * 20 * NSEC_PER_USEC;
        go(sleeper, (void *)i);
    }
    wg_wait(&sleepers.wg);
    CHECK(sleepers.woken == SLEEPERS, "%d of %d woke", sleepers.woken, SLEEPERS);
}

/* ---- every timer goes off, once, and never early ---- */

static struct {
    Chan *c;
    int64_t when[5];
} early;

static void send_number(void *n)
{
    int v = (int)(intptr_t)n;
    CHECK(nanotime() >= early.when[v], "timer %d went off early", v);
    chan_send(early.c, &v);
}

static void timers_go_off_once(void)
{
    static const int ms[] = {5, 1, 4, 2, 3};
    Timer *t[5];
    int seen[5] = {0};
    early.c = chan_make(sizeof(int), 0);
    for (int i = 0; i < 5; i++) {
        early.when[i] = nanotime() + ms[i] * NSEC_PER_MSEC;
        t[i] = timer_after(ms[i] * NSEC_PER_MSEC, send_number, (void *)(intptr_t)i);
    }
    for (int i = 0, v; i < 5; i++) {
        chan_recv(early.c, &v);
        CHECK(++seen[v] == 1, "timer %d went off twice", v);
    }
    for (int i = 0; i < 5; i++) {
        CHECK(!timer_stop(t[i]), "timer %d has gone off", i);
        timer_free(t[i]);
    }
    chan_free(early.c);
}

/* ---- stop and reset ---- */

static _Atomic int fired;

static void fire(void *n)
{
    fired += (int)(intptr_t)n;
}

static void stop_prevents_the_call(void)
{
    fired = 0;
    Timer *t[100];
    for (int i = 0; i < 100; i++)
        t[i] = timer_after(20 * NSEC_PER_MSEC + i * 7919 % 100 * NSEC_PER_USEC, fire, (void *)1);
    int stopped = 0;
    for (int i = 0; i < 100; i += 2)
        stopped += timer_stop(t[i]);
    for (int i = 0; i < 100; i += 2)
        CHECK(!timer_stop(t[i]), "a second stop prevents nothing");
    await(&fired, 100 - stopped, "calls of timers that were not stopped");
    gosleep(25 * NSEC_PER_MSEC); /* past the time of every one of them */
    CHECK(fired == 100 - stopped, "%d calls, but %d of 100 timers were stopped", fired, stopped);
    for (int i = 1; i < 100; i += 2)
        CHECK(!timer_stop(t[i]), "it has gone off");
    for (int i = 0; i < 100; i++)
        timer_free(t[i]);
}

static void reset_moves_the_call(void)
{
    fired = 0;
    Timer *t = timer_after(3600 * NSEC_PER_SEC, fire, (void *)1);
    CHECK(timer_reset(t, NSEC_PER_MSEC), "it was active");
    await(&fired, 1, "call after the reset");
    CHECK(!timer_reset(t, 0), "it had gone off");
    await(&fired, 2, "call after a reset to now");
    CHECK(!timer_reset(t, 3600 * NSEC_PER_SEC) && timer_stop(t), "it was active again");
    timer_free(t);
    t = timer_after(INT64_MAX, fire, (void *)1); /* beyond the end of time: later than anything, not now */
    gosleep(NSEC_PER_MSEC);
    CHECK(timer_stop(t) && fired == 2, "a timer of 292 years went off");
    timer_free(t);
}

/* ---- a free while the timer goes off ---- */

static void free_races_with_fire(void)
{
    int calls = 0;
    fired = 0;
    for (int i = 0; i < 2000; i++) {
        Timer *t = timer_after(i % 50 * 1000, fire, (void *)1);
        if (i % 3 == 0)
            gosleep(i % 40 * 1000 + 1);
        calls += !timer_stop(t);
        timer_free(t);
    }
    await(&fired, calls, "one call for each timer that was not stopped in time");
}

/* ---- a sooner timer breaks the sleep of the M that polls until a later one ---- */

/* Spins until an M blocks in the poller until t at the latest; nanoseconds that it took. */
static int64_t wait_for_poller(int64_t t)
{
    int64_t start = nanotime();
    for (;;) {
        int64_t until = load_seqcst(&sched.pollUntil);
        if (load_seqcst(&sched.lastpoll) == 0 && until != 0 && until <= t)
            return nanotime() - start;
        CHECK(nanotime() - start < PATIENCE, "no M polls until the timer is due");
    }
}

static void sooner_timer_breaks_the_poll(void)
{
    if (numcpu() < 2 || gomaxprocs_set(0) < 2)
        return; /* nobody can poll while this goroutine runs */
    fired = 0;
    int64_t best = INT64_MAX;
    Timer *late = timer_after(3600 * NSEC_PER_SEC, fire, (void *)1);
    for (int i = 0; i < 20; i++) {
        gosleep(NSEC_PER_MSEC); /* a new time slice */
        timer_reset(late, 3600 * NSEC_PER_SEC); /* wakes an M, which finds nothing to do but to poll */
        wait_for_poller(INT64_MAX);
        Timer *soon = timer_after(60 * NSEC_PER_SEC, fire, (void *)1);
        int64_t took = wait_for_poller(nanotime() + 60 * NSEC_PER_SEC);
        timer_free(soon);
        if (took < best)
            best = took;
    }
    timer_free(late);
    CHECK(fired == 0, "a timer of a minute or an hour went off");
    /* Else the poller went on until this goroutine's time slice of 10 ms was over. One quiet moment in
     * twenty is enough. */
    CHECK(best < 5 * NSEC_PER_MSEC, "the best of 20 times, the poller learned of the timer after %lld us",
          (long long)(best / 1000));
}

/* ---- a timer goes off although goroutines keep every P busy ---- */

static struct {
    Chan *c;
    _Atomic int stop, stopped;
} flood;

static void flooder(void *arg)
{
    (void)arg;
    while (!flood.stop) {
        chan_trysend(flood.c, NULL);
        chan_tryrecv(flood.c, NULL, NULL);
    }
    flood.stopped++;
}

static void timer_is_fair(void)
{
    flood.c = chan_make(0, 1);
    flood.stop = flood.stopped = 0;
    for (int i = 0; i < 6; i++)
        go(flooder, NULL);
    int64_t start = nanotime();
    gosleep(20 * NSEC_PER_MSEC);
    CHECK(nanotime() - start < PATIENCE, "a timer of 20 ms came after %lld ms",
          (long long)((nanotime() - start) / NSEC_PER_MSEC));
    flood.stop = 1;
    await(&flood.stopped, 6, "flooders stopped");
    chan_free(flood.c);
}

/* ---- a P that is busy does not keep its timers to itself ---- */

static void note_time(void *when)
{
    *(_Atomic int64_t *)when = nanotime();
}

static void idle_p_runs_the_timers_of_a_busy_one(void)
{
    if (numcpu() < 2 || gomaxprocs_set(0) < 2)
        return; /* nobody else is there */
    static _Atomic int64_t when;
    int64_t best = INT64_MAX;
    for (int i = 0; i < 20; i++) {
        gosleep(NSEC_PER_MSEC); /* a new time slice; the other Ms find nothing to do */
        when = 0;
        int64_t start = nanotime();
        Timer *t = timer_after(NSEC_PER_MSEC, note_time, (void *)&when);
        while (!when)
            CHECK(nanotime() - start < PATIENCE, "the timer never came");
        timer_free(t);
        if (when - start < best)
            best = when - start;
    }
    /* Else it came only when this goroutine's time slice of 10 ms was over. One quiet moment in twenty
     * is enough. */
    CHECK(best < 8 * NSEC_PER_MSEC, "the best of 20 timers of 1 ms came after %lld us",
          (long long)(best / 1000));
}

/* ---- the heap: due timers run in the order of their times, whatever was stopped meanwhile ---- */

enum { HEAP = 1000 };
static struct {
    timer t[HEAP];
    int64_t when[HEAP], last;
    _Atomic int ran, wrong;
} heap;

static void heap_fn(void *arg, uintptr_t seq)
{
    (void)arg;
    if (heap.when[seq] < heap.last || heap.when[seq] < 0)
        heap.wrong++;
    heap.last = heap.when[seq];
    heap.ran++;
}

static void heap_runs_timers_in_order(void)
{
    int procs = gomaxprocs_set(1); /* one heap */
    uint32_t x = 12345;
    for (int round = 0; round < 10; round++) {
        heap.ran = heap.wrong = 0;
        heap.last = 0;
        int64_t base = nanotime() + 3 * NSEC_PER_MSEC;
        int stopped = 0;
        M *mp = acquirem(); /* none may run before all are there, however long that takes */
        for (int i = 0; i < HEAP; i++) {
            x = x * 1664525 + 1013904223;
            heap.when[i] = base + (x >> 8) % 1000 * 1000;
            timer_start(&heap.t[i], heap.when[i], 0, heap_fn, NULL, (uintptr_t)i);
        }
        releasem(mp);
        for (int i = 0; i < HEAP; i += 3) {
            int k = (i * 7919 + round) % HEAP;
            if (!timer_del(&heap.t[k]))
                continue;
            heap.when[k] = -1;
            stopped++;
        }
        await(&heap.ran, HEAP - stopped, "timers that ran");
        CHECK(heap.wrong == 0, "%d of %d timers ran after a later one, or although stopped", heap.wrong,
              HEAP);
    }
    gomaxprocs_set(procs);
}

static struct {
    timer t;
    _Atomic int ran;
    int64_t start;
} beat;

static void beat_fn(void *arg, uintptr_t seq)
{
    CHECK(arg == &beat && seq == 77, "the arguments are passed on each time");
    beat.ran++;
    CHECK(nanotime() - beat.start >= beat.ran * NSEC_PER_MSEC, "call %d came early", beat.ran);
}

static void periodic_timer_goes_on(void)
{
    beat.ran = 0;
    beat.start = nanotime();
    timer_start(&beat.t, beat.start + NSEC_PER_MSEC, NSEC_PER_MSEC, beat_fn, &beat, 77);
    int64_t end = nanotime() + PATIENCE;
    while (beat.ran < 5) {
        CHECK(nanotime() < end, "%d calls in 10 s, one each millisecond was asked for", beat.ran);
        gosleep(NSEC_PER_MSEC);
    }
    CHECK(timer_del(&beat.t), "a periodic timer is active until it is stopped");
    int ran = beat.ran;
    gosleep(3 * NSEC_PER_MSEC);
    CHECK(beat.ran <= ran + 1, "it was stopped after %d calls, now there are %d", ran, beat.ran);
}

/* ---- timers survive a change of the number of Ps ---- */

static void timers_move_with_their_p(void)
{
    int procs = gomaxprocs_set(4);
    fired = 0;
    Timer *t[200];
    sleepers.woken = 0;
    wg_add(&sleepers.wg, 100);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 100; i++) {
            if (round == 0) {
                sleepers.want[i] = nanotime() + 5 * NSEC_PER_MSEC + i * 7919 % 100 * 10 * NSEC_PER_USEC;
                go(sleeper, (void *)(intptr_t)i);
            }
            t[100 * round + i] = timer_after(5 * NSEC_PER_MSEC + i * 10 * NSEC_PER_USEC, fire, (void *)1);
            if (i % 25 == 0)
                gosched();
        }
    gomaxprocs_set(1);
    gomaxprocs_set(3);
    gomaxprocs_set(2);
    wg_wait(&sleepers.wg);
    await(&fired, 200, "timers that went off");
    for (int i = 0; i < 200; i++)
        timer_free(t[i]);
    gomaxprocs_set(procs);
}

/* ---- a timer that stands in a goroutine which ended ---- */

static void set_and_end(void *arg)
{
    *(Timer **)arg = timer_after(NSEC_PER_MSEC, fire, (void *)1);
}

static void timer_outlives_its_goroutine(void)
{
    Timer *t = NULL;
    fired = 0;
    go(set_and_end, &t);
    await(&fired, 1, "call");
    timer_free(t);
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"sleep_is_never_short", sleep_is_never_short},
        {"many_sleepers_all_wake", many_sleepers_all_wake},
        {"timers_go_off_once", timers_go_off_once},
        {"stop_prevents_the_call", stop_prevents_the_call},
        {"reset_moves_the_call", reset_moves_the_call},
        {"free_races_with_fire", free_races_with_fire},
        {"sooner_timer_breaks_the_poll", sooner_timer_breaks_the_poll},
        {"timer_is_fair", timer_is_fair},
        {"idle_p_runs_the_timers_of_a_busy_one", idle_p_runs_the_timers_of_a_busy_one},
        {"heap_runs_timers_in_order", heap_runs_timers_in_order},
        {"periodic_timer_goes_on", periodic_timer_goes_on},
        {"timers_move_with_their_p", timers_move_with_their_p},
        {"timer_outlives_its_goroutine", timer_outlives_its_goroutine},
    };
    return test_main_procs(tests, sizeof tests / sizeof *tests, argc, argv);
}

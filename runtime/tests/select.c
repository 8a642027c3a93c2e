/* Select: one ready case at random, waiting on several channels, and the races between wakers. */
#include "check.h"

static void ready_case_is_taken(void)
{
    Chan *a = chan_make(sizeof(int), 1), *b = chan_make(sizeof(int), 1);
    int in = 3, out = 0;
    SelectCase k[] = {{.c = a, .elem = &out}, {.c = b, .elem = &in, .send = true}, {.c = NULL, .elem = &out}};
    CHECK(chan_select(k, 1, false) == -1, "nothing is ready");
    CHECK(chan_select(k, 3, true) == 1 && chan_len(b) == 1, "the send to b is the one that is ready");
    CHECK(chan_select(k, 3, false) == -1, "b is full now, a is empty, NULL is never ready");
    chan_send(a, &(int){42});
    CHECK(chan_select(k, 3, true) == 0 && out == 42 && k[0].ok, "the receive from a, got %d", out);
    chan_close(a);
    CHECK(chan_select(k, 3, true) == 0 && out == 0 && !k[0].ok, "a is closed: zero and not ok, got %d", out);
    CHECK(chan_select(NULL, 0, false) == -1, "no case, nothing ready");
    chan_free(a);
    chan_free(b);
}

/* ---- of several ready cases each is taken now and then ---- */

static void choice_is_random(void)
{
    enum { N = 4, ROUNDS = 4000 };
    Chan *c[N];
    SelectCase k[N];
    int count[N] = {0};
    for (int i = 0; i < N; i++) {
        c[i] = chan_make(1, 1);
        k[i] = (SelectCase){.c = c[i]};
        chan_send(c[i], "x");
    }
    for (int i = 0; i < ROUNDS; i++) {
        int won = chan_select(k, N, true);
        CHECK(won >= 0 && won < N, "case %d", won);
        count[won]++;
        chan_send(c[won], "x");
    }
    for (int i = 0; i < N; i++) { /* 1000 expected; 700 is ten standard deviations away */
        CHECK(count[i] > 700 && count[i] < 1300, "case %d won %d of %d times", i, count[i], ROUNDS);
        chan_free(c[i]);
    }
}

/* ---- a select that waits is woken by any of its channels, and leaves the others ---- */

struct waiter {
    Chan *a, *b, *s;
    WaitGroup wg;
    int got[3];
};

static void select_all(void *arg)
{
    struct waiter *w = arg;
    for (int i = 0; i < 3000; i++) {
        int va = 0, vb = 0, vs = i;
        SelectCase k[] = {
            {.c = w->a, .elem = &va}, {.c = w->b, .elem = &vb}, {.c = w->s, .elem = &vs, .send = true}};
        int won = chan_select(k, 3, true);
        CHECK(won == 2 || k[won].ok, "case %d: not closed", won);
        CHECK((va == 1) == (won == 0) && (vb == 2) == (won == 1), "case %d, but variables are %d, %d", won,
              va, vb);
        w->got[won]++;
    }
    wg_done(&w->wg);
}

static void send_ones(void *arg)
{
    struct waiter *w = arg;
    for (int i = 0; i < 1000; i++)
        chan_send(w->a, &(int){1});
    wg_done(&w->wg);
}

static void send_twos(void *arg)
{
    struct waiter *w = arg;
    for (int i = 0; i < 1000; i++)
        chan_send(w->b, &(int){2});
    wg_done(&w->wg);
}

static void recv_some(void *arg)
{
    struct waiter *w = arg;
    for (int i = 0, last = -1; i < 1000; i++) {
        int v = -1;
        CHECK(chan_recv(w->s, &v) && v > last, "got %d after %d", v, last);
        last = v;
    }
    wg_done(&w->wg);
}

static void waits_on_several_channels(void)
{
    for (size_t cap = 0; cap < 3; cap++) {
        struct waiter w = {.a = chan_make(sizeof(int), cap), .b = chan_make(sizeof(int), cap),
                           .s = chan_make(sizeof(int), 0)}; /* unbuffered: 1000 receives are 1000 sends */
        wg_add(&w.wg, 4);
        go(select_all, &w);
        go(send_ones, &w);
        go(recv_some, &w);
        go(send_twos, &w);
        wg_wait(&w.wg);
        for (int i = 0; i < 3; i++)
            CHECK(w.got[i] == 1000, "cap %zu: case %d was done %d times, expected 1000", cap, i, w.got[i]);
        chan_free(w.a);
        chan_free(w.b);
        chan_free(w.s);
    }
}

/* ---- two selects that use the same channels in opposite order ---- */

struct pair {
    Chan *a, *b;
    WaitGroup *wg;
    bool swap;
    int taken;
};

static void exchange(void *arg)
{
    struct pair *p = arg;
    for (int i = 0; i < 5000; i++) {
        SelectCase ab[] = {{.c = p->a, .send = true}, {.c = p->b}},
                   ba[] = {{.c = p->b, .send = true}, {.c = p->a}};
        int won = chan_select(p->swap ? ba : ab, 2, true);
        p->taken += won;
    }
    wg_done(p->wg);
}

static void opposite_orders_do_not_deadlock(void)
{
    /* p sends on a or receives from b, q sends on b or receives from a: each step of one completes one
     * of the other. */
    WaitGroup wg = {0};
    struct pair p = {chan_make(0, 0), chan_make(0, 0), &wg, false, 0}, q = p;
    q.swap = true;
    wg_add(&wg, 2);
    go(exchange, &p);
    go(exchange, &q);
    wg_wait(&wg);
    CHECK(p.taken + q.taken == 5000, "%d receives, expected one for each of the 5000 sends",
          p.taken + q.taken);
    chan_free(p.a);
    chan_free(p.b);
}

/* ---- one channel in several cases; a G never meets itself ---- */

static void send_two(void *c)
{
    chan_send(c, &(int){1});
    chan_send(c, &(int){2});
}

static void same_channel_twice(void)
{
    Chan *c = chan_make(sizeof(int), 0);
    int v0 = 0, v1 = 0, out = 9;
    SelectCase k[] = {{.c = c, .elem = &v0}, {.c = c, .elem = &v1}, {.c = c, .elem = &out, .send = true}};
    CHECK(chan_select(k, 3, false) == -1, "a select cannot receive what it would send itself");
    go(send_two, c);
    int sum = 0;
    for (int i = 0; i < 2; i++) {
        v0 = v1 = 0;
        int won = chan_select(k, 2, true);
        CHECK(won == 0 || won == 1, "case %d", won);
        sum += won == 0 ? v0 : v1;
    }
    CHECK(sum == 3, "1 and 2 were sent, sum %d", sum);
    chan_free(c);
}

/* ---- the locks are taken in one order, each once, in whatever order the cases stand ---- */

enum { SHUFFLED = 4 };
static struct {
    Chan *c[SHUFFLED];
    WaitGroup wg;
} shuffle;

static void poll_in_order(void *arg)
{
    uint32_t x = (uint32_t)(intptr_t)arg;
    for (int i = 0; i < 20000; i++) {
        SelectCase k[8];
        for (int j = 0; j < 8; j++) {
            x = x * 1664525 + 1013904223;
            k[j] = (SelectCase){.c = shuffle.c[(x >> 16) % SHUFFLED]};
        }
        CHECK(chan_select(k, 8, false) == -1, "nobody sends");
    }
    wg_done(&shuffle.wg);
}

static void lock_order_does_not_depend_on_the_cases(void)
{
    for (int i = 0; i < SHUFFLED; i++)
        shuffle.c[i] = chan_make(0, 0);
    wg_add(&shuffle.wg, 4);
    for (intptr_t i = 0; i < 4; i++)
        go(poll_in_order, (void *)(i + 1));
    wg_wait(&shuffle.wg);
    for (int i = 0; i < SHUFFLED; i++)
        chan_free(shuffle.c[i]);
}

/* ---- close wakes selects; a waiting send case panics ---- */

static _Atomic int close_started, close_seen, close_panicked;

static void select_until_closed(void *arg)
{
    Chan **c = arg;
    int v = 5;
    SelectCase k[] = {{.c = c[0], .elem = &v}, {.c = c[1]}};
    close_started++;
    CHECK(chan_select(k, 2, true) == 0 && !k[0].ok && v == 0, "woken by close: zero and not ok, got %d", v);
    close_seen++;
}

static void survive(void *arg)
{
    (void)arg;
    close_panicked++;
    goexit();
}

static void select_send_until_closed(void *arg)
{
    Chan **c = arg;
    defer(survive, NULL);
    SelectCase k[] = {{.c = c[0], .elem = &(int){1}, .send = true}, {.c = c[1]}};
    close_started++;
    chan_select(k, 2, true);
    CHECK(false, "a send on a closed channel returned");
}

static void close_wakes_selects(void)
{
    Chan *r[] = {chan_make(sizeof(int), 0), chan_make(0, 0)}, *s[] = {chan_make(sizeof(int), 0), r[1]};
    close_started = close_seen = close_panicked = 0;
    for (int i = 0; i < 10; i++) {
        go(select_until_closed, r);
        go(select_send_until_closed, s);
    }
    await(&close_started, 20, "selects started");
    gosched();
    chan_close(r[0]);
    chan_close(s[0]);
    await(&close_seen, 10, "receiving selects that were woken");
    await(&close_panicked, 10, "sending selects that panicked");
    CHECK(!chan_trysend(r[1], NULL), "somebody still stands in the queue of the channel that was not closed");
    chan_free(r[0]);
    chan_free(s[0]);
    chan_free(r[1]);
}

/* ---- one value for many selects: exactly one gets it, from whichever channel ---- */

enum { CONTENDERS = 8, TOKENS = 4000 };
static struct {
    Chan *c[3];
    _Atomic int got;
    WaitGroup wg;
} race;

static void contend(void *quit)
{
    for (;;) {
        SelectCase k[] = {{.c = race.c[0]}, {.c = race.c[1]}, {.c = race.c[2]}, {.c = quit}};
        int won = chan_select(k, 4, true);
        if (won == 3)
            break;
        race.got++;
    }
    wg_done(&race.wg);
}

static void throw_tokens(void *arg)
{
    for (int i = 0; i < TOKENS; i++)
        chan_send(race.c[(intptr_t)arg], NULL);
    wg_done(&race.wg);
}

static void each_value_wakes_one_select(void)
{
    Chan *quit = chan_make(0, 0);
    WaitGroup *wg = &race.wg;
    race.got = 0;
    for (int i = 0; i < 3; i++)
        race.c[i] = chan_make(0, (size_t)i);
    wg_add(wg, 3);
    for (intptr_t i = 0; i < 3; i++)
        go(throw_tokens, (void *)i);
    wg_add(wg, CONTENDERS);
    for (int i = 0; i < CONTENDERS; i++)
        go(contend, quit);
    await(&race.got, 3 * TOKENS, "values received");
    chan_close(quit);
    wg_wait(wg);
    CHECK(race.got == 3 * TOKENS, "%d values received, %d sent", race.got, 3 * TOKENS);
    for (int i = 0; i < 3; i++)
        chan_free(race.c[i]);
    chan_free(quit);
}

/* ---- one of two channels holds a value at any time: a select that does not wait must find it ---- */

static void must_find(void *arg)
{
    Chan **c = arg;
    SelectCase k[] = {{.c = c[0]}, {.c = c[1]}};
    CHECK(chan_select(k, 2, false) >= 0, "one of the two channels was ready all the time");
    chan_send(c[2], NULL);
}

static void ready_select_never_misses(void)
{
    for (int i = 0; i < 2000; i++) {
        Chan *c[] = {chan_make(1, 1), chan_make(1, 1), chan_make(0, 1)};
        chan_send(c[0], "x");
        go(must_find, c);
        chan_send(c[1], "x");
        chan_tryrecv(c[0], NULL, NULL);
        chan_recv(c[2], NULL);
        for (int j = 0; j < 3; j++)
            chan_free(c[j]);
    }
}

/* ---- many cases: more than the small arrays hold ---- */

static void hundred_cases(void)
{
    enum { N = 100 };
    Chan *c[N];
    SelectCase k[N];
    int v[N];
    for (int i = 0; i < N; i++) {
        c[i] = chan_make(sizeof(int), 1);
        k[i] = (SelectCase){.c = c[i], .elem = &v[i]};
    }
    for (int i = 0; i < N; i++) {
        int j = i * 37 % N;
        chan_send(c[j], &j);
        CHECK(chan_select(k, N, true) == j && v[j] == j, "case %d is the only one that is ready", j);
    }
    for (int i = 0; i < N; i++)
        chan_free(c[i]);
}

/* ---- nothing to wait for ---- */

static _Atomic int nothing_returned;

static void select_nothing(void *arg)
{
    SelectCase k[] = {{.c = NULL}, {.c = NULL, .send = true}};
    chan_select(k, (int)(intptr_t)arg, true);
    nothing_returned = 1;
}

static void select_of_nothing_waits_for_ever(void)
{
    nothing_returned = 0;
    go(select_nothing, (void *)0);
    go(select_nothing, (void *)2);
    for (int i = 0; i < 1000; i++)
        gosched();
    CHECK(nothing_returned == 0, "a select without cases returned");
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"ready_case_is_taken", ready_case_is_taken},
        {"choice_is_random", choice_is_random},
        {"waits_on_several_channels", waits_on_several_channels},
        {"opposite_orders_do_not_deadlock", opposite_orders_do_not_deadlock},
        {"same_channel_twice", same_channel_twice},
        {"lock_order_does_not_depend_on_the_cases", lock_order_does_not_depend_on_the_cases},
        {"close_wakes_selects", close_wakes_selects},
        {"each_value_wakes_one_select", each_value_wakes_one_select},
        {"ready_select_never_misses", ready_select_never_misses},
        {"hundred_cases", hundred_cases},
        {"select_of_nothing_waits_for_ever", select_of_nothing_waits_for_ever},
    };
    return test_main_procs(tests, sizeof tests / sizeof *tests, argc, argv);
}

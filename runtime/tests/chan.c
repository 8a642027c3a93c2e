/* Channels: order, blocking, closing, sizes, and many goroutines at once. */
#include "check.h"

/* ---- values arrive once, in order, whatever the buffer ---- */

struct stream {
    Chan *c;
    int n;
};

static void send_numbers(void *arg)
{
    struct stream *s = arg;
    for (int64_t i = 0; i < s->n; i++)
        chan_send(s->c, &i);
    chan_close(s->c);
}

static void values_arrive_in_order(void)
{
    static const size_t caps[] = {0, 1, 2, 7, 128};
    for (size_t k = 0; k < sizeof caps / sizeof *caps; k++) {
        struct stream s = {.c = chan_make(sizeof(int64_t), caps[k]), .n = 5000};
        go(send_numbers, &s);
        int64_t v, want = 0;
        while (chan_recv(s.c, &v)) {
            CHECK(v == want, "cap %zu: got %lld, expected %lld", caps[k], (long long)v, (long long)want);
            want++;
        }
        CHECK(want == s.n, "cap %zu: %lld values, expected %d", caps[k], (long long)want, s.n);
        CHECK(v == 0, "a receive from a closed channel must zero the variable, found %lld", (long long)v);
        chan_free(s.c);
    }
}

/* ---- a buffer takes cap values without a receiver, and no more ---- */

static void buffer_holds_cap_values(void)
{
    enum { CAP = 5 };
    Chan *c = chan_make(sizeof(int), CAP);
    CHECK(chan_cap(c) == CAP && chan_len(c) == 0, "cap %zu len %zu, expected 5 and 0", chan_cap(c),
          chan_len(c));
    for (int round = 0; round < 3; round++) { /* the ring starts elsewhere each time */
        int v = 0;
        bool ok = true;
        CHECK(!chan_tryrecv(c, &v, &ok), "a receive from an empty channel cannot succeed");
        for (int i = 0; i < CAP; i++) {
            CHECK(chan_trysend(c, &i), "value %d must fit", i);
            CHECK(chan_len(c) == (size_t)i + 1, "len %zu, expected %d", chan_len(c), i + 1);
        }
        v = 99;
        CHECK(!chan_trysend(c, &v), "a sixth value cannot fit");
        for (int i = 0; i < CAP - 1; i++)
            CHECK(chan_tryrecv(c, &v, &ok) && ok && v == i, "got %d, expected %d", v, i);
        CHECK(chan_tryrecv(c, NULL, NULL), "the last value can be thrown away");
    }
    chan_free(c);
}

/* ---- elements of any size: all their bytes, and none beside them ---- */

struct sized {
    Chan *c;
    size_t size;
};

static void send_patterns(void *arg)
{
    struct sized *s = arg;
    unsigned char buf[5000];
    for (int i = 0; i < 20; i++) {
        for (size_t k = 0; k < s->size; k++)
            buf[k] = (unsigned char)(i * 31 + k);
        chan_send(s->c, buf);
    }
}

static void recv_patterns(struct sized *s)
{
    unsigned char buf[5000 + 2];
    for (int i = 0; i < 20; i++) {
        buf[0] = buf[s->size + 1] = 0xee;
        CHECK(chan_recv(s->c, buf + 1), "size %zu: not closed", s->size);
        for (size_t k = 0; k < s->size; k++)
            CHECK(buf[1 + k] == (unsigned char)(i * 31 + k), "size %zu: byte %zu of value %d", s->size, k, i);
        CHECK(buf[0] == 0xee && buf[s->size + 1] == 0xee, "size %zu: wrote outside of the variable", s->size);
    }
}

static void elements_of_any_size(void)
{
    static const size_t sizes[] = {0, 1, 3, 7, 8, 9, 16, 100, 5000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (size_t cap = 0; cap < 4; cap += 3) {
            struct sized s = {.c = chan_make(sizes[k], cap), .size = sizes[k]};
            go(send_patterns, &s);
            recv_patterns(&s);
            chan_free(s.c);
        }
}

/* ---- an unbuffered send returns only when the value was taken ---- */

static Chan *handover;
static _Atomic int handover_state;

static void send_once(void *arg)
{
    (void)arg;
    int v = 7;
    handover_state = 1;
    chan_send(handover, &v);
    handover_state = 2;
}

static void unbuffered_send_waits(void)
{
    handover = chan_make(sizeof(int), 0);
    handover_state = 0;
    go(send_once, NULL);
    await(&handover_state, 1, "sender runs");
    for (int i = 0; i < 1000; i++) {
        gosched();
        CHECK(handover_state == 1, "the send returned before anybody received");
    }
    CHECK(chan_len(handover) == 0, "an unbuffered channel holds nothing");
    int v = 0;
    chan_recv(handover, &v);
    CHECK(v == 7, "got %d, expected 7", v);
    await(&handover_state, 2, "sender went on");
    chan_free(handover);
}

/* ---- who waits longest is served first ---- */

static Chan *queue;
static _Atomic int queue_started;

static void wait_to_send(void *arg)
{
    int v = (int)(intptr_t)arg;
    queue_started++;
    chan_send(queue, &v);
}

static void senders_are_served_in_order(void)
{
    int procs = gomaxprocs_set(1); /* one P: after two more rounds the new goroutine is parked for certain */
    queue = chan_make(sizeof(int), 0);
    queue_started = 0;
    for (int i = 0; i < 50; i++) {
        go(wait_to_send, (void *)(intptr_t)i);
        await(&queue_started, i + 1, "sender started");
        gosched();
        gosched();
    }
    for (int i = 0; i < 50; i++) {
        int v = -1;
        CHECK(chan_tryrecv(queue, &v, NULL) && v == i, "got %d, expected %d", v, i);
    }
    chan_free(queue);
    gomaxprocs_set(procs);
}

/* ---- close ---- */

static _Atomic int closed_receivers, closed_started;

static void recv_until_closed(void *c)
{
    int64_t v = 77;
    closed_started++;
    bool ok = chan_recv(c, &v);
    CHECK(!ok && v == 0, "a receiver woken by close must get false and zero, got %d and %lld", ok,
          (long long)v);
    closed_receivers++;
}

static void close_wakes_all_receivers(void)
{
    Chan *c = chan_make(sizeof(int64_t), 0);
    closed_receivers = closed_started = 0;
    for (int i = 0; i < 20; i++)
        go(recv_until_closed, c);
    await(&closed_started, 20, "receivers started");
    gosched();
    CHECK(closed_receivers == 0, "%d receivers returned from an open, empty channel", closed_receivers);
    chan_close(c);
    await(&closed_receivers, 20, "receivers returned");
    chan_free(c);
}

static void closed_channel_drains_first(void)
{
    Chan *c = chan_make(sizeof(int), 3);
    for (int i = 1; i <= 3; i++)
        chan_send(c, &i);
    chan_close(c);
    for (int i = 1; i <= 3; i++) {
        int v = 0;
        CHECK(chan_recv(c, &v) && v == i, "got %d, expected %d", v, i);
    }
    int v = 5;
    bool ok = true;
    CHECK(!chan_recv(c, &v) && v == 0, "closed and drained: false and 0, got %d", v);
    v = 5;
    CHECK(chan_tryrecv(c, &v, &ok) && !ok && v == 0,
          "closed and drained: possible at once, ok false, got %d, %d", ok, v);
    chan_free(c);
}

/* A deferred function may end the goroutine, and with it the panic: the program goes on and can look. */
static _Atomic int panics;

static void survive(void *arg)
{
    (void)arg;
    panics++;
    goexit();
}

static _Atomic int panic_started;

static void send_and_panic(void *c)
{
    defer(survive, NULL);
    int v = 1;
    panic_started++;
    chan_send(c, &v);
    CHECK(false, "a send on a closed channel returned");
}

static void trysend_and_panic(void *c)
{
    defer(survive, NULL);
    int v = 1;
    chan_trysend(c, &v);
    CHECK(false, "a try to send on a closed channel returned");
}

static void close_and_panic(void *c)
{
    defer(survive, NULL);
    chan_close(c);
    CHECK(false, "a second close returned, or a close of NULL");
}

static void misuse_panics(void)
{
    Chan *c = chan_make(sizeof(int), 0);
    panics = panic_started = 0;
    go(send_and_panic, c); /* parked, or not yet there, when the channel is closed: the same */
    await(&panic_started, 1, "sender started");
    for (int i = 0; i < 10; i++)
        gosched();
    chan_close(c);
    await(&panics, 1, "panic of the sender that waited");
    go(send_and_panic, c);
    await(&panics, 2, "panic of a send after close");
    go(trysend_and_panic, c);
    await(&panics, 3, "panic of a trysend after close");
    go(close_and_panic, c);
    await(&panics, 4, "panic of a second close");
    go(close_and_panic, NULL);
    await(&panics, 5, "panic of a close of NULL");
    chan_free(c);
}

/* ---- NULL ---- */

static _Atomic int nil_returned;

static void recv_nil(void *arg)
{
    (void)arg;
    chan_recv(NULL, NULL);
    nil_returned = 1;
}

static void send_nil(void *arg)
{
    (void)arg;
    chan_send(NULL, NULL);
    nil_returned = 1;
}

static void nil_channel_waits_for_ever(void)
{
    CHECK(!chan_trysend(NULL, NULL) && !chan_tryrecv(NULL, NULL, NULL),
          "nothing is possible at once on NULL");
    CHECK(chan_len(NULL) == 0 && chan_cap(NULL) == 0, "NULL has no buffer");
    nil_returned = 0;
    go(recv_nil, NULL);
    go(send_nil, NULL);
    for (int i = 0; i < 1000; i++)
        gosched();
    CHECK(nil_returned == 0, "an operation on NULL returned");
}

/* ---- many senders and receivers: every value once, each sender's values in order ---- */

enum { SENDERS = 4, RECEIVERS = 4, EACH = 2000 };
static struct {
    Chan *c;
    _Atomic int seen[SENDERS * EACH];
    WaitGroup senders, receivers;
} crowd;

static void crowd_send(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        int v = (int)(intptr_t)arg * EACH + i;
        chan_send(crowd.c, &v);
    }
    wg_done(&crowd.senders);
}

static void crowd_recv(void *arg)
{
    (void)arg;
    int last[SENDERS] = {-1, -1, -1, -1}, v;
    while (chan_recv(crowd.c, &v)) {
        CHECK(++crowd.seen[v] == 1, "value %d came twice", v);
        CHECK(v % EACH > last[v / EACH], "of sender %d, %d came after %d", v / EACH, v % EACH,
              last[v / EACH]);
        last[v / EACH] = v % EACH;
    }
    wg_done(&crowd.receivers);
}

static void every_value_arrives_once(void)
{
    static const size_t caps[] = {0, 1, 10};
    for (size_t k = 0; k < sizeof caps / sizeof *caps; k++) {
        crowd.c = chan_make(sizeof(int), caps[k]);
        for (int i = 0; i < SENDERS * EACH; i++)
            crowd.seen[i] = 0;
        wg_add(&crowd.senders, SENDERS);
        wg_add(&crowd.receivers, RECEIVERS);
        for (intptr_t i = 0; i < SENDERS; i++)
            go(crowd_send, (void *)i);
        for (int i = 0; i < RECEIVERS; i++)
            go(crowd_recv, NULL);
        wg_wait(&crowd.senders);
        chan_close(crowd.c);
        wg_wait(&crowd.receivers);
        for (int i = 0; i < SENDERS * EACH; i++)
            CHECK(crowd.seen[i] == 1, "value %d never came (cap %zu)", i, caps[k]);
        chan_free(crowd.c);
    }
}

/* ---- a try to receive must not miss what is there all the time: a value, or after it the close ---- */

static void must_recv_at_once(void *arg)
{
    Chan **cs = arg;
    CHECK(chan_tryrecv(cs[0], NULL, NULL),
          "the channel held a value, then was closed: one or the other can be received");
    chan_send(cs[1], NULL);
}

static void tryrecv_against_close(void)
{
    for (int i = 0; i < 2000; i++) {
        Chan *cs[2] = {chan_make(sizeof(int), 1), chan_make(0, 1)};
        chan_send(cs[0], &i);
        go(must_recv_at_once, cs);
        chan_close(cs[0]);
        chan_tryrecv(cs[0], NULL, NULL);
        chan_recv(cs[1], NULL);
        chan_free(cs[0]);
        chan_free(cs[1]);
    }
}

/* ---- a chain of goroutines ---- */

struct stage {
    Chan *in, *out;
    int prime;
    WaitGroup *wg;
};

static void generate(void *arg)
{
    struct stage *s = arg;
    for (int i = 2; i < 560; i++)
        chan_send(s->out, &i);
    chan_close(s->out);
    wg_done(s->wg);
}

static void sieve(void *arg)
{
    struct stage *s = arg;
    int v;
    while (chan_recv(s->in, &v))
        if (v % s->prime != 0)
            chan_send(s->out, &v);
    chan_close(s->out);
    wg_done(s->wg);
}

static void prime_sieve(void)
{
    static struct stage stages[110]; /* 0 generates */
    WaitGroup wg = {0};
    int n = 0;
    wg_add(&wg, 1);
    stages[0] = (struct stage){.out = chan_make(sizeof(int), 0), .wg = &wg};
    go(generate, &stages[0]);
    for (int v; chan_recv(stages[n].out, &v);) {
        n++;
        stages[n] = (struct stage){.in = stages[n - 1].out, .out = chan_make(sizeof(int), 0), .prime = v, .wg = &wg};
        wg_add(&wg, 1);
        go(sieve, &stages[n]);
    }
    CHECK(n == 102 && stages[100].prime == 541 && stages[102].prime == 557,
          "%d primes below 560, the last is %d", n, stages[n].prime);
    wg_wait(&wg);
    for (int i = 0; i <= n; i++)
        chan_free(stages[i].out);
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"values_arrive_in_order", values_arrive_in_order},
        {"buffer_holds_cap_values", buffer_holds_cap_values},
        {"elements_of_any_size", elements_of_any_size},
        {"unbuffered_send_waits", unbuffered_send_waits},
        {"senders_are_served_in_order", senders_are_served_in_order},
        {"close_wakes_all_receivers", close_wakes_all_receivers},
        {"closed_channel_drains_first", closed_channel_drains_first},
        {"misuse_panics", misuse_panics},
        {"nil_channel_waits_for_ever", nil_channel_waits_for_ever},
        {"every_value_arrives_once", every_value_arrives_once},
        {"tryrecv_against_close", tryrecv_against_close},
        {"prime_sieve", prime_sieve},
    };
    return test_main_procs(tests, sizeof tests / sizeof *tests, argc, argv);
}

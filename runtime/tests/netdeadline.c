/* Deadlines of sockets and pipes: never early, at once if past, moved while somebody waits, and for nobody else. Lateness
 * is not tested beyond seconds: it depends on the machine. */
#include <linux/in.h>
#include "netcheck.h"

static void socket_pair(Conn **a, Conn **b)
{
    char addr[32];
    Listener *l = tcp_listener(addr, sizeof addr);
    connect_and_close(l, "tcp", addr, a, b);
}

/* Writes until the kernel's buffers are full. */
static void fill(Conn *c)
{
    static const char zeros[65536];
    intptr_t n;
    net_writedeadline(c, nanotime() + NSEC_PER_MSEC);
    while ((n = net_write(c, zeros, sizeof zeros)) > 0)
        continue;
    CHECK(n == -NET_ETIMEOUT, "a full connection times out, it returned %ld", (long)n);
    net_writedeadline(c, 0);
}

enum { AF_INET_ = 2, SOCK_STREAM_ = 1 };
#define LOOPBACK 0x0100007f /* 127.0.0.1 in network byte order, as little-endian CPUs read it */

/* ---- the four that wait: read, write, accept, dial ---- */

/* A listening socket that nobody accepts from, whose queue is full: the kernel drops who else comes, so connecting to it
 * takes for ever. net_listen asks for a long queue, so this is made by hand: a queue of length 0 takes one. */
static struct {
    int fd;
    char addr[32];
    Conn *queued;
} deaf;

static void make_deaf(void)
{
    int err;
    struct sockaddr_in a = {.sin_family = AF_INET_, .sin_addr.s_addr = LOOPBACK};
    uint32_t len = sizeof a;
    deaf.fd = (int)RawSyscall(__NR_socket, AF_INET_, SOCK_STREAM_ | KO_CLOEXEC, 0).r1;
    CHECK(RawSyscall(__NR_bind, (uintptr_t)deaf.fd, (uintptr_t)&a, len).err == 0 &&
              RawSyscall(__NR_listen, (uintptr_t)deaf.fd, 0, 0).err == 0 &&
              RawSyscall(__NR_getsockname, (uintptr_t)deaf.fd, (uintptr_t)&a, (uintptr_t)&len).err == 0,
          "a listening socket");
    gosnprintf(deaf.addr, sizeof deaf.addr, "127.0.0.1:%d", (a.sin_port & 255) << 8 | a.sin_port >> 8);
    deaf.queued = net_dial("tcp", deaf.addr, &err);
    CHECK(deaf.queued, "the first connection, not error %d", err);
}

static void end_deaf(void)
{
    net_close(deaf.queued);
    file_close(deaf.fd);
}

static Conn *rend, *wend, *empty, *full;
static Listener *lonely;

static void make_four(void)
{
    char addr[32];
    pipe_pair(&empty, &wend);
    pipe_pair(&rend, &full);
    fill(full);
    lonely = tcp_listener(addr, sizeof addr);
    make_deaf();
}

static void end_four(void)
{
    net_close(empty);
    net_close(wend);
    net_close(rend);
    net_close(full);
    net_closelistener(lonely);
    end_deaf();
    await_waiters(0);
}

/* Each sets the deadline t and waits; its error. */
static int read_until(int64_t t)
{
    char b;
    net_readdeadline(empty, t);
    return (int)-net_read(empty, &b, 1);
}

static int write_until(int64_t t)
{
    net_writedeadline(full, t);
    return (int)-net_write(full, "x", 1);
}

static int accept_until(int64_t t)
{
    int err;
    net_acceptdeadline(lonely, t);
    return net_accept(lonely, &err) ? 0 : err;
}

static int dial_until(int64_t t)
{
    int err;
    return net_dialdeadline("tcp", deaf.addr, t, &err) ? 0 : err;
}

static const struct {
    const char *name;
    int (*fn)(int64_t t);
} four[] = {{"read", read_until}, {"write", write_until}, {"accept", accept_until}, {"dial", dial_until}};

static void a_past_deadline_fails_at_once(void)
{
    make_four();
    for (int i = 0; i < 4; i++) {
        int64_t past[] = {1, nanotime() - NSEC_PER_SEC, nanotime(), INT64_MIN};
        for (int k = 0; k < 4; k++) {
            int err = four[i].fn(past[k]);
            CHECK(err == NET_ETIMEOUT, "%s with the past deadline %lld: error %d", four[i].name,
                  (long long)past[k], err);
        }
    }
    end_four();
}

static void a_deadline_is_never_early(void)
{
    static const int64_t after[] = {1, 1000, 100000, NSEC_PER_MSEC, 5 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC};
    make_four();
    for (int i = 0; i < 4; i++) {
        for (size_t k = 0; k < sizeof after / sizeof *after; k++) {
            int64_t t = nanotime() + after[k];
            int err = four[i].fn(t);
            int64_t now = nanotime();
            CHECK(err == NET_ETIMEOUT, "%s: it times out, not error %d", four[i].name, err);
            CHECK(now >= t, "%s timed out %lld ns early", four[i].name, (long long)(t - now));
            CHECK(now < t + 5 * NSEC_PER_SEC, "%s timed out %lld ms late", four[i].name,
                  (long long)((now - t) / NSEC_PER_MSEC));
        }
    }
    end_four();
}

/* It stays expired until another is set, and then the connection is as good as before. */
static void an_expired_deadline_stays(void)
{
    Conn *a, *b;
    char c;
    socket_pair(&a, &b);
    net_readdeadline(a, nanotime() + NSEC_PER_MSEC);
    for (int i = 0; i < 5; i++)
        CHECK(net_read(a, &c, 1) == -NET_ETIMEOUT, "read %d after the deadline fails", i);
    CHECK(net_write(b, "x", 1) == 1, "a byte");
    CHECK(net_read(a, &c, 1) == -NET_ETIMEOUT, "even if there is something to read");
    CHECK(net_write(a, "y", 1) == 1, "it is no deadline for writing");
    net_readdeadline(a, nanotime() + 3600 * NSEC_PER_SEC);
    CHECK(net_read(a, &c, 1) == 1 && c == 'x', "a later deadline lets it read");
    net_readdeadline(a, 1);
    net_readdeadline(a, 0);
    CHECK(net_write(b, "z", 1) == 1 && net_read(a, &c, 1) == 1 && c == 'z', "none, too");
    net_deadline(a, 1);
    CHECK(net_read(a, &c, 1) == -NET_ETIMEOUT && net_write(a, "x", 1) == -NET_ETIMEOUT,
          "and both can be set at once");
    net_close(a);
    net_close(b);
}

static void a_full_connection_can_be_written_again(void)
{
    Conn *r, *w;
    static char buf[65536];
    pipe_pair(&r, &w);
    fill(w);
    net_writedeadline(w, 1);
    CHECK(net_write(w, "x", 1) == -NET_ETIMEOUT, "past");
    net_writedeadline(w, 0);
    CHECK(net_read(r, buf, sizeof buf) > 0, "room is made");
    CHECK(net_write(w, "x", 1) == 1, "and used");
    net_close(r);
    net_close(w);
}

static void accept_works_after_its_deadline(void)
{
    char addr[32];
    int err;
    Listener *l = tcp_listener(addr, sizeof addr);
    net_acceptdeadline(l, nanotime() + NSEC_PER_MSEC);
    CHECK(!net_accept(l, &err) && err == NET_ETIMEOUT, "nobody came; error %d", err);
    Conn *a = net_dial("tcp", addr, &err);
    CHECK(a, "a connection, not error %d", err);
    CHECK(!net_accept(l, &err) && err == NET_ETIMEOUT, "the deadline stays although somebody came; error %d",
          err);
    net_acceptdeadline(l, 0);
    Conn *b = net_accept(l, &err);
    CHECK(b, "without it the connection is accepted; error %d", err);
    net_close(a);
    net_close(b);
    net_closelistener(l);
}

/* A connection is as good as without, and the deadline of the dial is not its own. */
static void a_dial_in_time_leaves_no_deadline(void)
{
    char addr[32], c;
    int err;
    Listener *l = tcp_listener(addr, sizeof addr);
    int64_t t = nanotime() + 200 * NSEC_PER_MSEC;
    Conn *a = net_dialdeadline("tcp", addr, t, &err);
    if (!a && err == NET_ETIMEOUT && nanotime() >= t) { /* a machine that stood still */
        net_closelistener(l);
        return;
    }
    CHECK(a, "a connection, not error %d", err);
    Conn *b = net_accept(l, &err);
    CHECK(b, "its other end, not error %d", err);
    gosleep(t - nanotime() + NSEC_PER_MSEC);
    CHECK(net_write(a, "x", 1) == 1 && net_read(b, &c, 1) == 1, "it has no deadline");
    net_close(a);
    net_close(b);
    net_closelistener(l);
}

/* ---- moving a deadline while somebody waits ---- */

static struct {
    Conn *c;
    intptr_t n;
    int64_t at;
} waiter;

static void wait_for_byte(void *arg)
{
    char b;
    (void)arg;
    waiter.n = net_read(waiter.c, &b, 1);
    waiter.at = nanotime();
    ended++;
}

static Conn *start_waiter(int64_t deadline)
{
    Conn *w;
    ended = 0;
    pipe_pair(&waiter.c, &w);
    net_readdeadline(waiter.c, deadline);
    go(wait_for_byte, NULL);
    await_waiters(1);
    return w;
}

static void end_waiter(Conn *w, intptr_t want, const char *what)
{
    await(&ended, 1, "reader that ended");
    CHECK(waiter.n == want, "%s: read returned %ld, not %ld", what, (long)waiter.n, (long)want);
    await_waiters(0);
    net_close(waiter.c);
    net_close(w);
}

static void past_deadline_wakes_who_waits(void)
{
    Conn *w = start_waiter(0);
    net_readdeadline(waiter.c, 1);
    end_waiter(w, -NET_ETIMEOUT, "a deadline in the past");
    w = start_waiter(nanotime() + 3600 * NSEC_PER_SEC);
    net_deadline(waiter.c, nanotime() - 1);
    end_waiter(w, -NET_ETIMEOUT, "a deadline in the past, instead of a late one");
}

static void sooner_deadline_wakes_who_waits(void)
{
    Conn *w = start_waiter(nanotime() + 3600 * NSEC_PER_SEC);
    int64_t t = nanotime() + 2 * NSEC_PER_MSEC;
    net_readdeadline(waiter.c, t);
    end_waiter(w, -NET_ETIMEOUT, "a sooner deadline");
    CHECK(waiter.at >= t, "it woke %lld ns early", (long long)(t - waiter.at));
}

/* Moved on and on, it never comes; at the end it does. Only if this goroutine was held up, it may come in between. */
static void deadline_moved_on_does_not_come(void)
{
    int64_t t = nanotime() + 40 * NSEC_PER_MSEC;
    Conn *w = start_waiter(t);
    bool late = false;
    for (int i = 0; i < 20; i++) {
        int64_t next = nanotime() + 40 * NSEC_PER_MSEC;
        net_readdeadline(waiter.c, next);
        late |= nanotime() >= t;
        t = next;
        gosleep(5 * NSEC_PER_MSEC);
    }
    end_waiter(w, -NET_ETIMEOUT, "a deadline that was moved on");
    CHECK(late || waiter.at >= t, "it woke %lld ns before the last deadline", (long long)(t - waiter.at));
}

/* Nobody wakes although time passes: the deadlines of another connection, which come later, say that it has. */
static void does_not_wake(int64_t deadline, bool take_away)
{
    Conn *w = start_waiter(deadline), *r2, *w2;
    char b;
    if (take_away)
        net_readdeadline(waiter.c, 0);
    bool late = take_away && nanotime() >= deadline; /* this goroutine was held up: it may have come */
    pipe_pair(&r2, &w2);
    net_readdeadline(r2, nanotime() + 25 * NSEC_PER_MSEC);
    CHECK(net_read(r2, &b, 1) == -NET_ETIMEOUT, "the other one times out");
    CHECK(late || ended == 0, "deadline %lld: the reader woke with %ld", (long long)deadline, (long)waiter.n);
    CHECK(net_write(w, "x", 1) == 1, "a byte");
    await(&ended, 1, "reader that ended");
    end_waiter(w, late ? waiter.n : 1, "no deadline");
    net_close(r2);
    net_close(w2);
}

static void no_deadline_does_not_wake(void)
{
    does_not_wake(0, false);
    does_not_wake(INT64_MAX, false); /* beyond the end of time, with what is added on the way */
    does_not_wake(INT64_MAX - 1000, false);
    does_not_wake(nanotime() + 20 * NSEC_PER_MSEC, true);
}

/* ---- many, and at the same time ---- */

/* A server that writes without end; clients with all kinds of deadlines read until they time out. */
static void write_for_ever(void *c)
{
    static const char zeros[4096];
    intptr_t n;
    while ((n = net_write(c, zeros, sizeof zeros)) > 0)
        continue;
    CHECK(n == -EPIPE || n == -ECONNRESET, "the writer ends when the reader closes, not with %ld", (long)n);
    net_close(c);
    ended++;
}

static void various_deadlines(void)
{
    static const int64_t after[] = {
        1, 1000, 20000, 100000, NSEC_PER_MSEC, 5 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC};
    static char buf[65536];
    int writers = 0;
    ended = 0;
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        for (int run = 0; run < 3; run++) {
            Conn *a, *b;
            socket_pair(&a, &b);
            go(write_for_ever, b);
            writers++;
            int64_t t = nanotime() + after[i];
            net_readdeadline(a, t);
            intptr_t n;
            while ((n = net_read(a, buf, sizeof buf)) > 0)
                CHECK(nanotime() < t + 5 * NSEC_PER_SEC, "after %lld ns there is no end of reading",
                      (long long)after[i]);
            CHECK(n == -NET_ETIMEOUT && nanotime() >= t, "a stream times out in time, not %ld", (long)n);
            net_close(a);
        }
    }
    await(&ended, writers, "writers that ended");
    await_waiters(0);
}

static struct {
    Conn *a, *b;
    _Atomic bool stop;
} race;

static void race_read(void *c)
{
    char buf[512];
    while (!race.stop) {
        intptr_t n = net_read(c, buf, sizeof buf);
        CHECK(n > 0 || n == -NET_ETIMEOUT, "a read finds bytes or times out, not %ld", (long)n);
        gosched();
    }
    ended++;
}

static void race_write(void *c)
{
    static const char zeros[512];
    while (!race.stop) {
        intptr_t n = net_write(c, zeros, sizeof zeros);
        CHECK(n == sizeof zeros || n == -NET_ETIMEOUT, "a write is done or times out, not %ld", (long)n);
        gosched();
    }
    ended++;
}

static void race_set(void *c)
{
    uint32_t x = 1;
    for (int i = 0; i < 3000; i++) {
        x = x * 1664525 + 1013904223;
        int64_t t = x >> 30 == 0 ? 0 : x >> 30 == 1 ? 1 : nanotime() + (x >> 8) % (200 * 1000);
        if (x & 64)
            net_readdeadline(c, t);
        if (x & 128)
            net_writedeadline(c, t);
        if (!(x & 192))
            net_deadline(c, t);
        if (i % 8 == 0)
            gosched();
    }
    ended++;
}

/* Readers, writers and those who set deadlines, all on the same two ends. */
static void deadlines_race_with_io(void)
{
    for (int round = 0; round < 3; round++) {
        ended = 0;
        race.stop = false;
        socket_pair(&race.a, &race.b);
        for (int i = 0; i < 2; i++) {
            go(race_read, i ? race.a : race.b);
            go(race_write, i ? race.a : race.b);
            go(race_set, i ? race.a : race.b);
            go(race_set, i ? race.a : race.b);
        }
        await(&ended, 4, "goroutines that set deadlines have ended");
        race.stop = true;
        net_deadline(race.a, 1);
        net_deadline(race.b, 1);
        await(&ended, 8, "all have ended");
        await_waiters(0);
        net_close(race.a);
        net_close(race.b);
    }
}

static void read_to_deadline(void *c)
{
    char b;
    intptr_t n = net_read(c, &b, 1);
    CHECK(n == -NET_ETIMEOUT || n == 1 || n == -NET_ECLOSED, "timed out, a byte, or closed, not %ld",
          (long)n);
    ended++;
}

/* A deadline, a byte and a close come at the same time: each reader is woken once. */
static void deadlines_race_with_close(void)
{
    for (int i = 0; i < 300; i++) {
        Conn *r, *w;
        ended = 0;
        pipe_pair(&r, &w);
        await_waiters(0); /* the count follows the last round's goroutines, when they may have ended already */
        go(read_to_deadline, r);
        await_waiters(1);
        net_readdeadline(r, nanotime() + i % 30 * 1000 + 1);
        if (i % 2)
            net_write(w, "x", 1);
        for (int k = i % 5; k > 0; k--)
            gosched();
        CHECK(net_close(r) == 0, "closed");
        await(&ended, 1, "reader that ended");
        net_close(w);
    }
    await_waiters(0);
}

/* Many at a time, each with a deadline of its own; all come, in whatever order they were set. */
enum { MANY = 200 };
static struct {
    Conn *c;
    int64_t t;
} many[MANY];

static void time_out(void *arg)
{
    char b;
    int i = (int)(intptr_t)arg;
    intptr_t n = net_read(many[i].c, &b, 1);
    CHECK(n == -NET_ETIMEOUT && nanotime() >= many[i].t, "reader %d: %ld", i, (long)n);
    ended++;
}

static void many_deadlines_all_come(void)
{
    Conn *w[MANY];
    ended = 0;
    for (int i = 0; i < MANY; i++) {
        pipe_pair(&many[i].c, &w[i]);
        many[i].t = nanotime() + i * 7919 % MANY * 100 * NSEC_PER_USEC + 1;
        net_readdeadline(many[i].c, many[i].t);
        go(time_out, (void *)(intptr_t)i);
    }
    await(&ended, MANY, "readers timed out");
    await_waiters(0);
    for (int i = 0; i < MANY; i++) {
        net_close(many[i].c);
        net_close(w[i]);
    }
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"a_past_deadline_fails_at_once", a_past_deadline_fails_at_once},
        {"a_deadline_is_never_early", a_deadline_is_never_early},
        {"an_expired_deadline_stays", an_expired_deadline_stays},
        {"a_full_connection_can_be_written_again", a_full_connection_can_be_written_again},
        {"accept_works_after_its_deadline", accept_works_after_its_deadline},
        {"a_dial_in_time_leaves_no_deadline", a_dial_in_time_leaves_no_deadline},
        {"past_deadline_wakes_who_waits", past_deadline_wakes_who_waits},
        {"sooner_deadline_wakes_who_waits", sooner_deadline_wakes_who_waits},
        {"deadline_moved_on_does_not_come", deadline_moved_on_does_not_come},
        {"no_deadline_does_not_wake", no_deadline_does_not_wake},
        {"various_deadlines", various_deadlines},
        {"deadlines_race_with_io", deadlines_race_with_io},
        {"deadlines_race_with_close", deadlines_race_with_close},
        {"many_deadlines_all_come", many_deadlines_all_come},
    };
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

/**
 * @file soakwork.h
 * What goes on in soak.c: kinds of workers. Each works in turns until stop, ends all that it began, and checks what it can see.
 */
#ifndef HANDOFF_TEST_SOAKWORK_H
#define HANDOFF_TEST_SOAKWORK_H

#include "signals.h"
#include "chan.h"
#include "zsyscall.h"

/** The workers are to end. */
static _Atomic bool stop;
static WaitGroup workers;
static _Atomic long turns;

/* ---- goroutines that come and go ---- */

struct brood {
    WaitGroup wg;
    _Atomic int deferred;
};

static void note_end(void *arg)
{
    struct brood *b = arg;
    b->deferred++;
    wg_done(&b->wg);
}

static __attribute__((noinline)) void leave(struct brood *b)
{
    defer(note_end, b);
    goexit();
}

static void child(void *arg)
{
    leave(arg);
}

static void grandchild(void *arg)
{
    struct brood *b = arg;
    defer(note_end, b);
    gosched();
}

static void parent(void *arg)
{
    struct brood *b = arg;
    defer(note_end, b);
    go(grandchild, b);
}

static void spawner(void *unused)
{
    (void)unused;
    enum { N = 60 };
    while (!stop) {
        struct brood b = {0};
        wg_add(&b.wg, N + N / 3);
        for (int i = 0; i < N; i++)
            switch (i % 3) {
            case 0:
                gostack(i % 2 ? 16384 : GOSTACK_SMALL, child, &b);
                break;
            case 1:
                go(parent, &b);
                break;
            default:
                go(grandchild, &b);
            }
        wg_wait(&b.wg);
        CHECK(b.deferred == N + N / 3, "each goroutine ran its deferred call, not %d", b.deferred);
        turns++;
        gosleep(cheaprandn(2 * NSEC_PER_MSEC));
    }
    wg_done(&workers);
}

/* ---- channels ---- */

struct hop {
    Chan *in, *out;
    WaitGroup *wg;
};

static void pass_on(void *arg)
{
    struct hop *h = arg;
    for (long v; chan_recv(h->in, &v);) {
        v++;
        chan_send(h->out, &v);
    }
    chan_close(h->out);
    wg_done(h->wg);
}

static void ring(void *unused)
{
    enum { N = 6 };
    (void)unused;
    while (!stop) {
        WaitGroup wg = {0};
        struct hop h[N];
        Chan *c[N + 1];
        for (size_t i = 0; i <= N; i++)
            c[i] = chan_make(sizeof(long), i % 3);
        wg_add(&wg, N);
        for (int i = 0; i < N; i++) {
            h[i] = (struct hop){c[i], c[i + 1], &wg};
            go(pass_on, &h[i]);
        }
        for (long i = 0, v = 0; i < 200; i++) {
            chan_send(c[0], &v);
            CHECK(chan_recv(c[N], &v) && v == (i + 1) * N, "after %ld rounds the number is %ld", i + 1, v);
        }
        chan_close(c[0]);
        CHECK(!chan_recv(c[N], NULL), "the ring ends when its beginning is closed");
        wg_wait(&wg);
        for (size_t i = 0; i <= N; i++)
            chan_free(c[i]);
        turns++;
    }
    wg_done(&workers);
}

/* ---- select, with a time limit ---- */

static void send_true(void *c)
{
    chan_trysend(c, &(bool){true});
}

static void produce(void *arg)
{
    struct hop *h = arg;
    for (long i = 1; i <= 100; i++) {
        if (i % 10 == 0)
            gosleep(cheaprandn(300 * NSEC_PER_USEC));
        chan_send(h->out, &i);
    }
    wg_done(h->wg);
}

static void selector(void *unused)
{
    (void)unused;
    while (!stop) {
        WaitGroup wg = {0};
        Chan *a = chan_make(sizeof(long), 0), *b = chan_make(sizeof(long), 2), *late = chan_make(sizeof(bool), 1);
        struct hop ha = {.out = a, .wg = &wg}, hb = {.out = b, .wg = &wg};
        wg_add(&wg, 2);
        go(produce, &ha);
        go(produce, &hb);
        Timer *t = timer_after(100 * NSEC_PER_USEC, send_true, late);
        long sum = 0, timeouts = 0;
        for (int got = 0; got < 200;) {
            long v;
            bool ignored;
            SelectCase cases[] = {{a, &v, false, false}, {b, &v, false, false}, {late, &ignored, false, false}};
            switch (chan_select(cases, 3, true)) {
            case 2:
                timeouts++;
                timer_reset(t, 100 * NSEC_PER_USEC);
                break;
            default:
                sum += v;
                got++;
            }
        }
        CHECK(sum == 2 * 5050, "two producers send 1 to 100: the sum is %ld", sum);
        wg_wait(&wg);
        if (!timer_stop(t)) /* its goroutine may be about to send */
            chan_recv(late, NULL);
        timer_free(t);
        chan_free(a);
        chan_free(b);
        chan_free(late);
        turns++;
    }
    wg_done(&workers);
}

/* ---- timers ---- */

static void ring_bell(void *n)
{
    (*(_Atomic int *)n)++;
}

static void alarmist(void *unused)
{
    enum { N = 30 };
    (void)unused;
    while (!stop) {
        _Atomic int rang = 0;
        Timer *t[N];
        int stopped = 0;
        for (int i = 0; i < N; i++)
            t[i] = timer_after(cheaprandn(2 * NSEC_PER_MSEC), ring_bell, (void *)&rang);
        int64_t ns = cheaprandn(2 * NSEC_PER_MSEC), begun = nanotime();
        gosleep(ns);
        CHECK(nanotime() - begun >= ns, "a sleep of %ld ns is not cut short", (long)ns);
        for (int i = 0; i < N; i++)
            stopped += timer_stop(t[i]);
        UNTIL(rang == N - stopped, gosched(), "each timer that was not stopped has gone off");
        for (int i = 0; i < N; i++)
            timer_free(t[i]);
        turns++;
    }
    wg_done(&workers);
}

/* ---- files ---- */

static void filer(void *arg)
{
    enum { N = 16384 };
    char path[64];
    unsigned char *out = gomalloc(N), *in = gomalloc(N);
    gosnprintf(path, sizeof path, "/tmp/handoff-soak-%d-%ld", linux_getpid(), (long)(intptr_t)arg);
    for (unsigned turn = 0; !stop; turn++) {
        int fd = file_open(path, 0102 /* O_CREAT | O_RDWR */, 0600);
        CHECK(fd >= 0, "%s can be made, not errno %d", path, -fd);
        for (int i = 0; i < N; i++)
            out[i] = (unsigned char)(i * 7 + turn);
        CHECK(file_write(fd, out, N) == N, "all can be written");
        CHECK(file_stat(fd, NULL, NULL) == N, "the file has %d bytes", N);
        for (int i = 0; i < N; i += 1024)
            CHECK(file_pread(fd, in + i, 1024, i) == 1024, "all can be read");
        for (int i = 0; i < N; i++)
            CHECK(in[i] == out[i], "byte %d is read as it was written", i);
        CHECK(file_close(fd) == 0, "the file can be closed");
        CHECK(RawSyscall(__NR_unlinkat, (uintptr_t)-100 /* AT_FDCWD */, (uintptr_t)path, 0).err == 0, "and removed");
        turns++;
    }
    gofree(in);
    gofree(out);
    wg_done(&workers);
}

/* ---- reads that block a thread ---- */

struct slow {
    int fd;
    WaitGroup *wg;
};

static void write_slowly(void *arg)
{
    struct slow *s = arg;
    for (int i = 0; i < 20; i++) {
        unsigned char b = (unsigned char)i;
        gosleep(cheaprandn(NSEC_PER_MSEC));
        CHECK(file_write(s->fd, &b, 1) == 1, "a byte can be written");
    }
    file_close(s->fd);
    wg_done(s->wg);
}

static void blocking_reader(void *unused)
{
    (void)unused;
    while (!stop) {
        int fds[2];
        WaitGroup wg = {0};
        CHECK(RawSyscall(__NR_pipe2, (uintptr_t)fds, KO_CLOEXEC, 0).err == 0, "a pipe can be made");
        struct slow s = {fds[1], &wg};
        wg_add(&wg, 1);
        go(write_slowly, &s);
        unsigned char b;
        for (int i = 0; i < 20; i++)
            CHECK(file_read(fds[0], &b, 1) == 1 && b == i, "byte %d comes as it was written", i);
        CHECK(file_read(fds[0], &b, 1) == 0, "then the pipe ends");
        file_close(fds[0]);
        wg_wait(&wg);
        turns++;
    }
    wg_done(&workers);
}

/* ---- sockets ---- */

static void echo(void *arg)
{
    Conn *c = arg;
    char buf[512];
    for (intptr_t n; (n = net_read(c, buf, sizeof buf)) > 0;)
        if (net_write(c, buf, (size_t)n) < 0)
            break;
    net_close(c);
}

struct server {
    Listener *l;
    WaitGroup wg;
};

static void serve(void *arg)
{
    struct server *s = arg;
    for (Conn *c; (c = net_accept(s->l, NULL)) != NULL;)
        go(echo, c);
    wg_done(&s->wg);
}

static void talk(Conn *c)
{
    char out[300], in[300];
    for (int i = 0; i < 20; i++) {
        size_t n = 1 + cheaprandn(sizeof out);
        for (size_t k = 0; k < n; k++)
            out[k] = (char)(i + (int)k);
        CHECK(net_write(c, out, n) == (intptr_t)n, "%zu bytes can be sent", n);
        for (size_t got = 0; got < n;) {
            net_readdeadline(c, nanotime() + cheaprandn(NSEC_PER_MSEC)); /* passes now and then */
            intptr_t r = net_read(c, in + got, n - got);
            CHECK(r > 0 || r == -NET_ETIMEOUT, "the echo comes, or a deadline passes; not %ld", (long)r);
            got += r > 0 ? (size_t)r : 0;
        }
        for (size_t k = 0; k < n; k++)
            CHECK(in[k] == out[k], "byte %zu comes back as it was sent", k);
    }
}

static void networker(void *arg)
{
    bool tcp = (intptr_t)arg % 2;
    while (!stop) {
        int err;
        char addr[64] = "127.0.0.1:0";
        if (!tcp)
            gosnprintf(addr, sizeof addr, "@handoff-soak-%d-%ld", linux_getpid(), (long)(intptr_t)arg);
        struct server server = {.l = net_listen(tcp ? "tcp" : "unix", addr, &err)};
        CHECK(server.l, "there is a listener, not errno %d", err);
        if (tcp)
            gosnprintf(addr, sizeof addr, "127.0.0.1:%d", net_port(server.l));
        wg_add(&server.wg, 1);
        go(serve, &server);
        for (int i = 0; i < 5; i++) {
            Conn *c = net_dial(tcp ? "tcp" : "unix", addr, &err);
            CHECK(c, "a connection to %s, not errno %d", addr, err);
            talk(c);
            net_close(c);
        }
        net_acceptdeadline(server.l, 1); /* long ago */
        wg_wait(&server.wg);
        net_closelistener(server.l);
        turns++;
        gosleep(cheaprandn(5 * NSEC_PER_MSEC)); /* the kernel remembers each TCP connection for a while */
    }
    wg_done(&workers);
}

/* ---- threads ---- */

static void end_locked(void *wg)
{
    lockosthread();
    gosched();
    wg_done(wg); /* and takes its thread along */
}

static void locker(void *unused)
{
    (void)unused;
    while (!stop) {
        WaitGroup wg = {0};
        lockosthread();
        int tid = gothreadid();
        struct ktimespec ts = {0, 100 * NSEC_PER_USEC};
        for (int i = 0; i < 10; i++) {
            gosched();
            CHECK(gothreadid() == tid, "a locked goroutine keeps its thread over gosched");
            Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
            CHECK(gothreadid() == tid, "and over a system call");
        }
        unlockosthread();
        wg_add(&wg, 1);
        go(end_locked, &wg);
        wg_wait(&wg);
        turns++;
    }
    wg_done(&workers);
}

/* ---- shared memory ---- */

static Mutex mu;
static RWMutex rw;
static long under_mu, added, under_rw[2];

static void adder(void *unused)
{
    (void)unused;
    while (!stop) {
        for (int i = 0; i < 100; i++) {
            mutex_lock(&mu);
            under_mu++;
            mutex_unlock(&mu);
        }
        mutex_lock(&mu);
        added += 100;
        gosched();
        mutex_unlock(&mu);
        rwmutex_lock(&rw);
        under_rw[0]++;
        gosched();
        under_rw[1]++;
        rwmutex_unlock(&rw);
        for (int i = 0; i < 20; i++) {
            rwmutex_rlock(&rw);
            CHECK(under_rw[0] == under_rw[1], "no reader sees a writer's half");
            rwmutex_runlock(&rw);
        }
        turns++;
        gosleep(cheaprandn(NSEC_PER_MSEC));
    }
    wg_done(&workers);
}

/* ---- the world ---- */

static void resizer(void *unused)
{
    (void)unused;
    while (!stop) {
        gomaxprocs_set(1 + (int)cheaprandn(4));
        gosleep(20 * NSEC_PER_MSEC);
    }
    wg_done(&workers);
}

static void collector(void *unused)
{
    (void)unused;
    while (!stop) {
        gogc();
        gosleep(50 * NSEC_PER_MSEC);
    }
    wg_done(&workers);
}

static volatile unsigned sink;

static void cruncher(void *unused)
{
    (void)unused;
    while (!stop) {
        for (unsigned i = 0, v = 1; i < 5 * 1000 * 1000; i++)
            sink = v = v * 1664525 + 1013904223; /* calls nothing */
        turns++;
        gosleep(20 * NSEC_PER_MSEC);
    }
    wg_done(&workers);
}

/** How many of each. */
static const struct {
    void (*fn)(void *);
    int n;
} work[] = {
    {spawner, 3}, {ring, 2},   {selector, 2}, {alarmist, 2}, {filer, 2},     {blocking_reader, 4},
    {networker, 4}, {locker, 2}, {adder, 4},    {resizer, 1},  {collector, 1}, {cruncher, 1},
};

#endif

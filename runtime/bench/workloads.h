/**
 * @file workloads.h
 * The workloads of `make bench`, for every peer that is written in C or C++.
 *
 * A peer is a program of one file: it defines what stands below, includes this header, and calls bench_row(). It is run as
 *
 *     peer ROW PROCS N
 *
 * on PROCS threads (or Ps) with a workload of size N, and prints lines `metric total count`: what was measured in all, and by
 * how many operations to divide it. Each workload checks its own result; one that is wrong ends the program with status 1.
 *
 *     task_go(fn, arg)    starts a task that nobody waits for     task_yield()       lets another task run
 *     task_sleep(ns)      parks it                                chan_t             a channel of long
 *     chan_new(buffered)  unbuffered, or with room for one; a peer that has but one kind uses that
 *     chan_put, chan_take, chan_drop
 *     group_t, group_set(g, n), group_done(g), group_wait(g)      wait until n tasks have said done
 *     mem_new(n), mem_drop(p)                                     memory
 *     bench_now(), bench_cpu()    nanoseconds: of the clock; that all threads of the process have used, user and system
 *     bench_rss()                 bytes of memory that are resident
 *     bench_put(metric, total, count), bench_wrong(what)          a result; the end
 */
#ifndef HANDOFF_BENCH_WORKLOADS_H
#define HANDOFF_BENCH_WORKLOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a workload counts with: its tasks, and what they must have done. */
static struct {
    group_t group;      /* the tasks that run */
    chan_t there, back; /* ping-pong; there: where parked tasks wait */
    long n;             /* the workload's size */
    uint64_t did;       /* a sum that tells whether all was done */
} w;

static int64_t began, beganCpu;

/** Starts the clocks. */
static void begin(void)
{
    beganCpu = bench_cpu();
    began = bench_now();
}

/** Stops them: the time of `count` operations. */
static void end(long count)
{
    int64_t wall = bench_now() - began, cpu = bench_cpu() - beganCpu;
    bench_put("wall", wall, count);
    bench_put("cpu", cpu, count);
}

static void did(uint64_t n)
{
    __atomic_fetch_add(&w.did, n, __ATOMIC_RELAXED); /* read after group_wait, which orders it */
}

static void must(const char *what, uint64_t want)
{
    if (__atomic_load_n(&w.did, __ATOMIC_RELAXED) != want)
        bench_wrong(what);
}

/* ---- yield: two tasks take turns ---- */

static void yielder(void *unused)
{
    (void)unused;
    for (long i = 0; i < w.n; i++)
        task_yield();
    did((uint64_t)w.n);
    group_done(&w.group);
}

static void row_yield(void)
{
    group_set(&w.group, 2);
    begin();
    task_go(yielder, NULL);
    task_go(yielder, NULL);
    group_wait(&w.group);
    end(2 * w.n);
    must("yield", 2 * (uint64_t)w.n);
}

/* ---- chan: two tasks send a number to and fro ---- */

static void ping(void *unused)
{
    (void)unused;
    for (long i = 0; i < w.n; i++) {
        chan_put(w.there, i + 1);
        did((uint64_t)chan_take(w.back));
    }
    group_done(&w.group);
}

static void pong(void *unused)
{
    (void)unused;
    for (long i = 0; i < w.n; i++)
        chan_put(w.back, chan_take(w.there));
    group_done(&w.group);
}

static void row_chan(void)
{
    w.there = chan_new(false);
    w.back = chan_new(false);
    group_set(&w.group, 2);
    begin();
    task_go(pong, NULL);
    task_go(ping, NULL);
    group_wait(&w.group);
    end(2 * w.n);
    must("chan", (uint64_t)w.n * (uint64_t)(w.n + 1) / 2);
}

/* ---- spawn: tasks that only begin and end, a thousand at a time ---- */

static void ender(void *unused)
{
    (void)unused;
    group_done(&w.group);
}

static void row_spawn(void)
{
    const long batch = w.n < 1000 ? w.n : 1000;
    begin();
    for (long i = 0; i < w.n / batch; i++) {
        group_set(&w.group, (int)batch);
        for (long j = 0; j < batch; j++)
            task_go(ender, NULL);
        group_wait(&w.group);
    }
    end(w.n / batch * batch);
}

/* ---- parked: what a task that waits costs in memory ---- */

static void waiter(void *unused)
{
    (void)unused;
    group_done(&w.group);
    chan_take(w.there);
    bench_wrong("parked: a value came from nowhere");
}

static void row_parked(void)
{
    w.there = chan_new(false);
    int64_t before = bench_rss();
    begin();
    group_set(&w.group, (int)w.n);
    for (long i = 0; i < w.n; i++)
        task_go(waiter, NULL);
    group_wait(&w.group);
    task_yield(); /* the last one parks too */
    end(w.n);
    bench_put("rss", bench_rss() - before, w.n);
}

/* ---- skynet: a tree of tasks, ten children each, whose leaves are summed up ---- */

typedef struct sky {
    chan_t to;       /* where the sum goes */
    long first, size; /* the leaves */
} sky;

static void skynet(void *arg);

static void skystart(chan_t to, long first, long size)
{
    sky *s = (sky *)mem_new(sizeof *s);
    s->to = to;
    s->first = first;
    s->size = size;
    task_go(skynet, s);
}

static void skynet(void *arg)
{
    sky s = *(sky *)arg;
    mem_drop(arg);
    if (s.size == 1) {
        chan_put(s.to, s.first);
        return;
    }
    chan_t from = chan_new(false);
    long sum = 0;
    for (int i = 0; i < 10; i++)
        skystart(from, s.first + i * (s.size / 10), s.size / 10);
    for (int i = 0; i < 10; i++)
        sum += chan_take(from);
    chan_drop(from);
    chan_put(s.to, sum);
}

static void row_skynet(void)
{
    chan_t to = chan_new(false);
    begin();
    skystart(to, 0, w.n);
    did((uint64_t)chan_take(to));
    end(1);
    must("skynet", (uint64_t)w.n * (uint64_t)(w.n - 1) / 2);
}

/* ---- fib: fork and join, a task for every second call ---- */

typedef struct forked {
    chan_t to; /* where the result goes */
    long n;    /* the argument */
} forked;

static long fib(long n);

static void fibtask(void *arg)
{
    forked f = *(forked *)arg;
    chan_put(f.to, fib(f.n));
}

static long fib(long n)
{
    if (n < 2)
        return n;
    forked f;
    f.to = chan_new(true);
    f.n = n - 1;
    task_go(fibtask, &f);
    long b = fib(n - 2);
    long a = chan_take(f.to);
    chan_drop(f.to);
    return a + b;
}

static void row_fib(void)
{
    uint64_t a = 0, b = 1;
    for (long i = 0; i < w.n; i++) {
        uint64_t c = a + b;
        a = b;
        b = c;
    }
    begin();
    did((uint64_t)fib(w.n));
    end(1);
    must("fib", a);
}

/* ---- sleepers: many tasks that sleep ten times for 10 ms ---- */

static void sleeper(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++)
        task_sleep(10 * 1000 * 1000);
    did(1);
    group_done(&w.group);
}

static void row_sleepers(void)
{
    group_set(&w.group, (int)w.n);
    begin();
    for (long i = 0; i < w.n; i++)
        task_go(sleeper, NULL);
    group_wait(&w.group);
    end(1);
    must("sleepers", (uint64_t)w.n);
}

/* ---- scale: tasks that compute ---- */

static __attribute__((noinline)) uint64_t compute(uint64_t x)
{
    for (int i = 0; i < 1000000; i++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    return x;
}

static void computer(void *unused)
{
    (void)unused;
    did(compute(1) | 1);
    group_done(&w.group);
}

static void row_scale(void)
{
    uint64_t one = compute(1) | 1;
    group_set(&w.group, (int)w.n);
    begin();
    for (long i = 0; i < w.n; i++)
        task_go(computer, NULL);
    group_wait(&w.group);
    end(1);
    must("scale", one * (uint64_t)w.n);
}

/* ---- the choice ---- */

typedef struct row {
    const char *name;
    void (*run)(void);
} row;

static const row commonrows[] = {
    {"yield", row_yield}, {"chan", row_chan}, {"spawn", row_spawn}, {"parked", row_parked}, {"skynet", row_skynet},
    {"fib", row_fib}, {"sleepers", row_sleepers}, {"scale", row_scale}, {NULL, NULL},
};

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

/** Runs the row of that name, of the common ones or of the peer's own; false if there is none. On a task. */
static bool bench_row(const char *name, long n, const row *own)
{
    const row *lists[] = {commonrows, own};
    w.n = n;
    for (int l = 0; l < 2; l++)
        for (const row *r = lists[l]; r && r->name; r++)
            if (same(r->name, name)) {
                r->run();
                return true;
            }
    return false;
}

#endif

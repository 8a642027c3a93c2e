/* This runtime, in its build without libc. */
#include <asm/unistd.h>
#include "core.h"

typedef Chan *chan_t;

/** Go's wait group, set in place of added to. */
typedef WaitGroup group_t;

/** Tasks get the smallest stacks. */
static bool small;

static void task_go(void (*fn)(void *), void *arg)
{
    gostack(small ? GOSTACK_SMALL : 0, fn, arg);
}

static void task_yield(void)
{
    goyield();
}

static void task_sleep(int64_t ns)
{
    gosleep(ns);
}

static chan_t chan_new(bool buffered)
{
    return chan_make(sizeof(long), buffered);
}

static void chan_drop(chan_t c)
{
    chan_free(c);
}

static void chan_put(chan_t c, long v)
{
    chan_send(c, &v);
}

static long chan_take(chan_t c)
{
    long v;
    chan_recv(c, &v);
    return v;
}

static void group_set(group_t *g, int n)
{
    wg_add(g, n);
}

static void group_done(group_t *g)
{
    wg_done(g);
}

static void group_wait(group_t *g)
{
    wg_wait(g);
}

static void *mem_new(size_t n)
{
    return gomalloc(n);
}

static void mem_drop(void *p)
{
    gofree(p);
}

static int64_t bench_now(void)
{
    return nanotime();
}

static int64_t bench_cpu(void)
{
    struct ktimespec t = {0};
    RawSyscall(__NR_clock_gettime, 2 /* CLOCK_PROCESS_CPUTIME_ID */, (uintptr_t)&t, 0);
    return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static void bench_wrong(const char *what)
{
    goprintf(2, "wrong result: %s\n", what);
    goexitprocess(1);
}

static int64_t bench_rss(void)
{
    char buf[64];
    int fd = file_open("/proc/self/statm", 0, 0);
    intptr_t n = file_read(fd, buf, sizeof buf - 1);
    file_close(fd);
    if (n <= 0)
        bench_wrong("/proc/self/statm");
    buf[n] = 0;
    const char *p = buf;
    while (*p && *p != ' ') /* the first number is the size */
        p++;
    int64_t pages = 0;
    for (p++; *p >= '0' && *p <= '9'; p++)
        pages = pages * 10 + (*p - '0');
    return pages * ARCH_PAGE_SIZE;
}

static void bench_put(const char *metric, int64_t total, long count)
{
    goprintf(1, "%s %ld %ld\n", metric, (long)total, count);
}

#include "workloads.h"

/* ---- rows of its own ---- */

/** mcall's function: straight back into the G that called it. */
static void back(G *gp)
{
    gogo(&gp->sched);
}

static void row_switch(void)
{
    lockosthread(); /* the measured code runs behind the scheduler's back */
    begin();
    for (long i = 0; i < w.n; i++)
        mcall(back); /* to g0, and from g0 */
    end(2 * w.n);
}

/** row_parked with the smallest stacks, for tasks that ask for them. */
static void row_parkedsmall(void)
{
    small = true;
    row_parked();
}

static void goscheduler(void *unused)
{
    (void)unused;
    for (long i = 0; i < w.n; i++)
        gosched();
    group_done(&w.group);
}

static void row_gosched(void)
{
    group_set(&w.group, 2);
    begin();
    go(goscheduler, NULL);
    go(goscheduler, NULL);
    group_wait(&w.group);
    end(2 * w.n);
}

static void row_syscall(void)
{
    begin();
    for (long i = 0; i < w.n; i++)
        Syscall(__NR_getpid, 0, 0, 0);
    end(w.n);
}

static void row_rawsyscall(void)
{
    begin();
    for (long i = 0; i < w.n; i++)
        RawSyscall(__NR_getpid, 0, 0, 0);
    end(w.n);
}

/** How long a goroutine that is ready waits for a P. */
static struct {
    int64_t since;
    int fds[2];
} turn;

static void its_turn(void *unused)
{
    (void)unused;
    bench_put("latency", nanotime() - turn.since, 1);
    group_done(&w.group);
}

/** Blocks in a read of an empty pipe, with another goroutine behind it on the only P. */
static void blocker(void *unused)
{
    (void)unused;
    char b;
    go(its_turn, NULL);
    turn.since = nanotime();
    Syscall(__NR_read, (uintptr_t)turn.fds[0], (uintptr_t)&b, 1);
    group_done(&w.group);
}

static void row_handoff(void)
{
    if (RawSyscall(__NR_pipe2, (uintptr_t)turn.fds, 0, 0).err)
        bench_wrong("pipe2");
    for (long i = 0; i < w.n; i++) {
        group_set(&w.group, 2);
        go(blocker, NULL);
        gosleep(20 * NSEC_PER_MSEC);
        Syscall(__NR_write, (uintptr_t)turn.fds[1], (uintptr_t) "x", 1);
        group_wait(&w.group);
    }
}

/** Computes for some 40 ms without a call, with another goroutine behind it on the only P. */
static void hog(void *unused)
{
    (void)unused;
    go(its_turn, NULL);
    turn.since = nanotime();
    uint64_t x = 1;
    for (int i = 0; i < 40000000; i++)
        x = x * 6364136223846793005u + 1;
    did(x);
    group_done(&w.group);
}

static void row_preempt(void)
{
    for (long i = 0; i < w.n; i++) {
        group_set(&w.group, 2);
        go(hog, NULL);
        group_wait(&w.group);
    }
}

static void serve(void *conn)
{
    char buf[4096];
    intptr_t n;
    while ((n = net_read(conn, buf, sizeof buf)) > 0)
        if (net_write(conn, buf, (size_t)n) < 0)
            break;
    net_close(conn);
}

static void row_echo(void)
{
    int err;
    Listener *l = net_listen("tcp", "127.0.0.1:0", &err);
    if (!l)
        bench_wrong("net_listen");
    goprintf(1, "port %d\n", net_port(l));
    for (Conn *c; (c = net_accept(l, &err));)
        go(serve, c);
}

static long number(const char *s)
{
    long n = 0;
    for (; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (*s - '0');
    return n;
}

int gomain(int argc, char **argv)
{
    static const row own[] = {
        {"switch", row_switch}, {"gosched", row_gosched}, {"syscall", row_syscall}, {"rawsyscall", row_rawsyscall},
        {"handoff", row_handoff}, {"preempt", row_preempt}, {"echo", row_echo}, {"parkedsmall", row_parkedsmall}, {NULL, NULL},
    };
    if (argc != 4)
        return 2;
    gomaxprocs_set((int)number(argv[2]));
    return bench_row(argv[1], number(argv[3]), own) ? 0 : 2;
}

/* State Threads: one thread, stacks from a list of free ones, a switch by its own setjmp. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <st.h>
#include <sys/socket.h>
#include "host.h"

enum { STACK = 64 * 1024 };

/* It has no channels: a place for one value, and two conditions. */
typedef struct slot {
    bool full;
    long value;
    st_cond_t filled, emptied;
} *chan_t;

typedef struct group_t {
    int n;
    st_cond_t none;
} group_t;

typedef struct start {
    void (*fn)(void *);
    void *arg;
} start;

static void *first(void *p)
{
    start s = *(start *)p;
    mem_drop(p);
    s.fn(s.arg);
    return NULL;
}

static void task_go(void (*fn)(void *), void *arg)
{
    start *s = mem_new(sizeof *s);
    *s = (start){fn, arg};
    if (!st_thread_create(first, s, 0, STACK))
        bench_wrong("st_thread_create");
}

static void task_yield(void)
{
    st_usleep(0); /* it has no other */
}

static void task_sleep(int64_t ns)
{
    st_usleep((st_utime_t)(ns / 1000));
}

static chan_t chan_new(bool buffered)
{
    (void)buffered;
    chan_t c = mem_new(sizeof *c);
    *c = (struct slot){.filled = st_cond_new(), .emptied = st_cond_new()};
    return c;
}

static void chan_drop(chan_t c)
{
    st_cond_destroy(c->filled);
    st_cond_destroy(c->emptied);
    mem_drop(c);
}

static void chan_put(chan_t c, long v)
{
    while (c->full)
        st_cond_wait(c->emptied);
    c->value = v;
    c->full = true;
    st_cond_signal(c->filled);
}

static long chan_take(chan_t c)
{
    while (!c->full)
        st_cond_wait(c->filled);
    c->full = false;
    st_cond_signal(c->emptied);
    return c->value;
}

static void group_set(group_t *g, int n)
{
    if (!g->none)
        g->none = st_cond_new();
    g->n = n;
}

static void group_done(group_t *g)
{
    if (--g->n == 0)
        st_cond_signal(g->none);
}

static void group_wait(group_t *g)
{
    while (g->n > 0)
        st_cond_wait(g->none);
}

#include "workloads.h"
#include "listen.h"

static void serve(void *conn)
{
    char buf[4096];
    ssize_t n;
    while ((n = st_read(conn, buf, sizeof buf, ST_UTIME_NO_TIMEOUT)) > 0)
        if (st_write(conn, buf, (size_t)n, ST_UTIME_NO_TIMEOUT) != n)
            break;
    st_netfd_close(conn);
}

static void row_echo(void)
{
    st_netfd_t l = st_netfd_open_socket(listen_somewhere());
    for (;;) {
        st_netfd_t c = st_accept(l, NULL, NULL, ST_UTIME_NO_TIMEOUT);
        if (!c)
            continue;
        send_at_once(st_netfd_fileno(c));
        task_go(serve, c);
    }
}

int main(int argc, char **argv)
{
    static const row own[] = {{"echo", row_echo}, {NULL, NULL}};
    if (argc != 4 || atoi(argv[2]) != 1)
        return 2; /* one thread is all that there is */
    st_set_eventsys(ST_EVENTSYS_ALT);
    if (st_init() != 0)
        bench_wrong("st_init");
    return bench_row(argv[1], atol(argv[3]), own) ? 0 : 2;
}

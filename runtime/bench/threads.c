/* Plain threads of the kernel: a task is a thread, a channel a mutex and two conditions. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include "host.h"

enum { STACK = 64 * 1024 };

typedef struct slot {
    pthread_mutex_t m;
    pthread_cond_t changed;
    bool full;
    long value;
} *chan_t;

typedef struct group_t {
    pthread_mutex_t m;
    pthread_cond_t none;
    int n;
} group_t;

typedef struct start {
    void (*fn)(void *);
    void *arg;
} start;

static pthread_attr_t attr;

static void *first(void *p)
{
    start s = *(start *)p;
    mem_drop(p);
    s.fn(s.arg);
    return NULL;
}

static void task_go(void (*fn)(void *), void *arg)
{
    pthread_t t;
    start *s = mem_new(sizeof *s);
    *s = (start){fn, arg};
    if (pthread_create(&t, &attr, first, s) != 0)
        bench_wrong("pthread_create");
}

static void task_yield(void)
{
    sched_yield();
}

static void task_sleep(int64_t ns)
{
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    nanosleep(&t, NULL);
}

static chan_t chan_new(bool buffered)
{
    (void)buffered;
    chan_t c = mem_new(sizeof *c);
    *c = (struct slot){.m = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    return c;
}

static void chan_drop(chan_t c)
{
    pthread_mutex_lock(&c->m); /* waits for the sender to leave it */
    pthread_mutex_unlock(&c->m);
    mem_drop(c);
}

/** c is full, or no longer: tells the other side. c->m held, and released. */
static void turn(chan_t c, bool full)
{
    c->full = full;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->m);
}

static void chan_put(chan_t c, long v)
{
    pthread_mutex_lock(&c->m);
    while (c->full)
        pthread_cond_wait(&c->changed, &c->m);
    c->value = v;
    turn(c, true);
}

static long chan_take(chan_t c)
{
    pthread_mutex_lock(&c->m);
    while (!c->full)
        pthread_cond_wait(&c->changed, &c->m);
    long v = c->value;
    turn(c, false);
    return v;
}

static void group_set(group_t *g, int n)
{
    pthread_mutex_lock(&g->m);
    g->n = n;
    pthread_mutex_unlock(&g->m);
}

static void group_done(group_t *g)
{
    pthread_mutex_lock(&g->m);
    if (--g->n == 0)
        pthread_cond_signal(&g->none);
    pthread_mutex_unlock(&g->m);
}

static void group_wait(group_t *g)
{
    pthread_mutex_lock(&g->m);
    while (g->n > 0)
        pthread_cond_wait(&g->none, &g->m);
    pthread_mutex_unlock(&g->m);
}

#include "workloads.h"
#include "listen.h"

static void serve(void *conn)
{
    char buf[4096];
    ssize_t n;
    int fd = (int)(intptr_t)conn;
    while ((n = read(fd, buf, sizeof buf)) > 0)
        if (write(fd, buf, (size_t)n) != n)
            break;
    close(fd);
}

static void row_echo(void)
{
    int l = listen_somewhere();
    for (;;) {
        int c = accept(l, NULL, NULL);
        if (c < 0)
            continue;
        send_at_once(c);
        task_go(serve, (void *)(intptr_t)c);
    }
}

/** Keeps the process on its first n CPUs: with one, threads take turns as tasks on one P do. */
static void use(int n)
{
    cpu_set_t may, want;
    CPU_ZERO(&want);
    sched_getaffinity(0, sizeof may, &may);
    for (int i = 0; i < CPU_SETSIZE && n > 0; i++)
        if (CPU_ISSET(i, &may)) {
            CPU_SET(i, &want);
            n--;
        }
    sched_setaffinity(0, sizeof want, &want);
}

int main(int argc, char **argv)
{
    static const row own[] = {{"echo", row_echo}, {NULL, NULL}};
    if (argc != 4)
        return 2;
    use(atoi(argv[2]));
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    return bench_row(argv[1], atol(argv[3]), own) ? 0 : 2;
}

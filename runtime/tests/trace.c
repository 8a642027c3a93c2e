/* The raw trace: what it records, in which order, and what remains of it when a ring is full. */
#include "check.h"
#include "core.h"

/* ---- a parsed dump: the lines of one P after those of the other, each P's oldest first ---- */

enum { ROOM = 1 << 14, MAXEVENTS = 5 * ROOM, TEXTSIZE = 8 << 20 };

struct event {
    long when, p, m, arg, arg2;
    char name[16];
};
static struct event events[MAXEVENTS];
static int nevents;
static char text[TEXTSIZE];

static long number(const char **s)
{
    bool negative = **s == '-';
    long v = 0;
    *s += negative;
    CHECK(**s >= '0' && **s <= '9', "a number, not \"%.*s\"", 20, *s);
    while (**s >= '0' && **s <= '9')
        v = v * 10 + *(*s)++ - '0';
    while (**s == ' ')
        ++*s;
    return negative ? -v : v;
}

static void parseline(const char **s, struct event *e)
{
    size_t n = 0;
    e->when = number(s);
    e->p = number(s);
    for (; **s > ' '; ++*s)
        if (n < sizeof e->name - 1)
            e->name[n++] = **s;
    e->name[n] = 0;
    ++*s;
    e->m = number(s);
    e->arg = number(s);
    e->arg2 = number(s);
    CHECK(**s == '\n', "a line ends behind its sixth word");
    ++*s;
}

static void write_dump(void *fd)
{
    trace_dump(*(int *)fd);
}

/* Everything recorded so far, into events[]. */
static void dump(void)
{
    int fd = (int)RawSyscall(__NR_memfd_create, (uintptr_t)"trace", 0, 0).r1;
    CHECK(fd >= 0, "a file in memory");
    systemstack(write_dump, &fd);
    intptr_t n, len = 0;
    while ((n = file_pread(fd, text + len, (size_t)(TEXTSIZE - 1 - len), len)) > 0)
        len += n;
    file_close(fd);
    CHECK(n == 0 && len < TEXTSIZE - 1, "the dump is shorter than %d bytes", TEXTSIZE);
    text[len] = 0;
    nevents = 0;
    for (const char *s = text; *s;) {
        CHECK(nevents < MAXEVENTS, "at most %d events", MAXEVENTS);
        parseline(&s, &events[nevents++]);
    }
}

/* The first event of that name and argument from i on; -1: none. */
static int find(int i, const char *name, long arg)
{
    for (; i < nevents; i++)
        if (test_same(events[i].name, name) && events[i].arg == arg)
            return i;
    return -1;
}

/* The time of the earliest event of that name and argument: the dump has one P after the other. */
static long when(const char *name, long arg)
{
    int i = find(0, name, arg);
    CHECK(i >= 0, "an event %s %ld", name, arg);
    long first = events[i].when;
    while ((i = find(i + 1, name, arg)) >= 0)
        if (events[i].when < first)
            first = events[i].when;
    return first;
}

/* ---- tests ---- */

static void nothing_is_recorded_while_it_is_off(void)
{
    gosched();
    dump();
    CHECK(nevents == 0, "no event before trace_start, there are %d", nevents);
}

static uint64_t child;

static void life(void *c)
{
    child = goid();
    chan_recv(c, NULL); /* parks: there is nothing */
}

/* Created, started, parked with its reason, readied by main, started again, ended: in that order. */
static void the_life_of_a_goroutine(void)
{
    Chan *c = chan_make(0, 0);
    trace_start(ROOM);
    go(life, c);
    chan_send(c, NULL);
    while (numgoroutine() > 1)
        gosleep(NSEC_PER_MSEC); /* not gosched: a starved child would let thousands of events pass */
    trace_stop();
    dump();
    long g = (long)child;
    int park = find(0, "GoPark", g);
    CHECK(park < 0 || events[park].arg2 == waitReasonChanReceive, "it waits to receive, not for %ld", events[park].arg2);
    CHECK(when("GoCreate", g) <= when("GoStart", g), "created before it is started");
    CHECK(when("GoStart", g) <= when("GoEnd", g), "started before it ends");
    if (park >= 0) {
        CHECK(when("GoStart", g) <= events[park].when, "started before it parks");
        CHECK(events[park].when <= when("GoUnpark", g), "parked before it is readied");
        CHECK(when("GoUnpark", g) <= when("GoEnd", g), "readied before it ends");
    } else {
        long main = (long)goid(); /* main was the one that had to wait */
        CHECK(when("GoPark", main) <= when("GoUnpark", main), "the sender parked before it was readied");
    }
    chan_free(c);
}

static void system_calls_and_a_stopped_world(void)
{
    trace_start(ROOM);
    Syscall(__NR_getppid, 0, 0, 0);
    gogc();
    trace_stop();
    dump();
    long g = (long)goid();
    CHECK(when("GoSysCall", g) <= when("GoSysExit", g), "entered before left");
    CHECK(when("STWStart", 0) <= when("GC", 0) && when("GC", 0) <= when("STWEnd", 0),
          "the collection happens while the world is stopped");
}

/* A full ring keeps the newest events, in the order of time. */
static void a_full_ring_keeps_the_newest(void)
{
    trace_start(ROOM);
    for (int i = 0; i < 3 * ROOM; i++)
        gosched();
    long last = (long)nanotime();
    gosched();
    trace_stop();
    dump();
    int perp[MAXGOMAXPROCS] = {0};
    bool newest = false;
    for (int i = 0; i < nevents; i++) {
        CHECK(i == 0 || events[i - 1].p != events[i].p || events[i - 1].when <= events[i].when,
              "line %d is older than the one before it", i + 1);
        newest |= events[i].when >= last && test_same(events[i].name, "GoSched");
        if (events[i].p >= 0)
            CHECK(++perp[events[i].p] <= ROOM, "p%ld shows more than the %d events of its ring", events[i].p, ROOM);
    }
    CHECK(newest, "the last yield is in the dump");
}

static const struct test tests[] = {
    {"nothing_is_recorded_while_it_is_off", nothing_is_recorded_while_it_is_off},
    {"the_life_of_a_goroutine", the_life_of_a_goroutine},
    {"system_calls_and_a_stopped_world", system_calls_and_a_stopped_world},
    {"a_full_ring_keeps_the_newest", a_full_ring_keeps_the_newest},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

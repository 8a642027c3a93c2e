/* Collection: the stacks of goroutines that have ended go back to the system, at once if the program
 * asks for it, by themselves after a while. Memory is measured by the runtime's own counts and by the
 * kernel's. */
#include "check.h"
#include "core.h"

enum { MANY = 800, TOUCHED = 32 * 1024 };

/* ---- what there is ---- */

/** Bytes of memory that the process has, as the kernel counts. */
static int64_t resident(void)
{
    char text[128] = {0};
    int fd = file_open("/proc/self/statm", 0, 0);
    CHECK(fd >= 0, "/proc is there, not errno %d", -fd);
    CHECK(file_read(fd, text, sizeof text - 1) > 0, "statm can be read");
    file_close(fd);
    const char *s = text;
    while (*s != ' ')
        s++;
    int64_t pages = 0;
    for (s++; *s >= '0' && *s <= '9'; s++)
        pages = pages * 10 + (*s - '0');
    return pages * ARCH_PAGE_SIZE;
}

/** CPU time of the process, nanoseconds. */
static int64_t cputime(void)
{
    struct ktimespec ts;
    CHECK(linux_clock_gettime(2, &ts) == 0, "the clock of the process's CPU time works");
    return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/** Bytes of stacks that dead goroutines still have. */
static size_t deadstacks(void)
{
    size_t n = 0;
    for (G *gp = load_acquire(&allgs); gp; gp = gp->alllink) /* pairs with allgadd */
        if (readgstatus(gp) == Gdead && gp->stack.lo)
            n += gp->stack.hi - gp->stack.lo;
    return n;
}

/** Bytes of stacks that nobody needs. */
static size_t unused(void)
{
    return deadstacks() + stackcache_bytes();
}

/**
 * In quiet times sysmon gives memory back too (scavenge), and may be in the middle of it: then it has so many bytes of stacks in its
 * hands, of which nobody else knows, 32 of the pool and those of 32 dead Gs.
 */
#define IN_HANDS ((size_t)64 * STACK_DEFAULT)

/* ---- a burst of goroutines that all live at the same time, and then end ---- */

struct burst {
    _Atomic int here;
    Chan *gate;
    WaitGroup wg;
};

static void touch(void *arg)
{
    struct burst *b = arg;
    volatile char room[TOUCHED];
    for (int i = 0; i < TOUCHED; i += 512)
        room[i] = (char)i;
    b->here++;
    chan_recv(b->gate, NULL);
    CHECK(room[512] == 0 && room[1024 + 512] == 0, "the stack of a goroutine that waits is left alone");
    wg_done(&b->wg);
}

/** MANY goroutines wait, with TOUCHED bytes of stack each. */
static void burst_begin(struct burst *b)
{
    b->here = 0;
    b->gate = chan_make(1, 0);
    b->wg = (WaitGroup){0};
    wg_add(&b->wg, MANY);
    for (int i = 0; i < MANY; i++)
        go(touch, b);
    await(&b->here, MANY, "goroutines that wait");
}

/** All of them end; returns when they are dead. */
static void burst_end(struct burst *b)
{
    chan_close(b->gate);
    wg_wait(&b->wg);
    while (numgoroutine() != 1)
        gosched();
    chan_free(b->gate);
}

/* ---- a collection gives all of it back, and nothing that is in use ---- */

static void stacks_are_given_back(void)
{
    struct burst b;
    burst_begin(&b);
    int64_t peak = resident();
    gogc(); /* they are alive */
    CHECK(peak - resident() < MANY * TOUCHED / 4, "the stacks of goroutines that live stay");
    burst_end(&b);
    CHECK(unused() + IN_HANDS >= (size_t)MANY * STACK_DEFAULT, "all stacks are unused now, %zu bytes are", unused());
    int64_t before = resident(), limit = nanotime() + PATIENCE;
    gogc();
    while (unused() != 0) { /* once more, for what sysmon had in its hands */
        CHECK(nanotime() < limit, "after a collection no stack is unused, but %zu bytes are", unused());
        gogc();
    }
    int64_t given = before - resident();
    CHECK(given > MANY * TOUCHED * 3 / 4, "%d goroutines touched %d bytes each, of which only %ld went back",
          MANY, TOUCHED, (long)given);
}

static void dead_goroutines_are_used_again(void)
{
    struct burst b;
    SchedStats first, second;
    burst_begin(&b);
    burst_end(&b);
    schedstats(&first);
    for (int i = 0; i < 3; i++) {
        gogc();
        burst_begin(&b); /* without a stack of its own each G gets a new one */
        burst_end(&b);
    }
    schedstats(&second);
    /* Each P may keep some that another P does not find. */
    CHECK(second.gs - first.gs <= 64 * (uint64_t)gomaxprocs_set(0),
          "Gs are used again, but %lu were made anew", (unsigned long)(second.gs - first.gs));
}

/* ---- collections while goroutines begin, wait, and end ---- */

static _Atomic bool stop;

struct life {
    uint64_t seed;
    int left;
    WaitGroup *wg;
};

static void live(void *arg)
{
    struct life *l = arg;
    volatile uint64_t room[256];
    for (int i = 0; i < 256; i++)
        room[i] = l->seed * (uint64_t)(i + 1);
    for (int k = 0; k < 3; k++) {
        gosched();
        for (int i = 0; i < 256; i++)
            CHECK(room[i] == l->seed * (uint64_t)(i + 1), "a stack in use is not swept");
    }
    if (stop && l->left > 0)
        l->left = 0;
    if (l->left-- > 0)
        go(live, l); /* on another stack */
    else
        wg_done(l->wg);
}

static void loop(void *wg)
{
    while (!stop)
        ;
    wg_done(wg);
}

static void sweep_while_busy(void)
{
    struct life l[16];
    WaitGroup wg = {0};
    stop = false;
    wg_add(&wg, 17);
    for (int i = 0; i < 16; i++) {
        l[i] = (struct life){0x9e3779b97f4a7c15u * (uint64_t)(i + 1), 100000000, &wg};
        go(live, &l[i]);
    }
    go(loop, &wg); /* has to be interrupted for each */
    for (int i = 0; i < 100; i++) {
        gogc();
        if (i % 10 == 0)
            gosched();
    }
    stop = true;
    wg_wait(&wg);
}

/* ---- what gctrace says ---- */

static const char *literal(const char *s, const char *text)
{
    while (*text) {
        CHECK(*s == *text, "\"%s\" stands here: \"%s\"", text, s);
        s++, text++;
    }
    return s;
}

static const char *number(const char *s, int64_t *n)
{
    CHECK(*s >= '0' && *s <= '9', "a number stands here: \"%s\"", s);
    for (*n = 0; *s >= '0' && *s <= '9'; s++)
        *n = *n * 10 + (*s - '0');
    return s;
}

/** Runs a collection with gctrace on; what it wrote to standard error. */
static void traced(char *line, size_t size)
{
    int fds[2], err = 200;
    sysret r = RawSyscall(__NR_pipe2, (uintptr_t)fds, KO_CLOEXEC, 0);
    CHECK(r.err == 0, "a pipe can be made, errno %lu", (unsigned long)r.err);
    RawSyscall(__NR_dup3, 2, (uintptr_t)err, KO_CLOEXEC);
    RawSyscall(__NR_dup3, (uintptr_t)fds[1], 2, 0);
    int32_t was = debug.gctrace;
    debug.gctrace = 1;
    gogc();
    debug.gctrace = was;
    RawSyscall(__NR_dup3, (uintptr_t)err, 2, 0);
    intptr_t n = file_read(fds[0], line, size - 1);
    line[n > 0 ? n : 0] = 0;
    file_close(fds[0]);
    file_close(fds[1]);
    file_close(err);
}

/** One collection's line, checked. *off: by how many bytes it differs from what was unused. */
static void one_line(int64_t *off)
{
    char line[256];
    int64_t at, stopped, swept, bytes;
    struct burst b;
    burst_begin(&b);
    burst_end(&b);
    int64_t ms = (nanotime() - sched.starttime) / NSEC_PER_MSEC, wanted = (int64_t)unused();
    traced(line, sizeof line);
    const char *s = number(literal(line, "gc @"), &at);
    s = number(literal(s, "ms: gogc: stop "), &stopped);
    s = number(literal(s, "us, sweep "), &swept);
    s = number(literal(s, "us, "), &bytes);
    s = literal(s, " bytes of stacks\n");
    CHECK(*s == 0, "one line and no more, not \"%s\"", s);
    CHECK(at >= ms && at <= ms + 10000, "the time is now, %ld ms, not %ld", (long)ms, (long)at);
    *off = bytes - wanted;
    CHECK(*off >= -(int64_t)IN_HANDS && *off <= (int64_t)IN_HANDS, "%ld bytes of stacks were unused, and the line says %ld",
          (long)wanted, (long)bytes);
}

static void the_line(void)
{
    int64_t off = 1, limit = nanotime() + PATIENCE;
    while (off != 0) { /* exact, unless sysmon had some in its hands */
        CHECK(nanotime() < limit, "the line is off by %ld bytes of stacks, each time", (long)off);
        one_line(&off);
    }
}

/* ---- by themselves ---- */

/** Sets the period of forced collections; sysmon, which may sleep for half of the old one, is woken. */
static int64_t period(int64_t ns)
{
    int64_t was = forcegcperiod;
    lock(&sched.sysmonlock); /* sysmon reads it under one of these */
    lock(&sched.lock);
    forcegcperiod = ns;
    unlock(&sched.lock);
    unlock(&sched.sysmonlock);
    gogc(); /* when the world starts again sysmon wakes up */
    return was;
}

static void await_collections(int n, int64_t pause)
{
    for (int64_t last = load_relaxed(&sched.lastgc), end = nanotime() + 30 * NSEC_PER_SEC;
         n > 0;) { /* a time, orders nothing */
        CHECK(nanotime() < end, "a collection is forced when the last one is %ld ms ago",
              (long)(forcegcperiod / NSEC_PER_MSEC));
        gosleep(pause);
        int64_t now = load_relaxed(&sched.lastgc);
        n -= now != last;
        last = now;
    }
}

static void forced(void)
{
    struct burst b;
    burst_begin(&b);
    int64_t was = forcegcperiod;
    if (was > NSEC_PER_SEC) /* HANDOFFDEBUG=forcegcperiodms= has not said otherwise */
        period(20 * NSEC_PER_MSEC);
    burst_end(&b);
    await_collections(3, NSEC_PER_MSEC);
    CHECK(unused() < (size_t)MANY * STACK_DEFAULT / 4,
          "nobody asked for it, but the stacks have gone back: %zu bytes are unused", unused());
    period(was);
}

static void forced_while_busy(void)
{
    WaitGroup wg = {0};
    stop = false;
    wg_add(&wg, 2);
    go(loop, &wg);
    go(loop, &wg);
    int64_t was = period(20 * NSEC_PER_MSEC);
    await_collections(3, NSEC_PER_MSEC);
    stop = true;
    wg_wait(&wg);
    period(was);
}

/* ---- while the program is quiet, without a collection ---- */

static void quiet(void)
{
    struct burst b;
    int64_t was = period(2200 * NSEC_PER_MSEC);
    burst_begin(&b);
    burst_end(&b);
    store_relaxed(&sched.lastgc, 0); /* no collection is due */
    int64_t before = resident(), begun = nanotime();
    while (unused() >= (size_t)MANY * STACK_DEFAULT / 4) {
        CHECK(nanotime() - begun < 30 * NSEC_PER_SEC,
              "sysmon gives stacks back while nothing runs, but %zu bytes are unused", unused());
        gosleep(1500 * NSEC_PER_MSEC);
    }
    begun = nanotime();
    int64_t cpu = cputime(); /* from here on nothing is to be done, not even for sysmon */
    gosleep(500 * NSEC_PER_MSEC);
    cpu = cputime() - cpu;
    CHECK(cpu < (nanotime() - begun) / 30,
          "while nothing runs sysmon sleeps, too, but %ld us of CPU were used", (long)(cpu / 1000));
    CHECK(load_relaxed(&sched.lastgc) == 0, "there was no collection");
    CHECK(before - resident() > MANY * TOUCHED / 2, "the memory has gone, too");
    period(was);
}

static const struct test tests[] = {
    {"stacks_are_given_back", stacks_are_given_back},
    {"dead_goroutines_are_used_again", dead_goroutines_are_used_again},
    {"sweep_while_busy", sweep_while_busy},
    {"the_line", the_line},
    {"forced", forced},
    {"forced_while_busy", forced_while_busy},
    {"quiet", quiet},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

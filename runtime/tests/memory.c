/* What many goroutines cost: memory for each that waits, mappings, and what is left when they have ended. How many: as
 * HANDOFF_MANY says, 40000 if nothing. */
#include "check.h"
#include "core.h"

/**
 * Bytes for each goroutine that waits on a channel, at most. By default a page of its stack, and half a KiB for its
 * G and what it waits with; with a small stack no more than in Go 1.19.
 */
enum { DEFAULT_MAX = 4096 + 512, SMALL_MAX = 2730, LEFT_MAX = 512 };

static int many = 40000;
static int64_t atfirst; /* bytes of memory before anything was done */

/* ---- what the kernel says ---- */

/** A file of /proc, up to n - 1 bytes; returns how many. */
static size_t slurp(const char *path, char *buf, size_t n)
{
    int fd = file_open(path, 0, 0);
    CHECK(fd >= 0, "%s can be read, not errno %d", path, -fd);
    size_t got = 0;
    intptr_t r;
    while (got < n - 1 && (r = file_read(fd, buf + got, n - 1 - got)) > 0)
        got += (size_t)r;
    file_close(fd);
    buf[got] = 0;
    return got;
}

/** Bytes of memory that the process has. */
static int64_t resident(void)
{
    char text[128];
    slurp("/proc/self/statm", text, sizeof text);
    const char *s = text;
    while (*s != ' ')
        s++;
    int64_t pages = 0;
    for (s++; *s >= '0' && *s <= '9'; s++)
        pages = pages * 10 + (*s - '0');
    return pages * ARCH_PAGE_SIZE;
}

/** Mappings of the process. */
static int mappings(void)
{
    static char text[16 << 20];
    int n = 0;
    for (size_t i = slurp("/proc/self/maps", text, sizeof text); i-- > 0;)
        n += text[i] == '\n';
    return n;
}

/* ---- a crowd ---- */

struct crowd {
    Chan *gate;
    WaitGroup here, gone;
};

static void wait_at_gate(void *arg)
{
    struct crowd *c = arg;
    wg_done(&c->here);
    chan_recv(c->gate, NULL);
    wg_done(&c->gone);
}

static void gather(struct crowd *c, size_t stacksize)
{
    *c = (struct crowd){.gate = chan_make(1, 0)};
    wg_add(&c->here, many);
    wg_add(&c->gone, many);
    for (int i = 0; i < many; i++)
        gostack(stacksize, wait_at_gate, c);
    wg_wait(&c->here);
    UNTIL(numgoroutine() == many + 1, gosched(), "all wait");
    gosched();
}

static void disperse(struct crowd *c)
{
    chan_close(c->gate);
    wg_wait(&c->gone);
    UNTIL(numgoroutine() == 1, gosched(), "main is alone");
    chan_free(c->gate);
}

/** What a process may map by default. */
enum { MAXMAPS = 65530 };

static void parked(const char *what, size_t stacksize, int64_t max)
{
    struct crowd c;
    gogc(); /* of those before only the Gs are left, which are counted here */
    int64_t begun = nanotime();
    gather(&c, stacksize);
    int64_t ns = (nanotime() - begun) / many, bytes = (resident() - atfirst) / many;
    int maps = mappings();
    begun = nanotime();
    disperse(&c);
    goprintf(1, "%d goroutines wait, %s: %ld bytes each, %d mappings; %ld ns to come, %ld to go\n", many, what, (long)bytes, maps,
             (long)ns, (long)((nanotime() - begun) / many));
    CHECK(bytes <= max, "at most %ld bytes each", (long)max);
    CHECK(maps < MAXMAPS * 3 / 4, "enough mappings are left for others");
}

static void default_stacks(void)
{
    parked("stacks of the default size", 0, DEFAULT_MAX);
}

static void small_stacks(void)
{
    parked("small stacks", GOSTACK_SMALL, SMALL_MAX);
}

/* ---- what has gone does not stay ---- */

static void rounds(void)
{
    enum { ROUNDS = 10, SLACK = 2 << 20 };
    int64_t second = 0, rss = 0;
    for (int i = 1; i <= ROUNDS; i++) {
        struct crowd c;
        gather(&c, i % 2 ? 0 : GOSTACK_SMALL);
        disperse(&c);
        rss = resident();
        goprintf(1, "%s%ld", i == 1 ? "KiB resident after each round: " : " ", (long)(rss >> 10));
        if (i == 2)
            second = rss;
    }
    goprintf(1, "\n");
    /* Each P may keep Gs and stacks that another then asks for anew. */
    CHECK(rss <= second + SLACK + second / 50, "memory does not grow from round to round");
}

/** While nothing runs stacks go back to the system; the Gs stay. */
static void given_back(void)
{
    struct crowd c;
    gogc();
    int64_t before = resident();
    gather(&c, GOSTACK_SMALL);
    disperse(&c);
    gather(&c, 0);
    int64_t peak = resident();
    disperse(&c);
    int64_t gone = resident(), least = before + (int64_t)many * LEFT_MAX + (2 << 20);
    UNTIL(resident() <= least, gosleep(1500 * NSEC_PER_MSEC), "what nobody uses goes back while nothing runs");
    goprintf(1, "%ld KiB before, %ld KiB with all, %ld KiB when they had ended, %ld KiB after a while\n", (long)(before >> 10),
             (long)(peak >> 10), (long)(gone >> 10), (long)(resident() >> 10));
    CHECK(resident() - before <= (peak - before) / 4, "most of it");
}

/* ---- a collection gives memory back beside the others, not while the world is stopped ---- */

static _Atomic bool watching;
static _Atomic int halfway;

static void watch(void *wg)
{
    size_t all = stackcache_bytes();
    while (watching) {
        size_t now = stackcache_bytes();
        if (now > all)
            all = now;
        halfway += now > all / 8 && now < all / 8 * 7;
    }
    wg_done(wg);
}

static void collected_beside(void)
{
    int old = gomaxprocs_set(2);
    halfway = 0;
    int64_t end = nanotime() + PATIENCE;
    while (halfway == 0) { /* how long the kernel lets the watcher wait for its CPU is not ours to say */
        CHECK(nanotime() < end, "somebody runs while a collection is halfway");
        struct crowd c;
        WaitGroup wg = {0};
        gather(&c, 0);
        disperse(&c);
        watching = true;
        wg_add(&wg, 1);
        go(watch, &wg);
        gogc();
        watching = false;
        wg_wait(&wg);
    }
    gomaxprocs_set(old);
}

/* ---- a small stack is large enough ---- */

enum { PAINT = 0x5a };

struct use {
    const char *what;
    void (*fn)(void *);
    void *arg;
    size_t used;
    WaitGroup wg;
};

/** Paints the unused part of its stack, calls, and looks how far down the paint has gone. */
static void measure(void *arg)
{
    struct use *u = arg;
    stack s = getg()->stack;
    unsigned char *here = (unsigned char *)__builtin_frame_address(0) - 128, *low = (unsigned char *)s.lo + 16;
    for (volatile unsigned char *p = low; p < here; p++)
        *p = PAINT;
    u->fn(u->arg);
    while (*(volatile unsigned char *)low == PAINT)
        low++;
    u->used = (uintptr_t)__builtin_frame_address(0) - (uintptr_t)low;
    wg_done(&u->wg);
}

static void do_sleep(void *unused)
{
    (void)unused;
    gosleep(NSEC_PER_MSEC);
}

static void do_recv(void *c)
{
    chan_recv(c, NULL);
}

static void do_send(void *c)
{
    chan_send(c, "x");
}

static void do_select(void *c)
{
    SelectCase cases[] = {{c, NULL, false, false}, {NULL, NULL, true, false}};
    chan_select(cases, 2, true);
}

static void do_lock(void *m)
{
    mutex_lock(m);
    mutex_unlock(m);
}

static void do_read(void *c)
{
    char b;
    net_readdeadline(c, nanotime() + NSEC_PER_MSEC);
    CHECK(net_read(c, &b, 1) == -NET_ETIMEOUT, "the deadline passes");
}

static void do_call(void *unused)
{
    (void)unused;
    char b[8];
    int fd = file_open("/proc/self/statm", 0, 0);
    CHECK(fd >= 0 && file_read(fd, b, 8) == 8, "a file can be read");
    file_close(fd);
}

static void end(void *wg)
{
    wg_done(wg);
}

static void do_spawn(void *unused)
{
    (void)unused;
    WaitGroup wg = {0};
    wg_add(&wg, 1);
    go(end, &wg);
    wg_wait(&wg);
}

static void do_threads(void *unused)
{
    (void)unused;
    lockosthread();
    gosched();
    goyield();
    unlockosthread();
}

static void do_collect(void *unused)
{
    (void)unused;
    gogc();
}

static void do_timer(void *c)
{
    Timer *t = timer_after(NSEC_PER_MSEC, do_send, c);
    chan_recv(c, NULL);
    timer_free(t);
}

static void small_is_enough(void)
{
    Chan *c = chan_make(1, 0), *d = chan_make(1, 0);
    Conn *r, *w;
    Mutex m = {0};
    CHECK(net_pipe(&r, &w) == 0, "a pipe");
    struct use uses[] = {
        {"gosleep", do_sleep, NULL, 0, {0}},      {"chan_recv", do_recv, c, 0, {0}},   {"chan_send", do_send, c, 0, {0}},
        {"chan_select", do_select, c, 0, {0}},    {"mutex_lock", do_lock, &m, 0, {0}}, {"net_read", do_read, r, 0, {0}},
        {"file_read", do_call, NULL, 0, {0}},     {"go", do_spawn, NULL, 0, {0}},      {"lockosthread", do_threads, NULL, 0, {0}},
        {"gogc", do_collect, NULL, 0, {0}},       {"timer_after", do_timer, d, 0, {0}},
    };
    mutex_lock(&m);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        wg_add(&uses[i].wg, 1);
        gostack(GOSTACK_SMALL, measure, &uses[i]);
    }
    gosleep(5 * NSEC_PER_MSEC);
    mutex_unlock(&m);
    chan_send(c, "x"); /* to the one who receives, or who selects, if not to each other */
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        wg_wait(&uses[i].wg);
        goprintf(1, "    %s: %zu bytes of stack\n", uses[i].what, uses[i].used);
        CHECK(uses[i].used <= GOSTACK_SMALL - 600, "a program has 600 bytes for itself beside it");
    }
    net_close(r);
    net_close(w);
    chan_free(c);
    chan_free(d);
}

/* ---- a small stack that is too small ---- */

static __attribute__((noinline)) int use_up(int n)
{
    volatile char room[256];
    room[0] = (char)n;
    gosched(); /* looks */
    return n == 0 ? room[0] : use_up(n - 1) + room[0];
}

static void dive_and_call(void *unused)
{
    (void)unused;
    use_up(1000);
}

/** Writes over what lies below its stack, without a call of the runtime; then comes back, and parks. */
static void dive_and_return(void *unused)
{
    (void)unused;
    volatile char *lo = (char *)getg()->stack.lo;
    for (int i = 0; i < 64; i++)
        lo[i] = 1;
    gosleep(NSEC_PER_SEC);
}

static void overflow_at_call(void)
{
    gostack(GOSTACK_SMALL, dive_and_call, NULL);
    gosleep(PATIENCE);
}

static void overflow_at_park(void)
{
    gostack(GOSTACK_SMALL, dive_and_return, NULL);
    gosleep(PATIENCE);
}

static const struct test deaths[] = {
    {"overflow_at_call", overflow_at_call},
    {"overflow_at_park", overflow_at_park},
};

static const struct test tests[] = {
    {"small_stacks", small_stacks}, {"default_stacks", default_stacks}, {"rounds", rounds},
    {"given_back", given_back},     {"collected_beside", collected_beside}, {"small_is_enough", small_is_enough},
};

int gomain(int argc, char **argv)
{
    mappings(); /* takes memory of its own */
    atfirst = resident();
    const char *n = gogetenv("HANDOFF_MANY");
    if (n)
        for (many = 0; *n >= '0' && *n <= '9'; n++)
            many = many * 10 + (*n - '0');
    for (size_t i = 0; argc == 2 && i < sizeof deaths / sizeof *deaths; i++)
        if (test_same(argv[1], deaths[i].name))
            deaths[i].fn();
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

/* Goroutines as such: what each of them has for itself (argument, id, stack, registers, rounding mode), and that what they leave
 * behind when they end is used again. With the name of a death it must die: see `deaths`. */
#include "check.h"
#include "core.h"

/* ---- argument and id ---- */

enum { MANY = 4096, MAXID = 1 << 16 };

static struct {
    WaitGroup wg;
    uint64_t id[MANY];
    _Atomic int wrong;
} many;

static void note_id(void *arg)
{
    uint64_t *slot = arg;
    if (slot < many.id || slot >= many.id + MANY || *slot != 0)
        many.wrong++;
    *slot = goid();
    gosched();
    if (*slot != goid())
        many.wrong++;
    wg_done(&many.wg);
}

static void arguments(void)
{
    static bool used[MAXID];
    wg_add(&many.wg, MANY);
    for (int i = 0; i < MANY; i++)
        go(note_id, &many.id[i]);
    wg_wait(&many.wg);
    CHECK(many.wrong == 0, "each goroutine gets the argument of its go, and has one id");
    for (int i = 0; i < MANY; i++) {
        uint64_t id = many.id[i];
        CHECK(id > 1 && id < MAXID, "goroutine %d has a small id, not %lu", i, (unsigned long)id);
        CHECK(!used[id % MAXID], "the id %lu is nobody else's", (unsigned long)id);
        used[id % MAXID] = true;
        many.id[i] = 0;
    }
    for (int i = 0; i < MAXID; i++)
        used[i] = false;
}

/* ---- rounding modes ---- */

enum { ROUNDERS = 60, ROUNDS = 100 };

static const uint64_t modes[] = {GOBUF_FPCW_DEFAULT, ARCH_FPCW_UP, ARCH_FPCW_DOWN};

/* Volatile, so that it is computed between the control words that are set before and after. */
static double third(void)
{
    volatile double one = 1, three = 3, quotient = one / three;
    return quotient;
}

static void fresh(void *wg)
{
    CHECK(fpcw_get() == GOBUF_FPCW_DEFAULT, "a new goroutine rounds to nearest, whatever its parent does");
    wg_done(wg);
}

struct rounder {
    uint64_t mode;
    WaitGroup *wg;
    Mutex *m;
};

static void rounder(void *arg)
{
    struct rounder *r = arg;
    fpcw_set(r->mode);
    double want = third();
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 4 == 0)
            gosched();
        else if (i % 4 == 1)
            goyield();
        else if (i % 4 == 2)
            gosleep(1);
        mutex_lock(r->m);
        mutex_unlock(r->m);
        CHECK(fpcw_get() == r->mode, "control words 0x%lx are still 0x%lx", (unsigned long)fpcw_get(),
              (unsigned long)r->mode);
        CHECK(third() == want, "1/3 is what it was before the switch");
        if (i == ROUNDS / 2) {
            wg_add(r->wg, 1);
            go(fresh, r->wg);
        }
    }
    wg_done(r->wg);
}

static void rounding(void)
{
    WaitGroup wg = {0};
    Mutex m = {0};
    struct rounder r[3];
    fpcw_set(ARCH_FPCW_DOWN);
    double down = third();
    fpcw_set(ARCH_FPCW_UP);
    CHECK(third() > down, "the rounding mode matters");
    fpcw_set(GOBUF_FPCW_DEFAULT);
    for (int i = 0; i < 3; i++)
        r[i] = (struct rounder){modes[i], &wg, &m};
    wg_add(&wg, ROUNDERS);
    for (int i = 0; i < ROUNDERS; i++)
        go(rounder, &r[i % 3]);
    wg_wait(&wg);
    CHECK(fpcw_get() == GOBUF_FPCW_DEFAULT, "main rounds to nearest");
}

/* ---- registers, while signals rain ---- */

enum { SWITCHERS = 4, SWITCHES = 20000 };

static _Atomic int threads[SWITCHERS];
static _Atomic int switching;

/* More values than there are registers, each alive over the switch. */
static void switcher(void *arg)
{
    int me = (int)((_Atomic int *)arg - threads);
    uint64_t a = (uint64_t)me, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6, h = a + 7;
    for (uint64_t i = 0; i < SWITCHES; i++) {
        threads[me] = gothreadid();
        if (i % 16 == 0)
            gosched();
        else
            goyield();
        a++, b++, c++, d++, e++, f++, g++, h++;
        CHECK(a + 1 == b && b + 1 == c && c + 1 == d && d + 1 == e && e + 1 == f && f + 1 == g && g + 1 == h,
              "local variables keep their values over a switch: %lu %lu %lu %lu", (unsigned long)a,
              (unsigned long)b, (unsigned long)c, (unsigned long)d);
    }
    CHECK(a == (uint64_t)me + SWITCHES, "the counter has counted");
    switching--;
}

/** Sends signals to the threads on which they run, from a thread of its own. */
static void rain(void *arg)
{
    _Atomic int *raining = arg;
    lockosthread();
    for (int i = 0; switching > 0; i++) {
        int tid = threads[i % SWITCHERS];
        if (tid)
            linux_tgkill(linux_getpid(), tid, KSIGURG);
        gosched();
    }
    *raining = 0;
}

static void storm(void)
{
    _Atomic int raining = 1;
    switching = SWITCHERS;
    go(rain, (void *)&raining);
    for (int i = 0; i < SWITCHERS; i++)
        go(switcher, (void *)&threads[i]);
    await(&switching, 0, "switchers that still run");
    await(&raining, 0, "the rain");
}

/* ---- stack sizes ---- */

/** Uses n bytes of stack, counted from start downwards. */
static __attribute__((noinline)) uint64_t use(uintptr_t start, size_t n)
{
    volatile uint64_t room[32];
    for (int i = 0; i < 32; i++)
        room[i] = n;
    if (start - (uintptr_t)room > n)
        return room[31];
    return use(start, n) + room[7] - room[9];
}

struct sized {
    size_t ask, have;
    WaitGroup wg;
};

static void use_it_all(void *arg)
{
    struct sized *s = arg;
    enum { LEFT = 3 * 1024 }; /* for what runs below us */
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    CHECK(here % 16 == 0, "frames are aligned");
    use(here, s->have - LEFT);
    wg_done(&s->wg);
}

static void stacksizes(void)
{
    static const struct {
        size_t ask, have;
    } sizes[] = {{0, 65536},     {1, 8192},        {8192, 8192},       {8193, 12288},
                 {65536, 65536}, {100000, 102400}, {1 << 20, 1 << 20}, {8 << 20, 8 << 20}};
    for (int round = 0; round < 3; round++)
        for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct sized s = {.ask = sizes[i].ask, .have = sizes[i].have};
            wg_add(&s.wg, 1);
            gostack(s.ask, use_it_all, &s);
            wg_wait(&s.wg);
        }
}

/* ---- who ends locked to a thread takes it along ---- */

static void lock_and_end(void *out)
{
    lockosthread();
    long tid = gothreadid();
    chan_send(out, &tid);
}

static void lockedexit(void)
{
    Chan *c = chan_make(sizeof(long), 0);
    for (int i = 0; i < 10; i++) {
        long tid;
        go(lock_and_end, c);
        CHECK(chan_recv(c, &tid), "the goroutine says its thread");
        for (int k = 0; k < 20; k++) {
            CHECK(gothreadid() != tid, "nobody else runs on the thread to which a goroutine was locked");
            gosched();
        }
    }
    chan_free(c);
}

/* ---- what is left behind is used again ---- */

static void nothing(void *wg)
{
    wg_done(wg);
}

static uint64_t allocated(void)
{
    SchedStats st;
    schedstats(&st);
    return st.gs;
}

/* 30000 goroutines, at most 100 at a time. */
static void churn(void)
{
    uint64_t before = allocated();
    for (int round = 0; round < 300; round++) {
        WaitGroup wg = {0};
        wg_add(&wg, 100);
        for (int i = 0; i < 100; i++)
            gostack(i % 10 == 3 ? 16384 : 0, nothing, &wg);
        wg_wait(&wg);
    }
    uint64_t more = allocated() - before;
    CHECK(more < 1000, "dead Gs are used again: %lu new ones for 30000 goroutines", (unsigned long)more);
}

struct gate {
    WaitGroup wg;
    Chan *open;
};

static void wait_at(void *arg)
{
    struct gate *g = arg;
    chan_recv(g->open, NULL);
    wg_done(&g->wg);
}

/* 5000 at a time, three times. */
static void burst(void)
{
    uint64_t before = 0;
    for (int round = 0; round < 3; round++) {
        struct gate g = {.open = chan_make(1, 0)};
        wg_add(&g.wg, 5000);
        for (int i = 0; i < 5000; i++)
            go(wait_at, &g);
        chan_close(g.open);
        wg_wait(&g.wg);
        chan_free(g.open);
        if (round == 0)
            before = allocated();
    }
    uint64_t more = allocated() - before;
    CHECK(more < 1000, "the second and third 5000 goroutines use the Gs of the first: %lu are new",
          (unsigned long)more);
}

/* ---- deaths ---- */

static void overflow(void *arg)
{
    (void)arg;
    use((uintptr_t)__builtin_frame_address(0), SIZE_MAX / 2);
}

static void overflow_of(size_t n)
{
    gostack(n, overflow, NULL);
    for (;;)
        gosched();
}

static void overflow_small(void)
{
    overflow_of(8192);
}

static void overflow_large(void)
{
    overflow_of(1 << 20);
}

static void huge_stack(void)
{
    overflow_of(SIZE_MAX - 100);
}

static const struct test deaths[] = {
    {"overflow_small", overflow_small},
    {"overflow_large", overflow_large},
    {"huge_stack", huge_stack},
};

static const struct test tests[] = {
    {"arguments", arguments},   {"rounding", rounding}, {"storm", storm}, {"stacksizes", stacksizes},
    {"lockedexit", lockedexit}, {"churn", churn},       {"burst", burst},
};

int gomain(int argc, char **argv)
{
    for (unsigned i = 0; argc == 2 && i < sizeof deaths / sizeof *deaths; i++)
        if (test_same(argv[1], deaths[i].name))
            deaths[i].fn();
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

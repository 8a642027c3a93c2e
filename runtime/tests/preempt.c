/* Preemption as a program sees it: who is asked to yield does, wherever it stands, and finds everything
 * as it was. A loop here calls nothing unless its name says so: only a signal can end its time slice.
 * See fairness.c for who runs then. */
#include "loops.h"
#include "testregs.h"

static _Atomic uint64_t sink;

/* ---- three loops without calls can be stopped, with one P ---- */

static void storing_loop(void *wg)
{
    while (!stop)
        sink++;
    wg_done(wg);
}

static void computing_loop(void *wg)
{
    uint64_t x = 1;
    while (!stop)
        for (int i = 0; i < 1000; i++)
            x = x * 6364136223846793005u + 1442695040888963407u;
    sink = x;
    wg_done(wg);
}

static void loops_are_stopped(void)
{
    int old = gomaxprocs_set(1);
    WaitGroup wg = {0};
    stop = false;
    wg_add(&wg, 3);
    go(empty_loop, &wg);
    go(storing_loop, &wg);
    go(computing_loop, &wg);
    for (int i = 0; i < 3; i++) {
        gosched(); /* the loops have the only P; main runs again only if they are interrupted */
        gogc();    /* and the world can be stopped */
    }
    stop = true;
    wg_wait(&wg);
    gomaxprocs_set(old);
}

/* With as many Ps as loops, all of them must stop where they stand. */
static void running_loops_are_stopped(void)
{
    int old = gomaxprocs_set(4);
    WaitGroup wg = {0};
    stop = false;
    wg_add(&wg, 3);
    go(empty_loop, &wg);
    go(storing_loop, &wg);
    go(computing_loop, &wg);
    for (int i = 0; i < 30; i++)
        gogc();
    stop = true;
    wg_wait(&wg);
    gomaxprocs_set(old);
}

/* ---- all registers survive ---- */

enum { STORMED = 4, ROUNDS = 30000 };

struct stormed {
    testregs in, out;
    uint64_t seed, loops;
    const char *wrong;
    WaitGroup *wg;
};

static void registers(void *arg)
{
    struct stormed *s = arg;
    while (!stop && !s->wrong) {
        testregs_fill(&s->in, s->seed += 0x9e3779b97f4a7c15u, ROUNDS);
        testregs_loop(&s->in, &s->out);
        s->wrong = testregs_differ(&s->in, &s->out);
        s->loops++;
    }
    stop = true;
    wg_done(s->wg);
}

/** Nobody else finds what was in the registers of those that were preempted. */
static void stop_and_look(void)
{
    stop_and_yield();
    CHECK(testregs_clean(),
          "flags and floating point are as a function expects them after another one was preempted");
}

/* Each goroutine has another pattern in its registers: what comes back must be its own. */
static void registers_survive(void)
{
    void *room = gomalloc((STORMED + 1) * sizeof(struct stormed));
    struct stormed *s = (struct stormed *)(((uintptr_t)room + 63) & ~(uintptr_t)63);
    WaitGroup wg = {0};
    stop = false;
    wg_add(&wg, STORMED);
    uint64_t before = preemptions();
    for (int i = 0; i < STORMED; i++) {
        s[i].seed = (uint64_t)i << 56 | (uint64_t)nanotime();
        s[i].wg = &wg;
        go(registers, &s[i]);
    }
    /* Stops as fast as they come; with one P each waits for sysmon to end the others' slices. */
    uint64_t want = before + (gomaxprocs_set(0) == 1 ? 30 : 120);
    UNTIL(stop || preemptions() >= want, stop_and_look(), "the loops are preempted again and again");
    stop = true;
    wg_wait(&wg);
    for (int i = 0; i < STORMED; i++)
        CHECK(!s[i].wrong, "%s of goroutine %d is what it was, after %lu loops", s[i].wrong, i,
              (unsigned long)s[i].loops);
    gofree(room);
}

/* ---- what a compiler keeps in registers survives ---- */

static double series(int n)
{
    double a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
    for (int i = 1; i <= n; i++) {
        a += 1.0 / i, b -= a / (i + 1), c += b * 1e-9, d = d * 0.999 + c, e += d - a, f = f * 0.5 + e * 1e-6;
    }
    return a + b + c + d + e + f;
}

static volatile int terms = 300000; /* volatile: each sum is really computed */

struct summer {
    double want, got;
    WaitGroup *wg;
};

static void summer(void *arg)
{
    struct summer *s = arg;
    do
        s->got = series(terms);
    while (s->got == s->want && !stop);
    wg_done(s->wg);
}

static void sums_survive(void)
{
    struct summer s[4];
    WaitGroup wg = {0};
    double want = series(terms);
    uint64_t before = preemptions();
    stop = false;
    wg_add(&wg, 4);
    for (int i = 0; i < 4; i++) {
        s[i] = (struct summer){want, 0, &wg};
        go(summer, &s[i]);
    }
    UNTIL(preemptions() >= before + 20, gosched(), "the sums are preempted");
    stop = true;
    wg_wait(&wg);
    for (int i = 0; i < 4; i++)
        CHECK(s[i].got == want, "the sum of goroutine %d is the same with and without preemption", i);
}

/* ---- the runtime and libraries are not interrupted ---- */

extern void *malloc(size_t n) __attribute__((weak)); /* the hosted build has them */
extern void free(void *p) __attribute__((weak));

static void only_the_program(void)
{
    CHECK(inusertext((uintptr_t)only_the_program) && inusertext((uintptr_t)testregs_loop),
          "this is the program's code");
    CHECK(!inusertext((uintptr_t)gosched) && !inusertext((uintptr_t)gogo), "this is the runtime's");
    CHECK(!inusertext((uintptr_t)sysmon) && !inusertext((uintptr_t)linux_Syscall6), "and so is a lab's");
    CHECK(!inusertext((uintptr_t)&stop) && !inusertext(0) && !inusertext((uintptr_t)-1), "this is no code");
}

struct busy {
    Chan *c;
    WaitGroup *wg;
    _Atomic uint64_t done;
};

/** Memory, channels and text: each takes locks that the next goroutine on this thread would wait for. */
static void busy(void *arg)
{
    struct busy *b = arg;
    uint64_t x = (uintptr_t)b, got;
    while (!stop) {
        uint64_t *p[8];
        for (int i = 0; i < 8; i++) {
            p[i] = gomalloc(16 + ((x = x * 6364136223846793005u + 1) >> 33) % 500);
            *p[i] = (uintptr_t)p[i] ^ x;
            p[i][1] = x;
        }
        for (int i = 0; i < 8; i++) {
            CHECK(p[i][0] == ((uintptr_t)p[i] ^ p[i][1]), "memory is what was stored");
            gofree(p[i]);
        }
        char text[40];
        CHECK(gosnprintf(text, sizeof text, "%lu", (unsigned long)x) > 0, "text is made");
        if (chan_trysend(b->c, &x))
            chan_tryrecv(b->c, &got, NULL);
        b->done++;
    }
    wg_done(b->wg);
}

static void the_runtime_is_not_interrupted(void)
{
    struct busy b[4] = {{0}};
    WaitGroup wg = {0};
    Chan *c = chan_make(sizeof(uint64_t), 2);
    stop = false;
    wg_add(&wg, 4);
    uint64_t before = preemptions();
    for (int i = 0; i < 4; i++) {
        b[i] = (struct busy){.c = c, .wg = &wg};
        go(busy, &b[i]);
    }
    UNTIL(preemptions() >= before + 30 && b[0].done && b[1].done && b[2].done && b[3].done, stop_and_yield(),
          "all get on with their work");
    stop = true;
    wg_wait(&wg);
    chan_free(c);
}

/**
 * Most of the time in malloc and free, which take small pieces from a list of the thread without any lock,
 * and no call of the runtime. A goroutine that were stopped in the middle would leave that list, half
 * changed, to the next one.
 */
static void library(void *wg)
{
    uintptr_t me = (uintptr_t)&wg;
    while (!stop) {
        volatile uintptr_t *p[8];
        for (int i = 0; i < 8; i++) {
            p[i] = malloc(24);
            *p[i] = me + (uintptr_t)i;
        }
        for (int i = 0; i < 8; i++) {
            CHECK(*p[i] == me + (uintptr_t)i, "what malloc returned is nobody else's");
            free((void *)p[i]);
        }
        for (int i = 0; i < 400 && !stop; i++) /* here it may be stopped */
            sink = me;
    }
    wg_done(wg);
}

static void a_library_is_not_interrupted(void)
{
    if (!malloc || !free)
        return;
    WaitGroup wg = {0};
    stop = false;
    wg_add(&wg, 4);
    uint64_t want =
        preemptions() + (gomaxprocs_set(0) == 1 ? 20 : 60); /* with one P each takes 10 ms, or twice */
    for (int i = 0; i < 4; i++)
        go(library, &wg);
    UNTIL(preemptions() >= want, stop_and_yield(), "the loops around malloc are preempted");
    stop = true;
    wg_wait(&wg);
}

/* ---- without room for the registers there is no preemption ---- */

static _Atomic int deep_ready;
static _Atomic(M *) deep_m;

/** Goes down until less than room bytes of the stack are left, and loops there. */
static int deep(uintptr_t room)
{
    volatile char pad[64];
    pad[0] = 1;
    if ((uintptr_t)__builtin_frame_address(0) - getg()->stack.lo > room)
        return deep(room) + pad[0];
    deep_m = getm();
    deep_ready = 1;
    while (!stop)
        ;
    return pad[0];
}

static void deep_goroutine(void *wg)
{
    volatile uint64_t *lowest = (volatile uint64_t *)getg()->stack.lo;
    for (int i = 0; i < 32; i++)
        lowest[i] = 0x5aa5 + (uint64_t)i;
    sink = (uint64_t)deep(1000);
    for (int i = 0; i < 32; i++)
        CHECK(lowest[i] == 0x5aa5 + (uint64_t)i, "the end of the stack is untouched");
    wg_done(wg);
}

static void no_room_no_preemption(void)
{
    int old = gomaxprocs_set(2);
    WaitGroup wg = {0};
    stop = false;
    deep_ready = 0;
    wg_add(&wg, 1);
    gostack(STACK_MIN, deep_goroutine, &wg);
    await(&deep_ready, 1, "the goroutine at the end of its stack");
    M *mp = deep_m; /* it stays there: nobody can preempt it */
    uint32_t seen = load_relaxed(&mp->preemptGen);
    UNTIL(load_relaxed(&mp->preemptGen) - seen >= 20, preemptall(), "signals arrive");
    stop = true;
    wg_wait(&wg);
    gomaxprocs_set(old);
}

/* ---- HANDOFFDEBUG=asyncpreemptoff=1 ---- */

static _Atomic(G *) off_g;

static void off_loop(void *wg)
{
    off_g = getg();
    empty_loop(wg);
}

static void the_switch(void)
{
    int old = gomaxprocs_set(2), was = debug.asyncpreemptoff;
    WaitGroup wg = {0};
    stop = false;
    off_g = NULL;
    debug.asyncpreemptoff = 1;
    wg_add(&wg, 1);
    go(off_loop, &wg);
    UNTIL(off_g != NULL && load_relaxed(&off_g->preempt), gosched(),
          "after 10 ms the loop is asked to yield");
    gosleep(30 * NSEC_PER_MSEC); /* long enough for three more requests */
    CHECK(load_relaxed(&off_g->preempt), "without signals the loop goes on");
    debug.asyncpreemptoff = 0;
    UNTIL(!load_relaxed(&off_g->preempt), gosched(), "with signals it yields");
    debug.asyncpreemptoff = was;
    stop = true;
    wg_wait(&wg);
    gomaxprocs_set(old);
}

static const struct test tests[] = {
    {"loops_are_stopped", loops_are_stopped},
    {"running_loops_are_stopped", running_loops_are_stopped},
    {"registers_survive", registers_survive},
    {"sums_survive", sums_survive},
    {"only_the_program", only_the_program},
    {"the_runtime_is_not_interrupted", the_runtime_is_not_interrupted},
    {"a_library_is_not_interrupted", a_library_is_not_interrupted},
    {"no_room_no_preemption", no_room_no_preemption},
    {"the_switch", the_switch},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

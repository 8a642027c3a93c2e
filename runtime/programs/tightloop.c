/**
 * @file tightloop.c
 * Loops that never call anything, and a clock that wants to tick: tightloop [SECONDS]
 *
 *     make run LAB=08 PROG=tightloop
 *     HANDOFFDEBUG=asyncpreemptoff=1 make run LAB=08 PROG=tightloop
 *
 * Every P has a goroutine that computes and never enters the runtime, so that nothing can ask it to yield.
 * Beside them one goroutine sleeps for ten milliseconds at a time, and notes how late it wakes. With
 * preemption by signal sysmon sees a goroutine that has run for 10 ms, and sends its thread SIGURG; the
 * handler makes it yield where it stands. Without, the clock stands still until a loop ends by itself.
 */
#include "handoff.h"
#include "lib/text.h"

/** Between two ticks. */
#define TICK (10 * NSEC_PER_MSEC)

static _Atomic bool stop;
static _Atomic uint64_t result;
static uint64_t turns; /* of a loop, so that it lasts as long as it is to */
static WaitGroup loops;

/** So many turns of something that the compiler cannot leave out, and no call. */
static uint64_t compute(uint64_t n)
{
    uint64_t x = 1;
    for (uint64_t i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(x));
    }
    return x;
}

static void loop(void *unused)
{
    (void)unused;
    result = compute(turns);
    wg_done(&loops);
}

/** How late a clock was. */
typedef struct Lateness {
    int ticks;     /**< times that it woke while loops ran */
    int64_t worst; /**< the most nanoseconds too late */
} Lateness;

static void clock(void *arg)
{
    Lateness *l = arg;
    int64_t want = nanotime() + TICK;
    while (!stop) {
        gosleep(want - nanotime());
        int64_t late = nanotime() - want;
        if (late > l->worst)
            l->worst = late;
        l->ticks++;
        want = nanotime() + TICK;
    }
    wg_done(&loops);
}

/**
 * Turns that take about a second here: by the fastest of several attempts, since others may have disturbed
 * the rest.
 */
static uint64_t persecond(void)
{
    uint64_t n = 1 << 24;
    int64_t best = INT64_MAX;
    for (int i = 0; i < 10; i++) {
        int64_t begun = nanotime();
        result = compute(n);
        int64_t took = nanotime() - begun;
        if (took < best)
            best = took;
    }
    return (uint64_t)((double)n * NSEC_PER_SEC / (double)best);
}

int gomain(int argc, char **argv)
{
    int64_t seconds = 1;
    int first = options(NULL, 0, argc, argv, "[SECONDS]");
    if (first < 0 || first < argc - 1 ||
        (first < argc && (!text_number(text(argv[first]), &seconds) || seconds < 1 || seconds > 3600)))
        return 2;
    int n = gomaxprocs_set(0);
    Lateness l = {0};
    turns = persecond() * (uint64_t)seconds;
    SchedStats before, after;
    schedstats(&before);
    go(clock, &l);
    gosleep(TICK / 2); /* the clock sleeps before the first loop begins */
    wg_add(&loops, n);
    for (int i = 0; i < n; i++)
        go(loop, NULL);
    wg_wait(&loops);
    wg_add(&loops, 1);
    stop = true;
    wg_wait(&loops);
    schedstats(&after);
    goprintf(1, "a loop without calls on each of %d Ps, %lld s each: "
                "the clock ticked %d times, at worst %lld ms too late; %llu preemptions\n",
             n, (long long)seconds, l.ticks, (long long)(l.worst / NSEC_PER_MSEC),
             (unsigned long long)(after.preemptions - before.preemptions));
    return 0;
}

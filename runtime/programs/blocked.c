/**
 * @file blocked.c
 * System calls that block, and a goroutine that has work to do: blocked [CALLS]
 *
 *     make run LAB=06 PROG=blocked
 *     HANDOFFDEBUG=nohandoff=1 make run LAB=06 PROG=blocked
 *
 * So many goroutines sleep in the kernel, a tenth of a second each, by a system call that blocks the thread.
 * There is one P. With hand-off sysmon takes it away from each of them after some microseconds, so that all
 * sleep at the same time, on a thread each, and the worker goes on. Without, the P sleeps with each of them,
 * one after the other, and the worker waits.
 */
#include <linux/errno.h>
#include "handoff.h"
#include "lib/text.h"
#include "zsyscall.h"

/** How long each call lasts. */
#define CALL (100 * NSEC_PER_MSEC)

static WaitGroup calls, worker_ended;
static _Atomic bool stop;

static void sleeper(void *unused)
{
    (void)unused;
    struct {
        int64_t sec, nsec;
    } left = {0, CALL};
    while (sys_nanosleep(&left, &left) == EINTR)
        ;
    wg_done(&calls);
}

/** What the worker has done. */
typedef struct Work {
    uint64_t rounds; /**< of some microseconds each */
    int64_t pause;   /**< the longest time that it could not go on, in nanoseconds */
} Work;

static void worker(void *arg)
{
    Work *w = arg;
    bool last = false;
    for (int64_t then = nanotime(), now; !last; then = now) {
        last = stop; /* looked at first: the pause before the end counts */
        now = nanotime();
        if (now - then > w->pause)
            w->pause = now - then;
        w->rounds++;
        for (int i = 0; i < 10000; i++)
            __asm__ volatile("");
        goyield();
    }
    wg_done(&worker_ended);
}

int gomain(int argc, char **argv)
{
    int64_t n = 10;
    int first = options(NULL, 0, argc, argv, "[CALLS]");
    if (first < 0 || first < argc - 1 ||
        (first < argc && (!text_number(text(argv[first]), &n) || n < 1 || n > 1000)))
        return 2;
    Work w = {0};
    SchedStats before, after;
    gomaxprocs_set(1);
    schedstats(&before);
    wg_add(&worker_ended, 1);
    go(worker, &w);
    wg_add(&calls, (int)n);
    int64_t begun = nanotime();
    for (int i = 0; i < n; i++)
        go(sleeper, NULL);
    wg_wait(&calls);
    int64_t took = nanotime() - begun;
    stop = true;
    wg_wait(&worker_ended);
    schedstats(&after);
    goprintf(1, "%lld calls that block for %lld ms each, on one P: %lld ms altogether; "
                "the worker did %llu rounds, its longest pause was %lld ms; %llu hand-offs, %llu threads\n",
             (long long)n, (long long)(CALL / NSEC_PER_MSEC), (long long)(took / NSEC_PER_MSEC),
             (unsigned long long)w.rounds, (long long)(w.pause / NSEC_PER_MSEC),
             (unsigned long long)(after.handoffs - before.handoffs), (unsigned long long)after.threads);
    return 0;
}

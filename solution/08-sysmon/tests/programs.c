/**
 * @file programs.c
 * Whole programs under your monitor.
 */
#include <regex.h>
#include <string.h>
#include "judge.h"

/** Runs one test of a program; it must succeed. */
static void run_test(struct run_result *r, const char *program, const char *test, const char *procs,
                     const char *debug)
{
    const char *argv[] = {program, test, NULL};
    const char *env[] = {procs, debug, NULL};
    run_program(argv, env, &(struct limits){.wall_ms = 9000, .out_max = 1 << 20}, r);
    expect_exit(r, 0);
}

/* Three loops that call nothing have the only P. The others run, and the world can be stopped. */
TEST(LoopsWithoutCallsArePreempted)
{
    struct run_result r;
    run_test(&r, "preempt", "loops_are_stopped", "HANDOFFPROCS=1", NULL);
}

TEST(TimersFireBesideLoops)
{
    struct run_result r;
    run_test(&r, "fairness", "timer_fairness_loops", "HANDOFFPROCS=1", NULL);
}

/* Two goroutines that wake each other for ever are one time slice. */
TEST(AHoggingPairIsPreempted)
{
    struct run_result r;
    run_test(&r, "fairness", "ping_pong_hog", "HANDOFFPROCS=1", NULL);
}

/* Eight goroutines on two Ps, which do nothing but system calls of 10 us: all get their turn (Go issue
 * 10958). */
TEST(GoroutinesOfShortCallsLoseTheirP)
{
    struct run_result r;
    run_test(&r, "fairness", "calls_lose_their_p", "HANDOFFPROCS=2", NULL);
}

/* sysmon is no M of the program. */
TEST(ADeadlockIsStillReported)
{
    struct run_result r;
    const char *argv[] = {"crash", "deadlock", NULL};
    const char *env[] = {"HANDOFFPROCS=2", NULL};
    run_program(argv, env, &(struct limits){.wall_ms = 5000}, &r);
    expect_exit(&r, 2);
    if (!strstr(r.err, "all goroutines are asleep - deadlock!"))
        fail("a program that waits for itself should be told so, but its output is %s", r.err);
}

/** Fails unless text has at least n lines that match the pattern, and no others; the program's end may cut the last. */
static void expect_lines(const char *text, const char *pattern, int n)
{
    regex_t re;
    int found = 0;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
        fail("test: bad pattern");
    for (const char *s = text; *s;) {
        char line[4096];
        size_t len = strcspn(s, "\n");
        if (len >= sizeof line)
            fail("a line of %zu bytes: %.100s...", len, s);
        if (!s[len])
            break;
        memcpy(line, s, len);
        line[len] = 0;
        if (regexec(&re, line, 0, NULL, 0) != 0)
            fail("this line is not as it should be: %s", line);
        found++;
        s += len + 1;
    }
    if (found < n)
        fail("there should be at least %d lines, there are %d:\n%s", n, found, text);
}

TEST(CollectionsAreForced)
{
    struct run_result r;
    run_test(&r, "gc", "forced", "HANDOFFPROCS=2", "HANDOFFDEBUG=gctrace=1,forcegcperiodms=50");
    expect_lines(r.err,
                 "^gc @[0-9]+ms: (forced|gogc): stop [0-9]+us, sweep [0-9]+us, [0-9]+ bytes of stacks$", 3);
    if (!strstr(r.err, "ms: forced: "))
        fail("no collection was forced: %s", r.err);
}

/* A program that goes on until the monitor has made some rounds, with a line every 5 ms. */
TEST(ATraceOfAProgram)
{
    struct run_result r;
    run_test(&r, "schedtrace", "several_traces", "HANDOFFPROCS=2", "HANDOFFDEBUG=schedtrace=5");
    expect_lines(
        r.err,
        "^SCHED [0-9]+ms: gomaxprocs=2 idleprocs=[0-2] threads=[0-9]+ spinningthreads=[0-2] needspinning=[01] "
        "idlethreads=[0-9]+ runqueue=[0-9]+ \\[ [0-9]+ [0-9]+ \\] schedticks=\\[ [0-9]+ [0-9]+ \\]$",
        5);
}

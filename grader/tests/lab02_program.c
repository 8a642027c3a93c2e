/**
 * @file lab02_program.c
 * Whole programs that need what lab 02 promises.
 */
#include <string.h>
#include "judge.h"

/** Runs one test of a program on so many Ps; it must say that all is well. */
static void passes(const char *program, const char *name, const char *procs)
{
    struct run_result r;
    const char *argv[] = {program, name, NULL}, *env[] = {procs, NULL};
    run_program(argv, env, &(struct limits){.wall_ms = 8000}, &r);
    expect_exit(&r, 0);
    if (!strstr(r.out, "ok "))
        fail("%s %s ended well, but did not say so: %s", program, name, r.out);
}

/** Runs a program that must end with status 2 and these words. */
static void dies(const char *program, const char *name, const char *words)
{
    struct run_result r;
    run_program((const char *[]){program, name, NULL}, (const char *[]){"HANDOFFPROCS=2", NULL}, NULL, &r);
    expect_exit(&r, 2);
    if (!strstr(r.err, words))
        fail("%s %s should have said \"%s\"; it said: %.600s", program, name, words, r.err);
}

TEST(RegistersSurviveSignalsDuringSwitches)
{
    passes("context", "storm", "HANDOFFPROCS=1");
    passes("context", "storm", "HANDOFFPROCS=2");
    passes("context", "storm", "HANDOFFPROCS=4");
}

TEST(ThirtyThousandGoroutinesNeedFewGs)
{
    passes("context", "churn", "HANDOFFPROCS=1");
    passes("context", "churn", "HANDOFFPROCS=4");
}

TEST(ABurstOfGoroutinesReusesTheLast)
{
    passes("context", "burst", "HANDOFFPROCS=2");
}

TEST(EachStackSizeOverflowsWithGosWords)
{
    dies("context", "overflow_small", "runtime: goroutine stack exceeds 8192-byte limit");
    dies("context", "overflow_large", "runtime: goroutine stack exceeds 1048576-byte limit");
    dies("crash", "stackoverflow", "runtime: goroutine stack exceeds 65536-byte limit");
}

TEST(AStackThatNobodyHasIsFatal)
{
    dies("context", "huge_stack", "fatal error: stackalloc: ");
}

TEST(ALockedGoroutinesThreadEndsWithIt)
{
    passes("context", "lockedexit", "HANDOFFPROCS=1");
    passes("context", "lockedexit", "HANDOFFPROCS=2");
}

TEST(MemoryOfEndedGoroutinesIsBounded)
{
    struct run_result r;
    run_program((const char *[]){"context", "churn", NULL}, (const char *[]){"HANDOFFPROCS=2", NULL}, NULL,
                &r);
    expect_exit(&r, 0);
    if (r.maxrss_kb > 64 * 1024)
        fail("a program with 100 goroutines at a time used %ld KiB", r.maxrss_kb);
}

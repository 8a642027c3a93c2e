/**
 * @file programs.c
 * Whole programs on your way out of system calls.
 */
#include "judge.h"

/** Runs one test of a program on so many Ps (HANDOFFPROCS=n). */
static void run_test(const char *program, const char *test, const char *procs)
{
    struct run_result r;
    const char *argv[] = {program, test, NULL};
    const char *env[] = {procs, NULL};
    run_program(argv, env, &(struct limits){.wall_ms = 8000}, &r);
    expect_exit(&r, 0);
}

/* 100000 short calls: each takes its P back, and no thread is started. */
TEST(ShortCallsTakeTheirPBack)
{
    run_test("syscalls", "short_calls_cost_no_threads", "HANDOFFPROCS=2");
}

/* Twenty goroutines come back from blocked reads, all at once, to one P. */
TEST(BlockedReadersComeBackToOneP)
{
    run_test("syscalls", "blocked_reads_one_p", "HANDOFFPROCS=1");
}

/* A goroutine that is locked to its thread finds itself there after each call. */
TEST(ALockedGoroutineKeepsItsThread)
{
    run_test("syscalls", "locked_calls_keep_their_thread", "HANDOFFPROCS=1");
}

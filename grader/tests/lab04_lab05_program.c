/**
 * @file lab04_lab05_program.c
 * Whole programs that make system calls, on the student's way in and out.
 */
#include "judge.h"

/** Runs one test of the program `syscalls` on this many Ps. */
static void run_syscalls(const char *test, const char *procs)
{
    struct run_result r;
    const char *argv[] = {"syscalls", test, NULL};
    const char *env[] = {procs, NULL};
    struct limits l = {.wall_ms = 30000};
    run_program(argv, env, &l, &r);
    expect_exit(&r, 0);
}

/* Twenty goroutines block in reads on one P: the others go on. */
TEST(BlockedReadsDoNotHoldUpOthers)
{
    run_syscalls("blocked_reads_one_p", "HANDOFFPROCS=1");
}

/* The same with a thousand on two. */
TEST(AThousandBlockedReads)
{
    run_syscalls("blocked_reads_thousand", "HANDOFFPROCS=2");
}

/* A call that returns at once takes its P back: no thread is started for it. */
TEST(ShortCallsCostNoThreads)
{
    run_syscalls("short_calls_cost_no_threads", "HANDOFFPROCS=2");
}

/* The world stops although goroutines are blocked in the kernel. */
TEST(TheWorldStopsDuringBlockedCalls)
{
    run_syscalls("stop_during_blocked_calls", "HANDOFFPROCS=2");
}

/* Signals every millisecond interrupt calls, and nothing is lost. */
TEST(SignalsDoNoHarm)
{
    run_syscalls("signals_do_no_harm", "HANDOFFPROCS=2");
}

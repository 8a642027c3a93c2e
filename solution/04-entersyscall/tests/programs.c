/**
 * @file programs.c
 * Whole programs on your way into system calls.
 */
#include "judge.h"

/**
 * Runs one test of the program `syscalls` on so many Ps (HANDOFFPROCS=n) and with so much of HANDOFFDEBUG.
 */
static void run_syscalls(const char *test, const char *procs, const char *debug)
{
    struct run_result r;
    const char *argv[] = {"syscalls", test, NULL};
    const char *env[] = {procs, debug, NULL};
    run_program(argv, env, &(struct limits){.wall_ms = 8000}, &r);
    expect_exit(&r, 0);
}

/* Twenty goroutines block in reads, and there is one P: the others go on. */
TEST(BlockedReadsDoNotHoldUpOthers)
{
    run_syscalls("blocked_reads_one_p", "HANDOFFPROCS=1", NULL);
}

/* A call that returns at once takes its P back: 100000 of them start no threads. */
TEST(ShortCallsCostNoThreads)
{
    run_syscalls("short_calls_cost_no_threads", "HANDOFFPROCS=2", NULL);
}

/* entersyscallblock does not wait for sysmon: it works although sysmon takes no P. */
TEST(BlockingEntryNeedsNoSysmon)
{
    run_syscalls("block_needs_no_sysmon", "HANDOFFPROCS=1", "HANDOFFDEBUG=nohandoff=1");
}

/**
 * @file programs.c
 * Whole programs on your threads: blocked in the kernel, locked, dead.
 */
#include <string.h>
#include "judge.h"

/** Runs PROGRAM TEST on this many Ps. */
static void program(const char *name, const char *test, const char *procs, int status, struct run_result *r)
{
    const char *argv[] = {name, test, NULL};
    const char *env[] = {procs, NULL};
    struct limits l = {.wall_ms = 8000};
    run_program(argv, env, &l, r);
    expect_exit(r, status);
}

/* Twenty goroutines block in reads on the only P: the others go on, because sysmon hands it off. */
TEST(BlockedReadsLetOthersRun)
{
    struct run_result r;
    program("syscalls", "blocked_reads_one_p", "HANDOFFPROCS=1", 0, &r);
}

TEST(ALockedGoroutineKeepsItsThreadInAProgram)
{
    struct run_result r;
    program("threads", "locked_goroutine_keeps_its_thread", "HANDOFFPROCS=2", 0, &r);
}

TEST(TheThreadOfAnExitedLockedGoroutineEnds)
{
    struct run_result r;
    program("threads", "thread_of_an_exited_locked_goroutine_ends", "HANDOFFPROCS=2", 0, &r);
}

TEST(ADeadlockedProgramSaysSo)
{
    struct run_result r;
    program("crash", "deadlock_many", "HANDOFFPROCS=2", 2, &r);
    if (!strstr(r.err, "fatal error: all goroutines are asleep - deadlock!\n"))
        fail("the program should have said that all goroutines are asleep; it said: %s", r.err);
}

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
    run_program(argv, env, &(struct limits){.wall_ms = 8000}, &r);
    expect_exit(&r, 0);
}

/* A thousand goroutines block in reads on two Ps: the others go on. */
TEST(AThousandBlockedReads)
{
    run_syscalls("blocked_reads_thousand", "HANDOFFPROCS=2");
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

TEST(AnInterruptedCallReturnsEINTR)
{
    because("the runtime does not repeat an interrupted call: that is for the program to decide");
    run_syscalls("interrupted_calls_return_eintr", "HANDOFFPROCS=2");
}

/* Goroutines that do nothing but short calls all get their turns. */
TEST(CallLoopsArePreempted)
{
    run_syscalls("preemption_after_syscall", "HANDOFFPROCS=2");
}

/* However many are in system calls, and come back at whatever moment: only so many run as there are Ps. */
TEST(NoMoreRunThanThereArePs)
{
    run_syscalls("as_many_run_as_there_are_ps", "HANDOFFPROCS=2");
}

/* A goroutine in a system call will come back: the others may wait for it. */
TEST(ACallIsNoDeadlock)
{
    run_syscalls("a_call_is_no_deadlock", "HANDOFFPROCS=1");
}

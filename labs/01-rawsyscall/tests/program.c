/**
 * @file program.c
 * Whole programs: what a system call of one goroutine means for the others.
 */
#include "judge.h"

/** Runs one test of the program rawsyscall; it ends by itself, or is killed after eight seconds. */
static void run_test(const char *name, const char *meaning)
{
    struct run_result r;
    struct limits l = {.wall_ms = 8000};
    run_program((const char *[]){"rawsyscall", name, NULL}, (const char *[]){"HANDOFFPROCS=1", NULL}, &l, &r);
    if (r.timed_out)
        fail("%s: the program stands still", meaning);
    expect_exit(&r, 0);
}

TEST(ARawSyscallThatWaitsStopsAllGoroutinesOfItsP)
{
    run_test("raw_call_keeps_the_p", "one P, a goroutine in RawSyscall6");
}

TEST(ASyscallThatWaitsLetsTheOthersRun)
{
    run_test("told_call_gives_it_away", "one P, a goroutine in Syscall6, another that could end the wait");
}

/* With //sysnb read the P stays with the reader, and who could write never runs. */
TEST(AReadDoesNotStopWhoeverWouldWrite)
{
    run_test("generated_read_gives_it_away", "one P, a goroutine in sys_read, another that has something to write");
}

TEST(HelloSaysOk)
{
    struct run_result r;
    run_program((const char *[]){"hello", NULL}, NULL, NULL, &r);
    expect_exit(&r, 0);
    ck_assert_str_eq(r.out, "ok hello\n");
}

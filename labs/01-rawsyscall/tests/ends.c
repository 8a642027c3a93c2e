/**
 * @file ends.c
 * How a thread ends, and how a process does.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include "judge.h"

static void catch_ends(void)
{
    catch_calls();
    call("trap_leave", SYS_exit, SYS_exit_group);
}

/** Fails unless the operation ended with system call nr, whose first word is code. */
static void expect_end(const char *who, struct outcome o, long nr, int64_t code)
{
    char wanted[40];
    snprintf(wanted, sizeof wanted, "ended: system call %ld", nr);
    if (strcmp(o.text, wanted) != 0)
        fail("%s should end with system call %ld (%s); it came to: %s", who, nr, nr == SYS_exit ? "exit" : "exit_group",
             o.text);
    call("trapped", 0);
    if ((int32_t)result(2) != (int32_t)code)
        fail("%s ends with status %lld, it should be %lld", who, (long long)(int32_t)result(2), (long long)code);
}

TEST(ExitprocessEndsAllThreadsWithItsStatus)
{
    int64_t code = (int64_t)rndn(256);
    catch_ends();
    struct outcome o = run(0, "exitprocess", code);
    expect_end("exitprocess", o, SYS_exit_group, code);
}

TEST(ExitThreadEndsTheThreadOnlyAndClearsTheWordFirst)
{
    catch_ends();
    struct outcome o = run(0, "exitThread");
    expect_end("exitThread", o, SYS_exit, 0);
    call("trapped", 0);
    if (call("waitword") != 0)
        fail("the thread has ended, but *wait is not 0: whoever waits for its stack waits for ever");
}

/* Who sees *wait == 0 may unmap the stack: here it goes away with the store itself. */
TEST(ExitThreadDoesNotTouchItsStackAfterTheStore)
{
    catch_ends();
    struct outcome o = run(0, "exitThread");
    if (strstr(o.text, "uses its stack"))
        fail("exitThread touches its stack after the store to *wait");
    expect_end("exitThread", o, SYS_exit, 0);
}

/**
 * @file cloning.c
 * linux_clone in the real kernel: a thread of its own, and what it saw.
 */
#include "judge.h"

enum { THREAD = 0xd0f00 }; /* CLONE_VM FS FILES SIGHAND SYSVSEM THREAD SETTLS */

TEST(CloneGivesTheChildItsOwnStackAndG)
{
    expect_call(0, "clone_real", THREAD, 0, false);
    expect_result(2, 1, "getg() is gp in the child");
    expect_result(3, 1, "gp->m is mp in the child");
    expect_result(4, 0, "m.procid minus the thread's id");
    if (result(5) <= 0 || result(5) > 512)
        fail("the child's frame is %lld bytes below the end of its stack", (long long)result(5));
    expect_result(6, 0, "the child's frame address modulo 16");
}

TEST(CloneReturnsTheThreadsIdToTheParent)
{
    expect_call(0, "clone_real", THREAD, 0, false);
    expect_result(8, 0, "what linux_clone returned minus the thread's id");
    expect_result(9, 0, "registers that the parent lost (bit mask)");
}

/* fn returns: the thread ends, and the process, with this test in it, goes on. */
TEST(CloneEndsTheThreadAloneWhenFnReturns)
{
    expect_call(0, "clone_real", THREAD, 0, true);
    expect_call(0, "clone_real", THREAD, 0, true);
}

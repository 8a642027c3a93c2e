/**
 * @file cloning.c
 * linux_clone in the real kernel: a thread of its own, and what it saw.
 */
#include "judge.h"

enum { THREAD = 0xd0f00 }; /* CLONE_VM FS FILES SIGHAND SYSVSEM THREAD SETTLS */

TEST(CloneGivesTheChildItsOwnStackAndG)
{
    because("the child begins on an empty stack, with the thread pointer of tls: what it needs, fn included, has to "
            "be in registers that the system call leaves alone");
    expect_call(0, "clone_real", THREAD, 0, false);
    expect_result(2, 1, "getg() is gp in the child");
    expect_result(3, 1, "gp->m is mp in the child");
    if (result(4) != 0)
        fail("m.procid should be the id of the new thread, and is not");
    if (result(5) <= 0 || result(5) > 512)
        fail("the child's frame is %lld bytes below the end of its stack", (long long)result(5));
    expect_result(6, 0, "the child's frame address modulo 16");
}

TEST(CloneReturnsTheThreadsIdToTheParent)
{
    expect_call(0, "clone_real", THREAD, 0, false);
    expect_result(8, 0, "what linux_clone returned minus the thread's id");
    for (uint32_t i = 0; i < 10; i++)
        if (result(9) >> i & 1)
            fail("linux_clone did not give %s back to the parent", register_name(i));
}

/* fn returns: the thread ends, and the process, with this test in it, goes on. */
TEST(CloneEndsTheThreadAloneWhenFnReturns)
{
    because("when fn returns the child's thread ends, by exit, and nothing else: it has no frame to return to");
    expect_call(0, "clone_real", THREAD, 0, true);
    expect_call(0, "clone_real", THREAD, 0, true);
}

/**
 * @file lab06_clone.c
 * linux_clone in the real kernel: what the child sees, how it ends, what the parent keeps.
 */
#include <errno.h>
#include "judge.h"

enum {
    THREAD = 0xd0f00, /* as newosproc */
    PROCESS = 0x80711 /* VM FS FILES SETTLS SIGCHLD: waitpid tells how it ended */
};

/** What must hold for each child. */
static void right_child(void)
{
    expect_result(2, 1, "getg() is gp in the child");
    expect_result(3, 1, "gp->m is mp in the child");
    if (result(4) != 0)
        fail("m.procid should be the id of the new thread, and is not");
    expect_result(8, 0, "what linux_clone returned minus the thread's id");
    if (result(5) <= 0 || result(5) > 512)
        fail("the child's frame is %lld bytes below the end of its stack", (long long)result(5));
    expect_result(6, 0, "the child's frame address modulo 16");
    if (result(7) != 0)
        fail("a backtrace of the child runs on into its parent: the frame pointer above fn is %#llx, it should be 0",
             (unsigned long long)result(7));
    for (uint32_t i = 0; i < 10; i++)
        if (result(9) >> i & 1)
            fail("linux_clone did not give %s back to the parent", register_name(i));
}

TEST(TheChildStandsOnItsOwnStack)
{
    because("the child begins on an empty stack, with the thread pointer of tls: what it needs, fn included, has to "
            "be in registers that the system call leaves alone");
    for (int i = 0; i < 5; i++) {
        expect_call(0, "clone_real", THREAD, 0, false);
        right_child();
    }
}

/* The end of a stack may have any alignment; a function's frame may not. */
TEST(TheChildAlignsItsStack)
{
    for (int skew = 8; skew <= 56; skew += 8) {
        expect_call(0, "clone_real", THREAD, skew, false);
        right_child();
    }
    expect_call(0, "clone_real", THREAD, 1 + (int64_t)rndn(7), false);
    right_child();
}

/* fn returns: exit, not exit_group, or there would be no guest any more. */
TEST(OnlyTheThreadEndsWhenFnReturns)
{
    because("when fn returns the child's thread ends, by exit, and nothing else: it has no frame to return to");
    expect_call(0, "clone_real", THREAD, 0, true);
    right_child();
    expect_call(0, "clone_real", THREAD, 0, true);
    right_child();
}

TEST(TheStatusOfAChildThatReturnsIs111)
{
    expect_call(0, "clone_real", PROCESS, 0, true);
    if (result(1) != 111 << 8)
        fail("the child's wait status is %#llx: it should have exited with status 111", (unsigned long long)result(1));
    right_child();
}

/* CLONE_THREAD without CLONE_SIGHAND is an error. */
TEST(CloneReturnsTheErrno)
{
    expect_call(-EINVAL, "clone_real", 0x10100, 0, false);
}

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
    expect_result(4, 0, "m.procid minus the thread's id");
    expect_result(8, 0, "what linux_clone returned minus the thread's id");
    if (result(5) <= 0 || result(5) > 512)
        fail("the child's frame is %lld bytes below the end of its stack", (long long)result(5));
    expect_result(6, 0, "the child's frame address modulo 16");
    expect_result(7, 0, "the frame pointer above the child's function");
    expect_result(9, 0, "registers that the parent lost (bit mask)");
}

TEST(TheChildStandsOnItsOwnStack)
{
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
    expect_call(0, "clone_real", THREAD, 0, true);
    right_child();
    expect_call(0, "clone_real", THREAD, 0, true);
    right_child();
}

TEST(TheStatusOfAChildThatReturnsIs111)
{
    expect_call(0, "clone_real", PROCESS, 0, true);
    expect_result(1, 111 << 8, "the child's wait status");
    right_child();
}

/* CLONE_THREAD without CLONE_SIGHAND is an error. */
TEST(CloneReturnsTheErrno)
{
    expect_call(-EINVAL, "clone_real", 0x10100, 0, false);
}

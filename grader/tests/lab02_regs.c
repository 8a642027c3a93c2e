/**
 * @file lab02_regs.c
 * A context switch keeps what a function call keeps: random patterns in every register that the caller owns.
 */
#include <string.h>
#include "judge.h"

enum { REGS = 16 };

/** One P, one G that m0 runs. */
static int64_t running_g(void)
{
    call("newp");
    int64_t g = call("newg");
    call("hold", 0, 0);
    call("rung", 0, g);
    return g;
}

/**
 * Puts patterns into the scratch memory, calls op on the G (it loads them, switches away and back, and
 * stores what it finds), and compares bit by bit.
 */
static void patterns_survive(const char *op)
{
    uint64_t in[REGS], out[REGS], mask[REGS];
    uint32_t n = (uint32_t)call("regs");
    memcpy(mask, result_text(), sizeof mask);
    for (int round = 0; round < 4; round++) {
        for (uint32_t i = 0; i < REGS; i++)
            in[i] = rnd();
        call("regs_valid"); /* what may be loaded at all: control words must not unmask exceptions */
        uint64_t fixed[2 * REGS];
        memcpy(fixed, result_text(), sizeof fixed);
        for (uint32_t i = 0; i < REGS; i++)
            in[i] = (in[i] & fixed[i]) | fixed[REGS + i];
        call_bytes("memwrite", in, sizeof in, 0);
        call_g(op, 0x5eed);
        call("memread", sizeof in, sizeof out);
        memcpy(out, result_text(), sizeof out);
        for (uint32_t i = 0; i < n; i++)
            if ((out[i] ^ in[i]) & mask[i])
                fail("%s does not keep register %u of the caller: it held %#llx, now %#llx", op, i,
                     (unsigned long long)in[i], (unsigned long long)out[i]);
    }
}

TEST(McallAndGogoKeepTheCallersRegisters)
{
    running_g();
    patterns_survive("mcall");
}

TEST(SystemstackKeepsTheCallersRegisters)
{
    running_g();
    patterns_survive("systemstack");
}

/**
 * mcall's function gets the G, on g0, with g and frame pointer set so; 10^6 of them do not creep along the
 * g0 stack.
 */
TEST(McallRunsOnG0AtTheSameDepth)
{
    int64_t g = running_g();
    call_g("mcall");
    expect_result(1, g, "the argument of mcall's function");
    expect_result(2, true, "getg() is g0 in it");
    expect_result(3, true, "it runs on the g0 stack");
    expect_result(4, 0, "its frame pointer");
    int64_t depth = result(6);
    call_g("mcall_times", 1000000);
    expect_result(6, depth, "its depth on the g0 stack");
    check_world();
}

TEST(McallOnG0IsFatal)
{
    running_g();
    call_throws("badmcall", "mcall");
}

TEST(AFunctionOfMcallThatReturnsIsFatal)
{
    running_g();
    call_g_throws("badmcall2", "mcall_returning");
}

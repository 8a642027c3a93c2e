/**
 * @file switch.c
 * gogo, mcall and systemstack: what a goroutine finds when it goes on, and where the scheduler runs meanwhile.
 */
#include "lab02.h"

/** Calls op on the G, which loads the patterns, switches away and back, and stores what it finds. */
static void patterns_survive(const char *op)
{
    uint64_t in[REGS];
    for (int round = 0; round < 8; round++) {
        load_patterns(in);
        call_g(op, 0x5eed);
        same_registers(in, op);
    }
}

TEST(McallAndGogoKeepTheCallersRegisters)
{
    running_g();
    patterns_survive("mcall");
}

TEST(SystemstackKeepsTheCallersRegisters)
{
    because("the function may change every register that a C function may: what systemstack needs after it must be "
            "elsewhere");
    running_g();
    patterns_survive("systemstack");
}

TEST(McallRunsItsFunctionOnG0)
{
    because("mcall runs its function once, on g0, at the beginning of a chain of frames; gogo makes the G "
            "run on behind mcall");
    uint64_t in[REGS];
    int64_t g = running_g();
    load_patterns(in);
    call_g("mcall");
    expect_result(5, 1, "how often mcall's function ran");
    expect_result(1, g, "the argument of mcall's function (the G that called mcall)");
    expect_result(2, true, "in mcall's function: getg() is g0");
    expect_result(3, true, "mcall's function runs on the g0 stack");
    expect_result(4, 0, "the frame pointer in mcall's function");
    expect_result(7, 0, "how far the stack pointer is from the ABI's alignment in mcall's function");
    expect_result(13, true, "after gogo: getg() is the G again");
    check_world();
}

TEST(McallSavesTheContextAsItIsAfterItsReturn)
{
    because("mcall saves what its caller has when it goes on: the registers as they are behind the return");
    uint64_t in[REGS];
    running_g();
    load_patterns(in);
    expect(run_g(0, "mcall_stays"), "ended: in mcall's function");
    call("saw");
    expect_result(8, result(11), "g->sched.pc (the address that mcall returns to)");
    expect_result(9, result(12), "g->sched.sp (the caller's, after the return)");
    expect_result(10, (int64_t)in[RBP], "g->sched.bp (the caller's rbp)");
}

TEST(McallStartsAtTheSameDepthEachTime)
{
    because("each mcall begins at g0->sched.sp, however many came before");
    running_g();
    call_g("mcall");
    int64_t depth = result(6);
    if (depth < 0 || depth > 256)
        fail("mcall's function runs %lld bytes below g0->sched.sp; that is where the stack should begin anew",
             (long long)depth);
    call_g("mcall_times", 100000);
    expect_result(6, depth, "the depth on the g0 stack, 100000 calls later");
    check_world();
}

TEST(McallOnG0IsFatal)
{
    running_g();
    call_throws("badmcall", "mcall");
}

TEST(AFunctionOfMcallThatReturnsIsFatal)
{
    because("a function of mcall has nowhere to return to: what it comes back to must say so");
    running_g();
    call_g_throws("badmcall2", "mcall_returning");
}

TEST(SystemstackRunsItsFunctionOnG0AndComesBack)
{
    because("systemstack runs its function once, on g0, and then goes on as the G that called it");
    int64_t g = running_g(), arg = (int64_t)rnd();
    expect_call_g(arg, "systemstack", arg);
    expect_result(5, 1, "how often systemstack's function ran");
    expect_result(2, true, "in systemstack's function: getg() is g0");
    expect_result(3, true, "systemstack's function runs on the g0 stack");
    expect_result(7, 0, "how far the stack pointer is from the ABI's alignment in systemstack's function");
    expect_result(13, true, "afterwards: getg() is the G again");
    expect_field(Grunning_, "g%d.atomicstatus", (int)g);
    expect_field(g, "m0.curg");
    check_world();
}

TEST(SystemstackInsideOfSystemstackIsAPlainCall)
{
    because("on g0 systemstack calls its function where it is: to begin the g0 stack anew would overwrite its own "
            "caller");
    running_g();
    expect_call_g(2, "systemstack_nested", 7);
    expect_result(2, true, "in the inner function: getg() is g0");
    expect_result(13, true, "afterwards: getg() is the G again");
}

TEST(SystemstackOnG0IsAPlainCall)
{
    because("on g0 systemstack calls its function where it is: to begin the g0 stack anew would overwrite its own "
            "caller");
    running_g();
    int64_t arg = (int64_t)rnd();
    expect_call(arg, "systemstack_as", arg, 0);
    expect_result(1, true, "getg() stays g0");
    expect_result(2, true, "the function runs on its caller's stack, right below it");
}

TEST(SystemstackOfAGThatTheMDoesNotRunIsFatal)
{
    because("only the running G, g0 and gsignal may call systemstack");
    running_g();
    int64_t other = call("newg");
    call_g_throws("badsystemstack", "systemstack_as", 0, 2, other);
}

TEST(GogoRunsTheGAndEmptiesTheContext)
{
    because("gogo makes g the running G, goes on where the context says, and empties the context");
    call("newp");
    call("hold", 0, 0);
    int64_t g = call("newg");
    set(0x1234, "g%d.sched.ctxt", (int)g);
    set(0x1230, "g%d.sched.bp", (int)g);
    call("rung", 0, g);
    struct outcome o = run(0, "gogo", g);
    expect(o, "running g1");
    expect_field(0, "g%d.sched.sp", (int)g);
    expect_field(0, "g%d.sched.ctxt", (int)g);
    expect_field(0, "g%d.sched.bp", (int)g);
}

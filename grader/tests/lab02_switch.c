/**
 * @file lab02_switch.c
 * What a switch must not need, must leave alone, and must refuse.
 */
#include <signal.h>
#include "../../labs/02-context/tests/lab02.h"

/* Registers belong in g->sched: what lies below the saved sp is anybody's once the G may run elsewhere. */
TEST(NothingBelowTheSavedStackPointerIsNeeded)
{
    uint64_t in[REGS];
    running_g();
    load_patterns(in);
    call_g("mcall_scribble");
    because("the bytes below g->sched.sp have changed while the G was away");
    same_registers(in, "mcall");
}

TEST(AGoroutineGoesOnOnAnotherThread)
{
    uint64_t in[REGS];
    int64_t g = running_g(), m = call("newm");
    load_patterns(in);
    expect(run_g(0, "mcall_stays"), "ended: in mcall's function");
    set(NIL, "m0.curg");
    call("rung", m, g);
    struct outcome o = run(m, "gogo", g);
    expect(o, "returned");
    if (!o.v[13] || o.v[14] != m)
        fail("a goroutine that went on on m%lld believes to be %s on m%lld", (long long)m,
             o.v[13] ? "itself" : "another", (long long)o.v[14]);
    because("the G went on on another thread");
    same_registers(in, "mcall");
}

/* Each control word decides for itself whether it must be loaded. */
TEST(EachControlWordIsLoadedIfItDiffers)
{
    call("newp");
    call("hold", 0, 0);
    record("schedule");
    for (int i = 0; call("fpcw", i) != 0; i++) {
        int64_t w = call("fpcw", i), g = call("newproc1", i);
        int64_t normal = get("g%d.sched.fpcw", (int)g);
        call("rung", 0, g);
        set(w, "g%d.sched.fpcw", (int)g);
        expect(run(0, "gogo", g), "ended: schedule()");
        expect_call(i, "bodysaw");
        if (result(4) != w - normal)
            fail("g->sched.fpcw was %#llx, but the goroutine ran with %#llx", (unsigned long long)w,
                 (unsigned long long)(result(4) + normal));
    }
}

TEST(TheFrameChainIsWhatItWasAfterMcall)
{
    because("who walks the frame pointers of a parked G finds its callers' frames, and no other");
    running_g();
    int64_t n = call_g("mcall_frames");
    if (n < 2 || n >= 100)
        fail("test: the frame chain has %lld frames", (long long)n);
    expect_result(1, n, "the frames on the G's chain after mcall");
}

TEST(TheStackPointerIsValidAtEachInstruction)
{
    because("a signal may come at each instruction of a switch, and uses the stack where the stack pointer is");
    running_g();
    int64_t n = call_g("stepswitches", 3);
    if (n == -1)
        return; /* the CPU cannot */
    if (n != 3)
        fail("of 3 calls of systemstack %lld ran their function", (long long)n);
    if (result(1) < 100)
        fail("test: only %lld instructions were stepped", (long long)result(1));
    if (result(2) != 0)
        fail(
            "at %lld instructions, the first at %s, the stack pointer points neither into the G's stack nor into g0's",
            (long long)result(2), result_text());
}

TEST(SystemstackShowsADumpWhereTheGIs)
{
    because("while systemstack's function runs a dump finds the G where it called");
    uint64_t in[REGS];
    int g = (int)running_g();
    load_patterns(in);
    call_g("systemstack", 1);
    expect_result(8, result(11), "g->sched.pc in systemstack's function (where systemstack returns to)");
    expect_result(9, result(12), "g->sched.sp in systemstack's function (the caller's, after the return)");
    expect_result(10, (int64_t)in[RBP], "g->sched.bp in systemstack's function (the caller's rbp)");
    expect_field(0, "g%d.sched.sp", g);
    expect_field(0, "g%d.sched.bp", g);
}

TEST(SystemstackBeginsWhereMcallDoes)
{
    running_g();
    call_g("mcall");
    int64_t depth = result(6);
    call_g("systemstack", 1);
    if (result(6) < 0 || result(6) > depth + 128)
        fail("systemstack's function runs %lld bytes below g0->sched.sp, mcall's %lld", (long long)result(6),
             (long long)depth);
    int64_t first = result(6);
    call_g("systemstack_times", 100000);
    expect_result(6, first, "the depth of systemstack's function, 100000 calls later");
}

TEST(G0sContextStaysAsItIs)
{
    because("g0->sched.sp is where the g0 stack begins anew each time: a switch does not move it");
    running_g();
    int64_t sp = call("g0sp", 0);
    call_g("mcall");
    expect_call(sp, "g0sp", 0);
    call_g("systemstack", 1);
    expect_call(sp, "g0sp", 0);
    call_g("systemstack_nested", 1);
    expect_call(sp, "g0sp", 0);
    call("systemstack_as", 1, 0);
    expect_result(3, true, "g0->sched.sp after systemstack on g0 is what it was");
}

TEST(SystemstackOnGsignalIsAPlainCall)
{
    running_g();
    int64_t arg = (int64_t)rnd();
    expect_call_g(arg, "systemstack_as", arg, 1);
    expect_result(1, true, "getg() stays gsignal");
    expect_result(2, true, "the function runs on its caller's stack, right below it");
    expect_result(3, true, "g0->sched.sp is what it was");
}

TEST(GogoToNobodyFaults)
{
    because("buf->g is NULL: gogo must fault there and then, not run nobody");
    call("newp");
    call("hold", 0, 0);
    int64_t g = call("newg");
    call("rung", 0, g);
    set(NIL, "g%d.sched.g", (int)g);
    call_dies(SIGSEGV, NULL, "gogo", g);
}

TEST(AContextIsUsedOnce)
{
    because("gogo empties the context that it loads: to load it again must fault, not run an old frame");
    call("newp");
    call("hold", 0, 0);
    int64_t g = call("newg");
    call("rung", 0, g);
    expect(run(0, "gogo", g), "running g1");
    call_dies(SIGSEGV, NULL, "gogo", g);
}

TEST(GostartcallForgesACallOfAnyStackTop)
{
    because("gostartcall makes the context of a function that has just been called: sp as behind a call, "
            "and no frame before it");
    int64_t scratch = call("scratch");
    for (int i = 0; i < 40; i++) {
        int64_t top = scratch + 4096 + (i < 20 ? i : (int64_t)rndn(4096)), fn = (int64_t)rnd(),
                arg = (int64_t)rnd();
        int64_t junk = (int64_t)rnd();
        call("gostartcall", top, fn, arg, junk);
        expect_result(1, 0, "how far buf->sp is from what a function finds at its first instruction");
        if (result(2) < 0 || result(2) > 64)
            fail("buf->sp was %#llx, the stack's top; now it is %lld bytes lower", (unsigned long long)top,
                 (long long)result(2));
        expect_result(3, fn, "buf->pc");
        expect_result(4, arg, "buf->ctxt");
        expect_result(5, 0, "buf->bp");
        expect_result(6, junk, "buf->g, which the caller has set");
        expect_result(7, junk, "buf->fpcw, which the caller has set");
    }
}

/**
 * @file lab01_clock.c
 * The clock at its edges: no G, no M, a vDSO that says no, signals between any two instructions.
 */
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include "judge.h"

enum { REGS = 16, NO_G = 1, GSIGNAL = 2, NO_M = 3 };

static void running_g(void)
{
    call("newp");
    call("hold", 0, 0);
    call("rung", 0, call("newg"));
}

TEST(TheClockWorksBeforeThereIsAGOrAnM)
{
    because("the time is asked for before there is a G, and before the G has an M: both may be NULL");
    int64_t sec = 1 + (int64_t)rndn(1000000);
    call("fakeclock", sec, 5);
    for (int which = 0; which < 2; which++) {
        expect_call(sec * 1000000000 + 5, "asktime", which, NO_G);
        expect_call(sec * 1000000000 + 5, "asktime", which, NO_M);
    }
    call("noclock");
    for (int which = 0; which < 2; which++) {
        if (call("asktime", which, NO_G) <= 0 || call("asktime", which, NO_M) <= 0)
            fail("without a vDSO and without a G there is no time");
    }
}

TEST(AVdsoThatFailsIsFollowedByTheSystemCall)
{
    running_g();
    catch_calls();
    for (int which = 0; which < 2; which++)
        for (int g = 0; g < 4; g++) {
            int64_t ts[2] = {1 + (int64_t)rndn(5000000), (int64_t)rndn(1000000000)};
            call_bytes("memwrite", ts, sizeof ts, 0);
            call("trap_io", 2, 0, 0, sizeof ts);
            call("trap_play", 0, 0);
            call("fakeclock", 99, 0, -22);
            int64_t t = g == 0 ? call_g("asktime", which, 0) : call("asktime", which, g);
            if (t != ts[0] * 1000000000 + ts[1])
                fail("the vDSO returned -22: the time is %lld, the system call says %lld", (long long)t,
                     (long long)(ts[0] * 1000000000 + ts[1]));
            expect_result(1, 0, "m.vdsoPC");
            expect_result(2, 0, "m.vdsoSP");
            call("trapped", 0);
            if (result(1) != SYS_clock_gettime || (int32_t)result(2) != (which ? CLOCK_REALTIME : CLOCK_MONOTONIC))
                fail("system call %lld for clock %lld after the vDSO has failed", (long long)result(1),
                     (long long)(int32_t)result(2));
        }
}

/* Not only on g0: whoever is no user G stays where it is. */
TEST(OnGsignalTheClockIsAskedWhereWeAre)
{
    running_g();
    call("fakeclock", 1, 0);
    call_g("asktime", 0, GSIGNAL); /* gsignal is the G that runs; its stack, here, is the goroutine's */
    call("fakeclock_seen", 0);
    if (result(3) != 1)
        fail("on gsignal nanotime1 calls the vDSO on %s stack: only a user's goroutine has to move",
             result(3) == 0 ? "g0's" : "another");
    expect_result(2, 0, "the stack pointer at the call, modulo 16");
}

/* What an interrupted call has put into m.vdsoPC and vdsoSP is there again afterwards, whatever it was. */
TEST(VdsoPCAndSPAreRestoredNotCleared)
{
    running_g();
    call("fakeclock", 1, 0);
    for (int which = 0; which < 2; which++) {
        int64_t pc = (int64_t)rnd(), sp = (int64_t)rnd();
        call("asktime", which, GSIGNAL, pc, sp);
        expect_result(1, pc, "m.vdsoPC after a call in the middle of another");
        expect_result(2, sp, "m.vdsoSP after a call in the middle of another");
    }
}

TEST(ASignalMayComeAfterAnyInstruction)
{
    int64_t sec = 1 + (int64_t)rndn(1000000);
    running_g();
    for (int on_g0 = 0; on_g0 < 2; on_g0++) {
        call("fakeclock", sec, 7, 0, 0, 3, 0);
        int64_t t = on_g0 ? call("asktime_stepped") : call_g("asktime_stepped");
        if (t != sec * 1000000000 + 7)
            fail("interrupted after each instruction nanotime1 is %lld, the clock says %lld", (long long)t,
                 (long long)(sec * 1000000000 + 7));
        if (result(1) < 20)
            fail("judge: this machine does not single-step: %lld steps", (long long)result(1));
        if (result(2) != 0)
            fail("after %lld instructions vdsoSP is set and vdsoPC is not: whoever sees SP must find PC",
                 (long long)result(2));
        expect_result(3, 0, "signals after which vdsoPC or vdsoSP were not as before");
        expect_result(4, 0, "instructions after which the stack pointer was on none of the M's stacks");
    }
}

/* With the kernel's own vDSO: as many system calls as its function makes by itself, none on most machines. */
TEST(TheKernelsClockIsAskedWithoutASystemCall)
{
    running_g();
    if (call("vdsoauxv", 0, 0, 0, 3) == NIL)
        fail("the kernel's vDSO has a clock, vdsoauxv does not find it");
    catch_calls();
    call("trap_play");
    int64_t before = call("clock_direct", CLOCK_MONOTONIC), own = result(1);
    int64_t t = call_g("asktime", 0);
    if (result(3) != own)
        fail("nanotime1 makes %lld system calls, the vDSO's clock makes %lld", (long long)result(3), (long long)own);
    int64_t after = call("clock_direct", CLOCK_MONOTONIC);
    if (t < before || t > after)
        fail("nanotime1 is %lld, between %lld and %lld on the same clock", (long long)t, (long long)before,
             (long long)after);
    before = call("clock_direct", CLOCK_REALTIME);
    t = call_g("asktime", 1);
    after = call("clock_direct", CLOCK_REALTIME);
    if (t < before || t > after)
        fail("walltime1 is %lld, between %lld and %lld on the same clock", (long long)t, (long long)before,
             (long long)after);
}

TEST(VdsocallKeepsTheCallersRegistersAndAlignsTheStack)
{
    uint64_t in[REGS], out[REGS], mask[REGS], fixed[2 * REGS];
    uint32_t n = (uint32_t)call("regs");
    memcpy(mask, result_text(), sizeof mask);
    call("regs_valid");
    memcpy(fixed, result_text(), sizeof fixed);
    for (int round = 0; round < 20; round++) {
        int64_t at = round % 4 == 0 ? -1 : 4096 + (int64_t)rndn(4096), ret = round & 1 ? -(int64_t)rndn(1000) : 0;
        for (int i = 0; i < REGS; i++)
            in[i] = (rnd() & fixed[i]) | fixed[REGS + i];
        call_bytes("memwrite", in, sizeof in, 0);
        call("fakeclock", (int64_t)rnd(), 1, ret);
        because("the function gets clock and ts as its arguments, and may change any register that a C function may%s",
                at < 0 ? "; vdsocall without a new stack calls on the present one" : "");
        expect_call(ret, "vdsocall", (int64_t)rndn(16), at);
        expect_result(1, true, "the clock's number and the address of the result have arrived");
        expect_result(3, 0, "the stack pointer at the call, modulo 16");
        if (result(2) < 0 || result(2) > 256)
            fail("vdsocall was given a stack that ends at sp; the function ran %lld bytes below that",
                 (long long)result(2));
        call("memread", sizeof in, sizeof out);
        memcpy(out, result_text(), sizeof out);
        for (uint32_t i = 0; i < n; i++)
            if ((out[i] ^ in[i]) & mask[i])
                fail("vdsocall does not keep the caller's %s: it was %#llx, and is %#llx after", register_name(i),
                     (unsigned long long)in[i], (unsigned long long)out[i]);
    }
}

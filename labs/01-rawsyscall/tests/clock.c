/**
 * @file clock.c
 * What time it is: whom nanotime1 asks, on which stack, and what it leaves behind. The clock of the vDSO is
 * played by the guest; it sees how it is called, and spoils every register that a function may.
 */
#include <sys/syscall.h>
#include <time.h>
#include "judge.h"

static const char *const names[] = {"nanotime1", "walltime1"};

/** m0 runs a G. */
static void running_g(void)
{
    call("newp");
    call("hold", 0, 0);
    call("rung", 0, call("newg"));
}

/** The played clock is called once more, and value is what asktime says. */
static void expect_time(int which, int64_t is, int64_t want)
{
    if (is != want)
        fail("%s is %lld, the clock says %lld", names[which], (long long)is, (long long)want);
}

TEST(TheTimeIsTheVdsosInNanosecondsWithoutASystemCall)
{
    running_g();
    catch_calls();
    for (int which = 0; which < 2; which++) {
        int64_t sec = (int64_t)rndn(5000000000), nsec = (int64_t)rndn(1000000000);
        call("fakeclock", sec, nsec);
        int64_t is = call_g("asktime", which);
        if (result(3) != 0)
            fail("%s makes %lld system calls although the vDSO has a clock", names[which], (long long)result(3));
        expect_time(which, is, sec * 1000000000 + nsec);
        if (call("fakeclock_seen", 0) != 1 || result(1) != (which ? CLOCK_REALTIME : CLOCK_MONOTONIC))
            fail("%s asks for clock %lld, it should be %d", names[which], (long long)result(1),
                 which ? CLOCK_REALTIME : CLOCK_MONOTONIC);
    }
}

TEST(WithoutAClockInTheVdsoTheTimeIsASystemCall)
{
    because("the vDSO has no clock: vdsoClockGettime is NULL, and the system call remains");
    running_g();
    catch_calls();
    call("noclock");
    for (int which = 0; which < 2; which++) {
        int64_t ts[2] = {(int64_t)rndn(5000000000), (int64_t)rndn(1000000000)};
        call_bytes("memwrite", ts, sizeof ts, 0);
        call("trap_io", 2, 0, 0, sizeof ts);
        call("trap_play", 0, 0);
        expect_time(which, call_g("asktime", which), ts[0] * 1000000000 + ts[1]);
        call("trapped", 0);
        if (result(1) != SYS_clock_gettime || (int32_t)result(2) != (which ? CLOCK_REALTIME : CLOCK_MONOTONIC))
            fail("%s makes system call %lld for clock %lld; it should be clock_gettime for %d", names[which],
                 (long long)result(1), (long long)(int32_t)result(2), which ? CLOCK_REALTIME : CLOCK_MONOTONIC);
    }
}

/* A goroutine's stack is small, and nobody knows how much the vDSO needs. */
TEST(AGoroutineAsksOnItsMsG0Stack)
{
    running_g();
    call("fakeclock", 1, 0);
    for (int which = 0; which < 2; which++) {
        call_g("asktime", which);
        call("fakeclock_seen", 0);
        if (result(3) == 1)
            fail("%s calls the vDSO on the goroutine's stack, it should be g0's", names[which]);
        if (result(3) != 0)
            fail("%s calls the vDSO on a stack that is neither the goroutine's nor g0's", names[which]);
        if (result(4) < 0)
            fail("%s calls the vDSO %lld bytes above g0.sched.sp, where g0's own frames are", names[which],
                 (long long)-result(4));
        expect_result(2, 0, "the stack pointer at the call, modulo 16");
    }
}

TEST(OnG0TheClockIsAskedWhereWeAre)
{
    running_g();
    call("fakeclock", 1, 0);
    call("asktime", 0);
    call("fakeclock_seen", 0);
    if (result(3))
        fail("on g0 itself nanotime1 calls the vDSO on another stack than g0's");
    expect_result(2, 0, "the stack pointer at the call, modulo 16");
    if (result(4) >= 0)
        fail("on g0 itself the call is made at g0.sched.sp, it should be made on the present stack");
}

TEST(TheMSaysWhereItLeftKnownGround)
{
    running_g();
    call("fakeclock", 1, 0);
    for (int which = 0; which < 2; which++) {
        call_g("asktime", which);
        expect_result(1, 0, "m.vdsoPC after the call");
        expect_result(2, 0, "m.vdsoSP after the call");
        call("fakeclock_seen", 0);
        if (!result(5))
            fail("during the call m.vdsoPC is not where the caller of %s goes on", names[which]);
        if (!result(6))
            fail("during the call m.vdsoSP is not what the caller's stack pointer is when %s has returned",
                 names[which]);
    }
}

/* A signal handler may interrupt the call and ask for the time itself. */
TEST(ASignalHandlerMayAskInTheMiddle)
{
    running_g();
    for (int on_g0 = 0; on_g0 < 2; on_g0++) {
        int64_t outer = 1 + (int64_t)rndn(1000000), inner = 1 + (int64_t)rndn(1000000);
        call("fakeclock", outer, 0, 0, true, inner, 0);
        int64_t t = on_g0 ? call("asktime", 0) : call_g("asktime", 0);
        expect_time(0, t, outer * 1000000000);
        expect_result(1, 0, "m.vdsoPC after both calls");
        expect_result(2, 0, "m.vdsoSP after both calls");
        call("fakeclock_seen", 1);
        expect_result(8, inner * 1000000000, "the time in the handler");
        if (!result(7))
            fail("after the handler m.vdsoPC and vdsoSP are not those of the interrupted call again");
    }
}

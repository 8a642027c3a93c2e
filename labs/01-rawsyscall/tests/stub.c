/**
 * @file stub.c
 * The stub: what arrives in the kernel, what comes back, and what the caller's registers hold then. The kernel
 * is played: each system call instruction is caught, its number and words are read, and its result is made up.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include "judge.h"

enum { REGS = 16 };

/** Fails unless call number i, of all since trap_play, was nr with these n words. */
static void expect_words(const char *who, long nr, const int64_t *words, int n)
{
    int64_t calls = call("trapped", 0);
    if (calls != 1)
        fail("%s makes %lld system calls, it should make one", who, (long long)calls);
    if (result(1) != nr)
        fail("%s(%ld, ...) makes system call %lld", who, nr, (long long)result(1));
    for (int i = 0; i < n; i++)
        if (result(2 + (unsigned)i) != words[i])
            fail("%s: argument %d is %#llx, the kernel was given %#llx", who, i + 1, (unsigned long long)words[i],
                 (unsigned long long)result(2 + (unsigned)i));
}

/** The number of a call that every sandbox allows: what is caught may be seen by a filter before us. */
static int64_t any_number(void)
{
    static const int numbers[] = {SYS_read, SYS_write, SYS_close, SYS_mmap, SYS_futex, SYS_getpid, SYS_nanosleep};
    return numbers[rndn(sizeof numbers / sizeof *numbers)];
}

TEST(SixArgumentsArriveInTheirPlaces)
{
    catch_calls();
    for (int round = 0; round < 4; round++) {
        int64_t w[6], nr = any_number();
        for (int i = 0; i < 6; i++)
            w[i] = (int64_t)rnd();
        call("trap_play", 0, 0);
        call("linux_Syscall6", nr, w[0], w[1], w[2], w[3], w[4], w[5]);
        expect_words("linux_Syscall6", nr, w, 6);
        call("trap_play", 0, 0);
        call("RawSyscall6", nr, w[0], w[1], w[2], w[3], w[4], w[5]);
        expect_words("RawSyscall6", nr, w, 6);
    }
}

TEST(RawSyscallGivesZerosForTheOtherThreeArguments)
{
    catch_calls();
    int64_t w[6] = {(int64_t)rnd(), (int64_t)rnd(), (int64_t)rnd(), 0, 0, 0};
    call("trap_play", 0, 0);
    call("RawSyscall", SYS_getppid, w[0], w[1], w[2]);
    expect_words("RawSyscall", SYS_getppid, w, 6);
}

/** Fails unless op makes of these result registers r1, r2, err. */
static void expect_result3(const char *op, int64_t rax, int64_t rdx, int64_t r1, int64_t r2, int64_t err)
{
    call("trap_play", rax, rdx);
    int64_t is = call(op, SYS_getppid, 0, 0, 0, 0, 0, 0);
    if (is != r1 || result(1) != r2 || result(2) != err)
        fail("%s: the kernel returned %lld and %lld; r1 = %lld, r2 = %lld, err = %lld, they should be %lld, %lld, %lld",
             op, (long long)rax, (long long)rdx, (long long)is, (long long)result(1), (long long)result(2),
             (long long)r1, (long long)r2, (long long)err);
}

static const char *const doors[] = {"linux_Syscall6", "RawSyscall6", "RawSyscall"};

TEST(SuccessIsBothResultRegistersAndNoError)
{
    catch_calls();
    for (int i = 0; i < 3; i++) {
        int64_t rax = (int64_t)(rnd() >> 1), rdx = (int64_t)rnd();
        expect_result3(doors[i], rax, rdx, rax, rdx, 0);
        expect_result3(doors[i], 0, rdx, 0, rdx, 0);
    }
}

TEST(FailureIsMinus1And0AndTheErrorNumber)
{
    catch_calls();
    for (int i = 0; i < 3; i++) {
        int64_t number = 1 + (int64_t)rndn(4095);
        expect_result3(doors[i], -number, (int64_t)rnd(), -1, 0, number);
        expect_result3(doors[i], -EINTR, (int64_t)rnd(), -1, 0, EINTR);
    }
}

TEST(TheStubsFillInTheResultAndKeepTheCallersRegisters)
{
    uint64_t in[REGS], out[REGS], mask[REGS], fixed[2 * REGS];
    catch_calls();
    uint32_t n = (uint32_t)call("regs");
    memcpy(mask, result_text(), sizeof mask);
    call("regs_valid");
    memcpy(fixed, result_text(), sizeof fixed);
    for (int round = 0; round < 4; round++) {
        bool error = round & 1, vfork = round & 2;
        for (int i = 0; i < REGS; i++)
            in[i] = (rnd() & fixed[i]) | fixed[REGS + i];
        call_bytes("memwrite", in, sizeof in, 0);
        call("trap_play", error ? -EINVAL : 77, 5);
        int64_t r1 = call("stub", vfork, SYS_getppid, rnd(), rnd(), rnd(), rnd(), rnd(), rnd());
        const char *who = vfork ? "rawVforkSyscall" : "linux_Syscall6";
        if (r1 != (error ? -1 : 77) || result(1) != (error ? 0 : 5) || result(2) != (error ? EINVAL : 0))
            fail("%s after %s: the three words of the sysret are %lld, %lld, %lld", who,
                 error ? "EINVAL" : "results of 77 and 5", (long long)r1, (long long)result(1), (long long)result(2));
        if (!result(3))
            fail("%s: a sysret goes where the hidden first argument points, and that address is returned", who);
        call("memread", sizeof in, sizeof out);
        memcpy(out, result_text(), sizeof out);
        for (uint32_t i = 0; i < n; i++)
            if ((out[i] ^ in[i]) & mask[i])
                fail("%s does not keep the caller's %s: it was %#llx, and is %#llx after", who, register_name(i),
                     (unsigned long long)in[i], (unsigned long long)out[i]);
    }
}

TEST(RawSyscallTellsTheSchedulerNothing)
{
    because("RawSyscall goes to the kernel and back, and the P stays: no entersyscall, no exitsyscall");
    call("newp");
    int64_t g = call("newg");
    call("hold", 0, 0);
    call("rung", 0, g);
    int64_t gstatus = get("g%lld.atomicstatus", (long long)g), pstatus = get("p0.status");
    for (int i = 0; i < 10; i++) {
        call_g("RawSyscall", SYS_getppid, 0, 0, 0);
        call_g("RawSyscall6", SYS_getppid, 0, 0, 0, 0, 0, 0);
    }
    expect_field(0, "p0.syscalltick");
    expect_field(gstatus, "g%lld.atomicstatus", (long long)g);
    expect_field(pstatus, "p0.status");
    expect_field(0, "m0.p");
    check_world();
}

/* The child runs on its parent's stack, and writes on it what it likes. */
TEST(TheParentOfAVforkFindsItsWayBack)
{
    because("the child runs on its parent's stack and writes there: what the parent still needs is in registers that "
            "the kernel keeps");
    for (int i = 0; i < 3; i++) {
        int64_t code = 1 + (int64_t)rndn(100);
        expect_call(code << 8, "rawVforkSyscall", code);
        expect_result(1, true, "r1 is the child's id in the parent");
        expect_result(2, 0, "err in the parent");
    }
}

TEST(RawVforkPassesThreeArgumentsAndErrors)
{
    catch_calls();
    int64_t w[3] = {(int64_t)rnd(), (int64_t)rnd(), (int64_t)rnd()}, number = 1 + (int64_t)rndn(4095);
    call("trap_play", 4711, 17);
    expect_call(4711, "stub", 1, SYS_clone, w[0], w[1], w[2]);
    expect_result(1, 17, "r2");
    expect_result(2, 0, "err");
    expect_words("rawVforkSyscall", SYS_clone, w, 3);
    because("rawVforkSyscall, and the kernel returned error number %lld", (long long)number);
    call("trap_play", -number, 17);
    expect_call(-1, "stub", 1, SYS_clone, w[0], w[1], w[2]);
    expect_result(1, 0, "r2 after an error");
    expect_result(2, number, "err");
    because("rawVforkSyscall, and the kernel returned -4096, which is data");
    call("trap_play", -4096, 0);
    expect_call(-4096, "stub", 1, SYS_clone, w[0], w[1], w[2]);
    expect_result(2, 0, "err");
}

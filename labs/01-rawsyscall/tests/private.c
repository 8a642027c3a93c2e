/**
 * @file private.c
 * The runtime's own system calls: each asks the kernel for the right thing, and says what came of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include "judge.h"

/**
 * A private call, the kernel's number, and what the kernel is given, separated by blanks: w1 argument 1 as a
 * word, i1 as an int (of which the kernel reads the lower half), else a number.
 */
static const struct private {
    const char *name;
    long nr;
    const char *words;
    bool wide; /* the result is a word, not an int */
} privates[] = {
    {"linux_read", SYS_read, "i0 w1 w2", true},
    {"linux_write", SYS_write, "i0 w1 w2", true},
    {"linux_open", SYS_openat, "-100 w0 i1 i2", false},
    {"linux_close", SYS_close, "i0", false},
    {"linux_mmap", SYS_mmap, "w0 w1 i2 i3 i4 w5", true},
    {"linux_munmap", SYS_munmap, "w0 w1", false},
    {"linux_mprotect", SYS_mprotect, "w0 w1 i2", false},
    {"linux_madvise", SYS_madvise, "w0 w1 i2", false},
    {"linux_futex", SYS_futex, "w0 i1 i2 w3", false},
    {"linux_gettid", SYS_gettid, "", false},
    {"linux_getpid", SYS_getpid, "", false},
    {"linux_tgkill", SYS_tgkill, "i0 i1 i2", false},
    {"linux_kill", SYS_kill, "i0 i1", false},
    {"linux_sigaction", SYS_rt_sigaction, "i0 w1 w2 8", false},
    {"linux_sigprocmask", SYS_rt_sigprocmask, "i0 w1 w2 8", false},
    {"linux_sigaltstack", SYS_sigaltstack, "w0 w1", false},
    {"linux_sched_getaffinity", SYS_sched_getaffinity, "0 w1 w0", false},
    {"linux_clock_gettime", SYS_clock_gettime, "i0 w1", false},
    {"linux_nanosleep", SYS_nanosleep, "w0 0", false},
    {"linux_epoll_create", SYS_epoll_create1, "i0", false},
    {"linux_epoll_ctl", SYS_epoll_ctl, "i0 i1 i2 w3", false},
    {"linux_epoll_wait", SYS_epoll_pwait, "i0 w1 i2 i3 0", false},
    {"linux_eventfd", SYS_eventfd2, "i0 i1", false},
    {"linux_pipe", SYS_pipe2, "w0 i1", false},
    {"linux_fcntl", SYS_fcntl, "i0 i1 w2", false},
    {"linux_prctl", SYS_prctl, "i0 w1", false},
};
enum { NPRIVATE = sizeof privates / sizeof *privates };

/** Calls it with these words while the kernel returns ret. */
static int64_t play(const struct private *p, const int64_t v[6], int64_t ret)
{
    call("trap_play", ret, 0);
    return call_text("private", p->name, v[0], v[1], v[2], v[3], v[4], v[5]);
}

/** Fails unless the kernel was given what the entry says. */
static void expect_asked(const struct private *p, const int64_t v[6])
{
    int64_t calls = call("trapped", 0);
    if (calls != 1)
        fail("%s makes %lld system calls, it should make one", p->name, (long long)calls);
    if (result(1) != p->nr)
        fail("%s makes system call %lld, it should be %ld", p->name, (long long)result(1), p->nr);
    int k = 0;
    for (const char *s = p->words; *s; s += strcspn(s, " "), s += *s == ' ', k++) {
        int64_t is = result(2 + (unsigned)k), want = strchr("iw", *s) ? v[s[1] - '0'] : atoi(s);
        if (*s == 'w' ? is != want : (int32_t)is != (int32_t)want)
            fail("%s: word %d for the kernel is %#llx, it should be %#llx", p->name, k + 1, (unsigned long long)is,
                 (unsigned long long)want);
        if (*s == '0' && is != 0)
            fail("%s: word %d for the kernel is %#llx, it should be NULL", p->name, k + 1, (unsigned long long)is);
    }
}

TEST(EachPrivateCallAsksTheKernelForTheRightThing)
{
    catch_calls();
    for (int i = 0; i < NPRIVATE; i++) {
        int64_t v[6];
        for (int k = 0; k < 6; k++)
            v[k] = (int64_t)rnd();
        play(&privates[i], v, 0);
        expect_asked(&privates[i], v);
    }
}

TEST(EachPrivateCallReturnsWhatTheKernelReturns)
{
    catch_calls();
    for (int i = 0; i < NPRIVATE; i++) {
        const struct private *p = &privates[i];
        int64_t v[6] = {0}, ret = p->wide ? (int64_t)(rnd() & ~(uint64_t)0xffff) : (int64_t)rndn(1 << 30), is;
        if ((is = play(p, v, ret)) != ret)
            fail("%s: the kernel returned %lld, it returns %lld", p->name, (long long)ret, (long long)is);
    }
}

/* Go issue 27707: a -1 for everything cannot tell "try again" from "no such descriptor". */
TEST(EachPrivateCallReturnsMinusTheErrorNumber)
{
    catch_calls();
    for (int i = 0; i < NPRIVATE; i++) {
        int64_t v[6] = {0}, number[] = {1 + (int64_t)rndn(4095), EAGAIN, 4095};
        for (int k = 0; k < 3; k++) {
            int64_t is = play(&privates[i], v, -number[k]);
            if (is != -number[k])
                fail("%s: error number %lld of the kernel, it returns %lld", privates[i].name, (long long)number[k],
                     (long long)is);
        }
    }
}

TEST(NoPrivateCallIsMadeAgainAfterEINTR)
{
    catch_calls();
    for (int i = 0; i < NPRIVATE; i++) {
        int64_t v[6] = {0};
        call("trap_play", -EINTR, 0, 0, 0);
        int64_t is = call_text("private", privates[i].name, v[0], v[1], v[2], v[3], v[4], v[5]);
        int64_t calls = call("trapped", 0);
        if (is != -EINTR || calls != 1)
            fail("%s: the kernel said EINTR; it returns %lld after %lld calls, it should be %d after 1",
                 privates[i].name, (long long)is, (long long)calls, -EINTR);
    }
}

TEST(SchedYieldIsAskedForOnce)
{
    catch_calls();
    call("trap_play", 0, 0);
    call_text("private", "osyield");
    int64_t calls = call("trapped", 0);
    if (calls != 1 || result(1) != SYS_sched_yield)
        fail("osyield makes %lld system calls, the first is %lld; it should be one: %d", (long long)calls,
             (long long)result(1), SYS_sched_yield);
}

TEST(APipeThatCannotBeMadeLeavesTheNumbersAlone)
{
    int64_t a = (int64_t)rndn(1000), b = (int64_t)rndn(1000);
    expect_call(-EINVAL, "linux_pipe", 0x7fffffff, a, b);
    expect_result(1, a, "fds[0] after the failure");
    expect_result(2, b, "fds[1] after the failure");
    int64_t r = call("linux_pipe", O_CLOEXEC, -1, -1);
    if (r != 0 || result(1) < 0 || result(2) <= result(1))
        fail("linux_pipe(O_CLOEXEC) returns %lld, the descriptors are %lld and %lld", (long long)r,
             (long long)result(1), (long long)result(2));
}

/** Fails unless linux_usleep(us) asks for so many seconds and nanoseconds. */
static void expect_sleep(uint32_t us, int64_t sec, int64_t nsec)
{
    int64_t ts[2];
    call("trap_io", 1, 0, sizeof ts, 0);
    call("trap_play", 0, 0);
    call("linux_usleep", us);
    int64_t calls = call("trapped", 0);
    if (calls != 1 || result(1) != SYS_nanosleep)
        fail("linux_usleep makes %lld system calls, the first is %lld; it should be one nanosleep", (long long)calls,
             (long long)result(1));
    call("memread", 0, sizeof ts);
    memcpy(ts, result_text(), sizeof ts);
    if (ts[0] != sec || ts[1] != nsec)
        fail("linux_usleep(%u) asks for %lld s and %lld ns, it should be %lld s and %lld ns", us, (long long)ts[0],
             (long long)ts[1], (long long)sec, (long long)nsec);
}

/* Go issue 5063: the arithmetic must not overflow. */
TEST(UsleepIsSecondsAndTheNanosecondsBelowASecond)
{
    catch_calls();
    expect_sleep(0, 0, 0);
    expect_sleep(1, 0, 1000);
    expect_sleep(20, 0, 20000);
    expect_sleep(999999, 0, 999999000);
    expect_sleep(1000000, 1, 0);
    expect_sleep(1000001, 1, 1000);
    expect_sleep(3999999999u, 3999, 999999000);
    expect_sleep(UINT32_MAX, 4294, 967295000);
    uint32_t us = (uint32_t)rnd();
    expect_sleep(us, us / 1000000, us % 1000000 * 1000LL);
}

/** getCPUCount while the kernel's mask is these n bytes and its result is ret. */
static int64_t cpus(const void *mask, size_t n, int64_t ret)
{
    call_bytes("memwrite", mask, (int64_t)n, 0);
    call("trap_io", 3, 0, 0, n);
    call("trap_play", ret, 0);
    return call("getCPUCount");
}

TEST(GetCPUCountCountsTheBitsOfTheAffinityMask)
{
    because("there may be more than 64 CPUs: the kernel's mask has up to 8192 bytes");
    uint64_t mask[256] = {0};
    catch_calls();
    for (int round = 0; round < 3; round++) {
        int64_t bits = 0, words = 1 + (int64_t)rndn(round == 0 ? 1 : 100);
        for (int64_t i = 0; i < words; i++)
            bits += __builtin_popcountll(mask[i] = rnd() & rnd());
        mask[words - 1] |= 1ull << 63;
        bits = 0;
        for (int64_t i = 0; i < words; i++)
            bits += __builtin_popcountll(mask[i]);
        int64_t is = cpus(mask, (size_t)words * 8, words * 8);
        if (is != bits)
            fail("getCPUCount is %lld; the mask of %lld bytes has %lld bits", (long long)is, (long long)(words * 8),
                 (long long)bits);
    }
    call("trapped", 0);
    if (result(1) != SYS_sched_getaffinity || result(3) < 8192)
        fail("getCPUCount asks with room for %lld bytes, it should be 8192", (long long)result(3));
}

TEST(ThereIsAtLeastOneCPU)
{
    uint64_t none[2] = {0};
    catch_calls();
    int64_t is = cpus(none, sizeof none, sizeof none);
    if (is != 1)
        fail("getCPUCount is %lld when the mask is empty, it should be 1", (long long)is);
    is = cpus(none, 0, -EINVAL);
    if (is != 1)
        fail("getCPUCount is %lld when the kernel says EINVAL, it should be 1", (long long)is);
}

/**
 * @file lab01_lseek.c
 * Where errors begin: lseek on a memory file returns any offset that it is given, so one real system call
 * can return every 64-bit number. -1 to -4095 are errors, all else is data.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "judge.h"

/** The memory file of a process that is no more: harmless in the guest's hands, and good for lseek. */
static int memory_file(void)
{
    char path[64];
    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    if (fd < 0)
        fail("judge: cannot open %s", path);
    return fd;
}

static void expect_error(int64_t number)
{
    int64_t r1 = call("lseek", GUEST_EXTRA_FD, -number);
    if (r1 != -1 || result(1) != 0 || result(2) != number)
        fail("a result of -%lld is errno %lld: r1 = %lld, r2 = %lld, err = %lld", (long long)number,
             (long long)number, (long long)r1, (long long)result(1), (long long)result(2));
}

static void expect_data(int64_t value)
{
    int64_t r1 = call("lseek", GUEST_EXTRA_FD, value);
    if (r1 != value || result(2) != 0)
        fail("a result of %lld is data: r1 = %lld, err = %lld", (long long)value, (long long)r1,
             (long long)result(2));
}

TEST(ErrorsAreMinus4095ToMinus1)
{
    because("results from -4095 to -1 are errors; the instruction itself overwrites some registers");
    give_fd(memory_file());
    expect_error(1);
    expect_error(100);
    expect_error(4094);
    expect_error(4095);
    for (int i = 0; i < 20; i++)
        expect_error(1 + (int64_t)rndn(4095));
    expect_data(0);
    expect_data(-4096);
    expect_data(-4097);
    expect_data(-8192);
    expect_data(INT64_MIN);
    expect_data(INT64_MAX);
    for (int i = 0; i < 20; i++)
        expect_data((int64_t)(rnd() & ~(uint64_t)0xffff) | 1);
}

/**
 * @file lab01_calls.c
 * Stubs, private calls and declarations where the public tests do not look.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "judge.h"

/* The words that a narrower move, a sign or a compare could change. */
TEST(WordsAndResultsKeepAllTheirBits)
{
    static const uint64_t edge[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, INT64_MAX, 1ull << 63,
                                    UINT64_MAX, 0xffffffff00000000, 0xfffffffffffff000};
    enum { N = sizeof edge / sizeof *edge };
    catch_calls();
    for (int round = 0; round < N; round++) {
        int64_t w[6];
        for (int i = 0; i < 6; i++)
            w[i] = (int64_t)edge[(round + 2 * i) % N];
        int64_t rax = (int64_t)(round == N - 1 || edge[round] == UINT64_MAX ? 0xffffffff80000000 : edge[round]);
        call("trap_play", rax, w[0]);
        int64_t r1 = call("linux_Syscall6", SYS_getpid, w[0], w[1], w[2], w[3], w[4], w[5]);
        if (r1 != rax || result(1) != w[0] || result(2) != 0)
            fail("the kernel returned %#llx and %#llx: r1 = %#llx, r2 = %#llx, err = %lld", (unsigned long long)rax,
                 (unsigned long long)w[0], (unsigned long long)r1, (unsigned long long)result(1), (long long)result(2));
        call("trapped", 0);
        for (int i = 0; i < 6; i++)
            if (result(2 + (unsigned)i) != w[i])
                fail("argument %d is %#llx, the kernel was given %#llx", i + 1, (unsigned long long)w[i],
                     (unsigned long long)result(2 + (unsigned)i));
    }
}

/* They are the scheduler's own: on a goroutine's stack, too, they are made without a word to it. */
TEST(PrivateCallsTellTheSchedulerNothing)
{
    static const char *const names[] = {"linux_read", "linux_futex", "linux_mmap", "linux_epoll_wait", "linux_getpid",
                                        "linux_nanosleep", "osyield"};
    int64_t none[6] = {0};
    catch_calls();
    call("newp");
    int64_t g = call("newg");
    call("hold", 0, 0);
    call("rung", 0, g);
    int64_t gstatus = get("g%lld.atomicstatus", (long long)g), pstatus = get("p0.status");
    spy("exitsyscall");
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        call("trap_play", 0, 0);
        judge_call(__FILE__, __LINE__, "private", names[i], -1, RUN_CURG, 6, none);
        if (get("p0.syscalltick") != 0)
            fail("%s tells the scheduler: it counts a system call of the goroutine", names[i]);
    }
    expect_events("");
    expect_field(gstatus, "g%lld.atomicstatus", (long long)g);
    expect_field(pstatus, "p0.status");
}

/* Six arguments that the real kernel looks at, offset and all. */
TEST(TheSecondPageOfAFileIsMapped)
{
    int fd = memfd_create("pages", MFD_CLOEXEC);
    char page[4096], byte[2] = {(char)(1 + rndn(100)), (char)(101 + rndn(100))};
    for (int i = 0; i < 2; i++) {
        memset(page, byte[i], sizeof page);
        if (fd < 0 || write(fd, page, sizeof page) != sizeof page)
            fail("judge: no memory file");
    }
    give_fd(fd);
    int64_t scratch = call("scratch") + 8192;
    expect_call(scratch, "linux_mmap", scratch, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, GUEST_EXTRA_FD,
                4096);
    call("memread", 8192 + 100, 1);
    if (result_text()[0] != byte[1])
        fail("linux_mmap with offset 4096 maps the file's first page, or none of it");
    expect_call(-EINVAL, "linux_mmap", 0, 4096, PROT_READ, MAP_PRIVATE, GUEST_EXTRA_FD, 1);
    expect_call(-EBADF, "linux_mmap", 0, 4096, PROT_READ, MAP_PRIVATE, 999, 0);
    expect_call(-EINVAL, "linux_munmap", scratch + 1, 4096);
    expect_call(-ENOMEM, "linux_mprotect", 0, 4096, PROT_READ);
}

/* Real calls, real errors: each says which. */
TEST(RealErrorsComeBackAsMinusTheirNumbers)
{
    expect_call(-EBADF, "linux_read", 999, 0, 1);
    expect_call(-EBADF, "linux_write", 999, 0, 1);
    expect_call(-EBADF, "linux_close", 999);
    if (call_text("linux_open", "/no/such/file", O_RDONLY, 0) != -ENOENT)
        fail("linux_open of a file that is not there is %lld, it should be %d", (long long)result(0), -ENOENT);
    expect_call(-EBADF, "linux_fcntl", 999, F_GETFD, 0);
    expect_call(-EINVAL, "linux_eventfd", 0, -1);
    expect_call(-EINVAL, "linux_epoll_create", -1);
    expect_call(-EBADF, "linux_epoll_ctl", 999, 1, 0, 0, 0);
    expect_call(-EBADF, "linux_epoll_wait", 999, 1, 0);
    expect_call(-EAGAIN, "linux_futex", 0, 128, 12345, -1);
    expect_call(-ETIMEDOUT, "linux_futex", 0, 128, 0, 1000);
    expect_call(-ESRCH, "linux_tgkill", 1 << 22, 1 << 22, 0);
    expect_call(-EINVAL, "linux_clock_gettime", 12345);
    expect_call(-EINVAL, "linux_sigprocmask", 12345, 0);
}

TEST(APipeThatIsEmptySaysEAGAIN)
{
    because("a failed call returns minus the error number, not -1: EAGAIN of an empty pipe is no error of "
            "the program");
    expect_call(0, "linux_pipe", O_CLOEXEC | O_NONBLOCK, -1, -1);
    int64_t r = result(1), w = result(2);
    expect_call(-EAGAIN, "linux_read", r, 0, 1);
    char byte = (char)(1 + rndn(100)), back;
    call_bytes("memwrite", &byte, 1, 0);
    expect_call(1, "linux_write", w, 0, 1);
    expect_call(1, "linux_read", r, 100, 1);
    call("memread", 100, 1);
    back = result_text()[0];
    if (back != byte)
        fail("%d was written to a pipe, %d was read from it", byte, back);
    expect_call(0, "linux_close", w);
    expect_call(0, "linux_read", r, 0, 1);
}

TEST(TheProcessEndsWithItsStatus)
{
    int code = (int)rndn(256);
    call_dies(code << 8, NULL, "exitprocess", code);
}

/* The mask's bytes beyond what the kernel wrote are not its. */
TEST(OnlyTheBytesThatTheKernelWroteAreCounted)
{
    uint8_t ones[2048];
    memset(ones, 0xff, sizeof ones);
    catch_calls();
    call_bytes("memwrite", ones, sizeof ones, 0);
    for (int64_t words = 1; words < 20; words += 1 + (int64_t)rndn(4)) {
        call("trap_io", 3, 0, 0, sizeof ones);
        call("trap_play", words * 8, 0);
        int64_t is = call("getCPUCount");
        if (is != words * 64)
            fail("the kernel wrote %lld bytes, all ones: getCPUCount is %lld", (long long)(words * 8), (long long)is);
    }
}

enum { MISSING = 1 << 20 };

/** 1: sys_NAME goes through Syscall; 0: through RawSyscall. */
static bool tells_scheduler(const char *name)
{
    static const char *const doors[] = {"Syscall", "Syscall6", "RawSyscall", "RawSyscall6"};
    for (int i = 0; i < 4; i++) {
        record(doors[i]);
        script(doors[i], -EAGAIN);
    }
    if (call_text("wrapper", name) == MISSING)
        fail("syscalls.in does not declare %s any more", name);
    const char *log = events();
    bool raw = strncmp(log, "RawSyscall", 10) == 0;
    if (!raw && strncmp(log, "Syscall", 7) != 0)
        fail("sys_%s makes no system call", name);
    call("clearevents");
    return !raw;
}

/* Go issue 10202: even close and dup3 may wait. */
TEST(EveryCallThatMayWaitIsSys)
{
    static const char *const names[] = {"pread64", "pwrite64", "sendfile", "close", "dup3", "fstat", "ftruncate",
                                        "fcntl", "unlinkat", "mkdirat", "renameat", "getdents64", "chdir",
                                        "getrandom"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (!tells_scheduler(names[i]))
            fail("%s may have to wait, but sys_%s keeps its P in the kernel: //sys or //sysnb?", names[i], names[i]);
}

/* What the kernel does at once is not worth a word to the scheduler. */
TEST(CallsThatOnlyMakeADescriptorAreSysnb)
{
    static const char *const names[] = {"pipe2", "eventfd", "epoll_create", "epoll_ctl", "kill"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (tells_scheduler(names[i]))
            fail("%s never waits, but sys_%s tells the scheduler each time: //sys or //sysnb?", names[i], names[i]);
}

/* And the wrappers that are made from the declarations do what they should with the real kernel. */
TEST(WrappersMakeRealCalls)
{
    int fd = memfd_create("bytes", MFD_CLOEXEC);
    char text[] = "0123456789", n[8] = {0};
    if (fd < 0 || write(fd, text, sizeof text) != sizeof text)
        fail("judge: no memory file");
    give_fd(fd);
    int64_t scratch = call("scratch");
    call_bytes("memwrite", n, sizeof n, 0);
    pass("Syscall6"); /* the scheduler of a world without Gs: only calls that do not tell it */
    int64_t err = call_text("wrapper", "epoll_create", O_CLOEXEC, scratch);
    call("memread", 0, sizeof n);
    int64_t got;
    memcpy(&got, result_text(), sizeof got);
    if (err != 0 || got <= GUEST_EXTRA_FD)
        fail("sys_epoll_create(O_CLOEXEC) returns errno %lld, the descriptor is %lld", (long long)err, (long long)got);
    err = call_text("wrapper", "epoll_create", -1, scratch);
    call("memread", 0, sizeof n);
    if (err != EINVAL || memcmp(&got, result_text(), sizeof got) != 0)
        fail("sys_epoll_create(-1) returns errno %lld, or changes the result", (long long)err);
}

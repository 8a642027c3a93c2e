/**
 * @file syscall.c
 * Syscall and Syscall6: the raw call between entersyscall and exitsyscall, whatever comes of it. To see the
 * state in between, the system call itself looks: it writes fields of G, M and P to a pipe of the judge.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lab04.h"

/** The reading end of a pipe whose other end the guest has. */
static int pipe_to_guest(void)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        fail("judge: no pipe");
    give_fd(fds[1]);
    return fds[0];
}

/** Where the field lies in the guest. */
static int64_t address(const char *field)
{
    return call_text("address", field);
}

/** What the guest wrote to the pipe: one 32-bit number. */
static uint32_t written(int fd)
{
    uint32_t v = 0;
    if (read(fd, &v, sizeof v) != sizeof v)
        fail("the system call was not made: nothing was written");
    return v;
}

TEST(SyscallTellsTheScheduler)
{
    because("during the call the G is in Gsyscall, the P in Psyscall, and nothing is held");
    int fd = pipe_to_guest();
    one_g();
    expect_call_g(4, "Syscall", SYS_write, GUEST_EXTRA_FD, address("g1.atomicstatus"), 4);
    if (written(fd) != Gsyscall_)
        fail("during a system call the G should be in Gsyscall");
    expect_call_g(4, "Syscall", SYS_write, GUEST_EXTRA_FD, address("p0.status"), 4);
    if (written(fd) != Psyscall_)
        fail("during a system call the P should be in Psyscall");
    expect_call_g(4, "Syscall", SYS_write, GUEST_EXTRA_FD, address("m0.locks"), 4);
    if (written(fd) != 0)
        fail("during a system call m.locks should be 0");
}

TEST(SyscallComesBack)
{
    because("after the call G and P run again, and the P has one call more behind it");
    one_g();
    int64_t tick = get("p0.syscalltick");
    for (int i = 1; i <= 3; i++) {
        call_g("Syscall", SYS_getpid, 0, 0, 0);
        expect_field(Grunning_, "g1.atomicstatus");
        expect_field(Prunning_, "p0.status");
        expect_field(tick + i, "p0.syscalltick");
    }
    check_world();
}

TEST(AFailedSyscallComesBackToo)
{
    because("an error is a result like any other: the way out of the system call is the same");
    one_g();
    int64_t tick = get("p0.syscalltick");
    expect_call_g(-1, "Syscall", SYS_write, -1, 0, 1);
    expect_result(1, 0, "r2 after an error");
    expect_result(2, EBADF, "err");
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(Prunning_, "p0.status");
    expect_field(tick + 1, "p0.syscalltick");
    expect_field(0, "m0.locks");
}

TEST(SyscallReturnsWhatTheKernelSays)
{
    because("the result is the kernel's, all 64 bits of it");
    int fd = memfd_create("numbers", MFD_CLOEXEC);
    if (fd < 0)
        fail("judge: no memfd");
    give_fd(fd);
    one_g();
    int64_t far = (int64_t)(rnd() >> 2);
    expect_call_g(far, "Syscall", SYS_lseek, GUEST_EXTRA_FD, far, SEEK_SET);
    expect_result(2, 0, "err");
    expect_call_g(far, "Syscall6", SYS_lseek, GUEST_EXTRA_FD, 0, SEEK_CUR);
}

TEST(Syscall6PassesSixArguments)
{
    because("all six arguments arrive, the file's offset among them");
    int fd = memfd_create("pages", MFD_CLOEXEC);
    char mark[17];
    for (int i = 0; i < 16; i++)
        mark[i] = (char)('a' + rndn(26));
    mark[16] = 0;
    if (fd < 0 || ftruncate(fd, 8192) != 0 || pwrite(fd, mark, 16, 4096) != 16)
        fail("judge: no memfd");
    give_fd(fd);
    one_g();
    int64_t at = call("scratch") + 8192;
    expect_call_g(at, "Syscall6", SYS_mmap, at, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, GUEST_EXTRA_FD,
                  4096);
    call("memread", 8192, 16);
    expect_text(mark);
    expect_field(Grunning_, "g1.atomicstatus");
}

TEST(SyscallOnG0ChangesNothing)
{
    because("g0 is no goroutine, and its P is in use: there Syscall is the raw call");
    int fd = pipe_to_guest();
    one_g();
    int64_t tick = get("p0.syscalltick");
    expect_call(4, "Syscall", SYS_write, GUEST_EXTRA_FD, address("p0.status"), 4);
    if (written(fd) != Prunning_)
        fail("during a call from g0 the P should stay in Prunning");
    expect_call(-1, "Syscall6", SYS_write, -1, 0, 1);
    expect_result(2, EBADF, "err");
    expect_field(tick, "p0.syscalltick");
    expect_field(Grunning_, "g1.atomicstatus");
    expect_field(0, "m0.p");
}

TEST(SyscallYieldsFirstIfAskedTo)
{
    because("a system call is a good moment to yield: whoever was asked to does so before the call");
    one_g();
    call("randomOrder_reset", 1);
    call("newg");
    call("setring", 0, 0, 2);
    set(1, "p0.schedtick"); /* no turn of the global queue */
    set(true, "g1.preempt");
    set(-1314, "g1.stackguard0");
    expect(run_g(0, "Syscall", SYS_getpid, 0, 0, 0), "running g2");
    expect_list("g1", "sched.runq");
    expect_field(0, "p0.syscalltick"); /* the call comes later, when g1 has its turn again */
}

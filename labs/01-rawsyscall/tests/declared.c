/**
 * @file declared.c
 * The decisions in syscalls.in: which calls the scheduler is told of.
 */
#include <errno.h>
#include <string.h>
#include "judge.h"

enum { MISSING = 1 << 20 }; /* what the operation says of a call that is not declared */

/** Fails unless sys_NAME goes through Syscall (waits) or RawSyscall. */
static void expect_door(const char *name, bool waits)
{
    static const char *const doors[] = {"Syscall", "Syscall6", "RawSyscall", "RawSyscall6"};
    for (int i = 0; i < 4; i++) {
        record(doors[i]);
        script(doors[i], -EAGAIN);
    }
    if (call_text("wrapper", name) == MISSING)
        fail("syscalls.in does not declare %s any more", name);
    const char *log = events();
    bool raw = strncmp(log, "RawSyscall", 10) == 0, told = strncmp(log, "Syscall", 7) == 0;
    if (raw == told)
        fail("sys_%s makes no system call", name);
    if (waits && raw)
        fail("%s may have to wait, but sys_%s keeps its P in the kernel: //sys or //sysnb?", name, name);
    if (!waits && told)
        fail("%s never waits, but sys_%s tells the scheduler each time: //sys or //sysnb?", name, name);
    call("clearevents");
}

TEST(CallsThatWaitForAPeerOrADiskAreSys)
{
    static const char *const names[] = {"read", "write", "accept4", "connect", "wait4", "nanosleep", "fsync",
                                        "openat", "flock", "epoll_wait"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        expect_door(names[i], true);
}

TEST(CallsThatOnlyAskWhoIAmAreSysnb)
{
    static const char *const names[] = {"getpid", "getppid", "gettid", "getuid", "umask"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        expect_door(names[i], false);
}

/**
 * @file linux.c
 * The runtime's own system calls.
 *
 * What the scheduler asks the kernel for while it schedules: memory, threads to sleep and wake, time,
 * signals, readiness of sockets. None of these tells the scheduler anything (that would be a circle), none
 * uses libc, and none may depend on which G runs, because they are called on g0, in signal handlers and
 * before there is any G at all.
 *
 * Each gives the result, or minus the error number. Go once let some of them return a bare -1: then
 * netpollBreak could not tell "would block" (fine) from "bad descriptor" (a bug), and callers that tested
 * for -1 missed a raw -EBADF.
 *
 * The prototypes look like libc's, but the kernel's calls are not always libc's: some kernels have no open,
 * only openat; a signal set is 8 bytes for the kernel and its size is an argument; nanosleep and futex take
 * the kernel's timespec. The manual's "C library/kernel differences" sections say which.
 */
#include "labs.h"

/* BEGIN SOLUTION */
/** System call num: the result, or minus the error number. */
static intptr_t call6(uintptr_t num, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5,
                      uintptr_t a6)
{
    sysret r = linux_Syscall6(num, a1, a2, a3, a4, a5, a6);
    return r.err ? -(intptr_t)r.err : (intptr_t)r.r1;
}

/** The same with up to three arguments. */
static intptr_t call(uintptr_t num, uintptr_t a1, uintptr_t a2, uintptr_t a3)
{
    return call6(num, a1, a2, a3, 0, 0, 0);
}
/* END SOLUTION */

intptr_t linux_read(int fd, void *p, size_t n)
{
    /* BEGIN SOLUTION
     * Write me: read. */
    return call(__NR_read, (uintptr_t)fd, (uintptr_t)p, n);
    /* END SOLUTION */
}

intptr_t linux_write(int fd, const void *p, size_t n)
{
    /* BEGIN SOLUTION
     * Write me: write. */
    return call(__NR_write, (uintptr_t)fd, (uintptr_t)p, n);
    /* END SOLUTION */
}

int linux_open(const char *path, int flags, int mode)
{
    /* BEGIN SOLUTION
     * Write me: openat; the directory is the working directory (AT_FDCWD). */
    enum { at_fdcwd = -100 };
    return (int)call6(__NR_openat, (uintptr_t)at_fdcwd, (uintptr_t)path, (uintptr_t)flags, (uintptr_t)mode,
                      0, 0);
    /* END SOLUTION */
}

int linux_close(int fd)
{
    /* BEGIN SOLUTION
     * Write me: close. After EINTR the descriptor is gone already: a second try may close somebody else's. */
    return (int)call(__NR_close, (uintptr_t)fd, 0, 0);
    /* END SOLUTION */
}

intptr_t linux_mmap(void *addr, size_t n, int prot, int flags, int fd, int64_t off)
{
    /* BEGIN SOLUTION
     * Write me: mmap, six arguments; the offset is in bytes. */
    return call6(__NR_mmap, (uintptr_t)addr, n, (uintptr_t)prot, (uintptr_t)flags, (uintptr_t)fd,
                 (uintptr_t)off);
    /* END SOLUTION */
}

int linux_munmap(void *addr, size_t n)
{
    /* BEGIN SOLUTION
     * Write me: munmap. */
    return (int)call(__NR_munmap, (uintptr_t)addr, n, 0);
    /* END SOLUTION */
}

int linux_mprotect(void *addr, size_t n, int prot)
{
    /* BEGIN SOLUTION
     * Write me: mprotect. */
    return (int)call(__NR_mprotect, (uintptr_t)addr, n, (uintptr_t)prot);
    /* END SOLUTION */
}

int linux_madvise(void *addr, size_t n, int advice)
{
    /* BEGIN SOLUTION
     * Write me: madvise. */
    return (int)call(__NR_madvise, (uintptr_t)addr, n, (uintptr_t)advice);
    /* END SOLUTION */
}

int linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts)
{
    /* BEGIN SOLUTION
     * Write me: futex; the last two of its six arguments are not used by these operations. */
    return (int)call6(__NR_futex, (uintptr_t)addr, (uintptr_t)op, val, (uintptr_t)ts, 0, 0);
    /* END SOLUTION */
}

int linux_gettid(void)
{
    /* BEGIN SOLUTION
     * Write me: gettid. */
    return (int)call(__NR_gettid, 0, 0, 0);
    /* END SOLUTION */
}

int linux_getpid(void)
{
    /* BEGIN SOLUTION
     * Write me: getpid. */
    return (int)call(__NR_getpid, 0, 0, 0);
    /* END SOLUTION */
}

int linux_tgkill(int pid, int tid, int sig)
{
    /* BEGIN SOLUTION
     * Write me: tgkill. */
    return (int)call(__NR_tgkill, (uintptr_t)pid, (uintptr_t)tid, (uintptr_t)sig);
    /* END SOLUTION */
}

int linux_kill(int pid, int sig)
{
    /* BEGIN SOLUTION
     * Write me: kill. */
    return (int)call(__NR_kill, (uintptr_t)pid, (uintptr_t)sig, 0);
    /* END SOLUTION */
}

int linux_sigaction(int sig, const struct ksigaction *new_, struct ksigaction *old)
{
    /* BEGIN SOLUTION
     * Write me: rt_sigaction; its fourth argument is the size of a signal set. */
    return (int)call6(__NR_rt_sigaction, (uintptr_t)sig, (uintptr_t)new_, (uintptr_t)old, sizeof(uint64_t),
                      0, 0);
    /* END SOLUTION */
}

int linux_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
    /* BEGIN SOLUTION
     * Write me: rt_sigprocmask; likewise. */
    return (int)call6(__NR_rt_sigprocmask, (uintptr_t)how, (uintptr_t)set, (uintptr_t)old, sizeof(uint64_t),
                      0, 0);
    /* END SOLUTION */
}

int linux_sigaltstack(const struct kstack *new_, struct kstack *old)
{
    /* BEGIN SOLUTION
     * Write me: sigaltstack. */
    return (int)call(__NR_sigaltstack, (uintptr_t)new_, (uintptr_t)old, 0);
    /* END SOLUTION */
}

int linux_sched_getaffinity(void *mask, size_t n)
{
    /* BEGIN SOLUTION
     * Write me: sched_getaffinity of thread 0, that is, of the caller. */
    return (int)call(__NR_sched_getaffinity, 0, n, (uintptr_t)mask);
    /* END SOLUTION */
}

int linux_clock_gettime(int clock, struct ktimespec *ts)
{
    /* BEGIN SOLUTION
     * Write me: clock_gettime, the system call. */
    return (int)call(__NR_clock_gettime, (uintptr_t)clock, (uintptr_t)ts, 0);
    /* END SOLUTION */
}

int linux_nanosleep(const struct ktimespec *req)
{
    /* BEGIN SOLUTION
     * Write me: nanosleep; what remains after a signal is not wanted. */
    return (int)call(__NR_nanosleep, (uintptr_t)req, 0, 0);
    /* END SOLUTION */
}

int linux_epoll_create(int flags)
{
    /* BEGIN SOLUTION
     * Write me: epoll_create1. */
    return (int)call(__NR_epoll_create1, (uintptr_t)flags, 0, 0);
    /* END SOLUTION */
}

int linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    /* BEGIN SOLUTION
     * Write me: epoll_ctl. */
    return (int)call6(__NR_epoll_ctl, (uintptr_t)epfd, (uintptr_t)op, (uintptr_t)fd, (uintptr_t)ev, 0, 0);
    /* END SOLUTION */
}

int linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout)
{
    /* BEGIN SOLUTION
     * Write me: epoll_pwait, which every CPU has, without a signal mask. */
    return (int)call6(__NR_epoll_pwait, (uintptr_t)epfd, (uintptr_t)ev, (uintptr_t)n, (uintptr_t)timeout, 0,
                      0);
    /* END SOLUTION */
}

int linux_eventfd(uint32_t init, int flags)
{
    /* BEGIN SOLUTION
     * Write me: eventfd2. */
    return (int)call(__NR_eventfd2, init, (uintptr_t)flags, 0);
    /* END SOLUTION */
}

int linux_pipe(int fds[2], int flags)
{
    /* BEGIN SOLUTION
     * Write me: pipe2. */
    return (int)call(__NR_pipe2, (uintptr_t)fds, (uintptr_t)flags, 0);
    /* END SOLUTION */
}

int linux_fcntl(int fd, int cmd, uintptr_t arg)
{
    /* BEGIN SOLUTION
     * Write me: fcntl. */
    return (int)call(__NR_fcntl, (uintptr_t)fd, (uintptr_t)cmd, arg);
    /* END SOLUTION */
}

int linux_prctl(int op, uintptr_t arg)
{
    /* BEGIN SOLUTION
     * Write me: prctl. */
    return (int)call(__NR_prctl, (uintptr_t)op, arg, 0);
    /* END SOLUTION */
}

void osyield(void)
{
    /* BEGIN SOLUTION
     * Write me: sched_yield. */
    call(__NR_sched_yield, 0, 0, 0);
    /* END SOLUTION */
}

void linux_usleep(uint32_t us)
{
    /* BEGIN SOLUTION
     * Write me: nanosleep takes seconds and the nanoseconds below a second. */
    struct ktimespec ts = {.tv_sec = us / 1000000, .tv_nsec = (int64_t)(us % 1000000) * 1000};
    linux_nanosleep(&ts);
    /* END SOLUTION */
}

_Noreturn void exitprocess(int code)
{
    /* BEGIN SOLUTION
     * Write me: the call that ends all threads, not only this one. It does not come back. */
    for (;;)
        call(__NR_exit_group, (uintptr_t)code, 0, 0);
    /* END SOLUTION */
}

int getCPUCount(void)
{
    /* BEGIN SOLUTION
     * Write me: ask for the affinity mask with room for 8 KiB, count the bits in the bytes that the
     * kernel wrote (its result says how many). Never less than 1, whatever happens. */
    uint64_t mask[8192 / sizeof(uint64_t)]; /* 65536 CPUs; 8 KiB of stack, so: at boot or on g0 */
    int got = linux_sched_getaffinity(mask, sizeof mask);
    int n = 0;
    for (int i = 0; i < got / (int)sizeof mask[0]; i++) /* the kernel writes whole words; got < 0: none */
        for (uint64_t w = mask[i]; w; w &= w - 1)
            n++;
    return n > 0 ? n : 1;
    /* END SOLUTION */
}

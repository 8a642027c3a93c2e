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

intptr_t linux_read(int fd, void *p, size_t n)
{
    /* Write me: read. */
    (void)fd, (void)p, (void)n;
    unwritten();
}

intptr_t linux_write(int fd, const void *p, size_t n)
{
    /* Write me: write. */
    (void)fd, (void)p, (void)n;
    unwritten();
}

int linux_open(const char *path, int flags, int mode)
{
    /* Write me: openat; the directory is the working directory (AT_FDCWD). */
    (void)path, (void)flags, (void)mode;
    unwritten();
}

int linux_close(int fd)
{
    /* Write me: close. After EINTR the descriptor is gone already: a second try may close somebody else's. */
    (void)fd;
    unwritten();
}

intptr_t linux_mmap(void *addr, size_t n, int prot, int flags, int fd, int64_t off)
{
    /* Write me: mmap, six arguments; the offset is in bytes. */
    (void)addr, (void)n, (void)prot, (void)flags, (void)fd, (void)off;
    unwritten();
}

int linux_munmap(void *addr, size_t n)
{
    /* Write me: munmap. */
    (void)addr, (void)n;
    unwritten();
}

int linux_mprotect(void *addr, size_t n, int prot)
{
    /* Write me: mprotect. */
    (void)addr, (void)n, (void)prot;
    unwritten();
}

int linux_madvise(void *addr, size_t n, int advice)
{
    /* Write me: madvise. */
    (void)addr, (void)n, (void)advice;
    unwritten();
}

int linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts)
{
    /* Write me: futex; the last two of its six arguments are not used by these operations. */
    (void)addr, (void)op, (void)val, (void)ts;
    unwritten();
}

int linux_gettid(void)
{
    /* Write me: gettid. */
    unwritten();
}

int linux_getpid(void)
{
    /* Write me: getpid. */
    unwritten();
}

int linux_tgkill(int pid, int tid, int sig)
{
    /* Write me: tgkill. */
    (void)pid, (void)tid, (void)sig;
    unwritten();
}

int linux_kill(int pid, int sig)
{
    /* Write me: kill. */
    (void)pid, (void)sig;
    unwritten();
}

int linux_sigaction(int sig, const struct ksigaction *new_, struct ksigaction *old)
{
    /* Write me: rt_sigaction; its fourth argument is the size of a signal set. */
    (void)sig, (void)new_, (void)old;
    unwritten();
}

int linux_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
    /* Write me: rt_sigprocmask; likewise. */
    (void)how, (void)set, (void)old;
    unwritten();
}

int linux_sigaltstack(const struct kstack *new_, struct kstack *old)
{
    /* Write me: sigaltstack. */
    (void)new_, (void)old;
    unwritten();
}

int linux_sched_getaffinity(void *mask, size_t n)
{
    /* Write me: sched_getaffinity of thread 0, that is, of the caller. */
    (void)mask, (void)n;
    unwritten();
}

int linux_clock_gettime(int clock, struct ktimespec *ts)
{
    /* Write me: clock_gettime, the system call. */
    (void)clock, (void)ts;
    unwritten();
}

int linux_nanosleep(const struct ktimespec *req)
{
    /* Write me: nanosleep; what remains after a signal is not wanted. */
    (void)req;
    unwritten();
}

int linux_epoll_create(int flags)
{
    /* Write me: epoll_create1. */
    (void)flags;
    unwritten();
}

int linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    /* Write me: epoll_ctl. */
    (void)epfd, (void)op, (void)fd, (void)ev;
    unwritten();
}

int linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout)
{
    /* Write me: epoll_pwait, which every CPU has, without a signal mask. */
    (void)epfd, (void)ev, (void)n, (void)timeout;
    unwritten();
}

int linux_eventfd(uint32_t init, int flags)
{
    /* Write me: eventfd2. */
    (void)init, (void)flags;
    unwritten();
}

int linux_pipe(int fds[2], int flags)
{
    /* Write me: pipe2. */
    (void)fds, (void)flags;
    unwritten();
}

int linux_fcntl(int fd, int cmd, uintptr_t arg)
{
    /* Write me: fcntl. */
    (void)fd, (void)cmd, (void)arg;
    unwritten();
}

int linux_prctl(int op, uintptr_t arg)
{
    /* Write me: prctl. */
    (void)op, (void)arg;
    unwritten();
}

void osyield(void)
{
    /* Write me: sched_yield. */
    unwritten();
}

void linux_usleep(uint32_t us)
{
    /* Write me: nanosleep takes seconds and the nanoseconds below a second. */
    (void)us;
    unwritten();
}

_Noreturn void exitprocess(int code)
{
    /* Write me: the call that ends all threads, not only this one. It does not come back. */
    (void)code;
    unwritten();
}

int getCPUCount(void)
{
    /* Write me: ask for the affinity mask with room for 8 KiB, count the bits in the bytes that the
     * kernel wrote (its result says how many). Never less than 1, whatever happens. */
    unwritten();
}

/**
 * @file file.c
 * Regular files for programs.
 *
 * The kernel cannot say when a regular file will be "ready" (epoll refuses it), so these are blocking system
 * calls, through Syscall: the thread waits in the kernel, and if that takes long, its P goes to another
 * thread.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "core.h"

/** Syscall6 with five arguments, again and again while a signal interrupts it. The result, or -errno. */
static intptr_t blocking(uintptr_t num, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5)
{
    preemptcheck();
    sysret r;
    do {
        r = Syscall6(num, a1, a2, a3, a4, a5, 0);
    } while (r.err == EINTR);
    return r.err ? -(intptr_t)r.err : (intptr_t)r.r1;
}

int file_open(const char *path, int flags, int mode)
{
    /* Close-on-exec always: a program that this one starts has no use for the descriptor. */
    return (int)blocking(__NR_openat, (uintptr_t)AT_FDCWD, (uintptr_t)path, (uintptr_t)(flags | KO_CLOEXEC),
                         (uintptr_t)mode, 0);
}

intptr_t file_read(int fd, void *buf, size_t n)
{
    return blocking(__NR_read, (uintptr_t)fd, (uintptr_t)buf, n, 0, 0);
}

intptr_t file_write(int fd, const void *buf, size_t n)
{
    size_t done = 0;
    while (done < n) {
        intptr_t r = blocking(__NR_write, (uintptr_t)fd, (uintptr_t)buf + done, n - done, 0, 0);
        if (r < 0)
            return r;
        if (r == 0)
            return -EIO; /* a write of nothing would go on for ever */
        done += (size_t)r;
    }
    return (intptr_t)n;
}

intptr_t file_pread(int fd, void *buf, size_t n, int64_t off)
{
    return blocking(__NR_pread64, (uintptr_t)fd, (uintptr_t)buf, n, (uintptr_t)off, 0);
}

int64_t file_stat(int fd, bool *isdir, int64_t *mtime)
{
    struct statx st; /* the same on every CPU, unlike struct stat */
    intptr_t r = blocking(__NR_statx, (uintptr_t)fd, (uintptr_t) "", AT_EMPTY_PATH, STATX_BASIC_STATS,
                          (uintptr_t)&st);
    if (r < 0)
        return r;
    if (isdir)
        *isdir = S_ISDIR(st.stx_mode);
    if (mtime)
        *mtime = st.stx_mtime.tv_sec * NSEC_PER_SEC + st.stx_mtime.tv_nsec;
    return (int64_t)st.stx_size;
}

int file_close(int fd)
{
    preemptcheck();
    sysret r = Syscall(__NR_close, (uintptr_t)fd, 0, 0);
    /* Never retried: after EINTR the number is free already, and may be another goroutine's by now. */
    return r.err == 0 || r.err == EINTR ? 0 : -(int)r.err;
}

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

int file_info(int dirfd, const char *name, FileInfo *info)
{
    struct statx st;
    intptr_t r = blocking(__NR_statx, (uintptr_t)dirfd, (uintptr_t)name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
                          STATX_BASIC_STATS, (uintptr_t)&st);
    if (r < 0)
        return (int)r;
    *info = (FileInfo){.size = (int64_t)st.stx_size,
                       .mtime = st.stx_mtime.tv_sec * NSEC_PER_SEC + st.stx_mtime.tv_nsec,
                       .inode = st.stx_ino,
                       .mode = st.stx_mode};
    return 0;
}

int file_remove(const char *path)
{
    return (int)blocking(__NR_unlinkat, (uintptr_t)AT_FDCWD, (uintptr_t)path, 0, 0, 0);
}

int file_raiselimit(void)
{
    struct {
        uint64_t soft, hard;
    } limit;
    enum { nofile = 7 }; /* RLIMIT_NOFILE */
    if (RawSyscall6(__NR_prlimit64, 0, nofile, 0, (uintptr_t)&limit, 0, 0).err != 0)
        return 1024; /* what every Linux allows unless told otherwise */
    uint64_t old = limit.soft;
    limit.soft = limit.hard;
    if (old != limit.hard && RawSyscall6(__NR_prlimit64, 0, nofile, (uintptr_t)&limit, 0, 0, 0).err != 0)
        limit.soft = old;
    return limit.soft < INT32_MAX ? (int)limit.soft : INT32_MAX;
}

int file_close(int fd)
{
    preemptcheck();
    sysret r = Syscall(__NR_close, (uintptr_t)fd, 0, 0);
    /* Never retried: after EINTR the number is free already, and may be another goroutine's by now. */
    return r.err == 0 || r.err == EINTR ? 0 : -(int)r.err;
}

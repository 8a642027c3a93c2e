/**
 * @file dir.c
 * Directories for programs: what is in one, and opening what lies below one and nowhere else.
 *
 * Blocking system calls, as for every file: see file.c.
 */
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include "core.h"

/** Bytes that one getdents64 asks for. */
#define DENTS_ROOM ((size_t)32768)
/** Times that file_openin asks the kernel. */
#define OPENIN_TRIES 32

/** A name as getdents64 gives it. */
typedef struct dirent64 {
    uint64_t ino;
    int64_t off;
    uint16_t reclen; /* of the whole record */
    uint8_t type;    /* the kind of file: bits 12 to 15 of st_mode */
    char name[];
} dirent64;

/** A system call again and again while a signal interrupts it: the result, or -errno. */
static intptr_t blocking(uintptr_t num, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4)
{
    sysret r;
    do {
        r = Syscall6(num, a1, a2, a3, a4, 0, 0);
    } while (r.err == EINTR);
    return r.err ? -(intptr_t)r.err : (intptr_t)r.r1;
}

/* ---- file_readdir ---- */

/** Negative, 0 or positive, as a comes before, is or comes behind b. */
static int compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

/** Lets the entry at i sink to its place in the heap e[0, n), whose greatest name is on top. */
static void sift(DirEntry *e, size_t i, size_t n)
{
    DirEntry moved = e[i];
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && compare(e[child].name, e[child + 1].name) < 0)
            child++;
        if (compare(moved.name, e[child].name) >= 0)
            break;
        e[i] = e[child];
    }
    e[i] = moved;
}

/** Sorts by name, in place. */
static void sort(DirEntry *e, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(e, i, n);
    while (n-- > 1) {
        DirEntry last = e[n];
        e[n] = e[0];
        e[0] = last;
        sift(e, 0, n);
    }
}

/** All records of fd, one behind the other: their memory, and in *len their bytes. NULL and *err. */
static char *readall(int fd, size_t *len, int *err)
{
    size_t room = DENTS_ROOM, have = 0;
    char *buf = gomalloc(room);
    for (;;) {
        if (room - have < DENTS_ROOM) {
            char *more = gomalloc(2 * room);
            __builtin_memcpy(more, buf, have);
            gofree(buf);
            buf = more;
            room *= 2;
        }
        intptr_t n = blocking(__NR_getdents64, (uintptr_t)fd, (uintptr_t)(buf + have), DENTS_ROOM, 0);
        if (n < 0) {
            gofree(buf);
            *err = (int)-n;
            return NULL;
        }
        if (n == 0)
            break;
        have += (size_t)n;
    }
    *len = have;
    return buf;
}

/** True for "." and "..". */
static bool isdots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/** The kind of name, where the file system did not say it; 0 if it is gone meanwhile. */
static uint32_t lookup(int fd, const char *name)
{
    FileInfo info;
    return file_info(fd, name, &info) == 0 ? info.mode & S_IFMT : 0;
}

DirEntry *file_readdir(int fd, size_t *n, int *err)
{
    preemptcheck();
    int e = 0;
    size_t len = 0, count = 0, chars = 0;
    char *raw = readall(fd, &len, &e);
    if (err)
        *err = e;
    if (!raw)
        return NULL;
    for (size_t i = 0; i < len; i += ((dirent64 *)(raw + i))->reclen) {
        count++;
        chars += ((dirent64 *)(raw + i))->reclen; /* more than the name with its 0 */
    }
    DirEntry *entries = gomalloc(count * sizeof *entries + chars);
    char *names = (char *)(entries + count);
    count = 0;
    for (size_t i = 0; i < len; i += ((dirent64 *)(raw + i))->reclen) {
        dirent64 *d = (dirent64 *)(raw + i);
        if (isdots(d->name))
            continue;
        entries[count].name = names;
        entries[count].kind = d->type ? (uint32_t)d->type << 12 : lookup(fd, d->name);
        count++;
        for (const char *c = d->name; (*names++ = *c) != '\0'; c++)
            ;
    }
    gofree(raw);
    sort(entries, count);
    *n = count;
    return entries;
}

/* ---- file_openin ---- */

/**
 * The same without the kernel's help: a step for each name, each of which must be there under that very
 * name. A link is refused wherever it leads, since between looking at it and following it, it can change.
 */
static int stepwise(int dirfd, const char *path, int flags)
{
    char name[256];
    int at = dirfd, fd;
    if (*path == '/' || *path == '\0')
        return *path == '/' ? -EXDEV : -ENOENT;
    for (;;) {
        size_t n = 0;
        while (path[n] != '/' && path[n] != '\0')
            n++;
        bool last = path[n] == '\0';
        if (n >= sizeof name)
            return at != dirfd ? file_close(at), -ENAMETOOLONG : -ENAMETOOLONG;
        __builtin_memcpy(name, path, n);
        __builtin_memcpy(name + n, n == 0 ? "." : "", n == 0 ? 2 : 1);
        if (name[0] == '.' && name[1] == '.' && n == 2)
            fd = -EXDEV;
        else
            fd = (int)blocking(__NR_openat, (uintptr_t)at, (uintptr_t)name,
                               (uintptr_t)(O_NOFOLLOW | KO_CLOEXEC | (last ? flags : O_PATH | O_DIRECTORY)), 0);
        if (at != dirfd)
            file_close(at);
        if (fd < 0 || last)
            return fd;
        at = fd;
        path += n + 1;
    }
}

int file_openin(int dirfd, const char *path, int flags)
{
    preemptcheck();
    struct open_how how = {.flags = (uint64_t)(uint32_t)flags | KO_CLOEXEC, .resolve = RESOLVE_BENEATH};
    intptr_t fd = -EAGAIN;
    /* EAGAIN: something was renamed while the kernel followed "..": ask again. But not for ever: one who
     * renames all the time, or a file with a lease, would hold us. */
    for (int i = 0; i < OPENIN_TRIES && fd == -EAGAIN; i++)
        fd = blocking(__NR_openat2, (uintptr_t)dirfd, (uintptr_t)path, (uintptr_t)&how, sizeof how);
    return fd == -ENOSYS ? stepwise(dirfd, path, flags) : (int)fd;
}

/**
 * @file os_linux.c
 * Memory from the kernel.
 */
#include "core.h"
#include "fiber.h"

_Atomic uint64_t sysbytes;

void *sysAlloc(size_t n)
{
    intptr_t p = linux_mmap(NULL, n, KPROT_READ | KPROT_WRITE, KMAP_PRIVATE | KMAP_ANON, -1, 0);
    if (p < 0 && p >= -MAX_ERRNO)
        fatal("out of memory: the kernel refused %zu bytes (errno %ld)", n, -(long)p);
    fetch_add_relaxed(&sysbytes, n); /* a statistic */
    fiber_root((void *)p, n);
    return (void *)p;
}

void sysFree(void *p, size_t n)
{
    fetch_add_relaxed(&sysbytes, -(uint64_t)n); /* a statistic */
    fiber_unroot(p, n);
    int err = linux_munmap(p, n);
    if (err < 0)
        throw_("sysFree: munmap(%p, %zu) failed (errno %d)", p, n, -err);
}

/** The chunk that persistentalloc cuts from. */
static struct {
    mutex lock;
    char *next, *end;
} persistent;

void *persistentalloc(size_t n, size_t align)
{
    enum { CHUNK = 256 * 1024 };
    if (align < 16)
        align = 16;
    if (n >= CHUNK / 4)
        return sysAlloc(n);
    lock(&persistent.lock);
    char *p = (char *)(((uintptr_t)persistent.next + align - 1) & ~(align - 1));
    if (!persistent.next || p + n > persistent.end) {
        p = sysAlloc(CHUNK);
        persistent.end = p + CHUNK;
    }
    persistent.next = p + n;
    unlock(&persistent.lock);
    return p;
}

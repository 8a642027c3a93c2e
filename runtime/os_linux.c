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

_Atomic bool noguardmarkers;
_Atomic int64_t guardmapped, unguarded;

/** vm.max_map_count; what it is by default if nobody says. */
static int64_t maxmapcount(void)
{
    char text[32];
    int fd = linux_open("/proc/sys/vm/max_map_count", KO_RDONLY | KO_CLOEXEC, 0);
    intptr_t n = fd < 0 ? 0 : linux_read(fd, text, sizeof text);
    if (fd >= 0)
        linux_close(fd);
    int64_t v = 0;
    for (intptr_t i = 0; i < n && text[i] >= '0' && text[i] <= '9' && v < INT32_MAX; i++)
        v = v * 10 + (text[i] - '0');
    return v > 0 ? v : 65530;
}

bool guardmapping(void)
{
    static _Atomic int64_t limit; /* guard pages that half of the mappings allow; 0: not asked yet */
    if (!load_relaxed(&noguardmarkers)) /* a hint */
        return true;
    int64_t most = load_relaxed(&limit);
    if (most == 0) {
        most = maxmapcount() / 2 / 2; /* each takes two: its own, and the stack's part behind it */
        store_relaxed(&limit, most);  /* others find the same */
    }
    if (fetch_add_relaxed(&guardmapped, 1) < most) /* a count, orders nothing */
        return true;
    fetch_add_relaxed(&guardmapped, -1);
    fetch_add_relaxed(&unguarded, 1);
    return false;
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

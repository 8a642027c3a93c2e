/**
 * @file stack.c
 * Where goroutines live: stacks, their guard pages, and the caches of free ones.
 *
 * A stack is address space first and memory second: 64 KiB are reserved, and the kernel supplies a page
 * when it is first touched, so that a goroutine that does little costs one page. Below each stack lies a
 * page that cannot be touched: who runs over the end dies at once, in place of writing into the stack of
 * somebody else.
 *
 * Guard pages were once the limit of how many goroutines a program could have. mprotect gives one page
 * other rights, so the kernel must describe the memory before and behind it separately: two more entries in
 * a list that holds 65530 by default (vm.max_map_count). Linux 6.13 has MADV_GUARD_INSTALL, which marks the
 * page in the page table and leaves the list alone. Where the kernel does not know it, mprotect it is, for as
 * long as half of the list lasts (guardmapping); the stacks after that have no guard.
 *
 * Asking the kernel for each stack would cost more than all the rest of a goroutine's life. So stacks of
 * the default size are kept:
 *
 *     P's cache     up to 32, without a lock; filled and drained by 16
 *     the pool      all others, under a lock of its own; whatever was never used lies in a chunk of 32 stacks
 *
 * A free stack is linked to the next one through its topmost word. That word was touched by its last user,
 * or will be by the next one, so the link costs no memory. Stacks whose memory went back to the system are
 * only written down, in an array: a link would bring a page of each back.
 */
#include "core.h"

/* BEGIN SOLUTION */

enum {
    GUARD = ARCH_PAGE_SIZE,       /**< size of a guard page */
    SLOT = GUARD + STACK_DEFAULT, /**< what a default stack takes in a chunk: the guard, then the stack */
    CHUNK = 32,                   /**< stacks in a chunk */
    CACHEMAX = 32,                /**< stacks in a P's cache, at most */
    BATCH = 16,                   /**< stacks that go to and from the pool at once */
    STRIP = 32,                   /**< stacks whose memory goes back at once */
};

/** Free stacks of the default size that no P has; each is known by its upper end. */
static struct {
    mutex lock;          /* protects what follows */
    uintptr_t list;      /* linked through their topmost words */
    int32_t n;           /* how many; also read without the lock (relaxed), for statistics */
    uintptr_t next, end; /* the part of the last chunk that was never used: whole slots, without guards yet */
    uintptr_t *bare;     /* stacks whose memory was given back */
    size_t nbare, capbare;
} pool;

/** Makes the page at p one that faults. */
static void guard(uintptr_t p)
{
    if (!load_relaxed(&noguardmarkers)) { /* a hint, see there */
        if (linux_madvise((void *)p, GUARD, KMADV_GUARD_INSTALL) == 0)
            return;
        store_relaxed(&noguardmarkers, true); /* older than 6.13, locked memory, or a sandbox */
    }
    int err = linux_mprotect((void *)p, GUARD, KPROT_NONE);
    if (err < 0)
        throw_("stackalloc: no guard page (mprotect: errno %d); too many mappings? vm.max_map_count", -err);
}

/**
 * Address space for n bytes of stack and guards. KMAP_STACK: newer kernels keep huge pages away from it,
 * with which the first touch of one stack would bring in memory for thirty.
 */
static uintptr_t reserve(size_t n)
{
    intptr_t p = linux_mmap(NULL, n, KPROT_READ | KPROT_WRITE,
                            KMAP_PRIVATE | KMAP_ANON | KMAP_NORESERVE | KMAP_STACK, -1, 0);
    if (p < 0 && p >= -MAX_ERRNO)
        throw_("stackalloc: out of memory (%zu bytes, errno %ld)", n, -(long)p);
    return (uintptr_t)p;
}

/** The word that links the free stack that ends at hi to the next one. */
static uintptr_t *linkword(uintptr_t hi)
{
    return (uintptr_t *)hi - 1;
}

static void push(uintptr_t *list, uintptr_t hi)
{
    *linkword(hi) = *list;
    *list = hi;
}

static uintptr_t pop(uintptr_t *list)
{
    uintptr_t hi = *list;
    *list = *linkword(hi);
    return hi;
}

/** Sets a count that others read for statistics. */
static void setcount(int32_t *n, int32_t v)
{
    __atomic_store_n(n, v, __ATOMIC_RELAXED); /* one writer: the owner of the P, or who holds pool.lock */
}

/** Takes up to n free stacks out of the pool, at least one, onto list; returns how many. */
static int32_t pooltake(uintptr_t *list, int32_t n)
{
    int32_t got = 0;
    uintptr_t fresh = 0, end = 0;
    lock(&pool.lock);
    for (; got < n && pool.list; got++)
        push(list, pop(&pool.list));
    setcount(&pool.n, pool.n - got);
    for (; got < n && pool.nbare > 0; got++)
        push(list, pool.bare[--pool.nbare]);
    if (got == 0) {
        if (pool.next == pool.end) {
            pool.next = reserve((size_t)CHUNK * SLOT);
            pool.end = pool.next + (uintptr_t)CHUNK * SLOT;
        }
        fresh = pool.next;
        end = pool.end - fresh > (uintptr_t)n * SLOT ? fresh + (uintptr_t)n * SLOT : pool.end;
        pool.next = end;
    }
    unlock(&pool.lock);
    for (; fresh < end; fresh += SLOT, got++) { /* nobody else knows of these yet */
        if (guardmapping())
            guard(fresh);
        push(list, fresh + SLOT);
    }
    return got;
}

/** Gives n stacks of list to the pool. */
static void poolgive(uintptr_t *list, int32_t n)
{
    lock(&pool.lock);
    for (int32_t i = 0; i < n; i++)
        push(&pool.list, pop(list));
    setcount(&pool.n, pool.n + n);
    unlock(&pool.lock);
}

/** Writes down n stacks that have no memory. */
static void writedown(const uintptr_t *hi, size_t n)
{
    lock(&pool.lock);
    if (pool.nbare + n > pool.capbare) {
        size_t cap = pool.capbare ? pool.capbare * 2 : 512;
        uintptr_t *bare = sysAlloc(cap * sizeof *bare);
        for (size_t i = 0; i < pool.nbare; i++)
            bare[i] = pool.bare[i];
        if (pool.bare)
            sysFree(pool.bare, pool.capbare * sizeof *bare);
        pool.bare = bare;
        pool.capbare = cap;
    }
    for (size_t i = 0; i < n; i++)
        pool.bare[pool.nbare++] = hi[i];
    unlock(&pool.lock);
}
/* END SOLUTION */

stack stackalloc(size_t n)
{
    /* BEGIN SOLUTION
     * Write me: the default size from the P's cache, refilled from the pool; without a P from the pool;
     * the small ones are given; every other size from the system, rounded up to pages. A guard page below
     * each. */
    if (n == STACK_SMALL)
        return smallstackalloc();
    if (n > PTRDIFF_MAX - ARCH_PAGE_SIZE)
        throw_("stackalloc: out of memory (%zu bytes)", n);
    n = (n + ARCH_PAGE_SIZE - 1) & ~(size_t)(ARCH_PAGE_SIZE - 1);
    if (n != STACK_DEFAULT) {
        uintptr_t p = reserve(n + GUARD);
        guard(p);
        return (stack){.lo = p + GUARD, .hi = p + GUARD + n};
    }
    P *pp = getp();
    uintptr_t hi = 0;
    if (!pp) {
        pooltake(&hi, 1);
    } else {
        if (pp->stackcache.n == 0)
            setcount(&pp->stackcache.n, pooltake(&pp->stackcache.list, BATCH));
        hi = pop(&pp->stackcache.list);
        setcount(&pp->stackcache.n, pp->stackcache.n - 1);
    }
    return (stack){.lo = hi - STACK_DEFAULT, .hi = hi};
    /* END SOLUTION */
}

void stackfree(stack stk)
{
    /* BEGIN SOLUTION
     * Write me: the way back. A full cache gives half of its stacks to the pool first. */
    size_t n = stk.hi - stk.lo;
    if (n == STACK_SMALL) {
        smallstackfree(stk);
        return;
    }
    if (n != STACK_DEFAULT) {
        int err = linux_munmap((void *)(stk.lo - GUARD), n + GUARD);
        if (err < 0)
            throw_("stackfree: %p is no stack (errno %d)", (void *)stk.lo, -err);
        return;
    }
    P *pp = getp();
    if (!pp) {
        *linkword(stk.hi) = 0;
        poolgive(&stk.hi, 1);
        return;
    }
    if (pp->stackcache.n == CACHEMAX) {
        poolgive(&pp->stackcache.list, BATCH);
        setcount(&pp->stackcache.n, CACHEMAX - BATCH);
    }
    push(&pp->stackcache.list, stk.hi);
    setcount(&pp->stackcache.n, pp->stackcache.n + 1);
    /* END SOLUTION */
}

void stackcache_clear(P *pp)
{
    /* BEGIN SOLUTION
     * Write me: the whole cache to the pool. */
    poolgive(&pp->stackcache.list, pp->stackcache.n);
    setcount(&pp->stackcache.n, 0);
    /* END SOLUTION */
}

size_t stackpool_release(void)
{
    /* BEGIN SOLUTION
     * Write me: out of the pool, then their memory to the system, then written down. Keep the address space:
     * unmapping single stacks out of a chunk would tear holes, and each hole is an entry in the kernel's list
     * of mappings. */
    uintptr_t hi[STRIP];
    int32_t n = 0;
    lock(&pool.lock);
    for (; n < STRIP && pool.list; n++)
        hi[n] = pop(&pool.list); /* before the page with the link goes */
    setcount(&pool.n, pool.n - n);
    unlock(&pool.lock);
    for (int32_t i = 0; i < n; i++) /* they are ours alone meanwhile */
        linux_madvise((void *)(hi[i] - STACK_DEFAULT), STACK_DEFAULT, KMADV_DONTNEED);
    if (n > 0)
        writedown(hi, (size_t)n);
    return (size_t)n * STACK_DEFAULT;
    /* END SOLUTION */
}

size_t stackcache_bytes(void)
{
    /* BEGIN SOLUTION
     * Write me: all free stacks whose memory could go back. No lock: the owners go on counting meanwhile. */
    int64_t n = __atomic_load_n(&pool.n, __ATOMIC_RELAXED); /* statistics */
    for (int32_t i = 0; i < load_relaxed(&gomaxprocs); i++) /* allp only grows */
        n += __atomic_load_n(&allp[i]->stackcache.n, __ATOMIC_RELAXED);
    return (size_t)n * STACK_DEFAULT;
    /* END SOLUTION */
}

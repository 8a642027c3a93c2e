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

stack stackalloc(size_t n)
{
    /* Write me: the default size from the P's cache, refilled from the pool; without a P from the pool;
     * the small ones are given; every other size from the system, rounded up to pages. A guard page below
     * each. */
    (void)n;
    unwritten();
}

void stackfree(stack stk)
{
    /* Write me: the way back. A full cache gives half of its stacks to the pool first. */
    (void)stk;
    unwritten();
}

void stackcache_clear(P *pp)
{
    /* Write me: the whole cache to the pool. */
    (void)pp;
    unwritten();
}

size_t stackpool_release(void)
{
    /* Write me: out of the pool, then their memory to the system, then written down. Keep the address space:
     * unmapping single stacks out of a chunk would tear holes, and each hole is an entry in the kernel's list
     * of mappings. */
    unwritten();
}

size_t stackcache_bytes(void)
{
    /* Write me: all free stacks whose memory could go back. No lock: the owners go on counting meanwhile. */
    unwritten();
}

/**
 * @file rawsyscall.c
 * System calls that the scheduler does not hear of.
 *
 * Two questions decide how a program should make a system call. Is the call made by the runtime itself or
 * for a goroutine? And can it block?
 *
 *   linux_...     the runtime's own calls (linux.c): part of the scheduler, so they never tell the scheduler
 *   RawSyscall    for a goroutine, and certain to return at once: getpid, socket, epoll_create
 *   Syscall       for a goroutine, and may block: read, accept, wait4. The scheduler is told before and
 *                 after, so that the P can be given to another thread meanwhile (labs 04 and 05)
 *
 * RawSyscall is cheaper by two calls into the runtime, and dangerous for the same reason: the thread keeps
 * its P while it is in the kernel. A RawSyscall that blocks takes one processor's worth of goroutines with
 * it; with GOMAXPROCS=1 the whole program stands still until it returns.
 */
#include "labs.h"

sysret RawSyscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3)
{
    /* Write me: what the kernel finds in the registers of the other three arguments should not be chance. */
    (void)trap, (void)a1, (void)a2, (void)a3;
    unwritten();
}

sysret RawSyscall6(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5,
                   uintptr_t a6)
{
    /* Write me: one line. Look at what must not happen here rather than at what must. */
    (void)trap, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
    unwritten();
}

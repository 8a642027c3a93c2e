/**
 * @file clock.c
 * What time it is.
 *
 * nanotime is the most often called "system call" of a scheduler, and with a vDSO it is none. But it is
 * foreign code that runs on a thread of ours, and two parties must know of that. The stack: a goroutine's
 * is small, so the call is made on g0's. And whoever walks stacks in a signal handler (a profiler, a dump):
 * the program counter is in code that it knows nothing of, on a stack that does not belong to the running
 * G. So the M says where it left known ground, in m.vdsoPC and m.vdsoSP. A signal handler that interrupts
 * the call may itself ask for the time. What it finds in those two fields it must leave there.
 */
#include "core.h"

__attribute__((noinline)) int64_t nanotime1(void)
{
    /* Write me: remember the M's vdsoPC and vdsoSP, set them to the caller's (the PC first: vdsoSP != 0
     * says that both are valid), call by vdsocall on the right stack, put back what was there. Without a
     * clock in the vDSO, or when it fails: the system call. There may be no G or no M yet. */
    unwritten();
}

__attribute__((noinline)) int64_t walltime1(void)
{
    /* Write me: the same with the other clock. */
    unwritten();
}

/*
 * A call on another stack, amd64.
 *
 * The vDSO is code that the kernel's authors wrote and mapped into every process. It is an ordinary C
 * function, but nobody promises how much stack it uses, and a goroutine has little: Go once called it on
 * goroutine stacks and corrupted memory beyond them. So the clock is called on the thread's own large
 * stack, g0's, which is idle while a goroutine runs. The function knows the C agreement only: rsp a
 * multiple of 16 at the call instruction, or its movaps instructions fault.
 */
#include "asm.h"

/* int vdsocall(fn, clock, ts, sp): fn(clock, ts) on the stack that ends at sp; 0: on this one. */
FUNC vdsocall
    /* Write me: remember the stack pointer in a register that fn preserves (and keep your caller's value of
     * that register), choose the stack, align it, call, go back. */
    UNWRITTEN vdsocall
END vdsocall

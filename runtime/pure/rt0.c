/**
 * @file rt0.c
 * From the kernel's entry to rt0_go, in the build without libc.
 */
#include "core.h"
#include "puretls.h"

const bool ishosted = false;

/** Called by _start with the stack pointer that the kernel gave: argc stands there, argv behind it. */
_Noreturn void rt0_start(uintptr_t *sp)
{
    tls_init_m0();
    g0.stack.hi = (uintptr_t)sp;
    rt0_go((int)sp[0], (char **)(sp + 1));
}

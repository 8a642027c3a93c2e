/*
 * arch_callon: a call on another stack, for code that never schedules; amd64.
 *
 * The frame pointer stays the caller's, so that a backtrace goes from the one stack to the other.
 */
#include "asm.h"

/* void arch_callon(uintptr_t sp, void (*fn)(void *), void *arg) */
FUNC arch_callon
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    andq $-16, %rdi
    movq %rdi, %rsp
    movq %rdx, %rdi
    call *%rsi
    leave
    .cfi_def_cfa %rsp, 8
    ret
END arch_callon

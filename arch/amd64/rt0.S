/*
 * The first instructions of the process (pure build) and the return from a signal handler, amd64.
 */
#include "asm.h"

/* The kernel enters here with argc, argv, envp and auxv on the stack, in that order. */
FUNC _start
    .cfi_undefined rip
    xorl %ebp, %ebp             /* end of the chain of frames */
    movq %rsp, %rdi
    andq $-16, %rsp
    call rt0_start              /* does not return */
    hlt
END _start

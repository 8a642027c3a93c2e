/*
 * Where a signal handler returns to: it asks the kernel to restore what the signal interrupted, amd64.
 */
#include "asm.h"

FUNC arch_sigreturn
    movl $15, %eax              /* rt_sigreturn */
    syscall
    hlt
END arch_sigreturn

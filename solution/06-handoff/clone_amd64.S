/*
 * A new thread from the kernel's hands: the clone system call, amd64.
 *
 * Two threads return from the instruction, with the same registers (but rax, rcx and r11) and the same
 * memory. The parent gets the child's thread id in rax, the child 0. The child stands on another stack:
 * nothing that the parent pushed is there, no return address either, so it must never execute `ret` here.
 * All that it needs came in registers.
 *
 *   linux_clone(flags rdi, stk rsi, mp rdx, gp rcx, fn r8, tls r9)
 *   the kernel's  flags rdi, stk rsi, parent_tid rdx, child_tid r10, tls r8
 */
#include <asm/unistd.h>
#include "asm.h"
#include "asmoffsets.h"

FUNC linux_clone
    /* BEGIN SOLUTION
     * Write me: keep mp, gp and fn where neither the kernel nor the instruction (rcx, r11) destroys them; the
     * kernel's arguments; clone. The parent returns rax. The child aligns its stack, stores its thread id in
     * mp, makes mp gp's M and gp the running G (the TLS register is set already), and calls fn with no frame
     * above. If fn returns: exit, of the thread only, 111. */
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    movq %rdx, %r12             /* mp */
    movq %rcx, %r13             /* gp */
    movq %r8, %rax
    movq %r9, %r8               /* tls, where the kernel wants it */
    movq %rax, %r9              /* fn */
    xorl %edx, %edx             /* no thread ids stored by the kernel */
    xorl %r10d, %r10d
    movl $__NR_clone, %eax
    syscall
    testq %rax, %rax
    jz 1f
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    ret

1:  /* The child. */
    .cfi_undefined %rip
    xorl %ebp, %ebp             /* the end of every backtrace */
    andq $-16, %rsp
    movl $__NR_gettid, %eax
    syscall
    movl %eax, m_procid(%r12)
    movq %r12, g_m(%r13)
    SETG %r13
    call *%r9
2:  movl $111, %edi
    movl $__NR_exit, %eax       /* the thread; exit_group would end the process */
    syscall
    jmp 2b
    /* END SOLUTION */
END linux_clone

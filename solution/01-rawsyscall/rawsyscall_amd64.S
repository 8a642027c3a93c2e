/*
 * The door to the kernel, amd64.
 *
 * A program asks the kernel for something with one instruction, `syscall`. It is no call: nothing is
 * pushed, the stack pointer stays where it is. The CPU puts the return address into rcx and the flags into
 * r11 and goes on in the kernel. What is asked for travels in registers, by an agreement that is almost but
 * not quite the one between C functions:
 *
 *                     number   1     2     3     4     5     6        result
 *     C function        -      rdi   rsi   rdx   rcx   r8    r9       rax, rdx
 *     system call      rax     rdi   rsi   rdx   r10   r8    r9       rax, rdx
 *
 * The fourth differs because the instruction itself needs rcx. The kernel destroys rcx and r11, sets rax
 * (and for a few calls rdx), and keeps everything else.
 *
 * There is no errno in the kernel. A call that failed gives minus the error number, and the kernel promises
 * that no result that is data lies in [-4095, -1]. Anything else is data, however negative it looks as a
 * signed number: an address in the upper half, a file offset. So the test is one unsigned comparison, and
 * "less than zero" is wrong.
 *
 * A C function that returns a struct of more than two words gets an address for it as a hidden first
 * argument and returns that address in rax: in these functions rdi is where the sysret belongs, and the
 * arguments that the prototype names begin at rsi, with the last two on the stack.
 */
#include <asm/unistd.h>
#include "asm.h"

/* sysret linux_Syscall6(num, a1, a2, a3, a4, a5, a6): the system call and nothing else. */
FUNC linux_Syscall6
    /* BEGIN SOLUTION
     * Write me: move the arguments from where C puts them to where the kernel wants them, in an order that
     * overwrites nothing that is still needed; keep the address of the result where neither the call nor
     * you lose it; tell errors from data; fill in all three words. */
    pushq %rdi                      /* the result's address: no register is left for it */
    .cfi_adjust_cfa_offset 8
    movq %rsi, %rax
    movq %rdx, %rdi
    movq %rcx, %rsi
    movq %r8, %rdx
    movq %r9, %r10
    movq 16(%rsp), %r8              /* a5: above the return address and the push */
    movq 24(%rsp), %r9              /* a6 */
    syscall
    popq %rdi
    .cfi_adjust_cfa_offset -8
    cmpq $-4095, %rax               /* MAX_ERRNO, sign-extended to 64 bits */
    jae 1f                          /* unsigned: -4095 itself is an error, -4096 is not */
    movq %rax, (%rdi)
    movq %rdx, 8(%rdi)
    movq $0, 16(%rdi)
    movq %rdi, %rax
    ret
1:  negq %rax
    movq $-1, (%rdi)
    movq $0, 8(%rdi)                /* rdx is only what the program had in it */
    movq %rax, 16(%rdi)
    movq %rdi, %rax
    ret
    /* END SOLUTION */
END linux_Syscall6

/* sysret rawVforkSyscall(trap, a1, a2, a3): a clone whose child runs on this very stack, before we go on. */
FUNC rawVforkSyscall
    /* BEGIN SOLUTION
     * Write me: as above, but what the parent needs after the call must not lie below its caller's frame:
     * the child has returned from here and called other functions on the same stack by then. Which
     * registers survive a system call, need not be preserved for the caller, and are read by no call of
     * this kind? */
    popq %r9                        /* the return address: kept in a register, the slot will be overwritten */
    .cfi_adjust_cfa_offset -8
    .cfi_register %rip, %r9
    movq %rsi, %rax
    movq %rdi, %r10                 /* clone looks at it (child_tid) only if CLONE_CHILD_* is asked for */
    movq %rdx, %rdi
    movq %rcx, %rsi
    movq %r8, %rdx
    xorl %r8d, %r8d
    syscall
    pushq %r9                       /* in the child and, after the child's exec or exit, in the parent */
    .cfi_adjust_cfa_offset 8
    .cfi_offset %rip, -8
    cmpq $-4095, %rax
    jae 1f
    movq %rax, (%r10)
    movq %rdx, 8(%r10)
    movq $0, 16(%r10)
    movq %r10, %rax
    ret
1:  negq %rax
    movq $-1, (%r10)
    movq $0, 8(%r10)
    movq %rax, 16(%r10)
    movq %r10, %rax
    ret
    /* END SOLUTION */
END rawVforkSyscall

/* void exitThread(_Atomic uint32_t *wait): *wait = 0, then the thread ends. */
FUNC exitThread
    /* BEGIN SOLUTION
     * Write me: the store tells others that nobody uses this stack any more, and it may be unmapped before
     * the next instruction. So from there on: registers only, no call, no push. exit, not exit_group. */
    movl $0, (%rdi)                 /* a release: amd64 does not move stores before earlier accesses */
1:  movl $__NR_exit, %eax
    xorl %edi, %edi
    syscall
    jmp 1b                          /* exit does not come back */
    /* END SOLUTION */
END exitThread

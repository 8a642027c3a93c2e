/*
 * switch_stack(void **save, void *load): from one virtual thread to another, amd64.
 */
    .text
    .globl switch_stack
    .type switch_stack, @function
switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size switch_stack, . - switch_stack

/* A new thread's first frame returns here: calls thread_main on an aligned stack. */
    .globl thread_entry
    .type thread_entry, @function
thread_entry:
    xorl %ebp, %ebp
    andq $-16, %rsp
    call thread_main
    ud2
    .size thread_entry, . - thread_entry

    .section .note.GNU-stack, "", @progbits

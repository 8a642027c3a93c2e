/*
 * asyncPreempt: a call that the interrupted code does not know it made; amd64.
 *
 * The signal handler (sigctxt_pushcall) put the interrupted program counter below the red zone and came here.
 * Nothing may look different when this returns: not one general register, flag, vector register or byte of the
 * red zone. So this is no function of the ABI, where half of the registers are the callee's to spoil: it saves
 * them all, then lets C work.
 *
 * The frame, downwards from where the interrupted function had its stack pointer:
 *
 *     128 bytes    the red zone, untouched
 *       8 bytes    interrupted pc, as a return address
 *       8 bytes    rbp: with it a frame that backtraces can follow
 *       8 bytes    flags
 *     112 bytes    rax rbx rcx rdx rsi rdi r8 .. r15
 *     0..63 bytes  to the next multiple of 64, as xsave wants it
 *     asyncpreempt_xsize bytes
 *                  vector and x87 state by xsave, or by fxsave on a CPU without
 *
 * asyncpreempt_xsize, _xmask and _frame's constant are in asyncframe.c.
 */
#include "asm.h"

FUNC asyncPreempt
    .cfi_signal_frame
    pushq %rbp
    movq %rsp, %rbp
    .cfi_def_cfa %rbp, 144
    .cfi_offset %rip, -136
    .cfi_offset %rbp, -144
    pushfq
    pushq %rax
    pushq %rbx
    .cfi_offset %rbx, -168
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    .cfi_offset %r12, -240
    pushq %r13
    .cfi_offset %r13, -248
    pushq %r14
    .cfi_offset %r14, -256
    pushq %r15
    .cfi_offset %r15, -264

    cld                                     /* C expects it clear; popfq brings the old one back */
    subq asyncpreempt_xsize(%rip), %rsp
    andq $-64, %rsp
    movq asyncpreempt_xmask(%rip), %rax
    testq %rax, %rax
    jz 1f

    /* xsave merges into the area's header, and xrstor refuses stray bits: all 64 bytes must be 0 before. */
    movq %rax, %rdx
    shrq $32, %rdx
    xorl %ecx, %ecx
    movq %rcx, 512(%rsp)
    movq %rcx, 520(%rsp)
    movq %rcx, 528(%rsp)
    movq %rcx, 536(%rsp)
    movq %rcx, 544(%rsp)
    movq %rcx, 552(%rsp)
    movq %rcx, 560(%rsp)
    movq %rcx, 568(%rsp)
    xsave64 (%rsp)
    testb $4, %al                           /* AVX is on: leave no dirty upper halves behind */
    jz 2f
    vzeroupper
    jmp 2f
1:  fxsave64 (%rsp)
2:
    fninit                                  /* C expects an empty x87 stack and the default control words */
    ldmxcsr default_mxcsr(%rip)

    call asyncPreempt2                      /* may stop here, and go on on another thread */

    movq asyncpreempt_xmask(%rip), %rax
    testq %rax, %rax
    jz 3f
    movq %rax, %rdx
    shrq $32, %rdx
    xrstor64 (%rsp)
    jmp 4f
3:  fxrstor64 (%rsp)
4:
    leaq -120(%rbp), %rsp                   /* 15 words below rbp: flags and 14 registers */
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    popfq
    popq %rbp
    .cfi_def_cfa %rsp, 136
    .cfi_restore %rbp
    .cfi_restore %rbx
    .cfi_restore %r12
    .cfi_restore %r13
    .cfi_restore %r14
    .cfi_restore %r15
    ret $128
END asyncPreempt

    .section .rodata
    .p2align 2
default_mxcsr:
    .long 0x1f80

/*
 * What the agent cannot say in C, amd64: its entry point, system calls, coroutine switch and register patterns.
 * Independent of labs 01 and 02, which are under test.
 */
#include "asm.h"

/* The guest's entry point: agent_main(initial stack pointer). */
FUNC agent_start
    xorl %ebp, %ebp
    movq %rsp, %rdi
    andq $-16, %rsp
    call agent_main
    ud2
END agent_start

/* int64_t agent_syscall(n, a, b, c, d, e, f) */
FUNC agent_syscall
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %r8, %r10
    movq %r9, %r8
    movq 8(%rsp), %r9
    syscall
    .globl agent_syscall_end
agent_syscall_end:
    ret
END agent_syscall

/*
 * void agent_trapwords(void *uc, int64_t w[7]). The general registers lie 40 bytes into a ucontext: r8, r9, r10, r11,
 * r12 to r15, rdi, rsi, rbp, rbx, rdx, rax, ...
 */
FUNC agent_trapwords
    leaq 40(%rdi), %rdi
    movq 8*13(%rdi), %rax
    movq %rax, (%rsi)           /* rax: the number */
    movq 8*8(%rdi), %rax
    movq %rax, 8(%rsi)          /* rdi */
    movq 8*9(%rdi), %rax
    movq %rax, 16(%rsi)         /* rsi */
    movq 8*12(%rdi), %rax
    movq %rax, 24(%rsi)         /* rdx */
    movq 8*2(%rdi), %rax
    movq %rax, 32(%rsi)         /* r10 */
    movq 8*0(%rdi), %rax
    movq %rax, 40(%rsi)         /* r8 */
    movq 8*1(%rdi), %rax
    movq %rax, 48(%rsi)         /* r9 */
    ret
END agent_trapwords

/* void agent_trapreturn(void *uc, int64_t r1, int64_t r2) */
FUNC agent_trapreturn
    movq %rsi, 40+8*13(%rdi)    /* rax */
    movq %rdx, 40+8*12(%rdi)    /* rdx */
    ret
END agent_trapreturn

/* void agent_callwords(struct agent_words *w): fn 0, v 8, ret 72, sysret 88, sp 112 */
FUNC agent_callwords
    pushq %rdi
    pushq 64(%rdi)
    pushq 56(%rdi)
    movq %rsp, 112(%rdi)
    movq (%rdi), %r11
    movq 48(%rdi), %r9
    movq 40(%rdi), %r8
    movq 32(%rdi), %rcx
    movq 24(%rdi), %rdx
    movq 16(%rdi), %rsi
    movq 8(%rdi), %rdi
    xorl %eax, %eax
    call *%r11
    .globl agent_callwords_ret
agent_callwords_ret:
    popq %rcx
    popq %rcx
    popq %rcx
    movq %rax, 72(%rcx)
    movq %rdx, 80(%rcx)
    ret
END agent_callwords

/* void agent_callsysret(struct agent_words *w): the result's address goes first, and comes back in rax. */
FUNC agent_callsysret
    pushq %rdi
    pushq 56(%rdi)
    pushq 48(%rdi)
    movq (%rdi), %r11
    movq 40(%rdi), %r9
    movq 32(%rdi), %r8
    movq 24(%rdi), %rcx
    movq 16(%rdi), %rdx
    movq 8(%rdi), %rsi
    leaq 88(%rdi), %rdi
    call *%r11
    popq %rcx
    popq %rcx
    popq %rcx
    leaq 88(%rcx), %rdx
    cmpq %rax, %rdx
    sete %al
    movzbl %al, %eax
    movq %rax, 72(%rcx)
    ret
END agent_callsysret

/* void agent_settp(void *tp): arch_prctl(ARCH_SET_FS, tp) */
FUNC agent_settp
    movq %rdi, %rsi
    movl $0x1002, %edi
    movl $158, %eax
    syscall
    ret
END agent_settp

/* void agent_switch(uintptr_t *save, uintptr_t to) */
FUNC agent_switch
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
END agent_switch

/* uintptr_t agent_prepare(uintptr_t hi, void (*fn)(void)): what agent_switch pops, lowest first */
FUNC agent_prepare
    leaq -64(%rdi), %rax
    andq $-16, %rax
    movq %rsi, (%rax)           /* return address: fn finds sp as after a call */
    movq $0, 8(%rax)
    movq $0, -8(%rax)           /* rbp: the end of the frame chain */
    movq $0, -16(%rax)
    movq $0, -24(%rax)
    movq $0, -32(%rax)
    movq $0, -40(%rax)
    movq $0, -48(%rax)
    movl $0x1f80, -56(%rax)
    movl $0x037f, -52(%rax)
    subq $56, %rax
    ret
END agent_prepare

/* int64_t agent_callstepped(int64_t (*fn)(void)): the trap flag makes a SIGTRAP after each instruction. */
FUNC agent_callstepped
    subq $8, %rsp
    pushfq
    orq $0x100, (%rsp)
    popfq
    call *%rdi
    pushfq
    andq $~0x100, (%rsp)
    popfq
    addq $8, %rsp
    ret
END agent_callstepped

/* int agent_vdsoclock(int clock, struct ktimespec *ts) */
FUNC agent_vdsoclock
    movq %rsp, %rdx
    pushq %rbp
    movq %rsp, %rbp
    andq $-16, %rsp             /* so that a wrong alignment is reported, not punished */
    call agent_fakeclock
    movq %rbp, %rsp
    popq %rbp
    movq $-1, %rcx
    movq %rcx, %rdx
    movq %rcx, %rsi
    movq %rcx, %rdi
    movq %rcx, %r8
    movq %rcx, %r9
    movq %rcx, %r10
    movq %rcx, %r11
    ret
END agent_vdsoclock

/* gogo enters a G of the world here, with any alignment. */
FUNC agent_gentry
    xorl %ebp, %ebp
    andq $-16, %rsp
    call agent_gmain
    ud2
END agent_gentry

/*
 * void agent_regs(fn, arg, in, out). Registers: 0 rbx, 1 rbp, 2 r12, 3 r13, 4 r14, 5 r15, 6 mxcsr control bits,
 * 7 x87 control word. Loaded only: 10 the second argument. Stored only: 8 stack pointer after the call minus before,
 * 9 the direction flag; and before the call: 10 its return address, 11 the stack pointer that it must leave.
 */
FUNC agent_regs
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $40, %rsp              /* 16-aligned: 0 mxcsr, 4 x87, 8 out, 16 sp */
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rcx, 8(%rsp)
    movq %rsp, 16(%rsp)
    ldmxcsr 48(%rdx)
    fldcw 56(%rdx)
    movq %rdi, %rax
    movq %rsi, %rdi
    movq 80(%rdx), %rsi
    leaq 1f(%rip), %r8
    movq %r8, 80(%rcx)
    movq %rsp, 88(%rcx)
    movq 0(%rdx), %rbx
    movq 8(%rdx), %rbp
    movq 16(%rdx), %r12
    movq 24(%rdx), %r13
    movq 32(%rdx), %r14
    movq 40(%rdx), %r15
    call *%rax
1:  movq 8(%rsp), %rcx
    movq %rbx, 0(%rcx)
    movq %rbp, 8(%rcx)
    movq %r12, 16(%rcx)
    movq %r13, 24(%rcx)
    movq %r14, 32(%rcx)
    movq %r15, 40(%rcx)
    movq $0, 48(%rcx)
    stmxcsr 48(%rcx)
    movq $0, 56(%rcx)
    fnstcw 56(%rcx)
    movq %rsp, %rax
    subq 16(%rsp), %rax
    movq %rax, 64(%rcx)
    pushfq
    popq %rax
    cld
    shrq $10, %rax
    andq $1, %rax
    movq %rax, 72(%rcx)
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $40, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
END agent_regs

/* gogo(buf) from a context whose registers and control words are all different: gogo must load them. */
FUNC agent_gogo_scrambled
    movabsq $0x5c5c5c5c5c5c5c5c, %rax
    movq %rax, %rbx
    movq %rax, %rbp
    movq %rax, %r12
    movq %rax, %r13
    movq %rax, %r14
    movq %rax, %r15
    subq $8, %rsp
    movl $0x3f80, (%rsp)        /* round down */
    movl $0x077f, 4(%rsp)
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    jmp gogo
END agent_gogo_scrambled

/* Changes every general register that a function may change. */
FUNC agent_spoil
    movabsq $0xa3a3a3a3a3a3a3a3, %rax
    movq %rax, %rcx
    movq %rax, %rdx
    movq %rax, %rsi
    movq %rax, %rdi
    movq %rax, %r8
    movq %rax, %r9
    movq %rax, %r10
    movq %rax, %r11
    ret
END agent_spoil

/* A goroutine's function: stores what it found at its first instruction (see agent.h), and returns. */
FUNC agent_body
    leaq agent_entered(%rip), %rax
    movq %rdi, 0(%rax)
    movq %rsp, 8(%rax)
    movq (%rsp), %rcx
    movq %rcx, 16(%rax)
    movq %rbp, 24(%rax)
    movq $0, 32(%rax)
    stmxcsr 32(%rax)
    andl $0xffffffc0, 32(%rax)  /* the sticky flags are nobody's */
    fnstcw 36(%rax)
    GETG %rcx
    movq %rcx, 40(%rax)
    ret
END agent_body

/* bool agent_singlestep(bool on): a trap after each instruction (TF), from the return of this function on. */
FUNC agent_singlestep
    pushfq
    andq $~0x100, (%rsp)
    shlq $8, %rdi
    andl $0x100, %edi
    orq %rdi, (%rsp)
    movl $1, %eax
    popfq
    ret
END agent_singlestep

    .section .rodata
    .globl agent_nregs, agent_regmask, agent_regvalid, agent_fpcws
    .p2align 3
agent_nregs:
    .long 10, 0
agent_regmask:                  /* of mxcsr its control bits; of sp (8) and direction flag (9) see agent_regvalid: 0 */
    .quad -1, -1, -1, -1, -1, -1, 0xffc0, 0x0f3f, -1, -1, 0, 0, 0, 0, 0, 0
agent_regvalid:                 /* rounding, flush-to-zero and precision may be anything; exceptions stay masked */
    .quad -1, -1, -1, -1, -1, -1, 0xe040, 0x0c00, 0, 0, 0, 0, 0, 0, 0, 0
    .quad 0, 0, 0, 0, 0, 0, 0x1f80, 0x033f, 0, 0, 0, 0, 0, 0, 0, 0
agent_fpcws:                    /* x87 and mxcsr: agent_gogo_scrambled's are 077f and 3f80 */
    .quad 0x077f00003f80, 0x037f00001f80, 0x037f00003f80, 0x077f00001f80, 0x0b7f00003f80
    .quad 0x047f00003f80, 0x077f00007f80, 0x077f0000bf80, 0x077f00003fc0, 0

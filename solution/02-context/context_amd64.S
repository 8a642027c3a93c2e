/*
 * The context switch, amd64.
 *
 * When code calls a function, the compiler assumes that the function may destroy most registers, and keeps
 * what it still needs in the few that the function must restore: rbx, rbp, r12 to r15, the stack pointer,
 * and the control words of the two floating-point units (how to round, which errors trap). So whoever calls
 * a function and gets its registers back cannot tell how long the function took or what happened meanwhile.
 * That is all there is to a goroutine that waits: it called mcall, and mcall has not returned yet.
 *
 *     mcall        saves these registers in g->sched and goes to g0's stack, always to the same depth
 *     gogo         loads them from some other g->sched and jumps to where that goroutine called mcall
 *
 * Go's own version saves only sp, pc and bp, because Go's compiler keeps nothing in registers over a call.
 * C does.
 *
 * Three rules. A signal may arrive between any two instructions and uses the stack that rsp points to, or
 * in a dump walks it: rsp must point into a stack that belongs to us at each instruction. Nothing below rsp
 * survives. And gogo leaves by a jump: a `ret` to an address that no `call` pushed is always mispredicted
 * and costs five times as much.
 *
 * The offsets (gobuf_sp, g_sched, ...) are in asm.h. MXCSR has control bits (6 to 15) and six sticky flags
 * (0 to 5): loading it is slow, and the flags differ nearly always, so only the control bits decide whether
 * it must be loaded.
 */
#include "asm.h"

/* _Noreturn void gogo(gobuf *buf): goes on with the context in buf. */
FUNC gogo
    /* BEGIN SOLUTION
     * Write me: buf->g first (NULL must fault here, not later), control words if they differ, registers,
     * then empty sp, ctxt and bp in buf so that it cannot be used twice, and jump. ctxt is the first
     * argument for a function that starts here. */
    movq gobuf_g(%rdi), %rdx
    movq (%rdx), %rcx               /* faults if it is NULL */
    SETG %rdx

    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movl (%rsp), %eax
    xorl gobuf_fpcw(%rdi), %eax
    testl $0xffc0, %eax             /* all but the sticky flags */
    jne 3f
1:  movzwl 4(%rsp), %eax
    cmpw gobuf_fpcw+4(%rdi), %ax
    jne 4f

2:  movq gobuf_regs(%rdi), %rbx
    movq gobuf_regs+8(%rdi), %r12
    movq gobuf_regs+16(%rdi), %r13
    movq gobuf_regs+24(%rdi), %r14
    movq gobuf_regs+32(%rdi), %r15
    movq gobuf_pc(%rdi), %rcx
    movq gobuf_ctxt(%rdi), %rdx
    movq gobuf_bp(%rdi), %rbp
    movq gobuf_sp(%rdi), %rsp
    .cfi_def_cfa %rsp, 0            /* from here on a debugger sees the new context, about to go on at rcx */
    .cfi_register %rip, %rcx
    movq $0, gobuf_sp(%rdi)
    movq $0, gobuf_ctxt(%rdi)
    movq $0, gobuf_bp(%rdi)
    movq %rdx, %rdi
    jmp *%rcx

    .cfi_def_cfa %rsp, 16
    .cfi_restore %rip
3:  ldmxcsr gobuf_fpcw(%rdi)
    jmp 1b
4:  fldcw gobuf_fpcw+4(%rdi)
    jmp 2b
    /* END SOLUTION */
END gogo

/* void mcall(void (*fn)(G *gp)): leaves the running G for g0 and calls fn(gp) there. */
FUNC mcall
    /* BEGIN SOLUTION
     * Write me: refuse on g0; save what a function must preserve, and pc and sp as they will be after mcall
     * has returned; make g0 the running G; go to its stack at g0->sched.sp with no frame pointer (that
     * chain would lead into a stack that may run elsewhere a moment later); call fn(gp). */
    GETG %rax
    movq g_m(%rax), %rdx
    movq m_g0(%rdx), %rdx
    cmpq %rdx, %rax
    je 1f
    movq (%rsp), %rcx
    movq %rcx, g_sched+gobuf_pc(%rax)
    leaq 8(%rsp), %rcx
    movq %rcx, g_sched+gobuf_sp(%rax)
    movq %rax, g_sched+gobuf_g(%rax)
    movq %rbp, g_sched+gobuf_bp(%rax) /* the caller's: we have made no frame */
    movq %rbx, g_sched+gobuf_regs(%rax)
    movq %r12, g_sched+gobuf_regs+8(%rax)
    movq %r13, g_sched+gobuf_regs+16(%rax)
    movq %r14, g_sched+gobuf_regs+24(%rax)
    movq %r15, g_sched+gobuf_regs+32(%rax)
    stmxcsr g_sched+gobuf_fpcw(%rax)
    fnstcw g_sched+gobuf_fpcw+4(%rax)

    SETG %rdx
    movq g_sched+gobuf_sp(%rdx), %rcx
    andq $-16, %rcx
    xorl %ebp, %ebp
    movq %rcx, %rsp
    .cfi_remember_state
    .cfi_undefined %rip             /* the outermost frame on this stack */
    movq %rdi, %rcx
    movq %rax, %rdi
    call *%rcx
    call badmcall2
    ud2
    .cfi_restore_state
1:  jmp badmcall                    /* with our return address: that is who is to blame */
    /* END SOLUTION */
END mcall

/* void systemstack(void (*fn)(void *arg), void *arg): fn(arg) on the g0 stack, then back. */
FUNC systemstack
    /* BEGIN SOLUTION
     * Write me: three cases, by who the running G is: g0 or gsignal, the M's curg, or anybody else. Only
     * the second switches. Its sched must tell a dump where the G is meanwhile; registers need no saving
     * there, for fn returns like any function. */
    GETG %rax
    movq g_m(%rax), %rdx
    movq m_g0(%rdx), %rcx
    cmpq %rcx, %rax
    je 1f
    cmpq m_gsignal(%rdx), %rax
    je 1f
    cmpq m_curg(%rdx), %rax
    jne 2f
    movq (%rsp), %rdx
    movq %rdx, g_sched+gobuf_pc(%rax)
    leaq 8(%rsp), %rdx
    movq %rdx, g_sched+gobuf_sp(%rax)
    movq %rbp, g_sched+gobuf_bp(%rax)
    pushq %rbp
    .cfi_remember_state
    .cfi_adjust_cfa_offset 8
    .cfi_offset %rbp, -16
    movq %rsp, %rbp                 /* fn restores it: that is the way back */
    .cfi_def_cfa_register %rbp
    SETG %rcx
    movq g_sched+gobuf_sp(%rcx), %rcx
    andq $-16, %rcx
    movq %rcx, %rsp
    movq %rdi, %rcx
    movq %rsi, %rdi
    call *%rcx
    GETG %rax                       /* g0; fn did not schedule, so this is still our thread */
    movq g_m(%rax), %rax
    movq m_curg(%rax), %rax
    SETG %rax
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    movq $0, g_sched+gobuf_sp(%rax)
    movq $0, g_sched+gobuf_bp(%rax)
    ret
    .cfi_restore_state
1:  movq %rdi, %rax
    movq %rsi, %rdi
    jmp *%rax
2:  jmp badsystemstack
    /* END SOLUTION */
END systemstack

/* void gostartcall(gobuf *buf, fn, arg): fn(arg) as the next thing that gogo(buf) does. */
FUNC gostartcall
    /* BEGIN SOLUTION
     * Write me: at its first instruction a function finds its return address at rsp, and rsp 8 off a
     * multiple of 16. The return address must be one byte into goexit_frame. No frame pointer: the walk up
     * the frames ends here. */
    movq gobuf_sp(%rdi), %rax
    andq $-16, %rax
    leaq goexit_frame+1(%rip), %rcx
    movq %rcx, -8(%rax)
    subq $8, %rax
    movq %rax, gobuf_sp(%rdi)
    movq %rsi, gobuf_pc(%rdi)
    movq %rdx, gobuf_ctxt(%rdi)
    movq $0, gobuf_bp(%rdi)
    ret
    /* END SOLUTION */
END gostartcall

/* Where a goroutine's function returns to. */
FUNC goexit_frame
    /* BEGIN SOLUTION
     * Write me: a nop, the call of goexit1, a nop. Whoever prints a stack looks up pc - 1, because a return
     * address may be the first byte after a call that was the last instruction of its function: hence the
     * nops. Nothing called us: say so to the debugger. */
    .cfi_undefined %rip
    nop
    call goexit1
    nop
    ud2
    /* END SOLUTION */
END goexit_frame

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
    /* Write me: buf->g first (NULL must fault here, not later), control words if they differ, registers,
     * then empty sp, ctxt and bp in buf so that it cannot be used twice, and jump. ctxt is the first
     * argument for a function that starts here. */
    UNWRITTEN gogo
END gogo

/* void mcall(void (*fn)(G *gp)): leaves the running G for g0 and calls fn(gp) there. */
FUNC mcall
    /* Write me: refuse on g0; save what a function must preserve, and pc and sp as they will be after mcall
     * has returned; make g0 the running G; go to its stack at g0->sched.sp with no frame pointer (that
     * chain would lead into a stack that may run elsewhere a moment later); call fn(gp). */
    UNWRITTEN mcall
END mcall

/* void systemstack(void (*fn)(void *arg), void *arg): fn(arg) on the g0 stack, then back. */
FUNC systemstack
    /* Write me: three cases, by who the running G is: g0 or gsignal, the M's curg, or anybody else. Only
     * the second switches. Its sched must tell a dump where the G is meanwhile; registers need no saving
     * there, for fn returns like any function. */
    UNWRITTEN systemstack
END systemstack

/* void gostartcall(gobuf *buf, fn, arg): fn(arg) as the next thing that gogo(buf) does. */
FUNC gostartcall
    /* Write me: at its first instruction a function finds its return address at rsp, and rsp 8 off a
     * multiple of 16. The return address must be one byte into goexit_frame. No frame pointer: the walk up
     * the frames ends here. */
    UNWRITTEN gostartcall
END gostartcall

/* Where a goroutine's function returns to. */
FUNC goexit_frame
    /* Write me: a nop, the call of goexit1, a nop. Whoever prints a stack looks up pc - 1, because a return
     * address may be the first byte after a call that was the last instruction of its function: hence the
     * nops. Nothing called us: say so to the debugger. */
    UNWRITTEN goexit_frame
END goexit_frame

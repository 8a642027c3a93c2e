/**
 * @file syscall.c
 * The two ways into the kernel that goroutines have, and how they differ.
 *
 * RawSyscall (lab 01) is the instruction and nothing else: the thread keeps its P. For a call that returns at
 * once that is the cheapest thing to do; for a call that blocks it keeps a P from everybody else, and with
 * GOMAXPROCS=1 the whole program stands still.
 *
 * Syscall tells the scheduler before and after. Between entersyscall and exitsyscall the goroutine owns its
 * stack and its thread, nothing more; afterwards it may be on another thread, with another P.
 *
 * The runtime's own threads of control (g0, the signal stack) have no goroutine to take out of Grunning: for
 * them Syscall is the raw call.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** HANDOFFDEBUG=syscalltrace=1: a line for a finished call. With a P again, so that printing is harmless. */
static void tracesyscall(uintptr_t trap, sysret r)
{
    if (r.err)
        print("syscall %lu: errno %lu\n", (unsigned long)trap, (unsigned long)r.err);
    else
        print("syscall %lu: 0x%lx\n", (unsigned long)trap, (unsigned long)r.r1);
}
/* END SOLUTION */

sysret Syscall6(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5,
                uintptr_t a6)
{
    /* BEGIN SOLUTION
     * Write me: on a system G the raw call. Else a preemption check, entersyscall, the raw call,
     * exitsyscall; then the line that debug.syscalltrace asks for. */
    G *gp = getg();
    if (gp != load_relaxed(&load_relaxed(&gp->m)->curg)) /* own fields */
        return RawSyscall6(trap, a1, a2, a3, a4, a5, a6);
    preemptcheck();
    entersyscall();
    sysret r = RawSyscall6(trap, a1, a2, a3, a4, a5, a6);
    exitsyscall();
    if (debug.syscalltrace)
        tracesyscall(trap, r);
    return r;
    /* END SOLUTION */
}

sysret Syscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3)
{
    /* BEGIN SOLUTION
     * Write me: Syscall6 with three zeros. */
    return Syscall6(trap, a1, a2, a3, 0, 0, 0);
    /* END SOLUTION */
}

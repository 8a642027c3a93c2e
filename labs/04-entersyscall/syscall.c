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

sysret Syscall6(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5,
                uintptr_t a6)
{
    /* Write me: on a system G the raw call. Else a preemption check, entersyscall, the raw call,
     * exitsyscall; then the line that debug.syscalltrace asks for. */
    (void)trap, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
    unwritten();
}

sysret Syscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3)
{
    /* Write me: Syscall6 with three zeros. */
    (void)trap, (void)a1, (void)a2, (void)a3;
    unwritten();
}

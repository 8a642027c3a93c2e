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
    /* Write me: move the arguments from where C puts them to where the kernel wants them, in an order that
     * overwrites nothing that is still needed; keep the address of the result where neither the call nor
     * you lose it; tell errors from data; fill in all three words. */
    UNWRITTEN linux_Syscall6
END linux_Syscall6

/* sysret rawVforkSyscall(trap, a1, a2, a3): a clone whose child runs on this very stack, before we go on. */
FUNC rawVforkSyscall
    /* Write me: as above, but what the parent needs after the call must not lie below its caller's frame:
     * the child has returned from here and called other functions on the same stack by then. Which
     * registers survive a system call, need not be preserved for the caller, and are read by no call of
     * this kind? */
    UNWRITTEN rawVforkSyscall
END rawVforkSyscall

/* void exitThread(_Atomic uint32_t *wait): *wait = 0, then the thread ends. */
FUNC exitThread
    /* Write me: the store tells others that nobody uses this stack any more, and it may be unmapped before
     * the next instruction. So from there on: registers only, no call, no push. exit, not exit_group. */
    UNWRITTEN exitThread
END exitThread

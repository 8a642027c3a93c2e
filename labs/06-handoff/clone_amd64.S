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
    /* Write me: keep mp, gp and fn where neither the kernel nor the instruction (rcx, r11) destroys them; the
     * kernel's arguments; clone. The parent returns rax. The child aligns its stack, stores its thread id in
     * mp, makes mp gp's M and gp the running G (the TLS register is set already), and calls fn with no frame
     * above. If fn returns: exit, of the thread only, 111. */
    UNWRITTEN linux_clone
END linux_clone

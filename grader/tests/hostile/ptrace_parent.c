/*
 * What: stops the judge as a debugger, or opens its memory
 * Hook: runSafePointFn
 * Status: crash
 * Text: crashed (SIGILL)
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    uintptr_t judge = RawSyscall6(__NR_getppid, 0, 0, 0, 0, 0, 0).r1, word = 0;
    uintptr_t io[2] = {(uintptr_t)&word, sizeof word};
    bool traced = RawSyscall6(__NR_ptrace, 16, judge, 0, 0, 0, 0).err == 0;
    bool written = RawSyscall6(__NR_process_vm_readv, judge, (uintptr_t)io, 1, (uintptr_t)io, 1, 0).err != 1;
    if (traced || written)
        for (;;) /* it worked: shows as timeout_wall */
            RawSyscall6(__NR_pause, 0, 0, 0, 0, 0, 0);
    __builtin_trap();
}

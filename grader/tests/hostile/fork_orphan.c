/*
 * What: leaves a process behind that no session and no parent binds
 * Hook: runSafePointFn
 * Status: limit_nproc
 * Text: left a process behind
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    if (RawSyscall6(__NR_fork, 0, 0, 0, 0, 0, 0).r1 != 0)
        return;
    RawSyscall6(__NR_setsid, 0, 0, 0, 0, 0, 0);
    if (RawSyscall6(__NR_fork, 0, 0, 0, 0, 0, 0).r1 == 0)
        for (;;)
            RawSyscall6(__NR_pause, 0, 0, 0, 0, 0, 0);
    RawSyscall6(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

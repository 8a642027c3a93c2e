/*
 * What: the process ends well, and a child answers in its place
 * Hook: runSafePointFn
 * Status: limit_nproc
 * Text: left a process behind
 */
#include "core.h"

void hostile(void);

void hostile(void)
{
    if (RawSyscall6(__NR_fork, 0, 0, 0, 0, 0, 0).r1 != 0)
        RawSyscall6(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

/*
 * What: kills itself
 * Hook: runSafePointFn
 * Status: crash
 * Text: crashed (SIGKILL)
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    RawSyscall6(__NR_kill, RawSyscall6(__NR_getpid, 0, 0, 0, 0, 0, 0).r1, 9, 0, 0, 0, 0);
}

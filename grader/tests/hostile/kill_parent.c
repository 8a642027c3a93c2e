/*
 * What: kills the judge
 * Hook: runSafePointFn
 * Status: any
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    RawSyscall6(__NR_kill, RawSyscall6(__NR_getppid, 0, 0, 0, 0, 0, 0).r1, 9, 0, 0, 0, 0);
    for (;;) {
    }
}

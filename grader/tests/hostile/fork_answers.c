/*
 * What: goes on in a child, and leaves the parent asleep
 * Hook: runSafePointFn
 * Status: timeout_wall
 * Text: the guest does not end
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    if (RawSyscall6(__NR_fork, 0, 0, 0, 0, 0, 0).r1 != 0)
        RawSyscall6(__NR_pause, 0, 0, 0, 0, 0, 0);
}

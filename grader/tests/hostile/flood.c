/*
 * What: output without end
 * Hook: runSafePointFn
 * Status: limit_output
 * Text: too much output
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    static char page[4096];
    for (;;)
        RawSyscall6(__NR_write, 1, (uintptr_t)page, sizeof page, 0, 0, 0);
}

/*
 * What: writes over all data of the agent
 * Hook: runSafePointFn
 * Status: crash
 * Text: [crash]
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    for (volatile char *p = (volatile char *)&sched;; p++)
        *p = 0x5a;
}

/*
 * What: an endless loop
 * Hook: runSafePointFn
 * Status: timeout_wall
 * Text: no answer to
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    for (volatile int forever = 1; forever;) {
    }
}

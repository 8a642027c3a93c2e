/*
 * What: recursion without end
 * Hook: runSafePointFn
 * Status: crash
 * Text: [crash]
 */
#include "core.h"

void hostile(void);
static int deeper(int n)
{
    volatile char room[4096];
    room[n % 4096] = (char)n;
    return deeper(n + 1) + room[0];
}

void hostile(void)
{
    deeper(0);
}

/*
 * What: closes the channel
 * Hook: reentersyscall
 * Status: early_exit
 * Text: [early_exit]
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    RawSyscall6(__NR_close, 3, 0, 0, 0, 0, 0);
}

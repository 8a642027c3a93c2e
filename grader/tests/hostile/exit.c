/*
 * What: ends the process with status 0
 * Hook: reentersyscall
 * Status: early_exit
 * Text: exited with status 0
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    RawSyscall6(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

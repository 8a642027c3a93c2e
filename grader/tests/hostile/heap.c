/*
 * What: memory without end
 * Hook: runSafePointFn
 * Status: limit_mem
 * Text: more than 1 GiB of memory
 */
#include "core.h"

void hostile(void);
void hostile(void)
{
    for (;;) {
        const uintptr_t size = 64 << 20;
        RawSyscall6(__NR_mmap, 0, size, 3, 0x8022, (uintptr_t)-1, 0); /* private, anonymous, populated at once */
    }
}

/*
 * What: code that runs at the end
 * Status: forbidden_symbol
 * Text: (section .fini_array
 */
#include "core.h"

__attribute__((destructor)) static void after_all(void)
{
    RawSyscall6(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

/*
 * What: writes a forged answer before the agent has begun
 * Status: forbidden_symbol
 * Text: hostile.c has a constructor or destructor
 */
#include "core.h"

__attribute__((constructor)) static void before_all(void)
{
    RawSyscall6(__NR_write, 3, (uintptr_t)"PASS", 4, 0, 0, 0);
    RawSyscall6(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

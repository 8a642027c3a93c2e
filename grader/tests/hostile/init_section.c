/*
 * What: a constructor put into its section by hand, under another name and type
 * Status: forbidden_symbol
 * Text: section
 */
#include "core.h"

static void before_all(void)
{
    RawSyscall6(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}
__asm__(".section .init_array.00001, \"aw\", %progbits\n.quad hostile_start\n.text");
void hostile_start(void);
void hostile_start(void)
{
    before_all();
}

/*
 * What: the same, put together by a macro of the assembler
 * Status: build_error
 * Text: hostile.c reads
 */
#include "core.h"

__asm__(".macro glue a, b\n\\a\\b \"/etc/passwd\"\n.endm\nglue .inc, bin\n");

/*
 * What: a file as assembly, put together by a macro, for the assembler's messages
 * Status: build_error
 * Text: its words are not shown
 */
#include "core.h"

__asm__(".macro glue a, b\n\\a\\b \"/etc/passwd\"\n.endm\nglue .inc, lude\n");

/*
 * What: code that can be rewritten
 * Status: forbidden_symbol
 * Text: a section of its own
 */
#include "core.h"

__asm__(".section .patch, \"awx\", @progbits\n.skip 64\n.text");

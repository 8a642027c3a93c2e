/*
 * What: code that can be rewritten, in a section of an innocent name
 * Status: forbidden_symbol
 * Text: writable and executable
 */
#include "core.h"

__asm__(".section .data.patch, \"awx\", @progbits\n.skip 64\n.text");

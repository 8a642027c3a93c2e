/*
 * What: a file as data, by the assembler
 * Status: build_error
 * Text: .incbin is not allowed
 */
#include "core.h"

__asm__("secret: .inc" "bin \"/etc/passwd\"");

/*
 * What: the same, with an escape in the directive's name
 * Status: build_error
 * Text: .incbin is not allowed
 */
#include "core.h"

__asm__("secret: .inc\142in \"/etc/passwd\"");

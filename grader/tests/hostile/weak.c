/*
 * What: a weak definition of a function of the kit
 * Status: forbidden_symbol
 * Text: linux_write is a weak or common definition
 */
#include "core.h"

__attribute__((weak)) intptr_t linux_write(int fd, const void *p, size_t n)
{
    (void)fd, (void)p;
    return (intptr_t)n;
}

/**
 * @file hosted/malloc.c
 * gomalloc and gofree of the hosted build: libc's, so that sanitizers and valgrind see every allocation.
 */
#include <stdlib.h>
#include "core.h"

void *gomalloc(size_t size)
{
    void *p = calloc(1, size ? size : 1); /* aligned to 16 on 64-bit machines */
    if (!p)
        fatal("runtime: out of memory: cannot allocate %zu bytes", size);
    return p;
}

void gofree(void *p)
{
    free(p);
}

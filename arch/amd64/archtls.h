/**
 * @file archtls.h
 * How this CPU's ABI lays out a thread's TLS block. Used by runtime/pure/tls.c alone.
 */
#ifndef HANDOFF_ARCHTLS_H
#define HANDOFF_ARCHTLS_H

#include <stddef.h>

/** Bytes to allocate for a block with memsz bytes of thread variables aligned to align. */
size_t arch_tls_size(size_t memsz, size_t align);
/** Lays out a block: returns the thread pointer, *image is where the initial values go. The block is zeroed. */
void *arch_tls_place(void *block, size_t memsz, size_t align, void **image);

#endif

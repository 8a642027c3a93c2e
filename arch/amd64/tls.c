/**
 * @file tls.c
 * Layout of a thread's TLS block (ELF "variant II"): the program's thread variables end where the thread pointer
 * points, and there stands the pointer to itself that the ABI asks for.
 */
#include "arch.h"
#include "archtls.h"
#include <asm/prctl.h>
#include <asm/unistd.h>

size_t arch_tls_size(size_t memsz, size_t align)
{
    return memsz + 2 * align + 2 * sizeof(void *);
}

void *arch_tls_place(void *block, size_t memsz, size_t align, void **image)
{
    uintptr_t tcb = ((uintptr_t)block + memsz + align - 1) & ~(align - 1);
    *(uintptr_t *)tcb = tcb;
    *image = (void *)(tcb - ((memsz + align - 1) & ~(align - 1)));
    return (void *)tcb;
}

void arch_settls(void *tcb)
{
    long ret;
    __asm__ volatile("syscall" : "=a"(ret) : "0"(__NR_arch_prctl), "D"(ARCH_SET_FS), "S"(tcb) : "rcx", "r11", "memory");
}

/**
 * @file tls.c
 * Thread-local storage without libc.
 *
 * The linker collects all `__thread` variables of the program (the runtime has one, tls_g) in a template that the
 * program header PT_TLS describes. Each thread needs a copy, and its thread pointer must point to the place that the ABI
 * says. The first thread gets its copy here, later ones from newm, which passes the pointer to clone (CLONE_SETTLS).
 */
#include <linux/elf.h>
#include "core.h"
#include "archtls.h"
#include "puretls.h"

/** The running G. Read by getg() and by assembly only. */
__thread G *tls_g;

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden"))); /**< from the linker: the ELF header in memory */

static const Elf64_Phdr *tls_template(void)
{
    const Elf64_Phdr *ph = (const Elf64_Phdr *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
    for (int i = 0; i < __ehdr_start.e_phnum; i++)
        if (ph[i].p_type == PT_TLS)
            return &ph[i];
    return NULL;
}

/** Fills a zeroed block for one thread and returns its thread pointer. */
static void *tls_fill(void *block, const Elf64_Phdr *ph)
{
    void *image;
    size_t align = ph->p_align < sizeof(void *) ? sizeof(void *) : ph->p_align;
    void *tp = arch_tls_place(block, ph->p_memsz, align, &image);
    const char *src = (const char *)ph->p_vaddr;
    for (size_t i = 0; i < ph->p_filesz; i++)
        ((volatile char *)image)[i] = src[i];
    return tp;
}

static size_t tls_blocksize(const Elf64_Phdr *ph)
{
    size_t align = ph->p_align < sizeof(void *) ? sizeof(void *) : ph->p_align;
    return arch_tls_size(ph->p_memsz, align);
}

void tls_init_m0(void)
{
    static _Alignas(64) char block[4096];
    const Elf64_Phdr *ph = tls_template();
    if (tls_blocksize(ph) > sizeof block)
        exitprocess(111); /* more thread variables than this runtime is made for; nothing can print yet */
    arch_settls(tls_fill(block, ph));
}

void *tls_alloc(M *mp, G *g)
{
    const Elf64_Phdr *ph = tls_template();
    size_t n = tls_blocksize(ph);
    char *block = sysAlloc(n);
    void *tp = tls_fill(block, ph);
    /* tls_g has the same distance from the thread pointer in every thread. */
    ptrdiff_t off = (char *)&tls_g - (char *)__builtin_thread_pointer();
    *(G **)((char *)tp + off) = g;
    mp->tls = block;
    return tp;
}

void tls_free(M *mp)
{
    if (mp->tls)
        sysFree(mp->tls, tls_blocksize(tls_template()));
    mp->tls = NULL;
}

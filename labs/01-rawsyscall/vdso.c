/**
 * @file vdso.c
 * The clock that needs no system call.
 *
 * The kernel maps a small shared library into each process, the vDSO, and tells where in the auxiliary
 * vector, the list of numbers that follows the environment on the first stack. Its clock_gettime reads the
 * hardware's counter and a page that the kernel keeps up to date: some 20 ns in place of 130.
 *
 * There is no dynamic linker in a program without libc, so the runtime looks the function up itself. What a
 * linker sees of an ELF image is the *program headers*: PT_LOAD says at which address the image wanted to
 * be (and so how far off it is), PT_DYNAMIC lists where the tables are. A table of symbols, one of strings,
 * one of hash chains over the symbols, and for the versions two more: which version each symbol has, by
 * number, and what the numbers are called. All addresses in there are meant for the place where the image
 * wanted to be. *Section* headers are for the linker at build time; Linux 3.16 left them out, and Go
 * programs of the day crashed at the start.
 *
 * Two kinds of hash table exist, and an image may have either. DT_HASH: nbucket, nchain, the buckets, then
 * one next-index for each symbol; 0 ends a chain. DT_GNU_HASH: nbuckets, the index of the first hashed
 * symbol, the size of a Bloom filter in words of 8 bytes and its shift; the filter; the buckets; then for
 * each hashed symbol its hash, in which bit 0 does not belong to the hash but marks the last symbol of a
 * chain.
 *
 * No vDSO, or one without the symbol: the system call. Never an address that one knows by heart: Go once
 * jumped to the vsyscall page, which newer kernels do not map.
 */
#include <linux/elf.h>
#include "labs.h"

int (*vdsoClockGettime)(int clock, struct ktimespec *ts);

void *vdso_lookup(const void *base, const char *name, const char *version)
{
    /* Write me: program headers, dynamic section, version number, then the hash table: the GNU one if there
     * is one. The image may be damaged: believe no offset, index, count or chain before you know that it
     * stays inside of what the PT_LOAD headers cover. */
    (void)base, (void)name, (void)version;
    unwritten();
}

void vdsoauxv(const uintptr_t *auxv)
{
    /* Write me: find the image's address, look up ARCH_VDSO_CLOCK of version ARCH_VDSO_VERSION. Leave NULL
     * if anything is missing. */
    (void)auxv;
    unwritten();
}

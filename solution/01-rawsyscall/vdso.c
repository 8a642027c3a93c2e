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

/* BEGIN SOLUTION */

#define DT_GNU_HASH_ 0x6ffffef5 /* in libc's elf.h, not in the kernel's */
#define VER_FLG_BASE_ 1         /* a version definition that names the file itself */

/** A version definition, and the first of its names. */
struct verdef {
    uint16_t version, flags, ndx, cnt;
    uint32_t hash, aux, next; /* aux and next: bytes from here */
};
struct verdaux {
    uint32_t name, next;
};

/** An image in memory. All addresses in it are those that it was linked for; at() gives the place. */
struct image {
    uintptr_t off;    /* add to an address to get the place */
    uintptr_t lo, hi; /* what the PT_LOADs cover, [lo, hi) */
    uintptr_t dyn;    /* the dynamic section */
    uintptr_t ndyn;   /* its entries */
    uintptr_t strtab, symtab, hash, gnuhash, versym, verdef; /* tables; 0: there is none */
};

/** The n bytes at address addr, or NULL if they are not all in the image or not aligned. */
static const void *at(const struct image *im, uintptr_t addr, size_t n, size_t align)
{
    if (addr < im->lo || addr > im->hi || im->hi - addr < n || (addr + im->off) % align)
        return NULL;
    return (const void *)(addr + im->off);
}

/** The 32-bit word at addr; false if it is not in the image. */
static bool word(const struct image *im, uintptr_t addr, uint32_t *w)
{
    const uint32_t *p = at(im, addr, sizeof *p, sizeof *p);
    if (p)
        *w = *p;
    return p != NULL;
}

/** The string at offset name of the string table is s. */
static bool stringis(const struct image *im, uint32_t name, const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    const char *p = at(im, im->strtab + name, n + 1, 1);
    if (!p)
        return false;
    for (size_t i = 0; i <= n; i++)
        if (p[i] != s[i])
            return false;
    return true;
}

/** Reads the program headers: where the image is, what it covers, where its dynamic section lies. */
static bool findimage(struct image *im, const void *base)
{
    const Elf64_Ehdr *eh = base;
    if (!eh || (uintptr_t)eh % 8 || eh->e_ident[EI_MAG0] != ELFMAG0 || eh->e_ident[EI_MAG1] != ELFMAG1 ||
        eh->e_ident[EI_MAG2] != ELFMAG2 || eh->e_ident[EI_MAG3] != ELFMAG3 ||
        eh->e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    /* How much is mapped is not known yet: only that the header's page is. */
    if (eh->e_phentsize != sizeof(Elf64_Phdr) || eh->e_phoff % 8 || eh->e_phoff > ARCH_PAGE_SIZE ||
        eh->e_phnum * sizeof(Elf64_Phdr) > ARCH_PAGE_SIZE - eh->e_phoff)
        return false;
    const Elf64_Phdr *ph = (const Elf64_Phdr *)((uintptr_t)base + eh->e_phoff);
    bool loaded = false;
    for (int i = 0; i < eh->e_phnum; i++) {
        uintptr_t end = ph[i].p_vaddr + ph[i].p_memsz;
        if (ph[i].p_type == PT_LOAD && !loaded) {
            loaded = true;
            im->off = (uintptr_t)base + ph[i].p_offset - ph[i].p_vaddr;
            im->lo = ph[i].p_vaddr;
            im->hi = im->lo;
        }
        if (ph[i].p_type == PT_LOAD && end > im->hi)
            im->hi = end;
        if (ph[i].p_type == PT_DYNAMIC) {
            im->dyn = ph[i].p_vaddr;
            im->ndyn = ph[i].p_memsz / sizeof(Elf64_Dyn);
        }
    }
    return loaded && im->ndyn > 0;
}

/** Reads the dynamic section: where the tables are. */
static bool findtables(struct image *im)
{
    for (uintptr_t i = 0; i < im->ndyn; i++) {
        const Elf64_Dyn *d = at(im, im->dyn + i * sizeof *d, sizeof *d, 8);
        if (!d || d->d_tag == DT_NULL)
            break;
        uintptr_t *table = d->d_tag == DT_STRTAB         ? &im->strtab
                           : d->d_tag == DT_SYMTAB       ? &im->symtab
                           : d->d_tag == DT_HASH         ? &im->hash
                           : d->d_tag == DT_GNU_HASH_    ? &im->gnuhash
                           : d->d_tag == DT_VERSYM       ? &im->versym
                           : d->d_tag == DT_VERDEF       ? &im->verdef
                                                         : NULL;
        if (table)
            *table = d->d_un.d_ptr;
    }
    return im->strtab && im->symtab && (im->hash || im->gnuhash);
}

/** The hash of DT_HASH tables and of version names. */
static uint32_t elfhash(const char *s)
{
    uint32_t h = 0;
    for (; *s; s++) {
        h = (h << 4) + (unsigned char)*s;
        h = (h ^ (h >> 24 & 0xf0)) & 0x0fffffff; /* the top four bits go around */
    }
    return h;
}

/** The hash of DT_GNU_HASH tables. */
static uint32_t gnuhash(const char *s)
{
    uint32_t h = 5381;
    for (; *s; s++)
        h = h * 33 + (unsigned char)*s;
    return h;
}

enum { anyversion = -1, noversion = -2 };

/** The image's number for version: anyversion if it does not matter, noversion if there is none. */
static int findversion(const struct image *im, const char *version)
{
    if (!version || !im->versym || !im->verdef)
        return anyversion;
    uint32_t h = elfhash(version);
    uintptr_t addr = im->verdef;
    const struct verdef *v;
    while ((v = at(im, addr, sizeof *v, 4))) {
        const struct verdaux *aux = at(im, addr + v->aux, sizeof *aux, 4);
        if (!(v->flags & VER_FLG_BASE_) && v->hash == h && aux && stringis(im, aux->name, version))
            return v->ndx & 0x7fff;
        if (v->next == 0)
            break;
        addr += v->next; /* only forward, so this ends */
    }
    return noversion;
}

/** Symbol i, if it is what was asked for, else NULL. */
static void *symbolis(const struct image *im, uint32_t i, const char *name, int version)
{
    const Elf64_Sym *sym = at(im, im->symtab + (uintptr_t)i * sizeof *sym, sizeof *sym, 8);
    if (!sym || sym->st_shndx == SHN_UNDEF)
        return NULL;
    int type = sym->st_info & 15, bind = sym->st_info >> 4;
    if ((type != STT_FUNC && type != STT_NOTYPE) || (bind != STB_GLOBAL && bind != STB_WEAK))
        return NULL;
    if (!stringis(im, sym->st_name, name))
        return NULL;
    if (version != anyversion) {
        const uint16_t *v = at(im, im->versym + (uintptr_t)i * sizeof *v, sizeof *v, 2);
        if (!v || (*v & 0x7fff) != version) /* the top bit says "hidden", which is about default versions */
            return NULL;
    }
    return (void *)at(im, sym->st_value, 1, 1);
}

/** Looks in the DT_GNU_HASH table. */
static void *lookupgnu(const struct image *im, const char *name, int version)
{
    uint32_t nbuckets, first, bloom, i, chained, h = gnuhash(name);
    if (!word(im, im->gnuhash, &nbuckets) || nbuckets == 0 || !word(im, im->gnuhash + 4, &first) ||
        !word(im, im->gnuhash + 8, &bloom))
        return NULL;
    uintptr_t buckets = im->gnuhash + 16 + (uintptr_t)bloom * 8;
    uintptr_t chain = buckets + (uintptr_t)nbuckets * 4;
    if (!word(im, buckets + (uintptr_t)(h % nbuckets) * 4, &i) || i < first)
        return NULL;
    for (; word(im, chain + (uintptr_t)(i - first) * 4, &chained); i++) {
        void *p = (chained | 1) == (h | 1) ? symbolis(im, i, name, version) : NULL;
        if (p || (chained & 1))
            return p;
    }
    return NULL;
}

/** Looks in the DT_HASH table. */
static void *lookuphash(const struct image *im, const char *name, int version)
{
    uint32_t nbucket, nchain, i;
    if (!word(im, im->hash, &nbucket) || nbucket == 0 || !word(im, im->hash + 4, &nchain))
        return NULL;
    uintptr_t buckets = im->hash + 8, chain = buckets + (uintptr_t)nbucket * 4;
    if (!word(im, buckets + (uintptr_t)(elfhash(name) % nbucket) * 4, &i))
        return NULL;
    for (uint32_t steps = 0; i != 0 && i < nchain && steps < nchain; steps++) { /* it may be a circle */
        void *p = symbolis(im, i, name, version);
        if (p || !word(im, chain + (uintptr_t)i * 4, &i))
            return p;
    }
    return NULL;
}
/* END SOLUTION */

void *vdso_lookup(const void *base, const char *name, const char *version)
{
    /* BEGIN SOLUTION
     * Write me: program headers, dynamic section, version number, then the hash table: the GNU one if there
     * is one. The image may be damaged: believe no offset, index, count or chain before you know that it
     * stays inside of what the PT_LOAD headers cover. */
    struct image im = {0};
    if (!findimage(&im, base) || !findtables(&im))
        return NULL;
    int v = findversion(&im, version);
    if (v == noversion)
        return NULL;
    return im.gnuhash ? lookupgnu(&im, name, v) : lookuphash(&im, name, v);
    /* END SOLUTION */
}

void vdsoauxv(const uintptr_t *auxv)
{
    /* BEGIN SOLUTION
     * Write me: find the image's address, look up ARCH_VDSO_CLOCK of version ARCH_VDSO_VERSION. Leave NULL
     * if anything is missing. */
    vdsoClockGettime = NULL;
    for (; auxv[0] != KAT_NULL; auxv += 2)
        if (auxv[0] == KAT_SYSINFO_EHDR && auxv[1])
            vdsoClockGettime = (int (*)(int, struct ktimespec *))(uintptr_t)vdso_lookup(
                (const void *)auxv[1], ARCH_VDSO_CLOCK, ARCH_VDSO_VERSION);
    /* END SOLUTION */
}

/**
 * @file symtab.c
 * From an address to the name of its function.
 *
 * The names are in the executable's own symbol table, which the kernel does not load: section .symtab, with its strings
 * beside it. When a dump first needs them, the file is mapped and the functions are sorted by address, in memory of their
 * own; after that each look-up is a binary search. Nothing here is needed for a program to run, so that every failure (no
 * /proc, a stripped file, no memory) just means that dumps show numbers.
 */
#include <linux/elf.h>
#include "crash.h"

/** The sorted table. Written by the one thread that loads it, then constant. */
static struct {
    const Elf64_Sym *syms;   /**< .symtab, in the mapped file */
    const char *strings;     /**< and its strings */
    size_t stringsize;       /**< bytes of them */
    uint32_t *order;         /**< indices of functions in syms, by address */
    uint32_t n;              /**< how many */
    uintptr_t bias;          /**< loaded address minus address in the file */
} table;

/** How far the table is: nobody waits for a loader, its own dump may be the one that asks. */
enum { NOTLOADED, LOADING, LOADED, NOTTHERE };
static _Atomic uint32_t state;

extern const char __executable_start[] __attribute__((weak));

/** Maps the file at path: its address, or NULL. */
static const char *mapfile(const char *path, size_t *size)
{
    int fd = linux_open(path, KO_RDONLY | KO_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    /* The last byte is found without fstat, which this runtime does not have: lseek would do, but a mapping may be longer
     * than its file, and what lies beyond is simply not there. Section headers come last in a linked file. */
    Elf64_Ehdr eh;
    const char *p = NULL;
    if (linux_read(fd, &eh, sizeof eh) == sizeof eh && eh.e_ident[0] == 0x7f && eh.e_ident[1] == 'E' &&
        eh.e_ident[2] == 'L' && eh.e_ident[3] == 'F' && eh.e_ident[4] == ELFCLASS64 && eh.e_shnum > 0 &&
        eh.e_shentsize == sizeof(Elf64_Shdr)) {
        *size = eh.e_shoff + (size_t)eh.e_shnum * sizeof(Elf64_Shdr);
        intptr_t r = linux_mmap(NULL, *size, KPROT_READ, KMAP_PRIVATE, fd, 0);
        p = r < 0 && r >= -MAX_ERRNO ? NULL : (const char *)r;
    }
    linux_close(fd);
    return p;
}

/** Moves order[i] down to its place in the heap order[0..n), the largest address on top. */
static void siftdown(uint32_t i, uint32_t n)
{
    uint32_t *o = table.order, v = o[i];
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && table.syms[o[child + 1]].st_value > table.syms[o[child]].st_value)
            child++;
        if (table.syms[v].st_value >= table.syms[o[child]].st_value)
            break;
        o[i] = o[child];
    }
    o[i] = v;
}

/** Heap sort: in place, without recursion, never slow. */
static void sortorder(void)
{
    for (uint32_t i = table.n / 2; i-- > 0;)
        siftdown(i, table.n);
    for (uint32_t n = table.n; n-- > 1;) {
        uint32_t top = table.order[0];
        table.order[0] = table.order[n];
        table.order[n] = top;
        siftdown(0, n);
    }
}

/** Sorts the functions among syms[0..count); false if there is no memory for that. */
static bool indexsymbols(const Elf64_Sym *syms, size_t count)
{
    intptr_t r = linux_mmap(NULL, count * sizeof(uint32_t), KPROT_READ | KPROT_WRITE, KMAP_PRIVATE | KMAP_ANON, -1, 0);
    if (r < 0 && r >= -MAX_ERRNO)
        return false;
    table.order = (uint32_t *)r;
    table.syms = syms;
    for (size_t i = 0; i < count; i++) {
        unsigned type = syms[i].st_info & 15;
        /* Assembly may leave a function untyped; those that name a section or a file have other types. */
        if ((type == STT_FUNC || type == STT_NOTYPE) && syms[i].st_shndx != SHN_UNDEF && syms[i].st_shndx < 0xff00 &&
            syms[i].st_name < table.stringsize && table.strings[syms[i].st_name])
            table.order[table.n++] = (uint32_t)i;
    }
    sortorder();
    return table.n > 0;
}

static bool load(void)
{
    size_t size;
    const char *file = mapfile("/proc/self/exe", &size);
    if (!file)
        return false;
    const Elf64_Ehdr *eh = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *sh = (const Elf64_Shdr *)(file + eh->e_shoff);
    table.bias = eh->e_type == ET_DYN ? (uintptr_t)__executable_start : 0;
    for (unsigned i = 0; i < eh->e_shnum; i++) {
        if (sh[i].sh_type != SHT_SYMTAB || sh[i].sh_link >= eh->e_shnum || sh[i].sh_entsize != sizeof(Elf64_Sym))
            continue;
        const Elf64_Shdr *str = &sh[sh[i].sh_link];
        if (sh[i].sh_offset + sh[i].sh_size > size || str->sh_offset + str->sh_size > size)
            return false;
        table.strings = file + str->sh_offset;
        table.stringsize = str->sh_size;
        return indexsymbols((const Elf64_Sym *)(file + sh[i].sh_offset), sh[i].sh_size / sizeof(Elf64_Sym));
    }
    return false;
}

/** Index in table.order of the last function that begins at addr or before; table.n if there is none. */
static uint32_t findlast(uintptr_t addr)
{
    uint32_t lo = 0, hi = table.n; /* all before lo begin at addr or before, all from hi on behind it */
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (table.syms[table.order[mid]].st_value <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? lo - 1 : table.n;
}

const char *symbolise(uintptr_t pc, uintptr_t *start)
{
    if (cas_acqrel(&state, NOTLOADED, LOADING))
        store_release(&state, load() ? LOADED : NOTTHERE); /* pairs with the acquire below: the table is complete */
    if (load_acquire(&state) != LOADED)
        return NULL;
    uintptr_t addr = pc - table.bias;
    uint32_t i = findlast(addr);
    /* Several names may begin together (aliases, section starts): take one whose extent holds the address. */
    for (int tries = 0; i < table.n && tries < 8; i--, tries++) {
        const Elf64_Sym *s = &table.syms[table.order[i]];
        bool sized = s->st_size != 0;
        if (sized ? addr - s->st_value < s->st_size : addr == s->st_value) {
            *start = s->st_value + table.bias;
            return table.strings + s->st_name;
        }
    }
    return NULL;
}

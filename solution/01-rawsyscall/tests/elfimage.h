/**
 * @file elfimage.h
 * Small ELF images for tests of vdso_lookup: what a linker would make of a few symbols, with the tables that
 * the test wants, and nothing else. The judge builds them; the guest gets the bytes.
 */
#ifndef ELFIMAGE_H
#define ELFIMAGE_H

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include "judge.h"

enum { ELF_PAGE = 4096, ELF_MAX = 2 * ELF_PAGE, ELF_SYMS = 24, ELF_NOVERSION = 0 };
/** Version numbers: 1 is the file's own name; the others have these names. */
enum { ELF_V26 = 2, ELF_V27 = 3 };
/** Where the image of a test lies in the guest's scratch memory. */
enum { ELF_AT = 4096 };

/** A symbol. Zero fields: an untyped local symbol that is not defined, so fill in all. */
struct elfsym {
    const char *name;
    unsigned type, bind, section; /* STT_, STB_, and SHN_UNDEF or anything else */
    uint64_t offset;              /* in the image; the value is this plus the link address */
    unsigned version;             /* ELF_V26 ..., perhaps with the bit 0x8000 */
};

/** What an image is to have. */
struct elfspec {
    bool hash, gnuhash, versions; /* which tables */
    uint64_t vaddr;               /* the address that it was linked for */
    bool secondpage;              /* one more page, and the tables are in it; PT_LOAD covers only that */
    bool twoloads;                /* the same, but the first PT_LOAD covers the first page, and another the second */
    bool sections;                /* the header speaks of section headers, which lie nowhere */
    unsigned buckets;             /* of either hash table; 0: 3 */
    struct elfsym sym[ELF_SYMS];  /* up to the first without a name */
};

/** An image, and where its parts are. */
struct elfimage {
    uint8_t bytes[ELF_MAX];
    size_t size, at;
    size_t dyn, strtab, symtab, hash, gnuhash, versym, verdef; /* 0: not there */
};

/** A defined global function of version LINUX_2.6. */
#define ELF_FUNC(name, offset) ((struct elfsym){name, STT_FUNC, STB_GLOBAL, 7, offset, ELF_V26})

static inline uint32_t elf_gnuhash(const char *s)
{
    uint32_t h = 5381;
    for (; *s; s++)
        h += (h << 5) + (uint8_t)*s;
    return h;
}

static inline uint32_t elf_sysvhash(const char *s)
{
    uint32_t h = 0, g;
    for (; *s; s++) {
        h = (h << 4) + (uint8_t)*s;
        if ((g = h & 0xf0000000) != 0)
            h ^= g >> 24;
        h &= ~g;
    }
    return h;
}

/** Appends n bytes, aligned to 8; where they are. */
static inline size_t elf_put(struct elfimage *im, const void *bytes, size_t n)
{
    size_t at = im->at = (im->at + 7) & ~(size_t)7;
    if (at + n > sizeof im->bytes)
        fail("test: the image is too large");
    memcpy(im->bytes + at, bytes, n);
    im->at += n;
    return at;
}

/** Appends s to the string table that is being made; its index. */
static inline uint32_t elf_string(char *strings, size_t *len, const char *s)
{
    uint32_t at = (uint32_t)*len;
    strcpy(strings + at, s);
    *len += strlen(s) + 1;
    return at;
}

/** Stable sort of the defined symbols by their bucket, as the GNU table wants them; undefined ones come first. */
static inline unsigned elf_order(const struct elfspec *spec, unsigned buckets, const struct elfsym *out[])
{
    unsigned n = 0, first;
    for (const struct elfsym *s = spec->sym; s < spec->sym + ELF_SYMS && s->name; s++)
        if (s->section == SHN_UNDEF)
            out[n++] = s;
    first = n;
    for (unsigned b = 0; b < buckets; b++)
        for (const struct elfsym *s = spec->sym; s < spec->sym + ELF_SYMS && s->name; s++)
            if (s->section != SHN_UNDEF && elf_gnuhash(s->name) % buckets == b)
                out[n++] = s;
    out[n] = NULL;
    return first;
}

/** The DT_HASH table of n symbols; symbol i + 1 of the symbol table is sym[i]. */
static inline void elf_put_hash(struct elfimage *im, const struct elfsym *sym[], unsigned n, unsigned buckets)
{
    uint32_t t[2 + 64 + ELF_SYMS + 1] = {buckets, n + 1};
    for (unsigned i = 0; i < n; i++) {
        uint32_t *end = &t[2 + elf_sysvhash(sym[i]->name) % buckets];
        while (*end)
            end = &t[2 + buckets + *end];
        *end = i + 1;
    }
    im->hash = elf_put(im, t, (2 + buckets + n + 1) * sizeof *t);
}

/** The DT_GNU_HASH table; the first of the sorted symbols that it covers is sym[first]. */
static inline void elf_put_gnuhash(struct elfimage *im, const struct elfsym *sym[], unsigned first, unsigned n,
                                   unsigned buckets)
{
    enum { SHIFT = 6, BLOOM = 2 };
    uint32_t t[4 + 2 * BLOOM + 64 + ELF_SYMS] = {buckets, first + 1, BLOOM, SHIFT};
    uint32_t *bucket = t + 4 + 2 * BLOOM, *chain = bucket + buckets;
    for (unsigned i = first; i < n; i++) {
        uint32_t h = elf_gnuhash(sym[i]->name);
        uint64_t bits = 1ull << h % 64 | 1ull << (h >> SHIFT) % 64, word;
        memcpy(&word, t + 4 + 2 * (h / 64 % BLOOM), sizeof word);
        word |= bits;
        memcpy(t + 4 + 2 * (h / 64 % BLOOM), &word, sizeof word);
        if (bucket[h % buckets] == 0)
            bucket[h % buckets] = i + 1;
        bool last = i + 1 == n || elf_gnuhash(sym[i + 1]->name) % buckets != h % buckets;
        chain[i - first] = (h & ~1u) | last;
    }
    im->gnuhash = elf_put(im, t, (size_t)((char *)(chain + n - first) - (char *)t));
}

/** The version of each symbol, and what the versions are called. */
static inline void elf_put_versions(struct elfimage *im, const struct elfsym *sym[], unsigned n, char *strings,
                                    size_t *len)
{
    static const char *const names[] = {"linux-vdso.so.1", "LINUX_2.6", "LINUX_2.7"};
    uint16_t versym[ELF_SYMS + 1] = {0};
    struct {
        Elf64_Verdef def;
        Elf64_Verdaux aux;
    } defs[3];
    for (unsigned i = 0; i < n; i++)
        versym[i + 1] = (uint16_t)sym[i]->version;
    im->versym = elf_put(im, versym, (n + 1) * sizeof *versym);
    memset(defs, 0, sizeof defs);
    for (unsigned i = 0; i < 3; i++) {
        defs[i].def = (Elf64_Verdef){1, i == 0 ? VER_FLG_BASE : 0, (Elf64_Half)(i + 1), 1, elf_sysvhash(names[i]),
                                     sizeof(Elf64_Verdef), i < 2 ? sizeof defs[0] : 0};
        defs[i].aux.vda_name = elf_string(strings, len, names[i]);
    }
    im->verdef = elf_put(im, defs, sizeof defs);
}

/** The ELF header and three program headers: a note or the first PT_LOAD, (the last) PT_LOAD, PT_DYNAMIC. */
static inline void elf_put_headers(struct elfimage *im, const struct elfspec *spec, size_t ndyn)
{
    size_t skip = spec->secondpage || spec->twoloads ? ELF_PAGE : 0;
    Elf64_Ehdr eh = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                     .e_type = ET_DYN, .e_version = EV_CURRENT, .e_phoff = sizeof(Elf64_Ehdr),
                     .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3};
    if (spec->sections) {
        eh.e_shoff = 0x7fffffff0000;
        eh.e_shnum = 40;
        eh.e_shentsize = sizeof(Elf64_Shdr);
        eh.e_shstrndx = 39;
    }
    Elf64_Phdr ph[3] = {
        {.p_type = PT_NOTE, .p_offset = 64, .p_vaddr = 0x123456789000, .p_memsz = 8, .p_filesz = 8},
        {.p_type = PT_LOAD, .p_offset = skip, .p_vaddr = spec->vaddr + skip, .p_memsz = im->size - skip,
         .p_filesz = im->size - skip},
        {.p_type = PT_DYNAMIC, .p_offset = im->dyn, .p_vaddr = spec->vaddr + im->dyn,
         .p_memsz = ndyn * sizeof(Elf64_Dyn), .p_filesz = ndyn * sizeof(Elf64_Dyn)},
    };
    if (spec->twoloads)
        ph[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = spec->vaddr, .p_memsz = ELF_PAGE, .p_filesz = ELF_PAGE};
    memcpy(im->bytes, &eh, sizeof eh);
    memcpy(im->bytes + sizeof eh, ph, sizeof ph);
}

/** Builds the image. Its size is a whole number of pages. */
static inline void elf_build(struct elfimage *im, const struct elfspec *spec)
{
    const struct elfsym *sym[ELF_SYMS + 1];
    unsigned buckets = spec->buckets ? spec->buckets : 3, first = elf_order(spec, buckets, sym), n = 0;
    char strings[2048] = {0};
    size_t len = 1;
    Elf64_Sym symtab[ELF_SYMS + 1] = {{0}};
    memset(im, 0, sizeof *im);
    im->at = spec->secondpage || spec->twoloads ? ELF_PAGE : sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr);
    im->size = im->at == ELF_PAGE ? ELF_MAX : ELF_PAGE;
    for (; sym[n]; n++)
        symtab[n + 1] = (Elf64_Sym){elf_string(strings, &len, sym[n]->name),
                                    (unsigned char)ELF64_ST_INFO(sym[n]->bind, sym[n]->type), 0,
                                    (Elf64_Section)sym[n]->section, spec->vaddr + sym[n]->offset, 16};
    im->symtab = elf_put(im, symtab, (n + 1) * sizeof *symtab);
    if (spec->hash)
        elf_put_hash(im, sym, n, buckets);
    if (spec->gnuhash)
        elf_put_gnuhash(im, sym, first, n, buckets);
    if (spec->versions)
        elf_put_versions(im, sym, n, strings, &len);
    im->strtab = elf_put(im, strings, len);
    Elf64_Dyn dyn[12];
    size_t d = 0;
    const struct {
        Elf64_Sxword tag;
        size_t at;
    } tables[] = {{DT_SONAME, 0}, {DT_HASH, im->hash}, {DT_GNU_HASH, im->gnuhash}, {DT_STRTAB, im->strtab},
                  {DT_SYMTAB, im->symtab}, {DT_VERSYM, im->versym}, {DT_VERDEF, im->verdef}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].at || tables[i].tag == DT_SONAME)
            dyn[d++] = (Elf64_Dyn){tables[i].tag, {tables[i].at ? spec->vaddr + tables[i].at : 1}};
    dyn[d++] = (Elf64_Dyn){DT_STRSZ, {len}};
    dyn[d++] = (Elf64_Dyn){DT_NULL, {0}};
    im->dyn = elf_put(im, dyn, d * sizeof *dyn);
    if (im->at > im->size)
        fail("test: the image is larger than a page");
    elf_put_headers(im, spec, d);
}

/** Gives the image to the guest. */
static inline void elf_send(const struct elfimage *im)
{
    for (size_t at = 0; at < im->size; at += 2048)
        call_bytes("memwrite", im->bytes + at, 2048, (int64_t)(ELF_AT + at));
}

/** vdso_lookup(name, version) in the image that was sent; NULL: no version. The offset, or NIL. */
static inline int64_t elf_lookup(const struct elfimage *im, const char *name, const char *version)
{
    char text[256];
    int n = snprintf(text, sizeof text, "%s%c%s", name, 0, version ? version : "");
    return call_bytes("vdso_lookup", text, n + 1, ELF_AT, im ? (int64_t)im->size : 0, version == NULL);
}

/** Fails unless name is found there, in the words of what the image is. */
static inline void elf_expect(const struct elfimage *im, int64_t offset, const char *name, const char *version,
                              const char *what)
{
    int64_t found = elf_lookup(im, name, version);
    if (found == offset)
        return;
    char is[40] = "NULL", want[40] = "NULL";
    if (found != NIL)
        snprintf(is, sizeof is, "image + %#llx", (long long)found);
    if (offset != NIL)
        snprintf(want, sizeof want, "image + %#llx", (long long)offset);
    fail("%s: vdso_lookup(\"%s\", %s) is %s, it should be %s", what, name, version ? version : "NULL", is, want);
}

#endif

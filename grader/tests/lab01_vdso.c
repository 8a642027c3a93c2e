/**
 * @file lab01_vdso.c
 * vdso_lookup on images that are unusual, and on images that are damaged.
 */
#include "../../labs/01-rawsyscall/tests/elfimage.h"

/** Two names with the same DT_GNU_HASH hash but for bit 0: n of a row. */
static void neighbours(char a[32], char b[32])
{
    do {
        snprintf(a, 32, "name_%llx_0", (unsigned long long)rndn(1 << 30));
        strcpy(b, a);
        b[strlen(b) - 1] = '1';
    } while ((elf_gnuhash(a) ^ elf_gnuhash(b)) != 1);
}

/** Sends it and expects name at offset (version LINUX_2.6). */
static void expect_in(const struct elfspec *spec, int64_t offset, const char *name, const char *what)
{
    struct elfimage im;
    elf_build(&im, spec);
    elf_send(&im);
    elf_expect(&im, offset, name, "LINUX_2.6", what);
}

/* Bit 0 of a hash in the chain marks the end; it does not belong to the hash. */
TEST(HashesThatDifferInBit0Only)
{
    for (int round = 0; round < 4; round++) {
        char a[32], b[32];
        neighbours(a, b);
        struct elfspec spec = {.gnuhash = true, .versions = true, .buckets = 1};
        spec.sym[0] = ELF_FUNC(round & 1 ? a : b, 0x400);
        spec.sym[1] = ELF_FUNC(round & 1 ? b : a, 0x500);
        spec.sym[2] = ELF_FUNC("last", 0x600);
        expect_in(&spec, 0x400, spec.sym[0].name, "the first of two whose hashes differ in bit 0");
        expect_in(&spec, 0x500, spec.sym[1].name, "the second of two whose hashes differ in bit 0");
        spec.sym[2].name = NULL;
        expect_in(&spec, 0x400, spec.sym[0].name, "the first of two whose hashes differ in bit 0");
        expect_in(&spec, 0x500, spec.sym[1].name, "the last of two whose hashes differ in bit 0");
        spec.sym[1].name = NULL;
        expect_in(&spec, 0x400, spec.sym[0].name, "alone in its chain");
        expect_in(&spec, NIL, round & 1 ? b : a, "only its neighbour, whose hash differs in bit 0, is there");
    }
}

/* "ab" and "bA" have the same hash: the name decides. */
TEST(HashesThatAreEqual)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true, .buckets = 1};
        char a[16], b[16];
        snprintf(a, sizeof a, "x%llu%s", (unsigned long long)rndn(1000), gnu ? "ab" : "aq");
        snprintf(b, sizeof b, "%s", a);
        strcpy(b + strlen(b) - 2, gnu ? "bA" : "ba");
        if (gnu ? elf_gnuhash(a) != elf_gnuhash(b) : elf_sysvhash(a) != elf_sysvhash(b))
            fail("test: %s and %s have different hashes", a, b);
        spec.sym[0] = ELF_FUNC(a, 0x400);
        spec.sym[1] = ELF_FUNC(b, 0x500);
        expect_in(&spec, 0x400, a, "the first of two with the same hash");
        expect_in(&spec, 0x500, b, "the second of two with the same hash");
    }
}

TEST(ANameIsComparedToItsEnd)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true, .buckets = 1};
        spec.sym[0] = ELF_FUNC("clock_gettime64", 0x400);
        spec.sym[1] = ELF_FUNC("clock_get", 0x500);
        spec.sym[2] = ELF_FUNC("clock_gettime", 0x600);
        spec.sym[3] = ELF_FUNC("__clock_gettime", 0x700);
        expect_in(&spec, 0x600, "clock_gettime", "between longer and shorter names");
        spec.sym[2].name = "clock_settime";
        expect_in(&spec, NIL, "clock_gettime", "only longer and shorter names are there");
    }
}

TEST(LocalSymbolsAreNotTakenAndWeakOnesAre)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true};
        spec.sym[0] = (struct elfsym){"wanted", STT_FUNC, STB_LOCAL, 7, 0x400, ELF_V26};
        expect_in(&spec, NIL, "wanted", "it is local");
        spec.sym[0].bind = STB_WEAK;
        expect_in(&spec, 0x400, "wanted", "it is weak");
        spec.sym[0].type = STT_NOTYPE;
        expect_in(&spec, 0x400, "wanted", "it is weak and has no type");
        spec.sym[0].type = STT_OBJECT;
        expect_in(&spec, NIL, "wanted", "it is an object");
        spec.sym[0].type = STT_TLS;
        expect_in(&spec, NIL, "wanted", "it is thread-local");
    }
}

/* A name may be there more than once: what is not wanted does not end the search. */
TEST(TheSearchGoesOnAfterASymbolThatWillNotDo)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true};
        spec.sym[0] = (struct elfsym){"wanted", STT_FUNC, STB_GLOBAL, 7, 0x400, ELF_V27};
        spec.sym[1] = (struct elfsym){"wanted", STT_FUNC, STB_LOCAL, 7, 0x500, ELF_V26};
        spec.sym[2] = ELF_FUNC("wanted", 0x600);
        expect_in(&spec, 0x600, "wanted", "after one of another version and a local one");
    }
}

/* The top bit of a version index says that it is not the default; the number is below it. */
TEST(TheHiddenBitOfAVersionIsNoPartOfIt)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true};
        spec.sym[0] = (struct elfsym){"wanted", STT_FUNC, STB_GLOBAL, 7, 0x400, ELF_V26 | 0x8000};
        expect_in(&spec, 0x400, "wanted", "its version has the hidden bit");
    }
}

/* The first PT_LOAD may begin elsewhere than the file. */
TEST(TheFilesOffsetBelongsToTheLoadAddress)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true, .secondpage = true,
                               .vaddr = rnd() & 0x7ffffffff000};
        spec.sym[0] = ELF_FUNC("wanted", 0x1800);
        expect_in(&spec, 0x1800, "wanted", "PT_LOAD begins at the second page of the file");
    }
}

TEST(AllPT_LOADsBelongToTheImage)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true, .twoloads = true,
                               .vaddr = rnd() & 0x7ffffffff000};
        spec.sym[0] = ELF_FUNC("wanted", 0x1800);
        expect_in(&spec, 0x1800, "wanted", "the tables are in the second PT_LOAD");
    }
}

TEST(DT_GNU_HASHIsPreferred)
{
    struct elfspec spec = {.hash = true, .gnuhash = true, .versions = true};
    struct elfimage im;
    spec.sym[0] = ELF_FUNC("wanted", 0x400);
    elf_build(&im, &spec);
    memset(im.bytes + im.hash + 8, 0, 12); /* three buckets that are empty */
    elf_send(&im);
    elf_expect(&im, 0x400, "wanted", "LINUX_2.6", "both tables, and DT_HASH is empty");
}

/** Changes n bytes of im at offset to value, and expects that nothing is found. */
static void expect_refused(const struct elfimage *im, size_t at, const void *value, size_t n, const char *what)
{
    struct elfimage bad = *im;
    memcpy(bad.bytes + at, value, n);
    because("%s: nothing is found, and it is noticed at once", what);
    elf_send(&bad);
    elf_expect(&bad, NIL, "wanted", "LINUX_2.6", "it is damaged");
    because(NULL);
}

TEST(WhatIsNoImageIsRefused)
{
    struct elfspec spec = {.gnuhash = true};
    struct elfimage im;
    uint32_t type = PT_NULL;
    const size_t ph = sizeof(Elf64_Ehdr), phsize = sizeof(Elf64_Phdr);
    spec.sym[0] = ELF_FUNC("wanted", 0x400);
    elf_build(&im, &spec);
    expect_refused(&im, 0, "\177ELG", 4, "its magic number is wrong");
    expect_refused(&im, EI_CLASS, "\1", 1, "it is a 32-bit image");
    expect_refused(&im, ph + phsize, &type, sizeof type, "it has no PT_LOAD");
    expect_refused(&im, ph + 2 * phsize, &type, sizeof type, "it has no PT_DYNAMIC");
    uint64_t tag = DT_DEBUG;
    for (size_t at = im.dyn; at < im.size; at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn d;
        memcpy(&d, im.bytes + at, sizeof d);
        if (d.d_tag == DT_NULL)
            break;
        if (d.d_tag == DT_STRTAB || d.d_tag == DT_SYMTAB || d.d_tag == DT_GNU_HASH)
            expect_refused(&im, at, &tag, sizeof tag, "a table is missing");
    }
    if (call_text("vdso_lookup_bad", "wanted", 0) != NIL)
        fail("a symbol is found at address NULL");
}

/* Hash tables without buckets, and chains that never end. */
TEST(ChainsAndBucketsMayBeNonsense)
{
    uint32_t zero = 0, one = 1, many = 0xfffffff0;
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .buckets = 1};
        struct elfimage im;
        spec.sym[0] = ELF_FUNC("other", 0x400);
        spec.sym[1] = ELF_FUNC("another", 0x500);
        elf_build(&im, &spec);
        size_t t = gnu ? im.gnuhash : im.hash;
        expect_refused(&im, t, &zero, 4, "the hash table has no buckets");
        expect_refused(&im, t, &many, 4, "the hash table has more buckets than the image has bytes");
        expect_refused(&im, t + 4, &many, 4, "the table's second word is nonsense");
        if (!gnu)
            expect_refused(&im, t + 8 + 4 + 4, &one, 4, "the chain is a circle");
        else
            expect_refused(&im, t + 8, &many, 4, "the Bloom filter is larger than the image");
        for (int i = 0; i < 12; i++)
            expect_refused(&im, t + 4 * (size_t)rndn(8), &(uint32_t){(uint32_t)rnd()}, 4, "a word of it is nonsense");
    }
}

/** The value of an entry of the dynamic section becomes v. */
static void set_dyn(struct elfimage *im, Elf64_Sxword tag, uint64_t v)
{
    for (size_t at = im->dyn; at + sizeof(Elf64_Dyn) <= im->size; at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn d;
        memcpy(&d, im->bytes + at, sizeof d);
        d.d_un.d_val = v;
        if (d.d_tag == tag)
            memcpy(im->bytes + at, &d, sizeof d);
        if (d.d_tag == tag || d.d_tag == DT_NULL)
            return;
    }
}

/* The last byte of the image belongs to it, and the next one does not: that page cannot be read. */
TEST(TheImageEndsAtItsLastByte)
{
    because("the page behind the image cannot be read: no name is compared beyond the image's last byte");
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .buckets = 1};
        struct elfimage im;
        spec.sym[0] = ELF_FUNC("wanted", ELF_PAGE - 1);
        expect_in(&spec, ELF_PAGE - 1, "wanted", "it is the last byte of the image");
        spec.sym[0].offset = ELF_PAGE;
        expect_in(&spec, NIL, "wanted", "it is one byte behind the image");
        spec.sym[0].offset = 0x400;
        elf_build(&im, &spec);
        uint32_t name = (uint32_t)(im.size - sizeof "wanted" - im.strtab);
        memcpy(im.bytes + im.size - sizeof "wanted", "wanted", sizeof "wanted");
        memcpy(im.bytes + im.symtab + sizeof(Elf64_Sym), &name, sizeof name); /* st_name of the first symbol */
        set_dyn(&im, DT_STRSZ, im.size - im.strtab);
        elf_send(&im);
        elf_expect(&im, 0x400, "wanted", NULL, "its name is the last string of the image");
        name++; /* the same without the zero at the end */
        memcpy(im.bytes + im.size - strlen("wanted"), "wanted", strlen("wanted"));
        memcpy(im.bytes + im.symtab + sizeof(Elf64_Sym), &name, sizeof name);
        elf_send(&im);
        elf_expect(&im, NIL, "wanted", NULL, "its name has no end in the image");
    }
}

/*
 * A table that begins below the end of the address space, there or where the image was linked for: its begin
 * plus its length is a small number again.
 */
TEST(TheEndOfATableMayBeASmallNumber)
{
    static const Elf64_Sxword tables[] = {DT_SYMTAB, DT_STRTAB, DT_HASH, DT_GNU_HASH, DT_VERSYM, DT_VERDEF};
    const char text[] = "wanted\0LINUX_2.6";
    for (int gnu = 0; gnu < 2; gnu++)
        for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
            for (int below = 8; below <= 64 && tables[i] != (gnu ? DT_HASH : DT_GNU_HASH); below += 8) {
                struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true, .buckets = 1};
                struct elfimage im;
                spec.sym[0] = ELF_FUNC("wanted", 0x400);
                elf_build(&im, &spec);
                set_dyn(&im, tables[i], (uint64_t)-below);
                because("a table lies %d bytes below the end of the address space: its begin plus its length is a small "
                        "number again", below);
                elf_send(&im);
                size_t at = im.dyn; /* of the entry */
                while (at < im.size && memcmp(im.bytes + at, &tables[i], sizeof tables[i]) != 0)
                    at += sizeof(Elf64_Dyn);
                int64_t linked = call_bytes("vdso_lookup", text, sizeof text, ELF_AT, (int64_t)im.size, false);
                int64_t there = call_bytes("vdso_lookup", text, sizeof text, ELF_AT, (int64_t)im.size, false,
                                           (int64_t)(at + sizeof tables[i]), -below);
                if (linked != NIL || there != NIL)
                    fail("the symbol is found all the same");
            }
}

/* Whatever the bytes say, nothing outside of the image is read: the guest would crash. */
TEST(NothingOutsideOfADamagedImageIsRead)
{
    because("the image is damaged: each offset and length in it is compared with the image's end before it is used");
    for (int round = 0; round < 150; round++) {
        struct elfspec spec = {.hash = round & 1, .gnuhash = !(round & 1), .versions = true};
        struct elfimage im;
        spec.sym[0] = ELF_FUNC("wanted", 0x400);
        spec.sym[1] = ELF_FUNC("another", 0x500);
        spec.vaddr = rnd() & 0xfffff000;
        elf_build(&im, &spec);
        size_t begin = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr); /* PT_LOAD is true, all the rest is in doubt */
        for (int k = 1 + (int)rndn(3); k > 0; k--) {
            static const uint64_t limits[] = {0, 4095, 4096, 0x7fffffff, UINT32_MAX, INT64_MAX, UINT64_MAX};
            uint64_t v = rndn(2) ? rnd() >> rndn(64) : limits[rndn(7)] + spec.vaddr * rndn(2);
            size_t n = rndn(2) ? 4 : 8, at = begin + 4 * (size_t)rndn((im.at - begin - 8) / 4);
            memcpy(im.bytes + at, &v, n);
        }
        elf_send(&im);
        int64_t r = elf_lookup(&im, "wanted", "LINUX_2.6");
        if (r != NIL && (r < 0 || r >= (int64_t)im.size))
            fail("the symbol is said to be at image + %#llx, outside of it", (long long)r);
    }
}

TEST(AllOfTheAuxiliaryVectorIsRead)
{
    for (int entries = 0; entries < 20; entries++)
        if (call("vdsoauxv", 0, 0, 0, entries) == NIL)
            fail("AT_SYSINFO_EHDR after %d other entries is not found", entries);
    if (call("vdsoauxv", 0, 0, 1, 20) != NIL)
        fail("what lies behind the end of the vector was read, or a value was taken for a type");
}

/* An image that has no clock, or not of the version that is asked for, is as good as none. */
TEST(AVdsoWithoutTheClockIsNone)
{
    struct elfspec spec = {.gnuhash = true, .versions = true};
    struct elfimage im;
    char name[64], version[64];
    call("vdsonames");
    if (sscanf(result_text(), "%63s %63s", name, version) != 2)
        fail("judge: no names");
    spec.sym[0] = ELF_FUNC("something", 0x400);
    for (int i = 0; i < 2; i++) {
        elf_build(&im, &spec);
        elf_send(&im);
        int64_t at = call("vdsoauxv", ELF_AT, (int64_t)im.size, 0, 2);
        if (at != NIL)
            fail("vdsoauxv makes vdsoClockGettime image + %#llx in an image without that symbol", (long long)at);
        spec.sym[1] = (struct elfsym){name, STT_FUNC, STB_GLOBAL, 7, 0x500, ELF_V27};
    }
    spec.sym[1].version = ELF_V26;
    elf_build(&im, &spec);
    elf_send(&im);
    if (strcmp(version, "LINUX_2.6") == 0 && call("vdsoauxv", ELF_AT, (int64_t)im.size, 0, 2) != 0x500)
        fail("vdsoauxv does not find %s of version %s", name, version);
}

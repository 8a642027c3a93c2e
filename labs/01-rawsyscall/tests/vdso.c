/**
 * @file vdso.c
 * Finding a function in an ELF image that is in memory: the kernel's own, and images made for one question.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/auxv.h>
#include "elfimage.h"

/** An image with one function, "wanted", among a few others, by these tables. */
static void image(struct elfimage *im, struct elfspec spec)
{
    static const char *const others[] = {"other", "one_more", "clock_getres", "getcpu", "time"};
    unsigned n = 0, at = (unsigned)rndn(6);
    while (spec.sym[n].name)
        n++;
    for (unsigned i = 0; i < 6; i++)
        spec.sym[n++] = i == at ? ELF_FUNC("wanted", 0x640) : ELF_FUNC(others[i - (i > at)], 0x700 + 16 * i);
    elf_build(im, &spec);
    elf_send(im);
}

/* The kernel's vDSO, whose symbols the judge's own dynamic linker knows. */
TEST(TheKernelsClockIsFoundInItsVdso)
{
    char *base = (char *)getauxval(AT_SYSINFO_EHDR);
    void *lib = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
    char name[64], version[64];
    call("vdsonames");
    if (!base || !lib || sscanf(result_text(), "%63s %63s", name, version) != 2)
        fail("judge: this kernel has no vDSO");
    char *clock = dlvsym(lib, name, version);
    if (!clock)
        fail("judge: %s is not in the vDSO", name);
    elf_expect(NULL, clock - base, name, version, "in the kernel's vDSO");
    elf_expect(NULL, NIL, "no_such_function", version, "in the kernel's vDSO");
    elf_expect(NULL, NIL, name, "LINUX_9.9", "in the kernel's vDSO");
    int64_t found = call("vdsoauxv", 0, 0, 0, 5);
    if (found != clock - base)
        fail("vdsoauxv makes vdsoClockGettime image + %#llx, %s is at image + %#llx", (long long)found, name,
             (long long)(clock - base));
}

TEST(AnImageWithOnlyDT_HASHIsRead)
{
    struct elfimage im;
    image(&im, (struct elfspec){.hash = true, .versions = true});
    elf_expect(&im, 0x640, "wanted", "LINUX_2.6", "with DT_HASH only");
    elf_expect(&im, NIL, "unwanted", "LINUX_2.6", "with DT_HASH only");
}

TEST(AnImageWithOnlyDT_GNU_HASHIsRead)
{
    struct elfimage im;
    image(&im, (struct elfspec){.gnuhash = true, .versions = true});
    elf_expect(&im, 0x640, "wanted", "LINUX_2.6", "with DT_GNU_HASH only");
    elf_expect(&im, NIL, "unwanted", "LINUX_2.6", "with DT_GNU_HASH only");
}

/* Every chain is as long as the table, then as short as can be. */
TEST(EverySymbolIsFoundWhateverTheNumberOfBuckets)
{
    static const unsigned buckets[] = {1, 2, 37};
    for (unsigned b = 0; b < 3; b++)
        for (int gnu = 0; gnu < 2; gnu++) {
            struct elfimage im;
            struct elfspec spec = {.hash = !gnu, .gnuhash = gnu, .versions = true, .buckets = buckets[b]};
            char names[12][16];
            for (int i = 0; i < 12; i++) {
                snprintf(names[i], sizeof names[i], "f%d_%llx", i, (unsigned long long)rndn(1 << 20));
                spec.sym[i] = ELF_FUNC(names[i], 0x400 + 16 * (uint64_t)i);
            }
            elf_build(&im, &spec);
            elf_send(&im);
            for (int i = 0; i < 12; i++)
                elf_expect(&im, 0x400 + 16 * i, names[i], "LINUX_2.6",
                           gnu ? "one of 12 in DT_GNU_HASH" : "one of 12 in DT_HASH");
        }
}

/* Go issue 8197: Linux 3.16 left the section headers out; what the header says of them means nothing. */
TEST(SectionHeadersAreNotLookedAt)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfimage im;
        image(&im, (struct elfspec){.hash = !gnu, .gnuhash = gnu, .versions = true});
        elf_expect(&im, 0x640, "wanted", "LINUX_2.6", "without section headers");
        image(&im, (struct elfspec){.hash = !gnu, .gnuhash = gnu, .versions = true, .sections = true});
        elf_expect(&im, 0x640, "wanted", "LINUX_2.6", "with section headers that are not there");
    }
}

TEST(AddressesInTheImageAreThoseItWasLinkedFor)
{
    static const uint64_t addr[] = {0, 0x10000, 0xffffffffff700000};
    for (unsigned i = 0; i < 3; i++)
        for (int gnu = 0; gnu < 2; gnu++) {
            struct elfimage im;
            image(&im, (struct elfspec){.hash = !gnu, .gnuhash = gnu, .versions = true, .vaddr = addr[i]});
            char what[64];
            snprintf(what, sizeof what, "linked for address %#llx", (unsigned long long)addr[i]);
            elf_expect(&im, 0x640, "wanted", "LINUX_2.6", what);
        }
}

TEST(AnUndefinedSymbolIsNotFound)
{
    struct elfimage im;
    image(&im, (struct elfspec){.hash = true, .versions = true,
                                .sym = {{"absent", STT_FUNC, STB_GLOBAL, SHN_UNDEF, 0x500, ELF_V26}}});
    elf_expect(&im, NIL, "absent", "LINUX_2.6", "it is undefined (SHN_UNDEF)");
    elf_expect(&im, 0x640, "wanted", "LINUX_2.6", "beside an undefined symbol");
}

TEST(ASymbolOfAnotherVersionIsNotTaken)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfimage im;
        image(&im, (struct elfspec){.hash = !gnu, .gnuhash = gnu, .versions = true,
                                    .sym = {{"newer", STT_FUNC, STB_GLOBAL, 7, 0x500, ELF_V27}}});
        elf_expect(&im, NIL, "newer", "LINUX_2.6", "it has the version LINUX_2.7");
        elf_expect(&im, 0x500, "newer", "LINUX_2.7", "it has the version LINUX_2.7");
        elf_expect(&im, 0x500, "newer", NULL, "any version will do");
        elf_expect(&im, NIL, "newer", "LINUX_3", "the image has no such version");
    }
}

TEST(AnImageWithoutVersionsWillDo)
{
    for (int gnu = 0; gnu < 2; gnu++) {
        struct elfimage im;
        image(&im, (struct elfspec){.hash = !gnu, .gnuhash = gnu});
        elf_expect(&im, 0x640, "wanted", "LINUX_2.6", "no symbol has a version");
    }
}

/* Go issue 41681: then there is no clock, and nobody guesses where one may be. */
TEST(WithoutAT_SYSINFO_EHDRThereIsNoClock)
{
    because("without AT_SYSINFO_EHDR, or if it is 0, there is no image to read in");
    if (call("vdsoauxv", 0, 0, 1, 3) != NIL)
        fail("vdsoClockGettime is not NULL");
    if (call("vdsoauxv", 0, 0, 2, 3) != NIL)
        fail("AT_SYSINFO_EHDR is 0, and vdsoClockGettime is not NULL");
}

/**
 * @file asyncframe.c
 * How much state asyncPreempt must save on this CPU: amd64.
 *
 * The vector registers have grown with every generation (SSE, AVX, AVX-512, and the extra general registers
 * of APX are kept in the same area). The xsave instruction saves any subset of them, in an area whose size
 * only the CPU knows: leaf 0xd of CPUID gives the place of each component. A component that the CPU or the
 * kernel does not have costs nothing.
 *
 * Two components are left out on purpose. The protection key register belongs to the thread, as in every
 * other context switch of this runtime. The tile registers of AMX would add 8 KiB to every frame; code that
 * has them in use is simply not preempted by signal (sigctxt_xstate tells the handler), and still yields at
 * its next call of the runtime.
 */
#include <cpuid.h>
#include "core.h"

/** Bits of XCR0, as CPUID leaf 0xd numbers the components. */
enum { X_X87 = 1 << 0, X_SSE = 1 << 1, X_PKRU = 1 << 9, X_TILECFG = 1 << 17, X_TILEDATA = 1 << 18 };
/** Sizes: the part that fxsave also has, the header that xsave adds, words that asyncPreempt pushes with
 * its return address. */
enum { FXSAVE_SIZE = 512, XHEADER_SIZE = 64, PUSHED = 17 * 8, XALIGN = 64 };

/** The components to save, or 0: this CPU has fxsave only. Read by asyncPreempt. */
uint64_t asyncpreempt_xmask;
/** Bytes for them. Read by asyncPreempt. */
uint64_t asyncpreempt_xsize = FXSAVE_SIZE;

/** XCR0: the components that the kernel switches. Only with OSXSAVE. */
static uint64_t xgetbv0(void)
{
    uint32_t lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

void asyncpreempt_init(void)
{
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return;
    uint64_t mask = xgetbv0() & ~(uint64_t)(X_PKRU | X_TILECFG | X_TILEDATA);
    uint64_t size = FXSAVE_SIZE + XHEADER_SIZE;
    for (uint32_t i = 2; i < 63; i++) {
        if (!(mask >> i & 1) || !__get_cpuid_count(0xd, i, &a, &b, &c, &d))
            continue;
        if ((uint64_t)a + b > size) /* a: bytes of the component, b: its place in the area */
            size = (uint64_t)a + b;
    }
    asyncpreempt_xmask = mask;
    asyncpreempt_xsize = size;
}

uintptr_t asyncpreempt_frame(void)
{
    return ARCH_RED_ZONE + PUSHED + XALIGN + asyncpreempt_xsize;
}

bool asyncpreempt_saves(void *uc)
{
    return (sigctxt_xstate(uc) & (X_TILECFG | X_TILEDATA)) == 0;
}

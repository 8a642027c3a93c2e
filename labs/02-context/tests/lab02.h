/**
 * @file lab02.h
 * What the tests of lab 02 have in common: a small world, stacks, patterns in registers.
 */
#ifndef LAB02_H
#define LAB02_H

#include <string.h>
#include "judge.h"

enum { STACK = 64 * 1024, PAGE = 4096, GUARD_WORD = 928 };
enum { Gidle_ = 0, Grunnable_ = 1, Grunning_ = 2, Gdead_ = 6 };

/** n Ps, the first of them m0's. */
static inline void ps(int n)
{
    call("newp", n);
    call("hold", 0, 0);
}

/** One P and one G, both m0's; the G. */
static inline int64_t running_g(void)
{
    ps(1);
    int64_t g = call("newg");
    call("rung", 0, g);
    return g;
}

/** n dead Gs with stacks of the default size, on no list; the first. */
static inline int64_t dead(int n)
{
    return call("newg", n, Gdead_);
}

/** A stack. */
struct stk {
    int64_t lo, hi;
};

static inline struct stk alloc(int64_t n)
{
    struct stk s = {call("stackalloc", n), 0};
    s.hi = result(1);
    return s;
}

static inline void release(struct stk s)
{
    call("stackfree", s.lo, s.hi);
}

enum { REGS = 16, RBP = 1 };

/** Random patterns for all registers, as far as they may be loaded at all, into the scratch memory. */
static inline void load_patterns(uint64_t in[REGS])
{
    uint64_t fixed[2 * REGS];
    call("regs_valid"); /* control words must not unmask exceptions */
    memcpy(fixed, result_text(), sizeof fixed);
    for (uint32_t i = 0; i < REGS; i++)
        in[i] = (rnd() & fixed[i]) | fixed[REGS + i];
    call_bytes("memwrite", in, REGS * sizeof *in, 0);
}

/** Fails unless the registers that op left to its caller are those patterns. */
static inline void same_registers(const uint64_t in[REGS], const char *op)
{
    uint64_t out[REGS], mask[REGS];
    uint32_t n = (uint32_t)call("regs");
    memcpy(mask, result_text(), sizeof mask);
    call("memread", sizeof out, sizeof out);
    memcpy(out, result_text(), sizeof out);
    for (uint32_t i = 0; i < n; i++)
        if ((out[i] ^ in[i]) & mask[i])
            fail("%s does not keep the caller's %s: it was %#llx, and is %#llx after", op, register_name(i),
                 (unsigned long long)in[i], (unsigned long long)out[i]);
}

#endif

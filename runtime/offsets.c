/**
 * @file offsets.c
 * Asserts that the offsets in arch/<cpu>/asmoffsets.h are those of the structs.
 */
#include "core.h"

#include "asmoffsets.h"

#define SAME(name, type, field) \
    _Static_assert(name == offsetof(type, field), "asmoffsets.h: " #name " is not the offset of " #type "." #field)

SAME(gobuf_sp, gobuf, sp);
SAME(gobuf_pc, gobuf, pc);
SAME(gobuf_g, gobuf, g);
SAME(gobuf_ctxt, gobuf, ctxt);
SAME(gobuf_bp, gobuf, bp);
SAME(gobuf_fpcw, gobuf, fpcw);
SAME(gobuf_regs, gobuf, regs);
SAME(g_stack_lo, G, stack.lo);
SAME(g_stack_hi, G, stack.hi);
SAME(g_m, G, m);
SAME(g_sched, G, sched);
SAME(m_g0, M, g0);
SAME(m_gsignal, M, gsignal);
SAME(m_curg, M, curg);
SAME(m_procid, M, procid);

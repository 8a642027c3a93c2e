/*
 * Offsets into the C structs that assembly knows; asserted in runtime/offsets.c.
 */
#ifndef HANDOFF_ASMOFFSETS_H
#define HANDOFF_ASMOFFSETS_H

#define gobuf_sp    0
#define gobuf_pc    8
#define gobuf_g     16
#define gobuf_ctxt  24
#define gobuf_bp    32
#define gobuf_fpcw  40
#define gobuf_regs  48

#define g_stack_lo  0
#define g_stack_hi  8
#define g_m         24
#define g_sched     32

#define m_g0        0
#define m_gsignal   8
#define m_curg      16
#define m_procid    24

#endif

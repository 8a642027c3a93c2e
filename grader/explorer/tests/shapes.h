/**
 * @file shapes.h
 * Between shapes.c, which is instrumented, and litmus.c, which is not.
 */
#ifndef HANDOFF_SHAPES_H
#define HANDOFF_SHAPES_H

extern _Atomic int x, y;
/** A thread's result i. */
void result(int i, int v);
/** True if both halves of the 16-byte place are n. */
int wide_is(int n);

#define SHAPES(X)                                                                                              \
    X(sb_rlx_0) X(sb_rlx_1) X(sb_ra_0) X(sb_ra_1) X(sb_sc_0) X(sb_sc_1) X(sb_fence_0) X(sb_fence_1)            \
    X(sb_xchg_0) X(sb_xchg_1) X(mp_w_rlx) X(mp_w_rel) X(mp_w_fence) X(mp_r_rlx) X(mp_r_acq) X(mp_r_fence)      \
    X(seq_rmw) X(seq_r) X(co_w) X(co_r) X(iriw_wx_rel) X(iriw_wy_rel) X(iriw_r0_acq) X(iriw_r1_acq)            \
    X(iriw_wx_sc) X(iriw_wy_sc) X(iriw_r0_sc) X(iriw_r1_sc) X(wrc_0) X(wrc_1) X(wrc_2) X(lb_0) X(lb_1) X(ww_0) \
    X(ww_1) X(add) X(wide_add)
#define DECLARE(name) void name(void);
SHAPES(DECLARE)

#endif

/**
 * @file shapes.c
 * Litmus shapes: small programs whose possible results tell memory models apart. Instrumented; litmus.c runs them.
 */
#include <stdatomic.h>
#include "shapes.h"

_Atomic int x, y;
static _Atomic __int128 wide;

#define LOAD(v, o)     atomic_load_explicit(&v, memory_order_##o)
#define STORE(v, n, o) atomic_store_explicit(&v, n, memory_order_##o)
#define FENCE(o)       atomic_thread_fence(memory_order_##o)
#define F(name, ...) \
    void name(void) { __VA_ARGS__ }

/* Store buffering: both threads store, then look at the other's place. */
F(sb_rlx_0, STORE(x, 1, relaxed); result(0, LOAD(y, relaxed));)
F(sb_rlx_1, STORE(y, 1, relaxed); result(1, LOAD(x, relaxed));)
F(sb_ra_0, STORE(x, 1, release); result(0, LOAD(y, acquire));)
F(sb_ra_1, STORE(y, 1, release); result(1, LOAD(x, acquire));)
F(sb_sc_0, STORE(x, 1, seq_cst); result(0, LOAD(y, seq_cst));)
F(sb_sc_1, STORE(y, 1, seq_cst); result(1, LOAD(x, seq_cst));)
F(sb_fence_0, STORE(x, 1, relaxed); FENCE(seq_cst); result(0, LOAD(y, relaxed));)
F(sb_fence_1, STORE(y, 1, relaxed); FENCE(seq_cst); result(1, LOAD(x, relaxed));)
F(sb_xchg_0, atomic_exchange(&x, 1); result(0, LOAD(y, seq_cst));)
F(sb_xchg_1, atomic_exchange(&y, 1); result(1, LOAD(x, seq_cst));)
/* Message passing: data in x, a flag in y. */
F(mp_w_rlx, STORE(x, 1, relaxed); STORE(y, 1, relaxed);)
F(mp_w_rel, STORE(x, 1, relaxed); STORE(y, 1, release);)
F(mp_w_fence, STORE(x, 1, relaxed); FENCE(release); STORE(y, 1, relaxed);)
F(mp_r_rlx, result(0, LOAD(y, relaxed)); result(1, LOAD(x, relaxed));)
F(mp_r_acq, result(0, LOAD(y, acquire)); result(1, LOAD(x, relaxed));)
F(mp_r_fence, result(0, LOAD(y, relaxed)); FENCE(acquire); result(1, LOAD(x, relaxed));)
/* A release sequence: somebody else's read-modify-write in between. */
F(seq_rmw, int e = 1; atomic_compare_exchange_strong_explicit(&y, &e, 2, memory_order_relaxed, memory_order_relaxed);)
F(seq_r, result(0, LOAD(y, acquire) == 2); result(1, LOAD(x, relaxed));)
/* Coherence: two loads of one place. */
F(co_w, STORE(x, 1, relaxed); STORE(x, 2, relaxed);)
F(co_r, result(0, LOAD(x, relaxed)); result(1, LOAD(x, relaxed));)
/* Independent reads of independent writes. */
F(iriw_wx_rel, STORE(x, 1, release);)
F(iriw_wy_rel, STORE(y, 1, release);)
F(iriw_r0_acq, result(0, LOAD(x, acquire)); result(1, LOAD(y, acquire));)
F(iriw_r1_acq, result(2, LOAD(y, acquire)); result(3, LOAD(x, acquire));)
F(iriw_wx_sc, STORE(x, 1, seq_cst);)
F(iriw_wy_sc, STORE(y, 1, seq_cst);)
F(iriw_r0_sc, result(0, LOAD(x, seq_cst)); result(1, LOAD(y, seq_cst));)
F(iriw_r1_sc, result(2, LOAD(y, seq_cst)); result(3, LOAD(x, seq_cst));)
/* Write to read causality. */
F(wrc_0, STORE(x, 1, relaxed);)
F(wrc_1, result(0, LOAD(x, relaxed)); STORE(y, 1, release);)
F(wrc_2, result(1, LOAD(y, acquire)); result(2, LOAD(x, relaxed));)
/* Load buffering: each loads before it stores. */
F(lb_0, result(0, LOAD(x, relaxed)); STORE(y, 1, relaxed);)
F(lb_1, result(1, LOAD(y, relaxed)); STORE(x, 1, relaxed);)
/* Two writes each. The check reads the final values. */
F(ww_0, STORE(x, 1, relaxed); STORE(y, 2, relaxed);)
F(ww_1, STORE(y, 1, relaxed); STORE(x, 2, relaxed);)
/* Additions are not lost, at any width. */
F(add, atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);)
F(wide_add, __int128 e = atomic_load(&wide); while (!atomic_compare_exchange_weak(&wide, &e, e + ((__int128)1 << 64) + 1)) {})

int wide_is(int n)
{
    __int128 v = wide;
    return (long)v == n && (long)(v >> 64) == n;
}

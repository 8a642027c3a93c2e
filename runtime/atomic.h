/**
 * @file atomic.h
 * Short names for C11 atomics, so that the order of each access is one word in the code.
 *
 * The rule of this code base: every atomic access names its order and has a comment that names its partner (which other
 * access it synchronises with, or why it needs none). `relaxed` accesses are atomic but order nothing.
 */
#ifndef HANDOFF_ATOMIC_H
#define HANDOFF_ATOMIC_H

#include <stdatomic.h>

/** @name Loads, stores and changes, by their order
 * @{ */
/** Atomic, orders nothing. */
#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
/** Sees all that happened before the store-release that it reads from. */
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
/** Takes part in the single order of all seq_cst accesses. */
#define load_seqcst(p) atomic_load_explicit((p), memory_order_seq_cst)
/** Atomic, orders nothing. */
#define store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
/** Publishes all that happened before it. */
#define store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
/** Publishes, and takes part in the single order. */
#define store_seqcst(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)
/** Exchanges: acquires what it finds, publishes what it puts. */
#define swap_acqrel(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)
/** Exchanges in the single order. */
#define swap_seqcst(p, v) atomic_exchange_explicit((p), (v), memory_order_seq_cst)
/** Adds, orders nothing: counters. */
#define fetch_add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
/** Adds; acquires and publishes. */
#define fetch_add_acqrel(p, v) atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
/** Adds in the single order. */
#define fetch_add_seqcst(p, v) atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
/** A full fence: what stands before it is ordered against what stands behind it. */
#define fence_seqcst() atomic_thread_fence(memory_order_seq_cst)
/** @} */

/** True if *p was `old` and is now `new_`; strong; order `success`, a failure is relaxed. */
#define cas_order(p, old, new_, success)                                                          \
    __extension__({                                                                               \
        __typeof__(atomic_load_explicit((p), memory_order_relaxed)) cas_old_ = (old);             \
        atomic_compare_exchange_strong_explicit((p), &cas_old_, (new_), (success), memory_order_relaxed); \
    })
/** Compare and swap, sequentially consistent on success. */
#define cas(p, old, new_)         cas_order((p), (old), (new_), memory_order_seq_cst)
/** Compare and swap, acquire on success. */
#define cas_acquire(p, old, new_) cas_order((p), (old), (new_), memory_order_acquire)
/** Compare and swap, release on success. */
#define cas_release(p, old, new_) cas_order((p), (old), (new_), memory_order_release)
/** Compare and swap, acquire and release on success. */
#define cas_acqrel(p, old, new_)  cas_order((p), (old), (new_), memory_order_acq_rel)

#endif

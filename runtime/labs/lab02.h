/**
 * @file labs/lab02.h
 * The contracts of lab 02: context. Included by labs.h, where the words are explained.
 */
#ifndef HANDOFF_LAB02_H
#define HANDOFF_LAB02_H

#include "runtime2.h"

/** @defgroup lab02 Lab 02: context
 * labs/02-context: context_<cpu>.S, stack.c, goroutine.c
 * @{ */

/**
 * Goes on with the context in buf: makes buf->g the running G, loads the floating-point control words (those that differ;
 * MXCSR's sticky flags are nobody's and do not count), the callee-saved registers, bp and sp, sets buf->sp, ctxt and bp to 0,
 * and jumps to buf->pc with buf->ctxt as the first argument. A NULL buf->g faults before anything has changed: the check is a
 * read through it. A second gogo on the same buf faults, too, for its sp is 0. Does not return. Mirrors gogo.
 */
_Noreturn void gogo(gobuf *buf);
/**
 * Saves the caller's context in its g->sched (g; pc and sp as they are after mcall has returned; bp, the callee-saved registers
 * and the control words, all as the caller has them), makes the M's g0 the running G, goes to its stack at g0->sched.sp, which
 * stays as it is, with frame pointer 0, and calls fn(gp), which must not return. A later gogo(&gp->sched) comes back here,
 * perhaps on another thread. Nothing below the saved sp is needed then. On g0: badmcall. If fn returns: badmcall2. Mirrors mcall.
 */
void mcall(void (*fn)(G *gp));
/**
 * Runs fn(arg) on the M's g0 stack, at g0->sched.sp like mcall, with g0 as the running G, and returns. On g0 or gsignal
 * already: a plain call, on the present stack. On any other G than the M's curg: badsystemstack. While fn runs, g->sched's pc,
 * sp and bp are those of the caller (as after the return), so that a dump can walk the G's stack; afterwards sp and bp are 0.
 * So it overwrites what g->sched held. fn must not park and must not schedule; it may call systemstack. Mirrors systemstack.
 *
 * In all three, sp points into a stack of this thread at each instruction: a signal may come between any two.
 */
void systemstack(void (*fn)(void *arg), void *arg);
/**
 * Where a goroutine's function returns to: calls goexit1. The return address is goexit_frame + 1, behind a nop, so that
 * pc - 1, which is what a backtrace looks up, is in it too.
 */
void goexit_frame(void);
/**
 * Prepares buf so that gogo calls fn(arg) as if goexit_frame + 1 had called it: sp, pc, ctxt and bp (0: there is no caller's
 * frame). On entry buf->sp is the stack's top, of any alignment, and g and fpcw have been set. In assembly. Mirrors gostartcall.
 */
void gostartcall(gobuf *buf, void (*fn)(void *arg), void *arg);

/**
 * A stack of at least n bytes (rounded up to pages, aligned to 16), with a guard page below. On g0.
 *
 * Stacks of STACK_DEFAULT come from the P's cache, without a lock; an empty cache gets 16 from the pool of all (those that
 * others gave back first), under one lock. An M without a P takes one from the pool. All other sizes come from the system.
 * Exactly STACK_SMALL bytes are smallstackalloc()'s, which is given, and go back by smallstackfree().
 *
 * A guard page is made by MADV_GUARD_INSTALL, which old kernels turn down (noguardmarkers remembers that), or otherwise; then each
 * costs mappings, and a stack of STACK_DEFAULT goes without if guardmapping() says so. Throws, with a text that begins
 * "stackalloc: ", if there is no memory (for a size that nobody has, too), or if a guard page that should be there cannot be had.
 * Mirrors stackalloc.
 */
stack stackalloc(size_t n);
/**
 * Gives a stack back: one of STACK_DEFAULT to the P's cache, or, without a P, to the pool; all others to the system. The cache
 * holds at most 32: if it is full, 16 go to the pool first. On g0; not the stack that it runs on. Mirrors stackfree.
 */
void stackfree(stack stk);
/** Moves all stacks in pp's cache to the pool, under one lock. pp is the caller's, or nobody's. Mirrors stackcache_clear. */
void stackcache_clear(P *pp);
/**
 * Gives the memory of some free stacks in the pool back to the system, at most 32. They are taken out of the pool before that, and
 * no lock is held while the system works: that may take long, and others want stacks meanwhile. None of them has a page of memory
 * then, not even for a link; their address space is kept for later stacks. Any M.
 *
 * @return bytes of stacks, of which only those that were touched had memory; 0: no free stack there had any
 */
size_t stackpool_release(void);
/** Bytes of free stacks whose memory could go back to the system: in all caches and the pool. Takes no lock; may be stale. */
size_t stackcache_bytes(void);

/** A new G with a stack of n bytes (n == 0: none) and stackguard0 = stack.lo + STACK_GUARD, in Gidle, else zero. On g0. Mirrors malg. */
G *malg(size_t n);
/**
 * Puts a dead G on pp's free list; at 64 it moves all but 31 to sched.gFree (those with a stack to one list, those without to
 * the other) under one lock. A stack of another size than STACK_DEFAULT is freed first. Throws if gp is not in Gdead: "not
 * dead". pp is the caller's. Afterwards gp may be anybody's. Mirrors gfput.
 */
void gfput(P *pp, G *gp);
/**
 * Takes a dead G from pp's list, or NULL. An empty list is first filled from sched.gFree under one lock, up to 32 and those
 * with a stack first; without a lock if sched.gFree.n says that there are none. What is returned has a stack, of the default size if it
 * needed a new one, and is in Gdead. pp is the caller's. On g0. Mirrors gfget.
 */
G *gfget(P *pp);
/** Moves all of pp's dead Gs to the global lists, under one lock. pp is the caller's, or the world is stopped. Mirrors gfpurge. */
void gfpurge(P *pp);
/**
 * A goid that was never used, from pp's batch. An empty batch is filled with the GOID_BATCH ids behind sched.goidgen by one
 * atomic addition. The first id of all is 1. pp is the caller's. Mirrors the goidcache part of newproc1.
 */
uint64_t goidnext(P *pp);
/**
 * Makes a G in Grunnable that will call fn(arg) on a stack of stacksize bytes (0: STACK_DEFAULT; STACK_SMALL: that; else at least STACK_MIN, in
 * pages): reuses a dead one, or allocates one, which is Gdead before allgadd shows it to others. Its context is by
 * gostartcall at the top of the stack, with GOBUF_FPCW_DEFAULT. Sets goid, parentgoid (callergp's), gopc (callerpc), startfn,
 * startarg, stackwant (the size that it came to) and stackguard0; all other fields are those of a fresh G (see gdestroy). On
 * no queue.
 *
 * fn == NULL is fatal: "go of nil func value". Throws if what gfget gave it is not in Gdead or has no stack. On g0, with m.p.
 * Mirrors newproc1.
 */
G *newproc1(void (*fn)(void *arg), void *arg, G *callergp, uintptr_t callerpc, size_t stacksize);
/** Ends the running goroutine: records traceEvGoEnd, then mcall(goexit0). Reached through goexit_frame. Mirrors goexit1. */
void goexit1(void);
/** On g0: gdestroy(gp), then schedule(). Mirrors goexit0. */
void goexit0(G *gp);
/**
 * On g0: Grunning -> Gdead; clears all that belonged to the goroutine: lockedm and m.lockedg, syscallsp, syscallpc, syscallbp,
 * waitsince, waitreason, param, waiting, selectDone, defers, timer, trackingp, preempt, throwsplit, asyncSafePoint, issystem
 * (counted in sched.ngsys), paniconfault; counts p.n.exits; dropg; gfput, and does not touch gp afterwards.
 *
 * If gp was locked to its thread (m.lockedExt), the thread ends with it: gogo(&m.g0->sched), where mstart1 left the way to
 * the end of mstart0. If the runtime itself had locked it (m.lockedInt), that is a bug: throws "exited a goroutine internally
 * locked to the OS thread". Mirrors gdestroy.
 */
void gdestroy(G *gp);
/** @} */

#endif

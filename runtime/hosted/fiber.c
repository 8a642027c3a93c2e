/**
 * @file fiber.c
 * Tells the sanitizers about goroutines; in builds with HANDOFF_FIBERS only.
 *
 * ThreadSanitizer keeps a history for each thread and must know when a thread goes on with another goroutine's: its fibers.
 * The linker sends calls of gogo, mcall and systemstack here first (--wrap), so that neither the labs nor the core have to
 * think of it. These functions are not instrumented themselves, and the build leaves out function entry and exit: g0 enters
 * functions that it never leaves.
 *
 * AddressSanitizer poisons parts of stacks; a stack that changes hands is made clean.
 */
#include "core.h"
#include "fiber.h"

#ifdef HANDOFF_FIBERS

#define PLAIN __attribute__((no_sanitize("thread"), no_sanitize("address"), noinline))

#if defined(__SANITIZE_THREAD__)
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);

PLAIN void fiber_create(G *gp)
{
    gp->fiber = __tsan_create_fiber(0);
}

PLAIN void fiber_destroy(G *gp)
{
    __tsan_destroy_fiber(gp->fiber);
    gp->fiber = NULL;
}

PLAIN void fiber_switch(G *to)
{
    __tsan_switch_to_fiber(to->fiber, 0);
}

/** g0's fiber is the thread's own; an M structure may serve several threads, one after the other. */
PLAIN static void notefiber(void)
{
    G *gp = getg();
    if (gp == getm()->g0)
        gp->fiber = __tsan_get_current_fiber();
}
#else
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);

PLAIN void fiber_create(G *gp)
{
    __asan_unpoison_memory_region((void *)gp->stack.lo, gp->stack.hi - gp->stack.lo);
}

PLAIN void fiber_destroy(G *gp)
{
    __asan_unpoison_memory_region((void *)gp->stack.lo, gp->stack.hi - gp->stack.lo);
}

PLAIN void fiber_switch(G *to)
{
    (void)to;
}

PLAIN static void notefiber(void)
{
}
#endif

_Noreturn void __real_gogo(gobuf *buf);
void __real_mcall(void (*fn)(G *));
void __real_systemstack(void (*fn)(void *), void *arg);

/** To a goroutine, from g0. (The end of a locked goroutine goes from g0 to g0: no switch.) */
PLAIN _Noreturn void __wrap_gogo(gobuf *buf)
{
    notefiber();
    if (buf->g != getg())
        fiber_switch(buf->g);
    __real_gogo(buf);
}

/** To g0, for good; who comes back was sent by gogo. */
PLAIN void __wrap_mcall(void (*fn)(G *))
{
    fiber_switch(getm()->g0);
    __real_mcall(fn);
}

/** To g0 and back. */
PLAIN void __wrap_systemstack(void (*fn)(void *), void *arg)
{
    G *gp = getg();
    M *mp = getm();
    if (gp != load_relaxed(&mp->curg)) { /* on g0 or gsignal already */
        __real_systemstack(fn, arg);
        return;
    }
    fiber_switch(mp->g0);
    __real_systemstack(fn, arg);
    fiber_switch(gp);
}

#endif

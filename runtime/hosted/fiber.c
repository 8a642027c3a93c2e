/**
 * @file fiber.c
 * Tells the tools about goroutines; in builds with HANDOFF_FIBERS only.
 *
 * ThreadSanitizer keeps a history for each thread and must know when a thread goes on with another goroutine's: its
 * fibers. A switch also orders what was done before it before what is done after it: right, for both happen on one
 * thread. The build leaves out the notes of function entry and exit, since g0 enters functions that it never leaves.
 *
 * AddressSanitizer wants to know where the running stack lies (it cleans it before a call that does not return), and
 * which memory may hold pointers to what was allocated: goroutines' stacks and the runtime's own memory, which it does
 * not know. A stack that changes hands is made clean.
 *
 * Memcheck (HANDOFF_VALGRIND) guesses from the stack pointer whether a frame grew or the stack was changed; it must know
 * which stacks there are. Preemption by signal writes below the stack pointer, as only the kernel may in its eyes: switch
 * it off (HANDOFFDEBUG=asyncpreemptoff=1).
 *
 * The linker sends calls of gogo, mcall and systemstack here first (--wrap), so that neither the labs nor the core have
 * to think of it. None of this is instrumented itself. Between the call that announces the switch and the switch there
 * is nothing but its few instructions, and a signal handler, which is not instrumented either.
 */
#include "core.h"
#include "fiber.h"

#ifdef HANDOFF_FIBERS

#define PLAIN __attribute__((no_sanitize("thread"), no_sanitize("address"), noinline))

#if defined(HANDOFF_VALGRIND)
#include <valgrind/memcheck.h>

void fiber_create(G *gp)
{
    gp->fiber = (void *)(uintptr_t)VALGRIND_STACK_REGISTER(gp->stack.lo, gp->stack.hi);
}

void fiber_destroy(G *gp)
{
    VALGRIND_STACK_DEREGISTER((uintptr_t)gp->fiber);
    VALGRIND_MAKE_MEM_UNDEFINED(gp->stack.lo, gp->stack.hi - gp->stack.lo); /* what lay below its last sp was taboo */
    gp->fiber = NULL;
}

#elif defined(__SANITIZE_THREAD__)
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);

/**
 * Stands for the kernel. A stack of unusual size is unmapped by one M and its addresses mapped again by another, by system
 * calls that the tool does not see: what the kernel orders is told here.
 */
static char kernel;

PLAIN void fiber_create(G *gp)
{
    if (gp->stack.hi - gp->stack.lo != STACK_DEFAULT)
        __tsan_acquire(&kernel);
    gp->fiber = __tsan_create_fiber(0);
}

PLAIN void fiber_destroy(G *gp)
{
    if (gp->stack.hi - gp->stack.lo != STACK_DEFAULT)
        __tsan_release(&kernel);
    __tsan_destroy_fiber(gp->fiber);
    gp->fiber = NULL;
}

PLAIN static void fiber_switch(G *to)
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
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

PLAIN void fiber_create(G *gp)
{
    __asan_unpoison_memory_region((void *)gp->stack.lo, gp->stack.hi - gp->stack.lo);
    __lsan_register_root_region((void *)gp->stack.lo, gp->stack.hi - gp->stack.lo);
}

PLAIN void fiber_destroy(G *gp)
{
    __lsan_unregister_root_region((void *)gp->stack.lo, gp->stack.hi - gp->stack.lo);
    __asan_unpoison_memory_region((void *)gp->stack.lo, gp->stack.hi - gp->stack.lo);
}

PLAIN void fiber_root(void *p, size_t n)
{
    __lsan_register_root_region(p, n);
}

PLAIN void fiber_unroot(void *p, size_t n)
{
    __lsan_unregister_root_region(p, n);
}

PLAIN void fiber_exit(void *unused)
{
    (void)unused;
    __lsan_do_leak_check(); /* ends the process if there are any */
}

/** Begins and ends the change of stacks at once. Without a fake stack (detect_stack_use_after_return=0) that is enough. */
PLAIN static void fiber_switch(G *to)
{
    const void *bottom;
    size_t size;
    __sanitizer_start_switch_fiber(NULL, (void *)to->stack.lo, to->stack.hi - to->stack.lo);
    __sanitizer_finish_switch_fiber(NULL, &bottom, &size);
}

PLAIN static void notefiber(void)
{
}
#endif

#ifndef HANDOFF_VALGRIND
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

#endif

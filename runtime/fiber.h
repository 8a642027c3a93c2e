/**
 * @file fiber.h
 * Hooks that tell sanitizers and valgrind about goroutines.
 *
 * Such a tool keeps notes for each stack, and believes that a thread has one. Builds with HANDOFF_FIBERS have these
 * functions in runtime/hosted/fiber.c; in all others they are nothing.
 */
#ifndef HANDOFF_FIBER_H
#define HANDOFF_FIBER_H

#include "runtime2.h"

#ifdef HANDOFF_FIBERS
/** gp has a stack and will start on it. On g0, before gp is made runnable. */
void fiber_create(G *gp);
/** gp is dead and its stack is not in use. On g0. */
void fiber_destroy(G *gp);
#else
static inline void fiber_create(G *gp)
{
    (void)gp;
}
static inline void fiber_destroy(G *gp)
{
    (void)gp;
}
#endif

#if defined(HANDOFF_FIBERS) && defined(__SANITIZE_ADDRESS__)
/** The runtime has got n bytes at p from the system: they may hold pointers to what programs allocate. */
void fiber_root(void *p, size_t n);
/** And gives them back. */
void fiber_unroot(void *p, size_t n);
/** The program ends: ends it with a report if it has lost memory. For systemstack. */
void fiber_exit(void *unused);
#else
static inline void fiber_root(void *p, size_t n)
{
    (void)p, (void)n;
}
static inline void fiber_unroot(void *p, size_t n)
{
    (void)p, (void)n;
}
static inline void fiber_exit(void *unused)
{
    (void)unused;
}
#endif

#endif

/**
 * @file fiber.h
 * Hooks that tell a sanitizer about goroutines.
 *
 * A sanitizer keeps notes for each stack, and believes that a thread has one. Builds with HANDOFF_FIBERS have
 * these functions in runtime/hosted/fiber.c; in all others they are nothing.
 */
#ifndef HANDOFF_FIBER_H
#define HANDOFF_FIBER_H

#include "runtime2.h"

#ifdef HANDOFF_FIBERS
/** gp has a stack and will start on it. On g0, before gp is made runnable. */
void fiber_create(G *gp);
/** gp is dead and its stack is not in use. On g0. */
void fiber_destroy(G *gp);
/** The running code goes over to the stack of `to` now. Called directly before the switch. */
void fiber_switch(G *to);
#else
static inline void fiber_create(G *gp)
{
    (void)gp;
}
static inline void fiber_destroy(G *gp)
{
    (void)gp;
}
static inline void fiber_switch(G *to)
{
    (void)to;
}
#endif

#endif

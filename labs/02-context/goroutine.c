/**
 * @file goroutine.c
 * The life of a goroutine: made, started, ended, used again.
 *
 *     malg: Gidle -> Gdead
 *     newproc1: Gdead -> Grunnable    execute: Grunnable -> Grunning    goexit1: Grunning -> Gdead, and again
 *
 * A new goroutine has never called mcall, yet gogo knows only how to go on with one that has. So newproc1
 * forges the context: a stack on which it looks as if somebody at goexit_frame + 1 had just called fn(arg).
 * The first gogo "continues" fn at its first instruction, and when fn returns, it returns into
 * goexit_frame, which calls goexit1.
 *
 * The end is the difficult part, because nobody can free the stack on which he stands. goexit1 leaves it by
 * mcall, and goexit0, on g0's stack, may do with the dead one what it likes. The G itself is never freed
 * (others may still hold a pointer to it, and sysmon and dumps walk over all Gs); it goes to a free list,
 * with its stack if that has the default size. There is one list a P, and two for all: Gs with a stack are
 * worth more than those without.
 *
 *     P's list      up to 63; at 64 it is emptied down to 31 at once, so that the lock is taken once for many
 *     global        refills an empty P's list up to 32
 */
#include "core.h"
#include "fiber.h"

G *malg(size_t n)
{
    /* Write me: a G from memory that is never freed, a stack if one is wanted, and the guard word. */
    (void)n;
    unwritten();
}

uint64_t goidnext(P *pp)
{
    /* Write me: one atomic operation for GOID_BATCH ids. The first id of all is 1. */
    (void)pp;
    unwritten();
}

void gfput(P *pp, G *gp)
{
    /* Write me: only the dead. Only stacks of the default size are worth keeping. Then pp's list, and when
     * it is long, the global ones. */
    (void)pp, (void)gp;
    unwritten();
}

G *gfget(P *pp)
{
    /* Write me: pp's list; when it is empty, refill it. Do not take the lock to find out that there is
     * nothing. What is returned has a stack. */
    (void)pp;
    unwritten();
}

void gfpurge(P *pp)
{
    /* Write me: all of them, in one go. */
    (void)pp;
    unwritten();
}

G *newproc1(void (*fn)(void *), void *arg, G *callergp, uintptr_t callerpc, size_t stacksize)
{
    /* Write me: get a G (a new one becomes Gdead before anybody can find it in allgs), see that it has the
     * stack that is asked for, forge its context, note who made it, give it an id, make it Grunnable. */
    (void)fn, (void)arg, (void)callergp, (void)callerpc, (void)stacksize;
    unwritten();
}

void goexit1(void)
{
    /* Write me: record traceEvGoEnd, and leave this stack for ever. */
    unwritten();
}

void goexit0(G *gp)
{
    /* Write me: two calls. */
    (void)gp;
    unwritten();
}

void gdestroy(G *gp)
{
    /* Write me: the next goroutine to use this G must find no trace of this one. Look through struct G,
     * field by field. The thread of a locked G may be in any state (its user wanted it for himself), so it
     * must not run others: let it end. What is the last moment at which gp may be touched? */
    (void)gp;
    unwritten();
}

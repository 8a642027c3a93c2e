/**
 * @file defer.c
 * Deferred calls, and the orderly end of a goroutine.
 *
 * Each G has a list of its deferred calls, the innermost first. A record lives in the frame of the scope
 * that defers; the compiler's cleanup attribute pops and calls it when the scope is left. A goroutine that
 * ends by goexit (or gopanic) never leaves its scopes: then the list is walked instead, and every record is
 * taken off before its function is called, so that a function which ends the goroutine once more goes on
 * with the next one.
 */
#include "core.h"

void defer_push(Defer *d, void (*fn)(void *arg), void *arg)
{
    G *gp = getg();
    d->fn = fn;
    d->arg = arg;
    d->link = gp->defers;
    gp->defers = d;
}

void defer_pop(Defer *d)
{
    G *gp = getg();
    if (gp->defers != d)
        throw_("defer: scopes of goroutine %llu end out of order", (unsigned long long)gp->goid);
    gp->defers = d->link;
    if (!d->fn)
        gopanic("call of nil func value");
    d->fn(d->arg);
}

_Noreturn void goexit(void)
{
    G *gp = getg();
    while (gp->defers)
        defer_pop(gp->defers);
    goexit1();
    throw_("goexit1 returned");
}

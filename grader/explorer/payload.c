/**
 * @file payload.c
 * What a goroutine carries from the one who makes it runnable to the one who runs it: plain memory. Instrumented, so that a
 * hand-over that orders nothing is a data race on it.
 */
#include "world.h"

void world_fill(G *gp)
{
    gp->param = gp;
    gp->waitsince = 42;
}

void world_use(G *gp)
{
    if (gp->param != gp || gp->waitsince != 42)
        ex_fail("goroutine %lu came without what was put into it", (unsigned long)gp->goid);
    gp->waitsince = 0;
}

/**
 * @file payload.c
 * The instrumented part of the floor: accesses that the explorer must see.
 *
 * What a goroutine carries from the one who makes it runnable to the one who runs it, and a P from one owner to the next: plain
 * memory. Instrumented, so that a hand-over that orders nothing is a data race on it.
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

_Atomic int64_t world_words[WORLD_WORDS];

void world_set(int i, int64_t v)
{
    store_relaxed(&world_words[i], v);
}

int64_t world_get(int i)
{
    return load_relaxed(&world_words[i]);
}

void world_use_p(P *pp)
{
    pp->goidcache++;
    pp->gFree.n++;
}

__attribute__((weak)) void world_gone(M *mp)
{
    (void)mp;
}

_Noreturn void exitThread(_Atomic uint32_t *wait)
{
    world_gone(getm());
    store_release(wait, freeMStack); /* pairs with allocm */
    ex_end();
}

/**
 * @file idle.c
 * The lists of what has nothing to do: idle Ps and idle Ms.
 *
 * Both are stacks, last in first out, under sched.lock: who idled last has the warmest cache. A P on the list
 * is in Pidle, belongs to nobody and has an empty queue: if it had Gs, nobody would look there for them.
 *
 * npidle and the two bit masks repeat what the list says for those who look without the lock. idlepMask tells
 * thieves whom not to visit. timerpMask tells them whose timers are worth a look; an idle P's bit stays set
 * only while it has timers, since nobody but an owner adds one.
 */
#include "core.h"

void pidleput(P *pp)
{
    /* Write me: refuse a P that has work or is not idle. Masks, list, count: what must be visible before the
     * count is? */
    (void)pp;
    unwritten();
}

P *pidleget(void)
{
    /* Write me: the last one put; its new owner may add timers and Gs at once, so the masks change first. */
    unwritten();
}

P *pidlegetSpinning(void)
{
    /* Write me: there is work and nobody to run it: leave a note for the next M that drops a P. */
    unwritten();
}

M *mget(void)
{
    /* Write me: the last one put. */
    unwritten();
}

void mput(M *mp)
{
    /* Write me: one M less that could run something. Was it the last? */
    (void)mp;
    unwritten();
}

/**
 * @file locked.c
 * Goroutines that are bound to a thread.
 *
 * Some things belong to a thread: credentials, namespaces, a signal mask, the context of a graphics library.
 * A goroutine that uses them locks itself to its M: from then on nobody else runs it, and this M runs nobody
 * else. Locks nest; they are counted apart for the program (lockedExt) and the runtime (lockedInt), and both
 * must be undone.
 *
 * The scheduler does not know of locks until it meets one of two situations:
 *   - the M's own goroutine cannot run: stoplockedm gives the P away and parks until somebody brings one;
 *   - another M picks a locked goroutine off a queue: startlockedm takes it, and its own P, to the thread
 *     that it is locked to.
 *
 * A parked locked M does not lie on the idle list; nmidlelocked counts it for checkdead. Whoever is about to
 * bring such an M to life counts it out before.
 *
 * If a goroutine ends while it is locked, its thread ends with it: nobody knows what it has done to it.
 */
#include "core.h"

void lockosthread(void)
{
    /* Write me: start the template thread now, while this thread is still clean; count; tie. Overflow is
     * fatal. */
    unwritten();
}

void unlockosthread(void)
{
    /* Write me: nothing if the program holds no lock; else count down, and part if it was the last of both
     * kinds. */
    unwritten();
}

void lockOSThread(void)
{
    /* Write me: the runtime's count, and tie. No template thread: the runtime leaves its threads as they
     * are. */
    unwritten();
}

void unlockOSThread(void)
{
    /* Write me: throw without a lock; count down, and part if it was the last. */
    unwritten();
}

void incidlelocked(int32_t v)
{
    /* Write me: under sched.lock; one more that sleeps may have been the last one. */
    (void)v;
    unwritten();
}

void stoplockedm(void)
{
    /* Write me: throw unless M and G are tied both ways. Hand the P off if there is one, count this M as
     * idle, park. Woken: the G must be runnable (throw); take nextp. */
    unwritten();
}

void startlockedm(G *gp)
{
    /* Write me: throw if gp's M is this one or has a next P already. Count that M as running before it can
     * run; part from the P, give it as nextp, wake; stopm. */
    (void)gp;
    unwritten();
}

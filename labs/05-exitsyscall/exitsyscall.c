/**
 * @file exitsyscall.c
 * Leaving a system call: the thread is back from the kernel, has a goroutine, and no P.
 *
 * There are three ways to go on, tried in the order of what they cost:
 *
 *   the old P     If its status is still Psyscall, one compare-and-swap brings it back. Nothing else was
 *                 touched, the time slice goes on, no lock was taken. Nearly every call ends here.
 *   an idle P     Somebody took the old one, but another lies on the idle list: take it under sched.lock.
 *   none          The goroutine goes to the tail of the global queue, and this thread parks. Whoever has a P
 *                 next will run the goroutine, probably on another thread.
 *
 * The old P may have had a whole life meanwhile: retaken, run by another M, and put into Psyscall by that M's
 * system call. The compare-and-swap cannot tell, and need not: a P in Psyscall is nobody's, whoever wins it
 * owns it. But then *its syscalltick has moved*, and must move once more, so that the other M's call counts
 * as interrupted too.
 *
 * Until one of these ways has succeeded this thread owns no P, and must not read so much as a counter of the
 * old one. And after the third way it may not be the same thread: whatever was read through m before is
 * stale.
 */
#include "core.h"

__attribute__((noinline)) void exitsyscall(void)
{
    /* Write me: locks++; the caller's frame must not have returned since entersyscall (throw). Forget
     * oldp, then try exitsyscallfast with it. Success: syscalltick++, Grunning, syscallsp = 0, locks--,
     * the guard word as g.preempt says, throwsplit. Else locks--, mcall(exitsyscall0), and when somebody
     * runs us again: clean up, by way of getg(). */
    unwritten();
}

bool exitsyscallfast(P *oldp)
{
    /* Write me: not while the world is frozen. The old P by CAS (Psyscall to Pidle), then wirep; if its
     * syscalltick is not the one that we left with, it has lived meanwhile: one more tick. Else, only if
     * there seems to be an idle P, exitsyscallfast_pidle on g0. */
    (void)oldp;
    unwritten();
}

bool exitsyscallfast_pidle(void)
{
    /* Write me: under sched.lock an idle P, and if there is one, wake a waiting sysmon; then acquirep. */
    unwritten();
}

void exitsyscall0(G *gp)
{
    /* Write me: Grunnable, dropg; under sched.lock an idle P (then wake sysmon) or the global queue's
     * tail, and in that case remember whether gp is locked to a thread: after the unlock gp may run
     * elsewhere. Then: with a P run gp; a locked one waits for it here; else park and schedule. */
    (void)gp;
    unwritten();
}

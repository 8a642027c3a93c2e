/**
 * @file retake.c
 * sysmon's look at all Ps: who runs too long, who is away too long.
 *
 * sysmon cannot see when a time slice began: to write down the time at each switch would cost every switch a
 * clock. Instead a P counts its time slices (schedtick) and its system calls (syscalltick), which is one
 * addition, and sysmon notes what it saw and when (sysmontick). A count that has not moved since 10 ms ago
 * means one slice of at least 10 ms.
 *
 * The count of slices is looked at for Ps in system calls as well. A goroutine that makes one short call
 * after another is in Psyscall nearly whenever sysmon looks, and no preemption request reaches it there,
 * since no M has the P; but to take the P away ends its slice just as well (Go issue 10958).
 *
 * Taking a P out of a system call is lab 06's half: retake_syscall.
 */
#include "core.h"

uint32_t retake(int64_t now)
{
    /* BEGIN SOLUTION
     * Write me: under allpLock, for each P that runs or is in a system call: a new schedtick: note it and
     * now; an old one, since 10 ms: preempt, and take it from a system call in any case. retake_syscall drops
     * allpLock, so gomaxprocs may change on the way. Count only the Ps taken. */
    uint32_t n = 0;
    lock(&allpLock);
    for (int32_t i = 0; i < load_relaxed(&gomaxprocs); i++) { /* allpLock keeps it still while we hold it */
        P *pp = allp[i];
        if (!pp)
            continue; /* procresize has counted it but not made it yet */
        sysmontick *pd = &pp->sysmontick;
        uint32_t s = load_relaxed(&pp->status); /* a hint: who acts on it checks again */
        if (s != Prunning && s != Psyscall)
            continue;
        bool sysretake = false;
        uint32_t t = load_relaxed(&pp->schedtick); /* one word to compare; orders nothing */
        if (pd->schedtick != t) {
            pd->schedtick = t;
            pd->schedwhen = now;
        } else if (pd->schedwhen + forcePreemptNS <= now) {
            preemptone(pp);
            sysretake = true;
        }
        if (s == Psyscall)
            n += retake_syscall(pp, pd, now, sysretake);
    }
    unlock(&allpLock);
    return n;
    /* END SOLUTION */
}

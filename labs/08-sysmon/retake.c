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
    /* Write me: under allpLock, for each P that runs or is in a system call: a new schedtick: note it and
     * now; an old one, since 10 ms: preempt, and take it from a system call in any case. retake_syscall drops
     * allpLock, so gomaxprocs may change on the way. Count only the Ps taken. */
    (void)now;
    unwritten();
}

/**
 * @file lab05.h
 * What the tests of lab 05 have in common. The world: m0 ran g1 on p0 and is in a system call.
 */
#ifndef LAB05_H
#define LAB05_H

#include "judge.h"

enum { Grunnable_ = 1, Grunning_ = 2, Gsyscall_ = 3 };
enum { Pidle_ = 0, Prunning_ = 1, Psyscall_ = 2, Pgcstop_ = 3, Pdead_ = 4 };
enum { STACKPREEMPT = -1314, STACKGUARD = 928 };

/** m0 is in a system call; so many other Ps are made. */
static inline void in_syscall(int others)
{
    call("newp", 1 + others);
    call("newg");
    call("hold", 0, 0);
    call("rung", 0, 1);
    call_g("entersyscall");
}

/** The same, and m1 has taken its P; so many Ps are idle: p1, p2... */
static inline void taken(int idle)
{
    in_syscall(idle);
    call("newm");
    set(get("p0.syscalltick") + 1, "p0.syscalltick");
    call("hold", 1, 0);
    for (int p = idle; p >= 1; p--)
        call("idlep", p);
}

#endif

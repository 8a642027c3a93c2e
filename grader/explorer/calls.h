/**
 * @file calls.h
 * What scenarios of system calls have in common: goroutines that make calls, and a small scheduler for the Ms on which they
 * come back. Linked into the explorers of labs 04 and 05 only.
 *
 * There schedule() is this file's: it takes Gs from the global queue, idles as findrunnable() does, and stops for a
 * stop-the-world. Somebody else polls, no M is made, wakep() and preemptall() ask nobody, checkdead() and sysmon's other duties do nothing, and
 * notetsleep() sleeps until it is woken: a wake-up that is lost is seen. A goroutine that comes back by way of gogo() goes on with
 * its calls, whatever M it is on.
 */
#ifndef HANDOFF_EXPLORE_CALLS_H
#define HANDOFF_EXPLORE_CALLS_H

#include "world.h"

/** world_make, for goroutines that make calls: their stacks are where their frames are. */
void calls_make(int nps, int nms, int ngs);
/** gs[g] will make n system calls, then end. From setup. */
void calls_program(int g, int n);
/** The same: its system calls are said to block. */
void calls_blocking(int g, int n);
/** gs[g] is in a system call on M m, which had P p when it began. Whoever has taken the P has given it to somebody else. From setup. */
void calls_away(int g, int m, int p);
/** M m is parked on the idle list. From setup; its thread is calls_parked. */
void calls_park(int m);

/** What the running G has to do; then its M schedules. */
_Noreturn void calls_go(void);
/** The running G comes back from the call that calls_away has put it in; then as calls_go. */
_Noreturn void calls_return(void);
/** The running M is parked, as calls_park has said. */
_Noreturn void calls_parked(void);
/** sysmon looks at P p: true if it has taken it. The time slice is over if sysretake. */
bool calls_retake(int p, bool sysretake);

/** Takes an idle P for M m and runs gs[g] on it. On g0 of m. */
_Noreturn void calls_take(int g);
/** sysmon: one sleep, which may be its long one, and one round. */
_Noreturn void calls_sysmon(void);

/** How many calls gs[g] has begun. */
int calls_begun(int g);
/** How often gs[g] has come back from a call. */
int calls_back(int g);
/** What each call does in the kernel; a scenario may set it in setup. */
extern void (*calls_kernel)(void);
/** Runs in each goroutine that has made its calls, before its end; likewise. */
extern void (*calls_then)(void);
/** Fails unless gs[0] to gs[n - 1] have done what they had to, and all else is in order; from check. */
void calls_all_back(int n);

#endif

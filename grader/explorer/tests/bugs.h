/**
 * @file bugs.h
 * Between bugs.c, which is instrumented, and selftest.c, which is not.
 */
#ifndef HANDOFF_BUGS_H
#define HANDOFF_BUGS_H

#include "../explore.h"

extern _Atomic int flag, turn, word;
extern int data, counter;
/** How many are in the critical section; a ghost. */
extern int64_t inside;
/** How often it was called, over all executions: what the explorer cannot put back. */
int outside(void);

void send_release(void), send_relaxed(void), receive_acquire(void);
void spinlock_adds(void), tested_adds(void);
void dekker_sc_0(void), dekker_sc_1(void), dekker_ra_0(void), dekker_ra_1(void);
void sleeper(void), sleeper_without_a_look(void), sleeper_with_a_limit(void), waker(void), waker_that_wakes_first(void);
void locks_ab(void), locks_ba(void), locked_adds(void), locks_twice(void);
void weak_once(void), weak_loop(void);
/** How the runtime's lock is broken (mutexes.c). */
enum { RIGHT, WAKES_NOBODY, WAKES_ONE, CAS_RELAXED, SWAP_RELAXED };
extern int broken;
void mutex_adds(void), mutex_adds_twice(void);
void blinks(void), looks(void), comes_and_goes(void), looks_inside(void), keeps_to_itself(void);
void waits_for_ever(void), circles(void), hangs(void), crashes(void), wild(void), mixes(void), copies(void), depends_on_outside(void);

#endif

/**
 * @file loops.h
 * What the tests of preemption have in common: goroutines that loop until they are told to stop.
 */
#ifndef HANDOFF_TEST_LOOPS_H
#define HANDOFF_TEST_LOOPS_H

#include "check.h"
#include "core.h"

/** True: every loop ends. */
static _Atomic bool stop;

/** Loops without a call; ends the wait group's wait. */
static inline void empty_loop(void *wg)
{
    while (!stop)
        ;
    wg_done(wg);
}

/** Goroutines that were preempted so far. */
static inline uint64_t preemptions(void)
{
    SchedStats st;
    schedstats(&st);
    return st.preemptions;
}

/** A turn of main: it stops the world, and lets the others run. */
static inline void stop_and_yield(void)
{
    gogc();
    gosched();
}

#endif

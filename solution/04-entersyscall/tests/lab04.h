/**
 * @file lab04.h
 * What the tests of lab 04 have in common. The world: m0 runs g1 on p0.
 */
#ifndef LAB04_H
#define LAB04_H

#include "judge.h"

enum { Grunning_ = 2, Gsyscall_ = 3 };
enum { Pidle_ = 0, Prunning_ = 1, Psyscall_ = 2, Pgcstop_ = 3 };
enum { STACKPREEMPT = -1314 };

/** m0 runs g1 on p0. */
static inline void one_g(void)
{
    call("newp");
    call("newg");
    call("hold", 0, 0);
    call("rung", 0, 1);
}

/** sched holds the frame that syscallpc, syscallsp and syscallbp say. */
static inline void expect_frame(void)
{
    expect_field(get("g1.syscallpc"), "g1.sched.pc");
    expect_field(get("g1.syscallsp"), "g1.sched.sp");
    expect_field(get("g1.syscallbp"), "g1.sched.bp");
}

/** And it is the frame of the function that called op, which has just returned its address and its frame. */
static inline void expect_callers_frame(const char *op)
{
    int64_t caller = result(1), frame = result(2);
    int64_t pc = get("g1.syscallpc"), sp = get("g1.syscallsp");
    if (pc <= caller || pc > caller + 256)
        fail("syscallpc %#llx should lie in the function that called %s, which begins at %#llx", (long long)pc, op,
             (long long)caller);
    if (sp > frame || sp < frame - 512)
        fail("syscallsp %#llx should be the stack pointer of the function that called %s, whose frame is at %#llx", (long long)sp,
             op, (long long)frame);
    expect_field(frame, "g1.syscallbp");
    expect_frame();
}

#endif

/**
 * @file dance.c
 * The delicate dance, once: the execution of the handout, step by step on two Ms.
 */
#include "lab03.h"

TEST(AGQueuedLocallyJustBeforeTheCountGoesDown)
{
    because("the G was queued after m1's search and before its count went down: the last look finds it");
    two_ms(2);
    until_p_is_idle();
    int64_t g = call("newg");
    call("runqput", 0, g, false);
    struct outcome o = meanwhile("wakep");
    nobody_is_stranded();
    expect_returned(o, g);
    expect_field(P1, "m1.p");
    expect_field(1, "m1.spinning");
    expect_field(1, "sched.nmspinning");
    found(o, g);
}

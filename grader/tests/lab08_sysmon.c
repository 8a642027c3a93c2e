/**
 * @file lab08_sysmon.c
 * The monitor's rounds on the fake clock: usleep is a stop, so each round ends in the judge's hands.
 */
#include <stdio.h>
#include "judge.h"

/* With a P busy all the time and nothing to take: 20 us for 50 idle rounds, then doubling up to 10 ms. */
TEST(DelaysGrowWhileThereIsNothingToDo)
{
    call("newp");
    int64_t g = call("newg"), m = call("newm");
    call("hold", 0, 0);
    call("rung", 0, g);
    set(1, "debug.asyncpreemptoff");
    set(0, "sched.lastpoll"); /* somebody polls: sysmon does not */
    record("checkdead");
    stop_at("usleep");
    struct outcome o = run(m, "sysmon");
    for (int idle = 0, us = 20; idle < 70; idle++) {
        char wanted[64];
        if (idle > 50)
            us = us * 2 > 10000 ? 10000 : us * 2;
        snprintf(wanted, sizeof wanted, "stopped: at usleep %d", us);
        expect(o, wanted);
        set(get("p0.schedtick") + 1, "p0.schedtick"); /* the P's M schedules: no reason to preempt it */
        o = resume(m);
    }
    expect_field(0, "g%d.preempt", (int)g);
}

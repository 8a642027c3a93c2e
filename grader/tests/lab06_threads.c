/**
 * @file lab06_threads.c
 * The life of a thread in the world: clone, start, sleep on a note, be woken with a P.
 */
#include <errno.h>
#include <string.h>
#include "judge.h"

/* startm without an idle M makes a thread. It begins on its g0, takes the P that it was made for, and runs what
 * is on its queue. */
TEST(StartmMakesAThreadThatTakesTheP)
{
    call("newp", 2);
    call("randomOrder_reset", 2);
    call("hold", 0, 0);
    int64_t g = call("newg");
    call("setring", 1, 0, g);
    spy("linux_clone");
    call("startm", 1, false, false);
    const char *log = events();
    if (!strstr(log, "clone") || !strstr(log, "stack=top"))
        fail("no thread was made with the top of its g0 stack; calls:\n%s", log);
    int64_t m = 1;
    expect_field(1, "m1.nextp");
    expect(resume(m), "running g1");
    expect_field(m, "p1.m");
    expect_field(g, "m1.curg");
    check_world();
}

/* A parked M gets the P that startm gives it, and goes on where stopm stood. */
TEST(StartmWakesAnIdleM)
{
    call("newp", 2);
    call("randomOrder_reset", 2);
    call("hold", 0, 0);
    int64_t m = call("newm");
    expect(run(m, "stopm"), "blocked: futex m1.park");
    expect_list("m1", "sched.midle");
    spy("linux_futex");
    spy("linux_clone");
    call("startm", 1, false, false);
    expect_events("futex_wake m1.park 1\n");
    expect_list("", "sched.midle");
    expect_returned(resume(m), 0);
    expect_field(1, "m1.p");
    check_world();
}

/* A timed sleep: the time that is left is computed anew after each early return. */
TEST(NotetsleepSurvivesEarlyReturns)
{
    const int64_t ms = 1000000;
    int64_t m = call("newm");
    spy("linux_futex");
    struct outcome o = run(m, "notetsleep", 10 * ms);
    if (o.kind != OUT_BLOCKED)
        fail("notetsleep does not sleep: %s", o.text);
    call("advance", 4 * ms);
    o = resume_ret(m, -EINTR);
    if (o.kind != OUT_BLOCKED)
        fail("notetsleep gives up after EINTR: %s", o.text);
    call("advance", 6 * ms);
    expect_returned(resume_ret(m, -ETIMEDOUT), false);
    const char *log = events();
    if (!strstr(log, " 10000000\n") || !strstr(log, " 6000000\n"))
        fail("the first sleep is 10 ms, the second 6 ms; calls:\n%s", log);
}

TEST(ASecondWakeupWithoutClearThrows)
{
    call("notewakeup");
    call_throws("double wakeup", "notewakeup");
}

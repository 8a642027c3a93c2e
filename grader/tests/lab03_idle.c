/**
 * @file lab03_idle.c
 * The idle lists: masks, timers, and what may not lie there.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

/* An idle P with timers stays in timerpMask: thieves run them. One without does not. */
TEST(TimerpMaskKeepsIdlePsWithTimers)
{
    ps(3);
    record("netpollinited");
    record("wakeNetPoller");
    int64_t m1 = busy(1);
    on(m1);
    call("timer_start", call("clock") + MSEC, NIL);
    on(0);
    set(6, "timerpMask[0]");
    set(Pidle_, "p1.status");
    set(NIL, "p1.m");
    set(NIL, "m%lld.p", (long long)m1);
    call("pidleput", 1);
    call("pidleput", 2);
    expect_field(2, "timerpMask[0]");
    expect_call(2, "pidleget");
    expect_field(6, "timerpMask[0]"); /* its owner may set one at any time */
    expect_call(1, "pidleget");
    expect_field(6, "timerpMask[0]");
}

TEST(PidleputRefusesAPThatIsNotIdle)
{
    because("only a P in Pidle may be put on the idle list");
    ps(2);
    call_throws("", "pidleput", 0);
}

/* A sleeping M is one that can no more run anything: was it the last? */
TEST(MputLooksForADeadlock)
{
    ps(1);
    int64_t m = call("newm");
    record("checkdead");
    call("mput", m);
    expect_events("checkdead()\n");
    expect_list(only('m', m), "sched.midle");
    expect_call(m, "mget");
    expect_events("");
}

/* Random puts and gets: always the last one put, and list, count and mask agree. */
TEST(ListCountAndMaskOfIdlePsAgree)
{
    ps(8);
    int64_t stack[8], n = 0;
    bool idle[8] = {true}; /* p0 is m0's */
    for (int k = 0; k < 60; k++) {
        if (n > 0 && rndn(2)) {
            int64_t p = stack[--n];
            expect_call(p, "pidleget");
            idle[p] = false;
        } else {
            int64_t p = (int64_t)rndn(8);
            while (n < 7 && idle[p])
                p = (p + 1) % 8;
            if (n == 7)
                continue;
            call("pidleput", p);
            stack[n++] = p;
            idle[p] = true;
        }
        expect_field(n, "sched.npidle");
        check_world();
    }
}

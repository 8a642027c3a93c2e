/**
 * @file lab08_schedtrace.c
 * The trace line in worlds that are large, odd, or in motion.
 */
#include <stdio.h>
#include <string.h>
#include "judge.h"

TEST(TheTraceIsReadUnderTheLockAndWrittenWithoutIt)
{
    call("newp");
    call("newm");
    spy("lock");
    stop_at("linux_write");
    struct outcome o = run(1, "schedtrace", false);
    if (!strstr(o.text, "stopped: at write fd=2"))
        fail("schedtrace should write to standard error by linux_write, but it %s", o.text);
    expect_field(0, "sched.lock.key");
    expect_field(0, "m1.locks");
    if (!strstr(events(), "lock(sched.lock)\n"))
        fail("the numbers are read without sched.lock");
    pass("linux_write");
    expect_returned(resume(1), 0);
}

/* 300 Ps: the line is longer than what a message of the runtime may be. */
TEST(AllPsFitInTheLine)
{
    enum { N = 300 };
    char wanted[4096];
    int n = snprintf(wanted, sizeof wanted, " [ ");
    call("newp", N);
    for (int p = 0; p < N; p++)
        n += snprintf(wanted + n, sizeof wanted - (size_t)n, "0 ");
    n += snprintf(wanted + n, sizeof wanted - (size_t)n, "] schedticks=[ ");
    for (int p = 0; p < N; p++) {
        int tick = (int)rndn(100);
        set(tick, "p%d.schedtick", p);
        n += snprintf(wanted + n, sizeof wanted - (size_t)n, "%d ", tick);
    }
    snprintf(wanted + n, sizeof wanted - (size_t)n, "]\n");
    call("schedtrace", false);
    const char *got = guest_output();
    size_t len = strlen(got);
    const char *end = got + (len > 60 ? len - 60 : 0);
    if (len == 0 || got[len - 1] != '\n')
        fail("the line of %d Ps is cut off: it is %zu bytes long and ends with ...%s", N, len, end);
    if (!strstr(got, "] schedticks=[ "))
        fail("the line should end with schedticks=[ ... ], a number a P, but it ends with ...%s", end);
    if (!strstr(got, wanted))
        fail("the lists of %d Ps should end the line:%s\nbut the output is %s", N, wanted, got);
}

TEST(AllGsHaveALine)
{
    enum { N = 1000 };
    call("newp");
    call("newg", N);
    call("schedtrace", true);
    const char *got = guest_output(),
               *end = "  G2: status=1() m=nil lockedm=nil\n  G1: status=1() m=nil lockedm=nil\n";
    size_t n = strlen(got);
    if (n < strlen(end) || strcmp(got + n - strlen(end), end) != 0)
        fail("with %d Gs the detailed trace should end with\n%sbut its last lines are\n%s", N, end,
             n > 200 ? got + n - 200 : got);
}

TEST(ARingThatHasWrappedHasItsLength)
{
    call("newp");
    call("newg", 3);
    call("setring", 0, 0xfffffffe, 1, 2, 3);
    call("schedtrace", false);
    if (!strstr(guest_output(), " [ 3 ] "))
        fail("the ring from 2^32-2 to 1 has 3 Gs, but the trace says %s", guest_output());
}

TEST(ThreadsAreThoseThatLive)
{
    int made = 3 + (int)rndn(1000), freed = 1 + (int)rndn(2);
    char wanted[64];
    call("newp");
    set(made, "sched.mnext");
    set(freed, "sched.nmfreed");
    call("schedtrace", false);
    snprintf(wanted, sizeof wanted, " threads=%d ", made - freed);
    if (!strstr(guest_output(), wanted))
        fail("%d Ms were made and %d have exited, but the trace says %s", made, freed, guest_output());
}

TEST(TheTimeIsThatSinceTheStart)
{
    char wanted[64];
    int64_t t = 3000000000 + (int64_t)rndn(1000000000); /* milliseconds: more than 32 bits' worth */
    call("newp");
    call("advance", t * 1000000 + 999999);
    call("schedtrace", false);
    snprintf(wanted, sizeof wanted, "SCHED %lldms: ", (long long)t);
    if (strncmp(guest_output(), wanted, strlen(wanted)) != 0)
        fail("%s should begin the line, but it is %s", wanted, guest_output());
}

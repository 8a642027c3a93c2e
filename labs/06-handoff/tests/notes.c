/**
 * @file notes.c
 * Notes: one sleeper, one wake-up, and no sleep that the kernel can cut short.
 */
#include <errno.h>
#include "judge.h"

enum { Gsyscall_ = 3, Grunning_ = 2 };

static const int64_t ms = 1000000;

/** Fails unless the M sleeps in the kernel. */
static void sleeps(struct outcome o, const char *what)
{
    if (o.kind != OUT_BLOCKED)
        fail("%s: the thread should sleep in the kernel; instead: %s", what, o.text);
}

TEST(AWakeupBeforeTheSleepIsRemembered)
{
    because("the note is signalled already: nobody may sleep on it");
    int64_t m = call("newm");
    call("notewakeup");
    expect_returned(run(m, "notesleep"), 0);
    expect_returned(run(m, "notetsleep", 10 * ms), true);
}

/* The word decides, never the return of the system call: woken by a signal, for another's sake, for
 * nothing. */
TEST(OnlyTheWakeupEndsASleep)
{
    int64_t m = call("newm");
    sleeps(run(m, "notesleep"), "notesleep of a clear note");
    sleeps(resume(m), "after a return for no reason");
    sleeps(resume_ret(m, -EINTR), "after EINTR");
    sleeps(resume_ret(m, -EAGAIN), "after EAGAIN");
    call("notewakeup");
    call("mstate", m);
    if (!result(1))
        fail("notewakeup did not wake the thread that sleeps on the note");
    expect_returned(resume(m), 0);
}

TEST(ANoteCanBeUsedAgainAfterNoteclear)
{
    int64_t m = call("newm");
    for (int i = 0; i < 3; i++) {
        call("notewakeup");
        expect_returned(run(m, "notesleep"), 0);
        call("noteclear");
    }
    sleeps(run(m, "notesleep"), "notesleep after noteclear");
    call("notewakeup");
    expect_returned(resume(m), 0);
}

TEST(ASecondWakeupWithoutNoteclearThrows)
{
    call("notewakeup");
    call_throws("notewakeup - double wakeup", "notewakeup");
}

TEST(ATimedSleepEndsInTime)
{
    int64_t m = call("newm"), ns = (int64_t)(1 + rndn(1000)) * ms;
    struct outcome o = run(m, "notetsleep", ns);
    sleeps(o, "notetsleep of a clear note");
    if (o.v[0] != ns)
        fail("the kernel was asked to sleep %lld ns, not %lld", (long long)o.v[0], (long long)ns);
    call("advance", ns);
    expect_returned(resume_ret(m, -ETIMEDOUT), false);
}

/* After an early return only the rest is slept. */
TEST(AnEarlyReturnDoesNotProlongATimedSleep)
{
    int64_t m = call("newm"), ns = 10 * ms, part = (int64_t)(1 + rndn(8)) * ms;
    sleeps(run(m, "notetsleep", ns), "notetsleep of a clear note");
    call("advance", part);
    struct outcome o = resume_ret(m, -EINTR);
    sleeps(o, "notetsleep after EINTR, before the time is over");
    if (o.v[0] != ns - part)
        fail("%lld ns are left, but the second sleep is of %lld", (long long)(ns - part), (long long)o.v[0]);
    call("advance", ns - part);
    expect_returned(resume_ret(m, -ETIMEDOUT), false);
}

/* A user goroutine that sleeps on a note gives its P away meanwhile and asks for one afterwards. */
TEST(NotetsleepgHandsThePOff)
{
    int64_t p = call("newp"), g = call("newg", 2); /* one of them waits for the P */
    call("hold", 0, p);
    call("rung", 0, g);
    call("setring", p, 0, g + 1);
    record("startm");
    sleeps(run_g(0, "notetsleepg", -1), "notetsleepg of a clear note");
    expect_events("startm(p0, spinning=0, lockheld=0)\n");
    expect_field(NIL, "m0.p");
    expect_field(Gsyscall_, "g%d.atomicstatus", (int)g);
    call("setring", p, 0); /* what startm was for has run, and the P idles */
    off_queue(g + 1);
    call("idlep", p);
    expect_returned(run(call("newm"), "notewakeup"), 0);
    expect_returned(resume(0), true);
    expect_field(p, "m0.p");
    expect_field(Grunning_, "g%d.atomicstatus", (int)g);
}

/* A thread that sleeps is a thread lost to its P: only the scheduler's own stack may do that unprepared. */
TEST(SleepingIsForG0Only)
{
    int64_t p = call("newp"), g = call("newg");
    call("hold", 0, p);
    call("rung", 0, g);
    call_g_throws("notesleep not on g0", "notesleep");
}

/**
 * @file lab06_note.c
 * Notes at their edges: the last moment, no time, no limit, the wrong stack.
 */
#include <errno.h>
#include "judge.h"

static const int64_t ms = 1000000, hour = 3600 * 1000000000ll;

/** Fails unless the M sleeps in the kernel. */
static void sleeps(struct outcome o, const char *what)
{
    if (o.kind != OUT_BLOCKED)
        fail("%s: the thread should sleep in the kernel; instead: %s", what, o.text);
}

/* The kernel says that the time is over, but the note is signalled: it counts. */
TEST(AWakeupInTheLastMomentCounts)
{
    int64_t m = call("newm");
    sleeps(run(m, "notetsleep", 10 * ms), "notetsleep of a clear note");
    call("advance", 11 * ms);
    call("notewakeup");
    because("the kernel says that the time is over, but the note is signalled by now: the word decides");
    expect_returned(resume_ret(m, -ETIMEDOUT), true);
}

TEST(NegativeTimeIsNoLimit)
{
    int64_t m = call("newm");
    struct outcome o = run(m, "notetsleep", -1 - (int64_t)rndn(1000));
    sleeps(o, "notetsleep without a limit");
    if (o.v[0] != -1)
        fail("the kernel was given a limit: %lld ns", (long long)o.v[0]);
    call("advance", hour);
    sleeps(resume(m), "after an hour and a return for no reason");
    call("notewakeup");
    expect_returned(resume(m), true);
}

TEST(NoTimeIsNoSleep)
{
    int64_t m = call("newm");
    struct outcome o = run(m, "notetsleep", 0);
    if (o.kind == OUT_BLOCKED && o.v[0] == 0) /* asks the kernel for no time: it may */
        o = resume_ret(m, -ETIMEDOUT);
    expect_returned(o, false);
    call("notewakeup");
    expect_returned(run(m, "notetsleep", 0), true);
}

/* Any number of early returns, at any moment: the sum is the time that was asked for. */
TEST(EarlyReturnsAddUp)
{
    int64_t m = call("newm"), ns = 100 * ms, left = ns;
    struct outcome o = run(m, "notetsleep", ns);
    while (left > 0) {
        sleeps(o, "before the time is over");
        if (o.v[0] != left)
            fail("%lld ns are left, but the sleep is of %lld", (long long)left, (long long)o.v[0]);
        int64_t part = (int64_t)rndn(40) * ms + 1;
        part = part < left ? part : left;
        call("advance", part);
        left -= part;
        o = resume_ret(m, rndn(2) ? -EINTR : 0);
    }
    expect_returned(o, false);
}

/* The sleeper may look again, or be looked at, before the owner clears the note. */
TEST(ASleepDoesNotClearTheNote)
{
    int64_t m = call("newm");
    because("a note stays signalled until noteclear");
    call("notewakeup");
    expect_returned(run(m, "notesleep"), 0);
    expect_returned(run(m, "notesleep"), 0);
    expect_returned(run(m, "notetsleep", ms), true);
    call_throws("double wakeup", "notewakeup");
}

TEST(NotetsleepIsForG0)
{
    call("hold", 0, call("newp"));
    call("rung", 0, call("newg"));
    call_g_throws("notetsleep not on g0", "notetsleep", ms);
}

TEST(NotetsleepgIsForGoroutines)
{
    call_throws("notetsleepg on g0", "notetsleepg", ms);
}

/* A known blocking system call around the sleep: into it, out of it, once each. */
TEST(NotetsleepgTimesOut)
{
    int64_t p = call("newp"), g = call("newg");
    call("hold", 0, p);
    call("rung", 0, g);
    set(0, "sched.lastpoll");
    set(1, "sched.nmspinning"); /* no M is wanted for the P */
    spy("entersyscallblock");
    spy("exitsyscall");
    sleeps(run_g(0, "notetsleepg", 5 * ms), "notetsleepg of a clear note");
    expect_list("p0", "sched.pidle");
    call("advance", 5 * ms);
    expect_returned(resume_ret(0, -ETIMEDOUT), false);
    expect_events("entersyscallblock()\nexitsyscall()\n");
    expect_field(p, "m0.p");
}

/* mPark clears the note after the sleep, so that the next wake-up is not the second. */
TEST(MparkLeavesTheNoteClear)
{
    int64_t m = call("newm");
    for (int i = 0; i < 3; i++) {
        expect(run(m, "mPark"), "blocked: futex m1.park");
        call_text("notewakeup", "m1.park");
        expect_field(1, "m1.park.key");
        expect_returned(resume(m), 0);
        expect_field(0, "m1.park.key");
    }
    call_text("notewakeup", "m1.park");
    because("m1 was woken before it slept: mPark does not sleep, and clears the note afterwards");
    expect_returned(run(m, "mPark"), 0);
    expect_field(0, "m1.park.key");
}

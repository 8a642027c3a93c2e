/**
 * @file lab08_preempt.c
 * What becomes of a request to yield.
 */
#include <string.h>
#include "judge.h"

enum { Grunnable_ = 1 };
static const int64_t stackPreempt_ = -1314;

/** m0 runs g1 on p0; the caller is m1, without P. */
static void running(void)
{
    call("newp");
    call("newg");
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 1);
    spy("linux_tgkill");
    on(1);
}

TEST(OneSignalAtATimeIsOnItsWay)
{
    running();
    call("preemptone", 0);
    call("preemptone", 0);
    expect_events("tgkill 1000 23\n");
    expect_field(1, "m0.signalPending");
    set(0, "m0.signalPending"); /* the handler ran */
    call("preemptone", 0);
    expect_events("tgkill 1000 23\n");
}

TEST(AThreadThatDoesNotRunYetGetsNoSignal)
{
    running();
    set(0, "m0.procid");
    expect_call(1, "preemptone", 0);
    expect_field(1, "g1.preempt"); /* the words are enough */
    expect_events("");
}

TEST(TheSchedulersOwnGIsNotAsked)
{
    running();
    int64_t g0 = get("m0.g0"), guard = get("g%d.stackguard0", (int)g0);
    set(g0, "m0.curg");
    expect_call(0, "preemptone", 0);
    expect_field(0, "g%d.preempt", (int)g0);
    expect_field(guard, "g%d.stackguard0", (int)g0);
    expect_events("");
}

/* The runtime sets the guard word back while it holds a lock; the copy brings the request back. */
TEST(ARequestOutlivesALock)
{
    running();
    on(0);
    call_g("lock_sched");
    on(1);
    call("preemptone", 0);
    on(0);
    call_g("preemptcheck");
    if (get("g1.stackguard0") == stackPreempt_)
        fail("test: the guard word was not set back");
    call_g("unlock_sched");
    expect_field(stackPreempt_, "g1.stackguard0");
}

/* A G that yields because it was asked to goes behind everybody else. */
TEST(AnAskedGGoesToTheTailOfTheGlobalQueue)
{
    running();
    call("newg", 2);
    call("globrunqput", 2);
    call("runqput", 0, 3, false);
    call("preemptone", 0);
    record("schedule");
    record("wakep");
    struct outcome o = run_g(0, "preemptcheck");
    expect(o, "ended: schedule()");
    expect_list("g2 g1", "sched.runq");
    expect_field(Grunnable_, "g1.atomicstatus");
    expect_field(1, "p0.n.preemptions");
}

TEST(NoLockIsTakenToAsk)
{
    running();
    spy("lock");
    call("preemptone", 0);
    call("preemptall");
    if (strstr(events(), "lock("))
        fail("preemptone and preemptall are called with sched.lock held: they must not take a lock");
}

TEST(PreemptallLooksAtAllPs)
{
    enum { N = 20 };
    running();
    for (int i = 1; i < N; i++) {
        int64_t p = call("newp"), g = call("newg"), m = call("newm");
        call("hold", m, p);
        call("rung", m, g);
    }
    on(1);
    expect_call(1, "preemptall");
    for (int g = 1; g <= N; g++)
        expect_field(1, "g%d.preempt", g);
}

/**
 * @file preempt.c
 * A request to yield: two words and a signal.
 */
#include "judge.h"

enum { Gsyscall_ = 3, Pidle_ = 0, Psyscall_ = 2, SIGURG_ = 23 };
static const int64_t stackPreempt_ = -1314;

/** m0 runs g1 on p0, m2 runs g2 on p1; the caller is m1, without P. */
static void running(void)
{
    call("newp", 2);
    call("newg", 2);
    call("newm");
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 1);
    call("hold", 2, 1);
    call("rung", 2, 2);
    spy("linux_tgkill");
    on(1);
}

static void expect_asked(int g, bool asked)
{
    int64_t guard = get("g%d.stackguard0", g);
    if (get("g%d.preempt", g) != asked)
        fail("g%d.preempt should be %d", g, asked);
    if ((guard == stackPreempt_) != asked)
        fail("g%d.stackguard0 should %sbe stackPreempt", g, asked ? "" : "not ");
}

TEST(ARequestSetsTheGuardWordAndItsCopy)
{
    because("g.preempt, the guard word, and true, since somebody was asked");
    running();
    expect_call(1, "preemptone", 1);
    expect_asked(2, true);
    expect_asked(1, false);
}

/* A loop that calls nothing never looks at the guard word. */
TEST(ARequestIsSentAsASignalToo)
{
    because("a loop that calls nothing never looks at the guard word: p.preempt is set, and SIGURG sent to the "
            "M's thread");
    running();
    call("preemptone", 1);
    expect_events("tgkill 1002 23\n");
    expect_field(1, "p1.preempt");
    expect_field(0, "p0.preempt");
}

TEST(TheSignalCanBeSwitchedOff)
{
    because("asyncpreemptoff=1: no signal; the request itself is made all the same");
    running();
    set(1, "debug.asyncpreemptoff");
    expect_call(1, "preemptone", 1);
    expect_events("");
    expect_asked(2, true);
    expect_field(0, "p1.preempt");
}

TEST(NobodyIsAskedOnAPWithoutM)
{
    running();
    set(NIL, "p1.m");
    because("p1.m is NULL: there is nobody to ask");
    expect_call(0, "preemptone", 1);
    expect_asked(2, false);
    expect_events("");
}

TEST(AnMDoesNotAskItself)
{
    because("who asks does not run goroutines at this moment");
    running();
    on(0);
    expect_call(0, "preemptone", 0);
    expect_asked(1, false);
    expect_events("");
}

TEST(AnMThatRunsNoGoroutineIsNotAsked)
{
    because("m2 is between two goroutines: there is none to ask");
    running();
    set(NIL, "m2.curg");
    expect_call(0, "preemptone", 1);
    expect_asked(2, false);
    expect_field(0, "p1.preempt");
    expect_events("");
}

/* In a system call the guard word has another meaning. */
TEST(AGInASystemCallIsNotAsked)
{
    because("in a system call the guard word has another meaning: nobody is asked");
    running();
    set(Gsyscall_, "g2.atomicstatus");
    expect_call(0, "preemptone", 1);
    expect_asked(2, false);
    expect_events("");
}

TEST(PreemptallAsksEveryRunningP)
{
    because("every P that runs is asked, and true says that one was");
    running();
    expect_call(1, "preemptall");
    expect_asked(1, true);
    expect_asked(2, true);
}

TEST(PreemptallAsksNobodyOnOtherPs)
{
    because("a P in a system call, or idle, runs no goroutine");
    running();
    set(Psyscall_, "p0.status");
    set(Pidle_, "p1.status");
    expect_call(0, "preemptall");
    expect_asked(1, false);
    expect_asked(2, false);
}

TEST(PreemptallSaysWhetherAnybodyWasAsked)
{
    because("true if at least one was asked");
    running();
    set(NIL, "m2.curg"); /* the last P says no */
    expect_call(1, "preemptall");
    set(NIL, "m0.curg");
    expect_call(0, "preemptall");
}

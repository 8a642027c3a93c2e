/**
 * @file lab06_checkdead.c
 * Deadlock detection: each count, each status, each text, and a free lock before the end.
 */
#include "judge.h"

enum { Gidle_ = 0, Grunnable_ = 1, Grunning_ = 2, Gsyscall_ = 3, Gwaiting_ = 4, Gdead_ = 6 };

static const char deadlock[] = "fatal: all goroutines are asleep - deadlock!";

/** n Ms live, none of them is accounted for. */
static void living(int64_t n)
{
    call("newp", 2);
    int64_t freed = (int64_t)rndn(20);
    set(n + freed, "sched.mnext");
    set(freed, "sched.nmfreed");
}

/** Fails unless checkdead ends with exactly this, and sched.lock free. */
static void ends(const char *text)
{
    int64_t m = call("newm"); /* another one each time: the world's Ms die of it */
    set(get("sched.nmfreed") + 1, "sched.nmfreed");
    expect(run(m, "checkdead"), text);
    expect_field(0, "sched.lock.key");
}

/* Idle, locked and idle, the runtime's own, exited: these do not run. One more does. */
TEST(EveryKindOfSleeperCounts)
{
    call("newg", 1, Gwaiting_);
    int64_t idle = (int64_t)rndn(5) + 1, lockd = (int64_t)rndn(5) + 1, sys = (int64_t)rndn(5) + 1;
    living(idle + lockd + sys);
    because("an M runs unless it is idle (nmidle), idle and locked (nmidlelocked), the runtime's own (nmsys), or has "
            "exited (nmfreed)");
    set(idle, "sched.nmidle");
    set(lockd, "sched.nmidlelocked");
    set(sys - 1, "sched.nmsys");
    call("checkdead");
    set(sys, "sched.nmsys");
    set(idle - 1, "sched.nmidle");
    call("checkdead");
    set(idle, "sched.nmidle");
    set(lockd - 1, "sched.nmidlelocked");
    call("checkdead");
    set(lockd, "sched.nmidlelocked");
    set(get("sched.nmfreed") - 1, "sched.nmfreed");
    call("checkdead");
    set(get("sched.nmfreed") + 1, "sched.nmfreed");
    ends(deadlock);
}

TEST(MoreSleepersThanThreadsIsABug)
{
    call("newg", 1, Gwaiting_);
    living(3);
    set(2, "sched.nmidle");
    set(1, "sched.nmidlelocked");
    set(1, "sched.nmsys");
    because("of 3 Ms 4 do not run: the counts are wrong");
    ends("throw: checkdead: inconsistent counts");
}

TEST(WhoCouldRunIsABug)
{
    static const int statuses[] = {Grunnable_, Grunning_, Gsyscall_};
    static const char *const names[] = {"Grunnable", "Grunning", "Gsyscall"};
    call("newg", 3, Gwaiting_);
    living(2);
    set(2, "sched.nmidle");
    for (int i = 0; i < 3; i++) {
        int g = 1 + (int)rndn(3);
        set(statuses[i], "g%d.atomicstatus", g);
        because("g%d is %s and no M runs: that is no deadlock of the program, the scheduler has lost it", g, names[i]);
        ends("throw: checkdead: runnable g");
        set(Gwaiting_, "g%d.atomicstatus", g);
    }
    because(NULL);
    ends(deadlock);
}

/* The runtime's goroutines neither keep the program alive nor excuse it. */
TEST(TheRuntimesGoroutinesDoNotCount)
{
    call("newg", 2, Gwaiting_);
    living(1);
    set(1, "sched.nmidle");
    because("g1 is the runtime's own: it counts neither as one that could run nor as one that waits");
    set(1, "g1.issystem");
    set(Grunnable_, "g1.atomicstatus");
    ends(deadlock);
    set(1, "g2.issystem");
    set(Gwaiting_, "g1.atomicstatus");
    ends("fatal: no goroutines (main called runtime.Goexit) - deadlock!");
}

TEST(TheDeadDoNotWait)
{
    call("newg", 3, Gdead_);
    living(1);
    because("no goroutine waits: all are dead, which is what main's goexit leaves behind");
    set(1, "sched.nmidle");
    set(Gidle_, "g3.atomicstatus");
    ends("fatal: no goroutines (main called runtime.Goexit) - deadlock!");
}

/* Any P's timer will make something happen. But it does not excuse a bug. */
TEST(ATimerOfAnyPIsHope)
{
    call("newg", 1, Gwaiting_);
    living(1);
    set(1, "sched.nmidle");
    because("nobody runs, but a timer will go off: that is no deadlock, on whichever P it is");
    set(call("clock") + 1000, "p1.timers.minWhen");
    call("checkdead");
    set(0, "p1.timers.minWhen");
    set(call("clock") + 1000, "p0.timers.minWhen");
    call("checkdead");
    because("g1 could run, and no M runs: the scheduler has lost it, timer or not");
    set(Grunnable_, "g1.atomicstatus");
    ends("throw: checkdead: runnable g");
    because(NULL);
    set(Gwaiting_, "g1.atomicstatus");
    set(0, "p0.timers.minWhen");
    ends(deadlock);
}

/* A dying program stops its Ms one after the other: that is no deadlock. */
TEST(NoDeadlockWhileAnotherDeathIsReported)
{
    call("newg", 1, Gwaiting_);
    living(1);
    set(1, "sched.nmidle");
    because("a program that is dying already stops its Ms one after the other");
    set(1, "panicking");
    call("checkdead");
    set(0, "panicking");
    ends(deadlock);
}

/* The last M goes to sleep, and the deadlock is seen by itself: through stopm, mput, checkdead. */
TEST(TheLastMThatParksSeesTheDeadlock)
{
    call("newg", 1, Gwaiting_);
    call("newp");
    int64_t m = call("newm");
    expect(run(m, "stopm"), "blocked: futex m1.park");
    expect(run(0, "stopm"), deadlock);
    expect_field(0, "sched.lock.key");
}

TEST(TheLastLockedMThatParksSeesTheDeadlock)
{
    int64_t g = call("newg", 1, Gwaiting_), m = call("newm");
    call("newp");
    expect(run(m, "stopm"), "blocked: futex m1.park");
    set(g, "m0.lockedg");
    set(0, "g%d.lockedm", (int)g);
    expect(run(0, "stoplockedm"), deadlock);
}

TEST(SysmonAloneIsADeadlock)
{
    because("the template thread is the runtime's own: once it counts as such, nobody is left who runs");
    call("newg", 1, Gwaiting_);
    call("newp");
    int64_t m = call("newm");
    expect(run(m, "stopm"), "blocked: futex m1.park");
    int64_t template = call("newm");
    set(2, "sched.nmidle"); /* m0 too */
    expect(run(template, "templateThread"), deadlock);
}

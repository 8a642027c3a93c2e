/**
 * @file lab06_lockedm.c
 * Locks of goroutines to threads: the counters, the two sides of a hand-over, what is refused.
 */
#include "../../labs/06-handoff/tests/lab06.h"

/* ---- the counters ---- */

TEST(AnyDepthOfLocksIsUndone)
{
    int64_t g = running();
    int depth = 2 + (int)rndn(20);
    for (int i = 0; i < depth; i++) {
        call_g("lockosthread");
        call_g("lockOSThread");
    }
    expect_field(depth, "m0.lockedExt");
    expect_field(depth, "m0.lockedInt");
    expect_field(0, "g%d.lockedm", (int)g);
    expect_field(g, "m0.lockedg");
    for (int i = 0; i < depth; i++)
        call_g("unlockOSThread");
    for (int i = 0; i < depth; i++) {
        expect_field(g, "m0.lockedg");
        expect_field(0, "g%d.lockedm", (int)g);
        call_g("unlockosthread");
    }
    expect_field(NIL, "m0.lockedg");
    expect_field(NIL, "g%d.lockedm", (int)g);
}

/* The runtime's lock keeps an unbalanced unlock of the program from parting them. */
TEST(AnUnlockTooManyDoesNotTouchTheRuntimesLock)
{
    int64_t g = running();
    call_g("lockOSThread");
    call_g("unlockosthread");
    call_g("unlockosthread");
    expect_field(g, "m0.lockedg");
    expect_field(0, "m0.lockedExt");
    expect_field(1, "m0.lockedInt");
}

TEST(TheRuntimeMustBalanceItsLocks)
{
    running();
    call_g("lockosthread");
    call_g_throws("runtime: internal error: misuse of lockOSThread/unlockOSThread", "unlockOSThread");
}

TEST(TooManyLocksAreFatal)
{
    running();
    set(0xffffffff, "m0.lockedExt");
    expect(run_g(0, "lockosthread"), "fatal: LockOSThread nesting overflow");
}

/* The runtime leaves its threads as they are: its own locks need no template thread. */
TEST(TheRuntimesLocksNeedNoTemplateThread)
{
    running();
    set(0, "newmHandoff.haveTemplateThread");
    spy("linux_clone");
    call_g("lockOSThread");
    expect_events("");
    expect_field(0, "newmHandoff.haveTemplateThread");
    call_g("lockosthread");
    expect_field(1, "newmHandoff.haveTemplateThread");
    if (!*events())
        fail("the program's first lock starts the template thread, whatever the runtime has locked");
}

/* ---- incidlelocked ---- */

TEST(OneMoreSleeperMayHaveBeenTheLast)
{
    spy("checkdead");
    call("newm");
    call("incidlelocked", -1);
    expect_field(-1, "sched.nmidlelocked");
    expect_events("");
    stop_at("checkdead");
    expect(run(0, "incidlelocked", 1), "stopped: at checkdead()");
    expect_field(0, "sched.nmidlelocked");
    expect_field(1, "sched.lock.key");
    expect_returned(resume(0), 0);
    expect_field(0, "sched.lock.key");
}

/* ---- stoplockedm ---- */

TEST(StoplockedmIsForLockedMs)
{
    call_throws("stoplockedm: inconsistent locking", "stoplockedm");
}

TEST(StoplockedmWantsTheLockOnBothSides)
{
    int64_t g = locked(Gwaiting_);
    set(0, "g%d.lockedm", (int)g); /* locked to m0 instead */
    on(1);
    call_throws("stoplockedm: inconsistent locking", "stoplockedm");
}

/* The P has left before the M counts as idle: the check for a deadlock must see an M for the work that it
 * carried. */
TEST(ThePIsHandedOffBeforeTheLockedMCounts)
{
    locked(Gwaiting_);
    call("newp", 2);
    call("hold", 1, 0);
    int64_t g = call("newg");
    call("setring", 0, 0, g);
    stop_at("startm");
    stop_at("checkdead");
    because("p0 has work: it is handed off before m1 counts as idle, or checkdead sees work and nobody to do it");
    expect(run(1, "stoplockedm"), "stopped: at startm(p0, spinning=0, lockheld=0)");
    expect_field(0, "sched.nmidlelocked");
    expect_field(NIL, "m1.p");
    record("startm");
    expect(resume(1), "stopped: at checkdead()");
    expect_field(1, "sched.nmidlelocked");
    record("checkdead");
    expect(resume(1), "blocked: futex m1.park");
    expect_list("", "sched.midle");
    expect_field(0, "sched.lock.key");
    expect(resume(1), "blocked: futex m1.park"); /* woken for nothing */
    expect_field(1, "sched.nmidlelocked");
}

/* Out of a system call without a P: there is nothing to hand off. */
TEST(StoplockedmWorksWithoutAP)
{
    int64_t g = locked(Grunnable_);
    call("newp");
    record("checkdead");
    record("startm");
    spy("handoffp");
    expect(run(1, "stoplockedm"), "blocked: futex m1.park");
    expect_events("checkdead()\n");
    set(0, "m1.nextp");
    call("incidlelocked", -1);
    call_text("notewakeup", "m1.park");
    expect_returned(resume(1), 0);
    expect_field(0, "m1.p");
    expect_field(1, "p0.m");
    expect_field(NIL, "m1.nextp");
    expect_field(0, "m1.park.key");
    expect_field(g, "m1.lockedg");
}

TEST(TheGMustBeRunnableWhenItsMIsWoken)
{
    locked(Gwaiting_);
    call("newp");
    record("checkdead");
    expect(run(1, "stoplockedm"), "blocked: futex m1.park");
    set(0, "m1.nextp");
    call_text("notewakeup", "m1.park");
    expect(resume(1), "throw: stoplockedm: not runnable");
}

/* ---- startlockedm ---- */

/** m2 has p0 and has picked the G of m1, which sleeps in stoplockedm. */
static int64_t picked(void)
{
    int64_t g = locked(Grunnable_);
    call("newp", 2);
    expect_call(2, "newm");
    record("checkdead");
    expect(run(1, "stoplockedm"), "blocked: futex m1.park");
    events();
    call("hold", 2, 0);
    return g;
}

/* At the wake-up the P is the other's alone, and the other counts as running. */
TEST(StartlockedmLetsGoOfThePBeforeItWakes)
{
    int64_t g = picked();
    stop_at("linux_futex");
    expect(run(2, "startlockedm", g), "stopped: at futex_wake m1.park 1");
    expect_field(0, "m1.nextp");
    expect_field(NIL, "m2.p");
    expect_field(NIL, "p0.m");
    expect_field(0, "sched.nmidlelocked");
    pass("linux_futex");
    expect_returned(resume(1), 0); /* the locked M is faster than its waker */
    expect_field(1, "p0.m");
    expect(resume(2), "blocked: futex m2.park");
    expect_list("m2", "sched.midle");
    expect_field(1, "p0.m");
    check_world();
}

TEST(TheLockedMCountsAsRunningBeforeItIsWoken)
{
    int64_t g = picked();
    stop_at("releasep");
    expect(run(2, "startlockedm", g), "stopped: at releasep()");
    expect_field(0, "sched.nmidlelocked");
    pass("releasep");
    expect(resume(2), "blocked: futex m2.park");
}

TEST(StartlockedmRefusesItself)
{
    int64_t g = running();
    call_g("lockosthread");
    call_throws("startlockedm: locked to me", "startlockedm", g);
}

TEST(StartlockedmRefusesAnMThatHasAP)
{
    int64_t g = picked();
    set(1, "m1.nextp");
    on(2);
    call_throws("startlockedm: m has p", "startlockedm", g);
}

/* ---- the scheduler meets a locked G ---- */

/* Another M picks it off a queue, hands it and its P over, and the G goes on where it was locked. */
TEST(AnotherMBringsTheLockedGToItsThread)
{
    call("newp");
    call("randomOrder_reset", 1);
    call("hold", 0, 0);
    set(0, "sched.lastpoll");
    set(1, "newmHandoff.haveTemplateThread");
    int64_t g = call("newg"), m = call("newm");
    expect(run(m, "stopm"), "blocked: futex m1.park");
    call("rung", 0, g);
    call_g("lockosthread");
    expect(run_g(0, "gosched"), "blocked: futex m0.park"); /* it cannot run anybody else */
    expect_list("g1", "sched.runq");
    expect_field(1, "sched.nmidlelocked");
    expect_returned(resume(m), 0); /* with the P of m0 */
    expect_field(0, "m1.p");
    expect(run(m, "schedule"), "blocked: futex m1.park"); /* it has found the G, but may not run it */
    expect_field(0, "sched.nmidlelocked");
    expect_returned(resume(0), 0);
    expect_field(g, "m0.curg");
    expect_field(0, "m0.p");
    check_world();
}

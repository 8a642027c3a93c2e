/**
 * @file locking.c
 * Goroutines that are locked to their threads, the template thread, and deadlocks.
 */
#include "lab06.h"

/* Two locks need two unlocks. */
TEST(LockingNests)
{
    because("locks are counted: g1 and m0 are tied, in both directions, until the last one is undone");
    int64_t g = running();
    call_g("lockosthread");
    call_g("lockosthread");
    expect_field(2, "m0.lockedExt");
    call_g("unlockosthread");
    expect_field(g, "m0.lockedg");
    expect_field(0, "g%d.lockedm", (int)g);
    call_g("unlockosthread");
    expect_field(NIL, "m0.lockedg");
    expect_field(NIL, "g%d.lockedm", (int)g);
}

TEST(UnlockingWithoutALockDoesNothing)
{
    because("the program may unlock what it has not locked: nothing happens");
    running();
    call_g("unlockosthread");
    expect_field(0, "m0.lockedExt");
    call_g("lockosthread");
    expect_field(1, "m0.lockedExt");
}

/* The program's locks and the runtime's are counted apart; either keeps the G on its thread. */
TEST(ProgramsAndRuntimesLocksAreCountedApart)
{
    because("two counts: g1 stays tied to m0 until both are 0");
    int64_t g = running();
    call_g("lockosthread");
    call_g("lockOSThread");
    call_g("unlockosthread");
    expect_field(g, "m0.lockedg");
    call_g("unlockOSThread");
    expect_field(NIL, "m0.lockedg");
    call_g_throws("misuse of lockOSThread/unlockOSThread", "unlockOSThread");
}

/* A locked M whose G cannot run gives its P away and sleeps until somebody brings one. */
TEST(StoplockedmWaitsForItsG)
{
    because("a locked M gives its P away, counts as idle and locked, and sleeps on no list until startlockedm "
            "brings a P");
    int64_t g = locked(Gwaiting_);
    call("newp", 2);
    call("hold", 1, 0);
    call("idlep", 1); /* so that handoffp has nothing to do, */
    set(0, "sched.lastpoll"); /* nor to look for */
    record("checkdead");
    expect(run(1, "stoplockedm"), "blocked: futex m1.park");
    expect_list("p0 p1", "sched.pidle");
    expect_list("", "sched.midle");
    expect_field(1, "sched.nmidlelocked");
    set(Grunnable_, "g%d.atomicstatus", (int)g);
    off_queue(g);
    call("hold", 0, call("pidleget"));
    expect(run(0, "startlockedm", g), "blocked: futex m0.park");
    expect_field(0, "sched.nmidlelocked");
    expect_list("m0", "sched.midle");
    expect_returned(resume(1), 0);
    expect_field(0, "m1.p");
    expect_field(NIL, "m1.nextp");
    check_world();
}

/* What a locked goroutine has done to its thread must not reach a new one: another thread makes it. */
TEST(ALockedMDoesNotCloneItself)
{
    because("a new thread inherits what this one's goroutine did to it: the template thread, which waits for "
            "requests, makes it");
    call("newp", 2);
    set(1, "newmHandoff.haveTemplateThread");
    int64_t template = call("newm");
    expect(run(template, "templateThread"), "blocked: futex newmHandoff.wake");
    expect_field(1, "sched.nmsys");
    expect_field(1, "newmHandoff.waiting");
    spy("linux_clone");
    spy("linux_futex");
    set(1, "m0.lockedExt");
    call("newm_real", 1);
    expect_list("m2", "newmHandoff.newm");
    expect_events("futex_wake newmHandoff.wake 1\n");
    pass("linux_futex");
    expect(resume(template), "blocked: futex newmHandoff.wake");
    expect_list("", "newmHandoff.newm");
    if (!*events())
        fail("the template thread was woken, but made no thread");
    expect_field(1, "m2.nextp");
}

TEST(TheTemplateThreadIsStartedOnce)
{
    running();
    set(0, "newmHandoff.haveTemplateThread");
    stop_at("linux_clone");
    struct outcome o = run_g(0, "lockosthread");
    if (o.kind != OUT_STOPPED)
        fail("the first lockosthread starts no thread: %s", o.text);
    expect_field(0, "m0.lockedExt"); /* first the thread, then the lock */
    expect_field(1, "newmHandoff.haveTemplateThread");
    expect_returned(resume(0), 0);
    expect_returned(run_g(0, "lockosthread"), 0);
}

/** Every M is idle or accounted for; one G in this status is all there is. */
static void nobody_runs(int64_t status)
{
    call("newp");
    call("newg", 1, status);
    set(1, "sched.nmidle"); /* m0 */
}

TEST(AllAsleepIsADeadlock)
{
    because("the report comes with sched.lock free: the dump of all goroutines may need it");
    nobody_runs(Gwaiting_);
    expect(run(0, "checkdead"), "fatal: all goroutines are asleep - deadlock!");
    expect_field(0, "sched.lock.key"); /* the dump may want it */
}

TEST(AnMAtWorkIsNoDeadlock)
{
    because("m1 runs until it counts as idle or as idle and locked; then nobody does");
    nobody_runs(Gwaiting_);
    call("newm");
    call("checkdead");
    set(1, "sched.nmidlelocked");
    expect(run(0, "checkdead"), "fatal: all goroutines are asleep - deadlock!");
}

TEST(ATimerIsHope)
{
    nobody_runs(Gwaiting_);
    because("nobody runs, but a timer will go off: that is no deadlock");
    set(call("clock") + 5, "p0.timers.minWhen");
    call("checkdead");
}

TEST(ARunnableGThatNobodyRunsIsABug)
{
    nobody_runs(Grunnable_);
    because("no M runs, and a goroutine could: the scheduler has lost it, which is no deadlock of the program");
    call_throws("checkdead: runnable g", "checkdead");
}

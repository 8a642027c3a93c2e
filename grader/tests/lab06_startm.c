/**
 * @file lab06_startm.c
 * startm, stopm, gcstopm: what they refuse, what is visible at the moment of a wake-up, what the lock covers.
 */
#include <stdio.h>
#include "judge.h"

enum { Pgcstop_ = 3 };

/** m0 holds p0, m1 is parked, p1 is nobody's. */
static void one_idle_m(void)
{
    call("newp", 2);
    call("randomOrder_reset", 2);
    call("hold", 0, 0);
    expect_call(1, "newm");
    expect(run(1, "stopm"), "blocked: futex m1.park");
}

/* ---- startm refuses ---- */

TEST(ASpinningStartBringsItsP)
{
    call_throws("startm: P required for spinning=true", "startm", NIL, true, false);
}

TEST(AnIdleMThatSpinsThrows)
{
    one_idle_m();
    set(1, "m1.spinning");
    call_throws("startm: m is spinning", "startm", 1, false, false);
}

TEST(AnIdleMThatHasAPThrows)
{
    one_idle_m();
    set(0, "m1.nextp");
    call_throws("startm: m has p", "startm", 1, false, false);
}

TEST(ASpinningMGetsNoWork)
{
    one_idle_m();
    call("setring", 1, 0, call("newg"));
    call_throws("startm: p has runnable gs", "startm", 1, true, false);
}

/* ---- startm hands over ---- */

/* All that the sleeper will read is there when it can wake: at the wake system call, the word included. */
TEST(EverythingIsSetWhenTheMIsWoken)
{
    one_idle_m();
    set(1, "sched.nmspinning");
    stop_at("linux_futex");
    expect(run(0, "startm", 1, true, false), "stopped: at futex_wake m1.park 1");
    expect_field(1, "m1.nextp");
    expect_field(1, "m1.spinning");
    expect_field(1, "m1.park.key");
    expect_list("", "sched.midle");
    expect_returned(resume(0), 0);
    expect_returned(resume(1), 0);
    expect_field(1, "m1.p");
    check_world();
}

/* The same at the moment when the note is signalled: an M that looks at its note before it sleeps is awake
 * then. */
TEST(NextpIsSetBeforeTheNoteIsSignalled)
{
    one_idle_m();
    stop_at("notewakeup");
    expect(run(0, "startm", 1, false, false), "stopped: at notewakeup(m1.park)");
    expect_field(1, "m1.nextp");
    expect_field(0, "m1.spinning");
    expect_returned(resume(0), 0);
}

/* A new M is told by its first function. */
TEST(ANewMSpinsIfItShall)
{
    for (int spinning = 0; spinning < 2; spinning++) {
        int64_t p = call("newp"), m = get("sched.mnext");
        set(spinning, "sched.nmspinning");
        call("startm", p, spinning, false);
        stop_at("acquirep");
        char text[64];
        snprintf(text, sizeof text, "stopped: at acquirep(p%d)", (int)p);
        expect(resume(m), text);
        expect_field(spinning, "m%d.spinning", (int)m);
        pass("acquirep");
    }
}

/**
 * Fails if the P has been taken, and the M that will run it is not counted. At a moment when sched.lock is
 * about to be free.
 */
static void counted(int64_t mnext, const char *where)
{
    if (get("sched.npidle") == 0 && get("sched.mnext") != mnext + 1)
        fail("%s the P is off the idle list, but no id is reserved for its M: checkdead would see work "
             "and nobody to do it", where);
}

/* Go issue 40368. */
TEST(TheIdIsReservedInTheSectionThatTakesTheP)
{
    call("newp", 2);
    call("hold", 0, 0);
    call("idlep", 1);
    int64_t mnext = get("sched.mnext");
    stop_at("unlock");
    struct outcome o = run(0, "startm", NIL, false, false);
    for (int i = 0; o.kind == OUT_STOPPED && i < 100; i++) {
        counted(mnext, o.text + 9);
        o = resume(0);
    }
    expect_returned(o, 0);
    expect_field(mnext + 1, "sched.mnext");
    expect_field(0, "sched.lock.key");
}

/* Go issue 59600: the caller has looked at the queues under the lock, and must find them so. */
TEST(AHeldLockStaysHeldIfAnMIsIdle)
{
    one_idle_m();
    call("idlep", 1);
    stop_at("unlock");
    expect(run(0, "startm", NIL, false, true), "stopped: at unlock(sched.lock)"); /* the caller's own */
    expect_field(1, "m1.nextp");
    expect_field(1, "m1.park.key");
    pass("unlock");
    expect_returned(resume(0), 0);
    expect_field(0, "sched.lock.key");
    expect_field(0, "m0.locks");
}

TEST(AHeldLockIsDroppedOnlyForANewM)
{
    call("newp", 2);
    call("hold", 0, 0);
    call("idlep", 1);
    int64_t mnext = get("sched.mnext");
    stop_at("unlock");
    because("startm with lockheld true returns with sched.lock held, and its caller unlocks it");
    struct outcome o = run(0, "startm", NIL, false, true);
    for (int i = 0; o.kind == OUT_STOPPED && i < 100; i++) {
        counted(mnext, o.text + 9);
        o = resume(0);
    }
    expect_returned(o, 0); /* the caller's unlock did not throw: it held the lock again */
    expect_field(0, "sched.lock.key");
    expect_field(0, "m0.locks");
}

TEST(AHeldLockIsStillHeldIfThereIsNoP)
{
    because("startm with lockheld true returns with sched.lock held, and its caller unlocks it");
    stop_at("unlock");
    expect(run(0, "startm", NIL, false, true), "stopped: at unlock(sched.lock)");
    pass("unlock");
    expect_returned(resume(0), 0);
    expect_field(0, "m0.locks");
}

/* Go issue 42237: from taking the P on, a preempted caller would leave it in limbo, and a stop-the-world
 * waits for it. */
TEST(StartmIsNotPreemptible)
{
    one_idle_m();
    call("idlep", 1);
    stop_at("unlock");
    expect(run(0, "startm", NIL, false, false), "stopped: at unlock(sched.lock)");
    if (get("m0.locks") < 2) /* the lock's own is one */
        fail("when sched.lock is released with the P in hand, the caller could be preempted");
    stop_at("linux_futex");
    expect(resume(0), "stopped: at futex_wake m1.park 1");
    if (get("m0.locks") < 1)
        fail("before the M is woken, the caller could be preempted");
    expect_returned(resume(0), 0);
    expect_field(0, "m0.locks");
}

TEST(StartmIsNotPreemptibleWhileItMakesAnM)
{
    call("newp", 2);
    call("hold", 0, 0);
    stop_at("unlock");
    struct outcome o = run(0, "startm", 1, false, false);
    expect(o, "stopped: at unlock(sched.lock)");
    if (get("m0.locks") < 2)
        fail("when sched.lock is released with the P in hand, the caller could be preempted");
    pass("unlock");
    expect_returned(resume(0), 0);
    expect_field(0, "m0.locks");
}

/* ---- stopm ---- */

TEST(StopmRefusesAnMThatHoldsLocks)
{
    set(1, "m0.locks");
    record("checkdead");
    call_throws("stopm holding locks", "stopm");
}

TEST(StopmRefusesASpinningM)
{
    set(1, "m0.spinning");
    record("checkdead");
    call_throws("stopm spinning", "stopm");
}

TEST(TheIdleListIsChangedUnderTheLock)
{
    int64_t m = call("newm");
    stop_at("mput");
    expect(run(m, "stopm"), "stopped: at mput(m1)");
    expect_field(1, "sched.lock.key");
    expect(resume(m), "blocked: futex m1.park");
    expect_field(0, "sched.lock.key");
    expect_field(0, "m1.locks");
}

/* A wake-up that comes between the list and the sleep is not lost. */
TEST(AnMThatIsStartedBeforeItSleepsDoesNotSleep)
{
    call("newp", 2);
    call("hold", 0, 0);
    int64_t m = call("newm");
    stop_at("linux_futex");
    struct outcome o = run(m, "stopm");
    pass("linux_futex");
    expect(o, "stopped: at futex_wait m1.park -1");
    call("startm", 1, false, false);
    expect_returned(resume(m), 0);
    expect_field(1, "m1.p");
    expect_field(0, "m1.park.key");
    check_world();
}

/* ---- gcstopm ---- */

TEST(GcstopmIsForAStopOnly)
{
    record("checkdead");
    call("hold", 0, call("newp"));
    call_throws("gcstopm: not waiting for gc", "gcstopm");
}

TEST(GcstopmStopsSpinning)
{
    call("newp", 2);
    int64_t m = call("newm");
    call("hold", m, 0);
    set(1, "m1.spinning");
    set(1, "sched.nmspinning");
    call("gcwaiting", 2);
    expect(run(m, "gcstopm"), "blocked: futex m1.park");
    expect_field(0, "sched.nmspinning");
    expect_field(0, "m1.spinning");
    expect_field(1, "sched.stopwait");
    check_world();
}

TEST(GcstopmKnowsWhenTheCountIsWrong)
{
    record("checkdead");
    call("hold", 0, call("newp"));
    set(1, "m0.spinning");
    call("gcwaiting", 1);
    call_throws("gcstopm: negative nmspinning", "gcstopm");
}

/* The stopper looks at status and count under sched.lock: they change there, together. */
TEST(GcstopmCountsUnderTheLock)
{
    call("newp", 2);
    int64_t m = call("newm");
    call("hold", m, 1);
    call("gcwaiting", 1);
    stop_at("lock");
    expect(run(m, "gcstopm"), "stopped: at lock(sched.lock)");
    expect_field(1, "sched.stopwait");
    if (get("p1.status") == Pgcstop_)
        fail("the P is in Pgcstop before sched.lock is taken");
    pass("lock");
    expect(resume(m), "blocked: futex m1.park");
    expect_field(Pgcstop_, "p1.status");
    expect_field(NIL, "p1.m");
    expect_field(1, "sched.stopnote.key");
    expect_list("m1", "sched.midle");
}

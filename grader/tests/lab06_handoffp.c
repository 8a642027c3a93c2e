/**
 * @file lab06_handoffp.c
 * The checks of handoffp, each made visible alone, and their order; retake_syscall's conditions.
 */
#include <stdio.h>
#include "judge.h"

enum { Pidle_ = 0, Prunning_ = 1, Psyscall_ = 2, Pgcstop_ = 3, Pdead_ = 4 };

static const int64_t ms = 1000000;

/**
 * p0 is nobody's, m0 and m1 hold p1 and p2; nothing is to be done for p0: somebody spins, somebody polls.
 */
static void free_p(void)
{
    call("newp", 3);
    call("hold", 0, 1);
    call("hold", call("newm"), 2);
    record("startm");
    record("wakeNetPoller");
    set(0, "sched.lastpoll");
    set(1, "sched.nmspinning");
}

/* ---- handoffp ---- */

/* Work comes first: a stop, the spinning count and the network are left alone. */
TEST(WorkIsCheckedBeforeEverythingElse)
{
    for (int global = 0; global < 2; global++) {
        if (!global)
            free_p();
        int64_t g = call("newg");
        call("setring", 0, 0);
        if (global)
            call("setglobal", g);
        else
            call("setring", 0, 0, g);
        off_queue(g);
        set(0, "sched.nmspinning");
        call("gcwaiting", 1);
        call("handoffp", 0);
        expect_events("startm(p0, spinning=0, lockheld=0)\n");
        expect_field(0, "sched.nmspinning");
        expect_field(1, "sched.stopwait");
    }
}

/* Runnext is work too. */
TEST(AGInRunnextIsWork)
{
    free_p();
    set(call("newg"), "p0.runnext");
    call("handoffp", 0);
    expect_events("startm(p0, spinning=0, lockheld=0)\n");
}

TEST(TheSpinningMIsStartedBeforeTheLock)
{
    free_p();
    set(0, "sched.nmspinning");
    call("gcwaiting", 1);
    call("handoffp", 0);
    expect_events("startm(p0, spinning=1, lockheld=0)\n");
    expect_field(1, "sched.stopwait");
}

/* An idle P is the sign that others found nothing, or that one has been woken: no spinning M. */
TEST(NoSpinningMIfAPIsIdle)
{
    free_p();
    call("newp");
    call("idlep", 3);
    set(0, "sched.nmspinning");
    call("handoffp", 0);
    expect_events("");
    expect_list("p0 p3", "sched.pidle");
    expect_field(0, "sched.nmspinning");
}

TEST(OnlyTheLastPWakesTheStopper)
{
    free_p();
    call("gcwaiting", 2);
    call("safepointfn");
    set(1, "p0.runSafePointFn");
    call("handoffp", 0);
    expect_events(""); /* the stop is checked before the safe-point function */
    expect_field(Pgcstop_, "p0.status");
    expect_field(1, "sched.stopwait");
    expect_field(0, "sched.stopnote.key");
    expect_field(1, "p0.runSafePointFn");
}

/* Between the first look and the lock a stop has begun. */
TEST(AStopThatBeginsMeanwhileGetsTheP)
{
    free_p();
    stop_at("lock");
    expect(run(0, "handoffp", 0), "stopped: at lock(sched.lock)");
    pass("lock");
    because("a stop began before handoffp had sched.lock, and waits for p0");
    call("gcwaiting", 1);
    expect_returned(resume(0), 0);
    expect_field(Pgcstop_, "p0.status");
    expect_field(1, "sched.stopnote.key");
    expect_field(0, "sched.lock.key");
}

/* Between the first look and the lock a G has come to the global queue: nobody else may be there to see
 * it. */
TEST(GlobalWorkThatComesMeanwhileIsSeen)
{
    free_p();
    int64_t g = call("newg");
    stop_at("lock");
    expect(run(0, "handoffp", 0), "stopped: at lock(sched.lock)");
    pass("lock");
    call("setglobal", g);
    because("g1 came to the global queue before handoffp had sched.lock, and nobody else looks: p0 needs an M");
    stop_at("startm");
    expect(resume(0), "stopped: at startm(p0, spinning=0, lockheld=0)");
    expect_field(0, "sched.lock.key");
    expect_field(0, "sched.npidle");
}

TEST(TheSafePointFunctionRunsForThePThatHasNoM)
{
    free_p();
    call("safepointfn");
    set(1, "p0.runSafePointFn");
    set(1, "sched.safePointWait");
    call("handoffp", 0);
    expect_events("safepoint p0\n");
    expect_field(0, "p0.runSafePointFn");
    expect_field(0, "sched.safePointWait");
    expect_field(1, "sched.safePointNote.key");
    expect_list("p0", "sched.pidle");
}

TEST(OnlyTheLastSafePointWakesWhoWaits)
{
    free_p();
    call("safepointfn");
    set(1, "p0.runSafePointFn");
    set(2, "sched.safePointWait");
    call("handoffp", 0);
    expect_events("safepoint p0\n");
    expect_field(1, "sched.safePointWait");
    expect_field(0, "sched.safePointNote.key");
    call("handoffp", call("pidleget")); /* it was asked for once */
    expect_events("");
    expect_field(1, "sched.safePointWait");
}

/* The last P that runs must not idle while nobody waits for the network. */
TEST(TheLastPPollsTheNetwork)
{
    free_p();
    call("newp");
    call("idlep", 3); /* p1 and p2 run */
    set(5, "sched.lastpoll");
    call("handoffp", 0);
    expect_events("");
    expect_list("p0 p3", "sched.pidle");
    call("pidleget");
    set(Pidle_, "p0.status");
    call("idlep", 1);
    call("idlep", 2); /* all but p0 idle */
    stop_at("startm");
    because("p0 is the last P that is not idle and nobody waits in the poller: an M has to run with it, and poll");
    expect(run(0, "handoffp", 0), "stopped: at startm(p0, spinning=0, lockheld=0)");
    expect_field(0, "sched.lock.key");
    expect_field(3, "sched.npidle");
}

TEST(NobodyIsStartedToPollBesideAPoller)
{
    free_p();
    call("idlep", 1);
    call("idlep", 2);
    set(0, "sched.lastpoll");
    call("handoffp", 0);
    expect_events("");
    expect_field(3, "sched.npidle");
}

/* An idle P's timers are the poller's business: it must not sleep past them. */
TEST(ThePollerIsToldOfTheTimers)
{
    free_p();
    int64_t when = call("clock") + (int64_t)rndn(1000000) + 1;
    char text[64];
    set(when, "p0.timers.minWhen");
    stop_at("wakeNetPoller");
    because("p0 has a timer and goes idle: whoever sleeps in the poller must wake for it");
    snprintf(text, sizeof text, "stopped: at wakeNetPoller(%lld)", (long long)when);
    expect(run(0, "handoffp", 0), text);
    expect_list("p0", "sched.pidle"); /* first on the list, or the P that is wanted for them is not found */
    expect_field(0, "sched.lock.key");
}

TEST(ThePIsPutUnderTheLock)
{
    free_p();
    stop_at("pidleput");
    expect(run(0, "handoffp", 0), "stopped: at pidleput(p0)");
    expect_field(1, "sched.lock.key");
    pass("pidleput");
    expect_returned(resume(0), 0);
    expect_field(0, "sched.lock.key");
    expect_field(1, "p0.n.handoffs");
}

/* ---- retake_syscall ---- */

/** p0 is in a system call that sysmon has noted at time when. */
static void noted(uint32_t tick, int64_t when)
{
    set(Psyscall_, "p0.status");
    set(tick, "p0.syscalltick");
    set(tick, "p0.sysmontick.syscalltick");
    set(when, "p0.sysmontick.syscallwhen");
}

TEST(OnlyAPInASystemCallIsTaken)
{
    static const int statuses[] = {Pidle_, Prunning_, Pgcstop_, Pdead_};
    free_p();
    for (int i = 0; i < 4; i++) {
        noted(3, 0);
        set(4, "p0.sysmontick.syscalltick");
        set(statuses[i], "p0.status");
        expect_call(0, "retake_syscall", 0, call("clock"), rndn(2));
        expect_field(statuses[i], "p0.status");
        expect_field(3, "p0.syscalltick");
        expect_field(4, "p0.sysmontick.syscalltick");
        expect_events("");
    }
}

/* Work in the P's queue is reason enough, at the second look. */
TEST(APWithWorkIsTakenAtTheSecondLook)
{
    free_p();
    call("newp");
    call("idlep", 3);
    call("setring", 0, 0, call("newg"));
    noted(7, call("clock"));
    expect_call(1, "retake_syscall", 0, call("clock") + 1, false);
    expect_events("startm(p0, spinning=0, lockheld=0)\n");
}

/* Nobody spins and no P is idle: all others are busy, and this one is needed. */
TEST(APIsTakenIfNobodyElseIsFree)
{
    free_p();
    set(0, "sched.nmspinning");
    noted(7, call("clock"));
    expect_call(1, "retake_syscall", 0, call("clock") + 1, false);
    expect_events("startm(p0, spinning=1, lockheld=0)\n");
}

TEST(AnIdlePIsReasonToWait)
{
    free_p();
    call("newp");
    call("idlep", 3);
    set(0, "sched.nmspinning");
    int64_t now = call("clock");
    noted(7, now);
    expect_call(0, "retake_syscall", 0, now + 10 * ms - 1, false);
    expect_field(Psyscall_, "p0.status");
    expect_field(7, "p0.syscalltick");
    expect_field(now, "p0.sysmontick.syscallwhen");
    expect_call(1, "retake_syscall", 0, now + 10 * ms, false);
    expect_list("p0 p3", "sched.pidle");
}

/* Each new call begins the wait anew. */
TEST(ANewCallIsANewLook)
{
    free_p();
    call("setring", 0, 0, call("newg"));
    int64_t now = call("clock");
    noted(7, now);
    because("syscalltick has moved: it is another call, of which this is the first look");
    for (int i = 1; i < 5; i++) {
        set(7 + i, "p0.syscalltick");
        expect_call(0, "retake_syscall", 0, now + i * 20 * ms, false);
        expect_field(7 + i, "p0.sysmontick.syscalltick");
        expect_field(now + i * 20 * ms, "p0.sysmontick.syscallwhen");
    }
    expect_events("");
}

/* The time slice is over: calls that are all short do not save the P, and sysmon's notes stay as they are. */
TEST(SysretakeNeedsNoSecondLook)
{
    free_p();
    call("setring", 0, 0, call("newg"));
    int64_t now = call("clock");
    noted(7, now);
    set(9, "p0.syscalltick");
    expect_call(1, "retake_syscall", 0, now, true);
    expect_field(7, "p0.sysmontick.syscalltick");
    expect_field(now, "p0.sysmontick.syscallwhen");
    expect_field(10, "p0.syscalltick");
}

TEST(SysretakeLeavesAPThatNobodyNeeds)
{
    free_p();
    int64_t now = call("clock");
    noted(7, now);
    set(9, "p0.syscalltick");
    expect_call(0, "retake_syscall", 0, now + 5 * ms, true);
    expect_field(Psyscall_, "p0.status");
    expect_call(1, "retake_syscall", 0, now + 10 * ms, true);
}

/* What others see while the P changes hands: one more M at work, no allpLock, the tick moved before the P
 * is anybody's. */
TEST(ThePIsTakenBeforeItIsHandedOff)
{
    free_p();
    call("setring", 0, 0, call("newg"));
    noted(7, 0);
    stop_at("startm");
    struct outcome o = run(0, "retake_syscall", 0, call("clock"), false);
    expect(o, "stopped: at startm(p0, spinning=0, lockheld=0)");
    expect_field(-1, "sched.nmidlelocked");
    expect_field(Pidle_, "p0.status");
    expect_field(8, "p0.syscalltick");
    expect_field(0, "allpLock.key");
    expect_field(0, "sched.lock.key");
    record("startm");
    call("setring", 0, 0);
    off_queue(1);
    expect_returned(resume(0), 1); /* with allpLock again, or the caller's unlock would throw */
    expect_field(0, "sched.nmidlelocked");
    expect_field(0, "allpLock.key");
}

/* The pretence that one more M runs begins before the P is taken and ends after it has been handed off. */
TEST(OneMoreMCountsAsRunningMeanwhile)
{
    free_p();
    call("setring", 0, 0, call("newg"));
    noted(7, 0);
    stop_at("incidlelocked");
    because("from before p0 is taken until it is handed off one M more counts as running, or checkdead sees a "
            "deadlock");
    expect(run(0, "retake_syscall", 0, call("clock"), false), "stopped: at incidlelocked(-1)");
    expect_field(Psyscall_, "p0.status");
    expect_field(0, "allpLock.key");
    expect(resume(0), "stopped: at incidlelocked(1)");
    expect_field(Pidle_, "p0.status");
    expect_events("incidlelocked(-1)\nstartm(p0, spinning=0, lockheld=0)\nincidlelocked(1)\n");
    expect_field(0, "allpLock.key");
    expect_returned(resume(0), 1);
}

/* A stop-the-world was faster. */
TEST(RetakeLosesAgainstAStop)
{
    free_p();
    noted(7, 0);
    stop_at("incidlelocked");
    expect(run(0, "retake_syscall", 0, call("clock"), false), "stopped: at incidlelocked(-1)");
    set(Pgcstop_, "p0.status");
    set(8, "p0.syscalltick");
    expect(resume(0), "stopped: at incidlelocked(1)");
    expect_returned(resume(0), 0);
    expect_field(Pgcstop_, "p0.status");
    expect_field(8, "p0.syscalltick");
    expect_field(0, "sched.nmidlelocked");
    expect_field(0, "p0.n.retakes");
}

TEST(TheSwitchNohandoffKeepsPsInTheirCalls)
{
    free_p();
    call("setring", 0, 0, call("newg"));
    noted(7, 0);
    set(1, "debug.nohandoff");
    expect_call(0, "retake_syscall", 0, call("clock"), true);
    expect_field(Psyscall_, "p0.status");
    set(0, "debug.nohandoff");
    expect_call(1, "retake_syscall", 0, call("clock"), true);
    expect_field(1, "p0.n.retakes");
}

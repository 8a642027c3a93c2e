/**
 * @file lab03_dance.c
 * The delicate dance, step by step on two Ms: m1 finds nothing and gives p1 up; at the worst moments m0 makes
 * a G runnable and sees no reason to wake anybody, since m1 still counts as spinning.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

/**
 * m1 goes on until its count is down and sched.lock is free: it is about to look once more, or has done so.
 */
static void until_count_is_down(void)
{
    stop_at("lock");
    stop_at("netpollinited"); /* what it asks before it goes to sleep */
    struct outcome o = resume(M1);
    if (o.kind != OUT_STOPPED)
        fail("m1 should look for work once more; instead: %s", o.text);
    pass("lock");
    pass("netpollinited");
}

TEST(WhoSeesWorkInTheLastLookGetsIt)
{
    because("the last look has found a G: the M spins again, even as one too many, and must get it");
    two_ms(4);
    set(3, "sched.nmspinning");
    busy(2);
    busy(3);
    until_p_is_idle();
    int64_t g = call("newg");
    call("runqput", 0, g, false);
    expect_returned(meanwhile("wakep"), g);
    expect_field(3, "sched.nmspinning");
}

TEST(AGInRunnextJustBeforeTheCountGoesDown)
{
    because("the G came into runnext just before the count of spinning Ms went down: the last look must see "
            "it, with the pass that steals runnext");
    two_ms(2);
    until_p_is_idle();
    int64_t g = call("newg");
    call("runqput", 0, g, true);
    expect_returned(meanwhile("wakep"), g);
}

/*
 * The same with the global queue (issue 55160). m0 waits for the lock that m1 holds while it gives p1 up;
 * m1 stops in the kernel, where it wakes m0: the lock is free, its count is still up.
 */
TEST(AGQueuedGloballyJustBeforeTheCountGoesDown)
{
    two_ms(2);
    sleeper();
    until_p_is_idle();
    int64_t g = call("newg");
    expect(run(0, "globrunqput", g), "blocked: futex sched.lock");
    stop_at("linux_futex");
    expect(resume(M1), "stopped: at futex_wake sched.lock 1");
    pass("linux_futex");
    expect_returned(resume(0), 0);
    call("wakep");
    struct outcome o = resume(M1);
    found(o, g);
}

TEST(ATimerSetJustBeforeTheCountGoesDown)
{
    because("a timer was set just before the count went down: the M that parks waits for it");
    two_ms(2);
    record("netpollinited");
    record("netpollAnyWaiters");
    script("netpollAnyWaiters", 0, 0, 0, 0, 0, 0, 0, 0);
    until_p_is_idle();
    stop_at("netpoll");
    /* it sees lastpoll != 0, and m1 spinning: no wake-up */
    expect(meanwhile("timer_start", call("clock") + MSEC, NIL), "stopped: at netpoll(1000000)");
    expect_field(call("clock") + MSEC, "sched.pollUntil");
}

TEST(TheLastLookComesAfterTheCountGoesDown)
{
    because("the last look comes after the count has gone down, or it could miss what is queued in between");
    two_ms(2);
    until_p_is_idle();
    call("runqput", 0, call("newg"), false);
    stop_at("lock"); /* that it takes for the idle list, at the latest */
    expect(resume(M1), "stopped: at lock(sched.lock)");
    expect_field(0, "m1.spinning");
    expect_field(0, "sched.nmspinning");
    expect_field(NIL, "m1.p");
}

TEST(WorkWithoutAPLeavesANote)
{
    because("the last look has found a G, and the P is somebody else's: needspinning says that a P is "
            "needed");
    two_ms(2);
    int64_t m2 = call("newm");
    until_p_is_idle();
    call("runqput", 0, call("newg"), false);
    stop_at("lock");
    expect(resume(M1), "stopped: at lock(sched.lock)");
    pass("lock");
    expect_call(P1, "pidleget");
    call("hold", m2, P1);
    expect(resume(M1), "blocked: futex m1.park");
    expect_field(1, "sched.needspinning");
    expect_field(0, "sched.nmspinning");
    check_world();
}

TEST(GlobalWorkWithoutAPLeavesANote)
{
    because("the last look has found a G in the global queue, and the P is somebody else's: needspinning "
            "says that a P is needed");
    two_ms(2);
    int64_t m2 = call("newm");
    until_p_is_idle();
    call("setglobal", call("newg"));
    set(NIL, "sched.pidle");
    set(0, "sched.npidle");
    set(0, "idlepMask[0]");
    call("hold", m2, P1);
    expect(resume(M1), "blocked: futex m1.park");
    expect_field(1, "sched.needspinning");
    check_world();
}

/* Another P may be the one that is taken back: the M goes on with what pidleget gives. */
TEST(TheLastLookMayEndWithAnotherP)
{
    two_ms(3);
    busy(2);
    until_p_is_idle();
    stop_at("lock");
    int64_t g = call("newg");
    call("runqput", 0, g, false);
    expect(resume(M1), "stopped: at lock(sched.lock)");
    pass("lock");
    set(NIL, "m2.p");
    call("idlep", 2);
    expect_returned(resume(M1), g);
    expect_field(2, "m1.p");
}

/**
 * In the middle of the dance the number of Ps becomes n; m1 must come to sleep with the right P on no list.
 */
static void resized(int64_t n)
{
    two_ms(2);
    until_p_is_idle();
    until_count_is_down();
    expect_call(P1, "pidleget"); /* the world stops: all idle Ps are taken */
    set(Pgcstop_, "p1.status");
    expect_call(NIL, "procresize", n);
    expect(resume(M1), "blocked: futex m1.park");
    expect_field(n - 1, "sched.npidle");
    check_world();
}

/* procresize may run while an M is between its P and its sleep (issue 23098). */
TEST(FewerPsDuringTheDance)
{
    resized(1);
}

TEST(MorePsDuringTheDance)
{
    resized(40);
}

/* Whoever makes a G runnable after the count has gone down wakes an M itself. */
TEST(AGQueuedAfterTheCountWentDown)
{
    two_ms(2);
    int64_t m2 = sleeper();
    until_p_is_idle();
    until_count_is_down();
    int64_t g = call("newg");
    call("runqput", 0, g, false);
    call("wakep");
    expect_started(m2, P1, true);
    struct outcome o = resume(M1);
    expect(o, "blocked: futex m1.park");
    found(o, g);
}

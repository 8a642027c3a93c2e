/**
 * @file starting.c
 * Starting and parking Ms: the idle list, nextp, new threads.
 */
#include <stdio.h>
#include <string.h>
#include "judge.h"

enum { Pgcstop_ = 3 };

TEST(StopmParksOnTheIdleList)
{
    because("an idle M sleeps in the kernel, on its note, as long as that is clear, whatever else wakes it");
    int64_t a = call("newm"), b = call("newm");
    expect(run(a, "stopm"), "blocked: futex m1.park");
    expect(run(b, "stopm"), "blocked: futex m2.park");
    expect_list("m2 m1", "sched.midle"); /* the last one first: its cache is warm */
    check_world();
    expect(resume(a), "blocked: futex m1.park"); /* nobody has woken it */
    check_world();
}

TEST(StopmRefusesAnMThatHoldsAP)
{
    record("checkdead");
    call("hold", 0, call("newp"));
    call_throws("stopm holding p", "stopm");
}

/* The M that is woken gets its P from nextp and is ready for the next time. */
TEST(StartmWakesTheLastIdleM)
{
    call("newp", 2);
    call("hold", 0, 0);
    int64_t a = call("newm"), b = call("newm");
    run(a, "stopm");
    run(b, "stopm");
    spy("linux_futex");
    spy("linux_clone");
    call("startm", 1, false, false);
    expect_events("futex_wake m2.park 1\n");
    expect_list("m1", "sched.midle");
    because("m2 takes the P from nextp, and leaves nextp and its note clear for the next time");
    expect_returned(resume(b), 0);
    expect_field(1, "m2.p");
    expect_field(b, "p1.m");
    expect_field(NIL, "m2.nextp");
    expect_field(0, "m2.park.key");
    check_world();
}

/* nextp first, then the wake-up: the sleeper takes nextp without looking whether it is set. */
TEST(StartmSetsNextpBeforeItWakes)
{
    because("the sleeper takes nextp as soon as it wakes: all that it reads is set by then");
    call("newp", 2);
    call("hold", 0, 0);
    int64_t m = call("newm");
    run(m, "stopm");
    stop_at("linux_futex");
    expect(run(0, "startm", 1, false, false), "stopped: at futex_wake m1.park 1");
    expect_field(1, "m1.nextp");
    expect_field(0, "m1.spinning");
    expect_returned(resume(0), 0);
}

TEST(StartmWithoutAPTakesAnIdleOne)
{
    call("newp", 2);
    call("hold", 0, 0);
    call("idlep", 1);
    int64_t m = call("newm");
    run(m, "stopm");
    call("startm", NIL, false, false);
    expect_field(0, "sched.npidle");
    expect_returned(resume(m), 0);
    expect_field(1, "m1.p");
    check_world();
}

TEST(StartmWithoutAnyPDoesNothing)
{
    because("there is no idle P, so nothing is started, and nothing stays behind: no lock, no locks++");
    call("newp");
    call("hold", 0, 0);
    int64_t m = call("newm");
    run(m, "stopm");
    spy("linux_futex");
    spy("linux_clone");
    call("startm", NIL, false, false);
    expect_events("");
    expect_list("m1", "sched.midle");
    expect_field(0, "sched.lock.key");
    expect_field(0, "m0.locks");
}

/* No M is idle: a new thread, which begins on its own g0, takes the P and runs what is on its queue. */
TEST(StartmMakesAThreadIfNoMIsIdle)
{
    call("newp", 2);
    call("randomOrder_reset", 2);
    call("hold", 0, 0);
    int64_t g = call("newg");
    call("setring", 1, 0, g);
    spy("linux_clone");
    call("startm", 1, false, false);
    const char *log = events();
    if (!strstr(log, "clone") || !strstr(log, "stack=top"))
        fail("no thread was made that stands on the upper end of its g0's stack; calls:\n%s", log);
    expect(resume(1), "running g1");
    expect_field(1, "p1.m");
    expect_field(g, "m1.curg");
    check_world();
}

/* All signals are blocked while the thread is made: a handler would run before it has a stack for it. */
TEST(ANewThreadStartsWithAllSignalsBlocked)
{
    const int64_t unblockable = 1 << 8 | 1 << 18; /* SIGKILL and SIGSTOP */
    int64_t mask = (int64_t)(rnd() & 0xffffffff00000a00); /* some that do not matter here */
    call("sigmask", mask);
    spy("linux_clone");
    call("newm_real", NIL);
    const char *at = strstr(events(), "mask=");
    if (!at)
        fail("no thread was made");
    uint64_t during;
    sscanf(at, "mask=%lx", &during);
    uint64_t open = ~during & ~(uint64_t)unblockable;
    if (open)
        fail("during linux_clone these signals were not blocked (bit mask): %lx", open);
    int64_t after = call("sigmask");
    if (after != mask)
        fail("the signal mask was %lx before and is %lx afterwards", mask, after);
}

/* The last P to stop tells the one who waits for it. */
TEST(GcstopmGivesThePInAndParks)
{
    because("each M gives its P in as Pgcstop and parks; the last one, and no other, wakes the stopper");
    call("newp", 2);
    int64_t a = call("newm"), b = call("newm");
    call("hold", a, 0);
    call("hold", b, 1);
    call("gcwaiting", 2);
    expect(run(a, "gcstopm"), "blocked: futex m1.park");
    expect_field(Pgcstop_, "p0.status");
    expect_field(1, "sched.stopwait");
    expect_field(0, "sched.stopnote.key");
    expect(run(b, "gcstopm"), "blocked: futex m2.park");
    expect_field(0, "sched.stopwait");
    expect_field(1, "sched.stopnote.key");
    expect_field(NIL, "m2.p");
    check_world();
}

/* A thread cannot take its process along, nor itself by surprise: m0 only parks. */
TEST(M0ParksWhereOthersExit)
{
    call("newp", 3);
    int64_t m = call("newm");
    call("hold", 0, 0);
    call("hold", m, 1);
    call("idlep", 2); /* so that handoffp has nothing to do, */
    set(0, "sched.lastpoll"); /* nor to look for */
    record("checkdead");
    expect(run(m, "mexit"), "exited: exitThread");
    expect_list("m0", "allm");
    because("the main thread never exits, it parks for good: the process would lose its first thread");
    expect(run(0, "mexit"), "blocked: futex m0.park");
    expect_list("m0", "allm");
    expect_field(2, "sched.nmfreed");
    expect_field(3, "sched.npidle");
}

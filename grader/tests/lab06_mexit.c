/**
 * @file lab06_mexit.c
 * The end of a thread: what it leaves behind, in which order.
 */
#include <string.h>
#include "judge.h"

enum { freeMWait = 2 };

/** m1..m3 of the world, m0 with p0; p1 for the one that dies; nothing to do for a P that is handed off. */
static void threads(void)
{
    call("newp", 3);
    call("hold", 0, 0);
    for (int i = 1; i <= 3; i++)
        expect_call(i, "newm");
    call("idlep", 2);
    set(0, "sched.lastpoll");
    record("checkdead");
}

TEST(AThreadLeavesItsMInFreem)
{
    threads();
    call("hold", 2, 1);
    stop_at("exitThread");
    because("a thread hands its P off, leaves its M on sched.freem for others to free, and then exits alone");
    expect(run(2, "mexit"), "stopped: at exitThread");
    expect_list("m3 m1 m0", "allm");
    expect_list("m2", "sched.freem");
    expect_field(freeMWait, "m2.freeWait"); /* it still stands on its stack */
    expect_field(1, "sched.nmfreed");
    expect_field(NIL, "m2.p");
    expect_list("p1 p2", "sched.pidle");
    expect_field(0, "sched.lock.key");
    uint64_t mask = (uint64_t)call("sigmask");
    if (~mask & ~(uint64_t)0x40100) /* SIGKILL and SIGSTOP cannot be blocked */
        fail("signals are open on a thread that is about to lose its stacks: mask %lx", mask);
    expect(resume(2), "exited: exitThread");
    expect_field(0, "m2.freeWait");
    expect_list("m2", "sched.freem"); /* allocm takes it from there */
}

TEST(TheFirstAndTheLastOfAllmCanExit)
{
    threads();
    call("hold", 3, 1);
    expect(run(3, "mexit"), "exited: exitThread");
    expect_list("m2 m1 m0", "allm");
    call("hold", 1, call("pidleget"));
    expect(run(1, "mexit"), "exited: exitThread");
    expect_list("m2 m0", "allm");
    const char *freem = list("sched.freem");
    if (strcmp(freem, "m1 m3") != 0 && strcmp(freem, "m3 m1") != 0)
        fail("sched.freem is \"%s\", it should be m1 and m3", freem);
    expect_field(2, "sched.nmfreed");
}

/* allocm looks at freeWait under sched.lock: from the moment that the M is on the list it says "wait". */
TEST(FreeWaitIsSetBeforeTheMIsOnFreem)
{
    threads();
    call("hold", 1, 1);
    stop_at("unlock");
    struct outcome o = run(1, "mexit");
    int seen = 0;
    for (int i = 0; o.kind == OUT_STOPPED && i < 50; i++) {
        if (*list("sched.freem")) {
            expect_field(freeMWait, "m1.freeWait");
            expect_list("m3 m2 m0", "allm");
            seen++;
        }
        o = resume(1);
    }
    expect(o, "exited: exitThread");
    if (!seen)
        fail("the M was never on sched.freem");
}

/* The P goes first: it may carry work, and the M that is started for it must be counted when the dead one
 * is not any more. */
TEST(ThePIsHandedOffBeforeTheDeadlockCheck)
{
    threads();
    call("hold", 1, 1);
    call("setring", 1, 0, call("newg"));
    stop_at("checkdead");
    stop_at("startm");
    because("p1 has work: it is handed off before m1 counts as gone; then it is time to look for a deadlock");
    expect(run(1, "mexit"), "stopped: at startm(p1, spinning=0, lockheld=0)");
    expect_field(0, "sched.nmfreed");
    pass("startm");
    int64_t mnext = get("sched.mnext");
    expect(resume(1), "stopped: at checkdead()");
    expect_field(1, "sched.nmfreed");
    expect_field(mnext + 1, "sched.mnext");
    expect_field(1, "sched.lock.key");
    record("checkdead");
    expect(resume(1), "exited: exitThread");
    expect_field(0, "sched.lock.key");
}

/* A locked thread dies with its goroutine: the M that takes its P must not be cloned from there (Go issue
 * 28979). */
TEST(ADyingLockedThreadDoesNotClone)
{
    threads();
    call("hold", 1, 1);
    call("setring", 1, 0, call("newg"));
    set(1, "m1.lockedExt");
    set(1, "newmHandoff.haveTemplateThread");
    spy("linux_clone");
    expect(run(1, "mexit"), "exited: exitThread");
    expect_list("m4", "newmHandoff.newm");
    const char *log = events();
    if (strstr(log, "clone "))
        fail("the dying thread cloned: %s", log);
}

TEST(M0StaysOnAllm)
{
    threads();
    stop_at("checkdead");
    because("m0 counts as gone, but it parks for good instead of exiting, on no list where startm could find it");
    expect(run(0, "mexit"), "stopped: at checkdead()");
    expect_field(1, "sched.nmfreed");
    expect_field(1, "sched.lock.key");
    expect_list("p0 p2", "sched.pidle");
    pass("checkdead");
    expect(resume(0), "blocked: futex m0.park");
    expect_list("m3 m2 m1 m0", "allm");
    expect_list("", "sched.freem");
    expect_list("", "sched.midle"); /* nobody may start it */
    expect_field(0, "sched.lock.key");
    expect(resume(0), "blocked: futex m0.park");
    on(1);
    call_text("notewakeup", "m0.park");
    expect(resume(0), "throw: locked m0 woke up");
}

/* The whole way: a goroutine ends while it is locked, and its thread, not m0, ends with it. */
TEST(AGoroutineThatEndsLockedEndsItsThread)
{
    call("newp", 2);
    call("randomOrder_reset", 2);
    call("hold", 0, 0);
    set(0, "sched.lastpoll");
    set(1, "sched.nmspinning");
    set(1, "newmHandoff.haveTemplateThread");
    int64_t g = call("newg");
    call("setring", 1, 0, g);
    call("newm_real", 1);
    expect(resume(1), "running g1");
    on(1);
    call_g("lockosthread");
    record("gfput");
    because("g1 may have changed its thread in any way: nobody else may get it, it ends with g1");
    expect(run_g(1, "goexit1"), "exited: exitThread");
    expect_field(6, "g%d.atomicstatus", (int)g);
    expect_list("m0", "allm");
    expect_list("p1", "sched.pidle");
    expect_field(1, "sched.nmfreed");
}

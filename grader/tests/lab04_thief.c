/**
 * @file lab04_thief.c
 * A P in Psyscall is anybody's. m1 takes it while m0 is still inside entersyscall, on its way to hand it in
 * to a stop-the-world, and does what owners do with it. m0 must neither touch it nor count it.
 */
#include "../../labs/04-entersyscall/tests/lab04.h"

/** m0 is in entersyscall with p0 published, and about to take sched.lock for a stop that waits for 2 Ps. */
static void published(void)
{
    call("newp");
    call("newg", 2);
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 1);
    call("gcwaiting", 2);
    stop_at("lock");
    expect(run_g(0, "entersyscall"), "stopped: at lock(sched.lock)");
    expect_field(Psyscall_, "p0.status");
    pass("lock");
    events();
    spy("notewakeup");
}

TEST(AThiefsPIsNotTouched)
{
    because("the thief runs on the P by now: nothing that it has written there may be overwritten");
    published();
    int64_t tick = (int64_t)(uint32_t)rnd(), sched = (int64_t)(uint32_t)rnd(), calls = (int64_t)rndn(1000);
    call("hold", 1, 0);
    set(tick, "p0.syscalltick");
    set(sched, "p0.schedtick");
    set(calls, "p0.n.syscalls");
    set(2, "p0.runnext");
    set(1, "p0.runSafePointFn");
    expect(resume(0), "returned");
    expect_field(1, "p0.m");
    expect_field(0, "m1.p");
    expect_field(NIL, "m0.p");
    expect_field(Prunning_, "p0.status");
    expect_field(tick, "p0.syscalltick");
    expect_field(sched, "p0.schedtick");
    expect_field(calls, "p0.n.syscalls");
    expect_field(2, "p0.runnext");
    expect_field(1, "p0.runSafePointFn");
    expect_field(0, "m0.locks");
}

TEST(AThiefsPIsNotHandedIn)
{
    because("the P has been taken: the thief hands it in to the stop, not we");
    published();
    call("hold", 1, 0);
    expect(resume(0), "returned");
    expect_field(2, "sched.stopwait");
    expect_events("");
    expect_field(0, "sched.stopnote.key");
    expect_field(Prunning_, "p0.status");
}

TEST(AnIdlePIsNotHandedIn)
{
    because("the P has been taken and is idle: it is handed in by a CAS from Psyscall, which fails, and is "
            "not counted");
    published();
    call("idlep", 0);
    expect(resume(0), "returned");
    expect_field(Pidle_, "p0.status");
    expect_field(2, "sched.stopwait");
    expect_list("p0", "sched.pidle");
    off_queue(2);
    check_world();
}

TEST(OldpIsRememberedThoughThePIsGone)
{
    because("the P has been taken meanwhile: oldp still says which it was, for exitsyscall to try");
    published();
    int64_t tick = get("p0.syscalltick");
    call("hold", 1, 0);
    set(tick + 1, "p0.syscalltick");
    expect(resume(0), "returned");
    expect_field(0, "m0.oldp");
    expect_field(tick, "m0.syscalltick");
    expect_field(Gsyscall_, "g1.atomicstatus");
}

/* sysmon takes the P for good while the M is in the kernel: the frame on record is still the G's. */
TEST(TheFrameSurvivesATheft)
{
    published();
    call("hold", 1, 0);
    expect(resume(0), "returned");
    expect_frame();
}

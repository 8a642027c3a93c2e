/**
 * @file lab05_lab06_race.c
 * sysmon takes a P out of a system call while the G comes back from it: the two compare-and-swaps, step by
 * step on two Ms of one thread. Exactly one wins, and the loser finds another way.
 */
#include "judge.h"

enum { Gsyscall_ = 3, Grunning_ = 2, Prunning_ = 1, Psyscall_ = 2, SYSMON = 1 };

/**
 * m0 runs g on p0 and enters a system call; m1 plays sysmon, which sees the call for the second time. A G
 * waits on p0, so that the hand-off starts an M: that is recorded, and p0 belongs to nobody who could run.
 */
static void in_syscall(int64_t *p, int64_t *g, int64_t *waiting)
{
    *p = call("newp");
    *g = call("newg", 2);
    *waiting = *g + 1;
    expect_call(SYSMON, "newm");
    call("hold", 0, *p);
    call("rung", 0, *g);
    call("runqput", *p, *waiting, false);
    call_g("entersyscall");
    expect_field(Psyscall_, "p0.status");
    expect_field(Gsyscall_, "g%d.atomicstatus", (int)*g);
    set(get("p0.syscalltick"), "p0.sysmontick.syscalltick");
    set(get("p0.schedtick"), "p0.sysmontick.schedtick");
    record("startm");
}

/*
 * The G comes back first: it gets its P, and sysmon's attempt, already decided upon, fails. The stop is a
 * call that the contract of retake_syscall promises before its compare-and-swap, so it is there in
 * everybody's solution.
 */
TEST(ExitBeforeRetakesCAS)
{
    int64_t p, g, waiting;
    in_syscall(&p, &g, &waiting);
    stop_at("incidlelocked");
    expect(run(SYSMON, "retake_syscall", p, call("clock"), true), "stopped: at incidlelocked(-1)");
    expect_returned(run_g(0, "exitsyscall"), 0);
    pass("incidlelocked");
    expect_returned(resume(SYSMON), 0);
    expect_field(p, "m0.p");
    expect_field(Prunning_, "p0.status");
    expect_field(Grunning_, "g%d.atomicstatus", (int)g);
    expect_field(1, "p0.syscalltick");
    expect_events("incidlelocked(-1)\n"); /* and no startm */
    check_world();
}

/**
 * sysmon is first: the P is handed off once, and the G, without any P, goes to the global queue and its M to
 * sleep.
 */
TEST(RetakeBeforeExit)
{
    int64_t p, g, waiting;
    in_syscall(&p, &g, &waiting);
    expect_returned(run(SYSMON, "retake_syscall", p, call("clock"), true), 1);
    expect_events("startm(p0, spinning=0, lockheld=0)\n");
    expect_field(1, "p0.syscalltick");
    struct outcome o = run_g(0, "exitsyscall");
    expect(o, "blocked: futex m0.park");
    expect_list(range('g', g, g), "sched.runq");
    expect_field(NIL, "m0.p");
    expect_field(NIL, "m0.curg");
    check_world();
}

/* The same, but another P is idle by then: the G goes on with that one. */
TEST(RetakeBeforeExitWithAnIdleP)
{
    int64_t p, g, waiting;
    in_syscall(&p, &g, &waiting);
    call("newp");
    call("idlep", 1);
    expect_returned(run(SYSMON, "retake_syscall", p, call("clock"), true), 1);
    expect_returned(run_g(0, "exitsyscall"), 0);
    expect_field(1, "m0.p");
    expect_field(0, "sched.npidle");
    check_world();
}

/* Parked in exitsyscall on m0, the G is run by m2 and returns there. */
TEST(GReturnsOnAnotherM)
{
    int64_t p, g, waiting;
    in_syscall(&p, &g, &waiting);
    int64_t m2 = call("newm");
    expect_returned(run(SYSMON, "retake_syscall", p, call("clock"), true), 1);
    expect(run_g(0, "exitsyscall"), "blocked: futex m0.park");
    call("hold", m2, p);
    on(m2);                             /* m0 sleeps: it cannot be given orders */
    expect_call(waiting, "runqget", p); /* what startm was for: out of the way */
    off_queue(waiting);
    struct outcome o = run(m2, "schedule");
    expect_returned(o, m2); /* exitsyscall came back, on m2 */
    expect_field(m2, "g%d.m", (int)g);
    expect_field(g, "m%d.curg", (int)m2);
    check_world();
}

/**
 * @file lab08_scavenge.c
 * Scavenging beside Ms that come back to life, and the goroutine of forced collections.
 */
#include <string.h>
#include "judge.h"

enum { Gdead_ = 6, N = 100 };

static int stacks_left(void)
{
    int n = 0;
    for (int g = 1; g <= N; g++)
        n += get("g%d.stack.lo", g) != 0;
    return n;
}

/** 100 dead Gs with stacks on the global list; p0 and p1 are idle; m1 begins to scavenge, and stops at
 * locks. */
static struct outcome start(void)
{
    call("newp", 3);
    call("newm");
    call("newg", N, Gdead_);
    for (int g = 1; g <= N; g++)
        call("gfput", 2, g);
    call("gfpurge", 2);
    call("idlep", 0);
    call("idlep", 1);
    expect_field(N, "sched.gFree.n");
    stop_at("lock");
    return run(1, "scavenge");
}

/* Each stack is a system call or two, and somebody may want to work: not more than 32 between two looks. */
TEST(StacksAreFreedSomeAtATime)
{
    int left = N;
    struct outcome o;
    for (o = start(); o.kind == OUT_STOPPED; o = resume(1)) {
        if (strcmp(o.text, "stopped: at lock(sched.lock)") != 0)
            continue;
        int n = stacks_left();
        if (left - n > 32)
            fail("%d stacks were freed at once: 32 between two looks under sched.lock are allowed", left - n);
        left = n;
        if (get("sched.npidle") != 2)
            fail("an idle P was taken off the list: forEachP would miss it");
    }
    if (stacks_left() != 0)
        fail("%d dead Gs still have their stacks", stacks_left());
    expect_field(N, "sched.gFree.n");
}

TEST(ScavengingEndsWhenThePsAreNeeded)
{
    struct outcome o;
    for (o = start(); o.kind == OUT_STOPPED && stacks_left() == N; o = resume(1)) {
    }
    pass("lock");
    call("pidleget");
    call("pidleget");
    int left = stacks_left();
    while (o.kind == OUT_STOPPED)
        o = resume(1);
    if (left - stacks_left() > 32)
        fail("no P is idle any more, but %d more stacks were freed", left - stacks_left());
    if (stacks_left() == 0)
        fail("no P is idle any more, but scavenging went on to the end");
    expect_field(0, "sched.lock.key");
}

/* Whose P is it? That is known only under sched.lock. */
TEST(PsThatGetAnMMeanwhileAreLeftAlone)
{
    call("newp", 2);
    call("newm");
    call("newg", 2, Gdead_);
    call("idlep", 0);
    call("idlep", 1);
    call("gfput", 0, 1);
    call("gfput", 1, 2);
    stop_at("lock");
    expect(run(1, "scavenge"), "stopped: at lock(sched.lock)");
    pass("lock");
    call("pidleget");
    call("pidleget");
    struct outcome o = resume(1);
    if (o.kind != OUT_RETURNED)
        fail("scavenge should have returned, but it %s", o.text);
    for (int p = 0; p < 2; p++) {
        expect_field(1, "p%d.gFree.n", p);
        if (get("g%d.stack.lo", p + 1) == 0)
            fail(
                "p%d was taken off the idle list before scavenge had the lock, but its dead G lost its stack",
                p);
    }
}

TEST(NothingToGiveBackIsNoBytes)
{
    call("newp");
    call("hold", 0, 0);
    expect_call(0, "scavenge");
}

/* A goroutine of the runtime: not counted as the program's. */
TEST(TheHelperIsASystemGoroutine)
{
    call("newp");
    call("randomOrder_reset", 1);
    call("hold", 0, 0);
    call("forcegc_start");
    int64_t g = get("p0.runnext");
    if (g == NIL)
        g = call("runqget", 0);
    if (g == NIL)
        fail("forcegc_start should queue a new goroutine");
    expect_field(1, "g%d.issystem", (int)g);
    expect_field(1, "sched.ngsys");
}

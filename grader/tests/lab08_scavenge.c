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

/* Each stack is a system call or two, and somebody may want to work: not more than 32 at a time. */
TEST(StacksAreFreedSomeAtATime)
{
    int left = N;
    struct outcome o;
    for (o = start(); o.kind == OUT_STOPPED; o = resume(1)) {
        if (get("sched.npidle") != 2)
            fail("an idle P was taken off the list: forEachP would miss it");
        if (strcmp(o.text, "stopped: at lock(sched.gFree.lock)") != 0)
            continue;
        int n = stacks_left();
        if (left - n > 32)
            fail("%d stacks of dead Gs were freed at once: 32 at a time are allowed", left - n);
        left = n;
    }
    if (stacks_left() != 0)
        fail("%d dead Gs still have their stacks", stacks_left());
    expect_field(N, "sched.gFree.n");
}

/* An M that comes back to life needs sched.lock at once, however many stacks go back. */
TEST(NoLockIsHeldWhileStacksGoBack)
{
    because("scavenge holds no lock while the system takes the memory of stacks");
    call("newp");
    call("newm");
    call("hold", 0, 0);
    struct {
        int64_t lo, hi;
    } s[20];
    for (int i = 0; i < 20; i++) {
        s[i].lo = call("stackalloc", 64 * 1024);
        s[i].hi = result(1);
    }
    for (int i = 0; i < 20; i++)
        call("stackfree", s[i].lo, s[i].hi);
    set(NIL, "m0.p");
    call("newg", 40, Gdead_);
    for (int g = 1; g <= 40; g++)
        call("gfput", 0, g);
    call("idlep", 0);
    stop_at("linux_madvise");
    int calls = 0;
    struct outcome o;
    for (o = run(1, "scavenge"); o.kind == OUT_STOPPED; o = resume(1), calls++) {
        if (get("sched.lock.key") != 0)
            fail("sched.lock is held while memory goes back to the system");
        if (get("m1.locks") != 0)
            fail("a lock is held while memory goes back to the system");
    }
    if (calls < 60)
        fail("60 stacks were free, and the memory of %d was given back", calls);
}

TEST(SmallStacksOfIdlePsAreGivenBack)
{
    because("small stacks that an idle P keeps go to their blocks, and blocks that nobody uses are given back");
    call("newp", 2);
    call("hold", 0, 0);
    int64_t lo = call("stackalloc", 2048);
    call("stackfree", lo, result(1));
    set(NIL, "m0.p");
    call("idlep", 0);
    int64_t others = call("stackcache_bytes");
    int64_t bytes = call("scavenge");
    expect_field(0, "p0.smallstacks.n");
    if (bytes != others + 64 * 1024)
        fail("no small stack is in use, but their block of 64 KiB was not given back: %lld bytes of stacks were free beside it, "
             "and %lld went back", (long long)others, (long long)bytes);
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

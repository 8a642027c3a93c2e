/**
 * @file scavenge.c
 * What dead goroutines leave behind goes back to the system.
 */
#include "judge.h"

enum { Gdead_ = 6, STACK = 64 * 1024 };

/** n dead Gs, first.., with stacks of the default size, on p's list. */
static int64_t dead(int64_t p, int n)
{
    int64_t g = call("newg", n, Gdead_);
    for (int i = 0; i < n; i++)
        call("gfput", p, g + i);
    return g;
}

TEST(StacksOfDeadGsOfAnIdlePAreGivenBack)
{
    because("the stacks go, and the Gs name none any more, but stay on the global list for the next goroutines");
    call("newp");
    call("idlep", 0);
    int n = 1 + (int)rndn(30);
    int64_t g = dead(0, n);
    if (call("scavenge") < n * STACK)
        fail("%d stacks of 64 KiB were there to be given back, but only %lld bytes were", n,
             (long long)result(0));
    for (int i = 0; i < n; i++)
        expect_field(0, "g%d.stack.lo", (int)(g + i));
    expect_field(0, "p0.gFree.n");
    expect_field(n, "sched.gFree.n"); /* the Gs themselves are kept */
    expect_list("", "sched.gFree.stack");
    expect_list("p0", "sched.pidle");
}

/* What a P keeps belongs to the M that holds it. */
TEST(WhatARunningPKeepsIsLeftAlone)
{
    because("p0 runs: what it keeps is its M's alone");
    call("newp", 2);
    call("hold", 0, 0);
    call("idlep", 1);
    int64_t g = dead(0, 3), h = dead(1, 3);
    call("scavenge");
    expect_field(3, "p0.gFree.n");
    expect_field(0, "p1.gFree.n");
    for (int i = 0; i < 3; i++) {
        if (get("g%d.stack.lo", (int)(g + i)) == 0)
            fail("g%d lies on the list of a P that runs, but its stack was taken", (int)(g + i));
        expect_field(0, "g%d.stack.lo", (int)(h + i));
    }
}

TEST(CachedStacksOfIdlePsAreGivenBack)
{
    because("an idle P keeps stacks for nobody: they are given back");
    call("newp", 2);
    for (int p = 0; p < 2; p++) {
        call("hold", 0, p);
        int64_t lo = call("stackalloc", STACK);
        call("stackfree", lo, result(1)); /* into the cache of m0's P */
        set(NIL, "m0.p");
    }
    call("idlep", 1);
    call("scavenge");
    expect_field(0, "p1.stackcache.n");
    if (get("p0.stackcache.n") == 0)
        fail("p0 is not idle, but its cache of stacks was emptied");
}

TEST(NoLockIsHeldAfterScavenging)
{
    call("newp", 2);
    call("idlep", 0);
    call("idlep", 1);
    dead(0, 2);
    call("scavenge");
    expect_field(0, "sched.lock.key");
    expect_field(0, "m0.locks");
}

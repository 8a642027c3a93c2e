/**
 * @file lab02_gfree.c
 * The lists of dead Gs: one a P, two for all, one lock for many.
 */
#include <stdio.h>
#include "../../labs/02-context/tests/lab02.h"

/** How many handles the list has; sets a bit in seen[] for each, and fails if one was set before. */
static int members(const char *name, bool *seen, int64_t first, int n)
{
    int count = 0;
    for (const char *s = list("%s", name); *s; s += strcspn(s, " "), s += *s == ' ') {
        long h = -1;
        sscanf(s, "g%ld", &h);
        if (h < first || h >= first + n)
            fail("%s holds g%ld, which was never put there", name, h);
        if (seen[h - first])
            fail("g%ld lies on two lists of dead Gs, or twice on one", h);
        seen[h - first] = true;
        count++;
    }
    return count;
}

TEST(NoDeadGIsLostOrFoundTwice)
{
    because("each dead G is on one list, and the counts are the lists' lengths");
    enum { N = 200 };
    ps(2);
    int64_t g = dead(N);
    bool out[N];
    for (int i = 0; i < N; i++)
        out[i] = true;
    for (int i = 0; i < 1200; i++) {
        int p = (int)rndn(2), k = (int)rndn(N);
        if (rndn(100) == 0) {
            call("gfpurge", p);
            expect_field(0, "p%d.gFree.n", p);
        } else if (rndn(100) < (i / 300 % 2 ? 30 : 75)) {
            for (int tries = 0; tries < N && !out[k]; tries++)
                k = (k + 1) % N;
            if (out[k])
                call("gfput", p, g + k);
            out[k] = false;
        } else {
            int64_t h = call("gfget", p);
            if (h != NIL && (h < g || h >= g + N || out[h - g]))
                fail("gfget returned g%lld, which is on no list of dead Gs", (long long)h);
            if (h != NIL)
                out[h - g] = true;
        }
        if (get("p%d.gFree.n", p) > 63)
            fail("p%d keeps %lld dead Gs; 63 are the most", p, (long long)get("p%d.gFree.n", p));
    }
    bool seen[N] = {false};
    int a = members("p0.gFree", seen, g, N), b = members("p1.gFree", seen, g, N);
    int c = members("sched.gFree.stack", seen, g, N) + members("sched.gFree.noStack", seen, g, N);
    expect_field(a, "p0.gFree.n");
    expect_field(b, "p1.gFree.n");
    expect_field(c, "sched.gFree.n");
    for (int i = 0; i < N; i++)
        if (seen[i] == out[i])
            fail("g%lld was %s, but is %s", (long long)(g + i), out[i] ? "taken" : "put",
                 seen[i] ? "on a list" : "on none");
}

TEST(TheGlobalListsTellStacksFromNone)
{
    ps(1);
    int64_t g = dead(64);
    for (int i = 0; i < 64; i++) {
        if (i % 3 == 0)
            call("takestack", g + i);
        call("gfput", 0, g + i);
    }
    call("gfpurge", 0);
    bool seen[64] = {false};
    int with = members("sched.gFree.stack", seen, g, 64);
    for (int i = 0; i < 64; i++)
        if (seen[i] != (i % 3 != 0))
            fail("g%lld has %s stack; it is %s sched.gFree.stack", (long long)(g + i), i % 3 ? "a" : "no",
                 seen[i] ? "on" : "not on");
    int without = members("sched.gFree.noStack", seen, g, 64);
    if (with + without != 64)
        fail("gfpurge lost %d of 64 dead Gs", 64 - with - without);
    expect_field(64, "sched.gFree.n");
    expect_field(0, "p0.gFree.n");
    expect_list("", "p0.gFree");
}

TEST(ThoseWithAStackAreTakenFirst)
{
    because("gfget takes dead Gs that have a stack before those that have none");
    ps(1);
    int64_t g = dead(50);
    for (int i = 0; i < 50; i++) {
        if (i >= 20)
            call("takestack", g + i);
        call("gfput", 0, g + i);
    }
    call("gfpurge", 0);
    call("gfget", 0);
    expect_list("", "sched.gFree.stack");
    expect_field(18, "sched.gFree.n"); /* 20 with and 12 without were fetched */
    expect_field(31, "p0.gFree.n");
}

TEST(WhatGfgetReturnsHasAStack)
{
    because("a G that gfget returns has a stack: one that had none gets a new one");
    ps(1);
    int64_t g = dead(5);
    for (int i = 0; i < 5; i++) {
        call("takestack", g + i);
        call("gfput", 0, g + i);
    }
    for (int i = 0; i < 5; i++) {
        int h = (int)call("gfget", 0);
        int64_t lo = get("g%d.stack.lo", h);
        if (lo == 0 || get("g%d.stack.hi", h) - lo != STACK)
            fail("gfget returned g%d without a stack of the default size", h);
        expect_field(Gdead_, "g%d.atomicstatus", h);
        if (!call("writable", lo) || call("writable", lo - 8))
            fail("gfget returned g%d with a stack that cannot be used, or without a guard page", h);
    }
}

TEST(FindingNothingTakesNoLock)
{
    ps(1);
    spy("lock");
    expect_call(NIL, "gfget", 0);
    expect_events("");
}

TEST(APsOwnDeadGsNeedNoLock)
{
    ps(1);
    int64_t g = dead(20);
    spy("lock");
    for (int i = 0; i < 20; i++)
        call("gfput", 0, g + i);
    for (int i = 0; i < 20; i++)
        call("gfget", 0);
    expect_events("");
}

TEST(ManyDeadGsMoveUnderOneLock)
{
    ps(2);
    int64_t g = dead(64);
    spy("lock");
    for (int i = 0; i < 64; i++)
        call("gfput", 0, g + i);
    expect_events("lock(sched.gFree.lock)\n");
    call("hold", 0, 1);
    call("gfget", 1);
    expect_events("lock(sched.gFree.lock)\n");
    call("gfpurge", 1);
    expect_events("lock(sched.gFree.lock)\n");
}

TEST(OnlyWhoHasNoneLooksElsewhere)
{
    because("a P that has dead Gs of its own takes one of these");
    ps(1);
    int64_t g = dead(10);
    for (int i = 0; i < 9; i++)
        call("gfput", 0, g + i);
    call("gfpurge", 0);
    call("gfput", 0, g + 9);
    expect_call(g + 9, "gfget", 0);
    expect_field(9, "sched.gFree.n");
    expect_field(0, "p0.gFree.n");
}

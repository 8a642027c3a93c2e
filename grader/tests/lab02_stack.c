/**
 * @file lab02_stack.c
 * Stacks: their caches, what crosses from one P to another, and kernels that do not help.
 */
#include "../../labs/02-context/tests/lab02.h"

enum { MANY = 100 };

static void has_guard(struct stk s)
{
    if (!call("writable", s.lo) || !call("writable", s.hi - 8))
        fail("a stack of %lld bytes cannot be written", (long long)(s.hi - s.lo));
    if (call("writable", s.lo - 8) || call("writable", s.lo - PAGE))
        fail("below a stack of %lld bytes there is no guard page", (long long)(s.hi - s.lo));
}

/** Lines of the log since the last time. */
static int lines(void)
{
    int n = 0;
    for (const char *s = events(); (s = strchr(s, '\n')) != NULL; s++)
        n++;
    return n;
}

TEST(StacksOfAnySizeAreWholePagesWithAGuard)
{
    ps(1);
    for (int i = 0; i < 40; i++) {
        int64_t n = 1 + (int64_t)rndn(i % 2 ? 20 * PAGE : 2 << 20);
        struct stk s = alloc(n);
        if (s.hi - s.lo != (n + PAGE - 1) / PAGE * PAGE)
            fail("a stack of %lld bytes was asked for; this one has %lld", (long long)n,
                 (long long)(s.hi - s.lo));
        has_guard(s);
    }
}

TEST(AStackOfAnotherSizeGoesBackToTheSystem)
{
    ps(1);
    struct stk s = alloc(16 * 1024);
    call("word", s.lo, 1);
    release(s);
    if (call("writable", s.lo) || call("writable", s.hi - 8))
        fail("a stack of 16 KiB was given back, but its memory is still there");
    expect_field(0, "p0.stackcache.n");
}

TEST(APsOwnStacksNeedNoLock)
{
    ps(1);
    release(alloc(STACK));
    spy("lock");
    events();
    for (int i = 0; i < 200; i++)
        release(alloc(STACK));
    expect_events("");
}

TEST(StacksTravelToThePoolInBatches)
{
    enum { N = 512 };
    struct stk s[N];
    ps(1);
    spy("lock");
    events();
    for (int i = 0; i < N; i++)
        s[i] = alloc(STACK);
    int taken = lines();
    for (int i = 0; i < N; i++)
        release(s[i]);
    int given = lines();
    if (taken > N / 16 + 4)
        fail("%d stacks were taken under %d locks; batches of 16 need %d", N, taken, N / 16);
    if (given > N / 16 + 4)
        fail("%d stacks were given back under %d locks; batches of 16 need %d", N, given, N / 16);
}

TEST(ACacheDrainsAndFillsBy16)
{
    because("stacks travel between a P's cache and the pool by 16");
    struct stk s[MANY];
    ps(2);
    for (int i = 0; i < MANY; i++)
        s[i] = alloc(STACK);
    while (get("p0.stackcache.n") > 0)
        alloc(STACK);
    for (int i = 0; i < 32; i++)
        release(s[i]);
    expect_field(32, "p0.stackcache.n");
    release(s[32]);
    expect_field(17, "p0.stackcache.n");
    for (int i = 33; i < MANY; i++)
        release(s[i]); /* the pool has more than 16 now */
    call("hold", 0, 1);
    alloc(STACK);
    expect_field(15, "p1.stackcache.n");
}

TEST(WhatOnePFreesAnotherUses)
{
    struct stk s[MANY];
    ps(2);
    for (int i = 0; i < MANY; i++)
        s[i] = alloc(STACK);
    for (int i = 0; i < MANY; i++)
        release(s[i]);
    int left = MANY - 32; /* at least so many lie in the pool */
    call("hold", 0, 1);
    for (int i = 0; i < left; i++) {
        int64_t lo = call("stackalloc", STACK);
        int k = 0;
        while (k < MANY && s[k].lo != lo)
            k++;
        if (k < MANY)
            s[k].lo = 0; /* and nobody else gets it */
        else
            fail("p0 gave %d stacks back, of which its cache holds 32 at most; p1's stack number %d is a new one",
                 MANY, i + 1);
    }
}

/* Whoever uses stacks writes into every word of them; and comes back on another P, or without one. */
TEST(NoStackIsGivenToTwo)
{
    because("a free stack lies in one place, a P's cache or the pool, and is given out once");
    enum { HELD = 120 };
    struct stk s[HELD];
    int n = 0;
    ps(2);
    for (int i = 0; i < 1500; i++) {
        if (rndn(20) == 0)
            set((int64_t)rndn(3) - 1, "m0.p");
        if (n == 0 || (n < HELD && rndn(100) < (i / 200 % 2 ? 30 : 70))) {
            s[n] = alloc(STACK);
            for (int k = 0; k < n; k++)
                if (s[k].lo == s[n].lo)
                    fail("stackalloc gave out a stack that is in use");
            call("word", s[n].hi - 8, (int64_t)rnd());
            call("word", s[n++].lo, (int64_t)rnd());
        } else {
            int k = (int)rndn((uint64_t)n);
            release(s[k]);
            s[k] = s[--n];
        }
    }
}

TEST(AKernelWithoutGuardMarkersHasGuardPagesToo)
{
    ps(1);
    record("linux_madvise"); /* -EINVAL */
    for (int i = 0; i < 40; i++)
        has_guard(alloc(i % 8 ? STACK : 8 * 1024));
}

TEST(WithoutAGuardPageThereIsNoStack)
{
    ps(1);
    record("linux_madvise");  /* -EINVAL */
    record("linux_mprotect"); /* -ENOMEM */
    struct outcome o = run(0, "stackalloc", STACK);
    if (o.kind == OUT_RETURNED)
        has_guard((struct stk){o.v[0], o.v[1]}); /* by other means: well done */
    else if (o.kind != OUT_THREW)
        fail("no guard page can be made: stackalloc should have thrown; instead: %s", o.text);
}

TEST(WithoutMemoryThereIsNoStack)
{
    because("the kernel gives no memory: stackalloc says so, and returns no address");
    static const int64_t sizes[] = {(int64_t)1 << 60, INT64_MAX, -1, -4096};
    call("newp");
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int64_t m = call("newm");
        struct outcome o = run(m, "stackalloc", sizes[i]);
        if (o.kind != OUT_THREW)
            fail("nobody has %#llx bytes for a stack: stackalloc should have thrown; instead: %s",
                 (unsigned long long)sizes[i], o.text);
    }
}

TEST(FreeStacksAreCountedWhereverTheyAre)
{
    because("stackcache_bytes counts what is free in every cache and in the pool");
    struct stk s[MANY];
    ps(2);
    for (int i = 0; i < MANY; i++)
        s[i] = alloc(STACK);
    int64_t before = call("stackcache_bytes");
    for (int i = 0; i < 60; i++)
        release(s[i]);
    call("hold", 0, 1);
    for (int i = 60; i < 70; i++)
        release(s[i]);
    set(NIL, "m0.p");
    for (int i = 70; i < 75; i++)
        release(s[i]);
    expect_call(before + 75 * STACK, "stackcache_bytes");
}

TEST(ClearingOnePLeavesTheOthersAlone)
{
    because("stackcache_clear(pp) empties pp's cache, and no other");
    struct stk s[10];
    ps(2);
    for (int i = 0; i < 10; i++)
        s[i] = alloc(STACK);
    call("hold", 0, 1);
    for (int i = 0; i < 10; i++)
        release(s[i]);
    call("word", s[9].lo, 0x1234567);
    int64_t n = get("p1.stackcache.n"), all = call("stackcache_bytes");
    call("hold", 0, 0);
    int64_t cleared = call("clear_stacks", 0);
    expect_field(0, "p0.stackcache.n");
    expect_field(n, "p1.stackcache.n");
    expect_call(0x1234567, "word", s[9].lo);
    expect_call(n * STACK, "stackcache_bytes");
    if (cleared + n * STACK != all)
        fail("%lld bytes were free, %lld of them p1's; clearing p0 and the pool returned %lld",
             (long long)all, (long long)(n * STACK), (long long)cleared);
}

/* A list of them that is linked through the stacks themselves holds a page of each. */
TEST(ClearedStacksHoldNoMemory)
{
    struct stk s[MANY];
    ps(2);
    for (int i = 0; i < MANY; i++) {
        s[i] = alloc(STACK);
        call("word", s[i].lo, 1);
        call("word", s[i].hi - 8, 1);
    }
    for (int i = 0; i < MANY; i++) {
        if (i == 10)
            call("hold", 0, 1);
        if (i == 90)
            set(NIL, "m0.p");
        release(s[i]);
    }
    int64_t before = call("resident", s[0].lo);
    if (before != 1)
        fail("judge: a page that was written to is not in memory, says mincore (%lld)", (long long)before);
    call("clear_stacks", NIL);
    for (int i = 0; i < MANY; i++)
        for (int64_t page = s[i].lo; page < s[i].hi; page += PAGE)
            if (call("resident", page) != 0)
                fail("the memory of free stacks was given back to the system, but the page %lld bytes below the end of one "
                     "has memory: was something written there afterwards, a link perhaps?", (long long)(s[i].hi - page));
}

TEST(StackAddressesComeBack)
{
    struct stk s[MANY];
    ps(1);
    for (int i = 0; i < MANY; i++)
        s[i] = alloc(STACK);
    for (int i = 0; i < MANY; i++)
        release(s[i]);
    call("clear_stacks", NIL);
    int back = 0;
    for (int i = 0; i < MANY + 50; i++) {
        int64_t lo = call("stackalloc", STACK);
        for (int k = 0; k < MANY; k++)
            back += s[k].lo == lo;
    }
    if (back != MANY)
        fail(
            "%d stacks were free when their memory went back; of the next %d stacks only %d are where these were",
            MANY, MANY + 50, back);
}

TEST(ManyClearedStacksComeBack)
{
    enum { N = 600 };
    struct stk s[N];
    ps(1);
    for (int i = 0; i < N; i++)
        s[i] = alloc(STACK);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N; i++)
            release(s[i]);
        call("clear_stacks", NIL);
        for (int i = 0; i < N; i++) {
            struct stk t = alloc(STACK);
            for (int k = 0; k < i; k++)
                if (s[k].lo == t.lo)
                    fail("a stack was given out twice");
            if (call("writable", t.lo - 8))
                fail("a stack has no guard page after its memory went back to the system");
            s[i] = t;
        }
    }
}

/* A million free stacks are a second of system calls: nobody must have to wait for that. */
TEST(NoLockIsHeldWhileMemoryGoesBack)
{
    because("stackpool_release holds no lock while the system takes the memory");
    struct stk s[40];
    ps(1);
    for (int i = 0; i < 40; i++)
        s[i] = alloc(STACK);
    for (int i = 0; i < 40; i++)
        release(s[i]);
    call("stackcache_clear", 0);
    stop_at("linux_madvise");
    int calls = 0;
    struct outcome o;
    for (o = run(0, "stackpool_release"); o.kind == OUT_STOPPED; o = resume(0), calls++)
        if (get("m0.locks") != 0)
            fail("a lock is held while the memory of free stacks goes back to the system");
    if (o.kind != OUT_RETURNED || calls == 0)
        fail("stackpool_release should have called madvise, and returned; it %s", o.text);
}

TEST(TheKernelsNoIsRemembered)
{
    because("a kernel that turned MADV_GUARD_INSTALL down is not asked for each stack");
    ps(1);
    record("linux_madvise"); /* -EINVAL */
    events();
    for (int i = 0; i < 200; i++)
        has_guard(alloc(STACK));
    int asked = lines();
    if (asked > 1)
        fail("a kernel without MADV_GUARD_INSTALL was asked for it %d times", asked);
}

/* Each guard page by mprotect costs mappings, which the program needs for other things too. */
TEST(WithoutMappingsStacksHaveNoGuard)
{
    because("when guardmapping says no, a stack of the default size comes without a guard page");
    ps(1);
    record("linux_madvise"); /* -EINVAL */
    has_guard(alloc(STACK));
    while (get("p0.stackcache.n") > 0)
        alloc(STACK);
    record("guardmapping"); /* false */
    for (int i = 0; i < 50; i++) {
        struct stk s = alloc(STACK);
        if (!call("writable", s.lo) || !call("writable", s.hi - 8))
            fail("a stack without a guard page cannot be written");
        if (!call("writable", s.lo - 8))
            fail("guardmapping said that no mapping is left for a guard page, but there is one");
    }
}

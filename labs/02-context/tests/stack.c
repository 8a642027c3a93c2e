/**
 * @file stack.c
 * Stacks have guard pages, do not overlap, and are used again.
 */
#include <signal.h>
#include "lab02.h"

enum { MANY = 100 };

/** Fails unless s has n bytes that can be written, and a page below that cannot. */
static void sound(struct stk s, int64_t n)
{
    if (s.hi - s.lo != n)
        fail("a stack of %lld bytes was asked for; this one has %lld", (long long)n,
             (long long)(s.hi - s.lo));
    if (s.hi % 16 || s.lo % 16)
        fail("the ends of a stack are not multiples of 16");
    if (!call("writable", s.lo) || !call("writable", s.hi - 8) || !call("writable", s.lo + n / 2 / 8 * 8))
        fail("a stack of %lld bytes cannot be written from end to end", (long long)n);
    if (call("writable", s.lo - 8) || call("writable", s.lo - PAGE))
        fail("below a stack of %lld bytes there is no guard page: it can be written", (long long)n);
}

TEST(AStackHasItsSizeAndAGuardPage)
{
    ps(1);
    sound(alloc(STACK), STACK);
    sound(alloc(8 * 1024), 8 * 1024);
    sound(alloc(1024 * 1024), 1024 * 1024);
    sound(alloc(100 * 1000), 25 * PAGE); /* rounded up */
}

TEST(WhoRunsOverTheEndOfAStackDies)
{
    because("the page below a stack is its guard: to touch it is fatal");
    ps(1);
    struct stk s = alloc(STACK);
    call("touch", s.lo);
    call_dies(SIGSEGV, NULL, "touch", s.lo - 1);
}

TEST(StacksDoNotOverlap)
{
    ps(1);
    struct stk s[MANY];
    for (int i = 0; i < MANY; i++) {
        s[i] = alloc(i % 10 ? STACK : 16 * 1024);
        for (int k = 0; k < i; k++)
            if (s[i].lo - PAGE < s[k].hi && s[k].lo - PAGE < s[i].hi)
                fail("two stacks, or a stack and the other's guard page, overlap");
    }
    for (int i = 0; i < MANY; i++)
        sound(s[i], i % 10 ? STACK : 16 * 1024);
}

TEST(AFreeStackIsUsedAgain)
{
    because("a stack that is given back lies in the P's cache, and the next one comes from there");
    ps(1);
    struct stk s = alloc(STACK);
    int64_t n = get("p0.stackcache.n");
    release(s);
    expect_field(n + 1, "p0.stackcache.n");
    for (int64_t i = 0; i <= n; i++)
        if (call("stackalloc", STACK) == s.lo)
            return;
    fail("a stack was given back to p0's cache, but none of the next %lld stacks is that one",
         (long long)n + 1);
}

TEST(APsCacheHoldsAtMost32Stacks)
{
    ps(1);
    struct stk s[MANY];
    for (int i = 0; i < MANY; i++)
        s[i] = alloc(STACK);
    for (int i = 0; i < MANY; i++) {
        release(s[i]);
        if (get("p0.stackcache.n") > 32)
            fail("p0's cache holds %lld stacks", (long long)get("p0.stackcache.n"));
    }
}

TEST(WithoutAPStacksComeFromThePool)
{
    because("an M without a P takes stacks from the pool, and from no P's cache");
    call("newp");
    struct stk s = alloc(STACK);
    sound(s, STACK);
    release(s);
    expect_field(0, "p0.stackcache.n");
    int64_t again = call("stackalloc", STACK);
    if (again != s.lo)
        fail("the only free stack lay in the pool, and the next one that was asked for is another");
}

TEST(ClearedStacksAreEmptyAndUsedAgain)
{
    ps(1);
    struct stk s[MANY];
    for (int i = 0; i < MANY; i++) {
        s[i] = alloc(STACK);
        call("word", s[i].lo, 0x1234567);
    }
    for (int i = 0; i < MANY; i++)
        release(s[i]);
    int64_t bytes = call("stackcache_bytes");
    if (bytes < MANY * STACK)
        fail("%d stacks of 64 KiB are free, but stackcache_bytes says %lld", MANY, (long long)bytes);
    expect_call(bytes, "clear_stacks", NIL);
    expect_call(0, "stackcache_bytes");
    for (int i = 0; i < MANY; i++) {
        int64_t lo = call("stackalloc", STACK);
        because("the memory of a cleared stack went back to the system: the next who gets it finds zeroes");
        expect_call(0, "word", lo);
        because(NULL);
        if (call("writable", lo - 8))
            fail("a stack lost its guard page when its memory went back to the system");
    }
}

TEST(SmallStacksAreTheGivenOnes)
{
    because("2 KiB are a small stack, which smallstackalloc gives and smallstackfree takes back");
    enum { SMALL = 2048 };
    ps(1);
    struct stk s[MANY];
    for (int i = 0; i < MANY; i++) {
        s[i] = alloc(SMALL);
        if (s[i].hi - s[i].lo != SMALL)
            fail("a small stack has 2048 bytes; this one has %lld", (long long)(s[i].hi - s[i].lo));
        for (int k = 0; k < i; k++)
            if (s[i].lo < s[k].hi && s[k].lo < s[i].hi)
                fail("two small stacks overlap");
    }
    int64_t n = get("p0.smallstacks.n");
    release(s[0]);
    expect_field(n + 1, "p0.smallstacks.n");
    for (int i = 1; i < MANY; i++)
        if (!call("writable", s[i].lo + 64) || !call("writable", s[i].hi - 8))
            fail("a small stack was freed, and another one in use has lost its memory");
}

TEST(AFlushedCacheIsEverybodys)
{
    because("stackcache_clear moves all of a P's free stacks to the pool, where others find them");
    call("newp", 2);
    call("hold", 0, 0);
    struct stk s[20];
    for (int i = 0; i < 20; i++)
        s[i] = alloc(STACK);
    for (int i = 0; i < 20; i++)
        release(s[i]);
    int64_t bytes = call("stackcache_bytes");
    call("stackcache_clear", 0);
    expect_field(0, "p0.stackcache.n");
    expect_call(bytes, "stackcache_bytes");
    call("hold", 0, 1);
    int found = 0;
    for (int64_t i = 0; i < bytes / STACK; i++) {
        int64_t lo = call("stackalloc", STACK);
        for (int k = 0; k < 20; k++)
            found += s[k].lo == lo;
    }
    if (found != 20)
        fail("20 stacks were freed on p0, and its cache was flushed; p1 found %d of them", found);
}

TEST(MemoryGoesBack32StacksAtATime)
{
    because("stackpool_release gives back the memory of at most 32 stacks, and says of how many");
    ps(1);
    struct stk s[MANY];
    for (int i = 0; i < MANY; i++) {
        s[i] = alloc(STACK);
        call("word", s[i].lo, 0x1234567);
    }
    for (int i = 0; i < MANY; i++)
        release(s[i]);
    call("stackcache_clear", 0);
    int64_t all = call("stackcache_bytes"), sum = 0;
    for (int64_t bytes; (bytes = call("stackpool_release")) != 0; sum += bytes)
        if (bytes < 0 || bytes > 32 * STACK)
            fail("one stackpool_release gave back %lld bytes: 32 stacks of 64 KiB are the most", (long long)bytes);
    if (sum != all)
        fail("%lld bytes of stacks were free, but stackpool_release gave back %lld until it returned 0", (long long)all,
             (long long)sum);
    expect_call(0, "stackcache_bytes");
    for (int i = 0; i < MANY; i++)
        expect_call(0, "word", call("stackalloc", STACK));
}

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
    expect_call(bytes, "stackcache_clear", NIL);
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

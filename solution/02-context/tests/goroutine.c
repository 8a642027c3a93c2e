/**
 * @file goroutine.c
 * Goroutines are made, begin, end, and their Gs are used again.
 */
#include "lab02.h"

TEST(ANewGoroutineIsRunnableAndKnowsWhoMadeIt)
{
    because("a new goroutine is Grunnable and knows who made it, and where");
    ps(1);
    int64_t parent = call("newg"), arg = (int64_t)rnd();
    call("rung", 0, parent);
    int g = (int)call("newproc1", arg, 0, false, parent, 0x4711);
    expect_field(Grunnable_, "g%d.atomicstatus", g);
    expect_field(arg, "g%d.startarg", g);
    expect_field(0x4711, "g%d.gopc", g);
    expect_field(get("g%d.goid", (int)parent), "g%d.parentgoid", g);
    expect_field(NIL, "g%d.m", g);
    int64_t lo = get("g%d.stack.lo", g);
    expect_field(lo + STACK, "g%d.stack.hi", g);
    expect_field(lo + GUARD_WORD, "g%d.stackguard0", g);
    expect_field(STACK, "g%d.stackwant", g);
    expect_list("", "p0.runq");
    expect_field(NIL, "p0.runnext"); /* to queue it is the caller's business */
}

TEST(AGoroutineBeginsAsIfGoexitFrameHadCalledIt)
{
    because("a goroutine begins as if goexit_frame had called its body: sp as after a call, ctxt for the "
            "body, control words at their defaults");
    ps(1);
    int64_t arg = (int64_t)rnd();
    int64_t g = call("newproc1", arg), top = get("g%d.stack.hi", (int)g);
    call("rung", 0, g);
    record("schedule");
    run(0, "gogo", g);
    expect_call(arg, "bodysaw");
    expect_result(5, g, "getg() in the goroutine's function");
    expect_result(
        1, 0, "at its first instruction, how far sp is from where a call leaves it (8 off a multiple of 16)");
    expect_result(2, 1, "its return address less goexit_frame");
    expect_result(3, 0, "its frame pointer");
    expect_result(4, 0, "its floating-point control words less GOBUF_FPCW_DEFAULT");
    if (top - result(6) < 8 || top - result(6) > 512)
        fail("the goroutine begins %lld bytes below the top of its stack; that is where it should begin",
             (long long)(top - result(6)));
}

TEST(AGoroutineThatReturnsEnds)
{
    because("a goroutine's function returns into goexit_frame: the goroutine ends, once, and its M "
            "schedules");
    ps(1);
    int64_t g = call("newproc1", 1);
    call("rung", 0, g);
    record("schedule");
    struct outcome o = run(0, "gogo", g);
    expect(o, "ended: schedule()");
    expect_field(Gdead_, "g%d.atomicstatus", (int)g);
    expect_field(NIL, "g%d.m", (int)g);
    expect_field(NIL, "m0.curg");
    expect_list("g1", "p0.gFree");
    expect_field(1, "p0.gFree.n");
    expect_field(1, "p0.n.exits");
}

TEST(GoOfNilIsFatal)
{
    ps(1);
    call_throws("go of nil func value", "newproc1", 0, 0, true);
}

TEST(ADeadGIsUsedAgain)
{
    because("newproc1 takes a dead G, if there is one, before it makes another");
    ps(1);
    int64_t g = call("newproc1", 1), goid = get("g%d.goid", (int)g);
    call("rung", 0, g);
    call("gdestroy", g);
    expect_call(g, "newproc1", 2);
    expect_field(1, "allglen");
    expect_field(0, "p0.gFree.n");
    if (get("g%d.goid", (int)g) == goid)
        fail("the second goroutine has the id of the first, %lld", (long long)goid);
}

TEST(GfgetFindsWhatGfputLeft)
{
    because("gfget finds each dead G that gfput left, once, and both count");
    ps(1);
    int64_t g = dead(3);
    for (int i = 0; i < 3; i++)
        call("gfput", 0, g + i);
    expect_field(3, "p0.gFree.n");
    int64_t seen = 0;
    for (int i = 0; i < 3; i++)
        seen |= 1 << (call("gfget", 0) - g);
    if (seen != 7)
        fail("three dead Gs were put on the list, but three calls of gfget did not return each of them once");
    expect_field(0, "p0.gFree.n");
    expect_call(NIL, "gfget", 0);
}

TEST(OnlyTheDeadAreFree)
{
    because("only a G in Gdead may be on a free list");
    ps(1);
    int64_t g = call("newg");
    call_throws("not dead", "gfput", 0, g);
}

TEST(At64DeadGsAllBut31BecomeEverybodys)
{
    because("with the 64th dead G a P gives 33 to the global list, and both lists are counted");
    ps(1);
    int64_t g = dead(64);
    for (int i = 0; i < 63; i++)
        call("gfput", 0, g + i);
    expect_field(63, "p0.gFree.n");
    expect_field(0, "sched.gFree.n");
    call("gfput", 0, g + 63);
    expect_field(31, "p0.gFree.n");
    expect_field(33, "sched.gFree.n");
    expect_list("", "sched.gFree.noStack");
}

TEST(AnEmptyListIsFilledUpTo32)
{
    because("a P without dead Gs fetches from the global list until it has 32, and takes one of them");
    call("newp", 2);
    call("hold", 0, 0);
    int64_t g = dead(40);
    for (int i = 0; i < 40; i++)
        call("gfput", 0, g + i);
    call("gfpurge", 0);
    expect_field(0, "p0.gFree.n");
    expect_field(40, "sched.gFree.n");
    if (call("gfget", 0) == NIL)
        fail("there are 40 dead Gs on the global list, but gfget returned none");
    expect_field(31, "p0.gFree.n"); /* 32 less the returned one */
    expect_field(8, "sched.gFree.n");
}

TEST(AStackOfAnotherSizeIsFreedWithItsG)
{
    because("a dead G keeps a stack of the default size only: any other is freed, and the G has none");
    ps(1);
    int64_t g = call("newproc1", 1, 256 * 1024), lo = get("g%d.stack.lo", (int)g);
    expect_field(lo + 256 * 1024, "g%d.stack.hi", (int)g);
    call("rung", 0, g);
    call("gdestroy", g);
    expect_field(0, "g%d.stack.lo", (int)g);
    if (call("writable", lo))
        fail("the stack of 256 KiB is still there after its goroutine has ended");
    expect_call(g, "gfget", 0);
    if (get("g%d.stack.hi", (int)g) - get("g%d.stack.lo", (int)g) != STACK)
        fail("what gfget returns has no stack of the default size");
}

TEST(AGoroutineMayHaveASmallStack)
{
    because("newproc1 gives a stack of exactly 2 KiB if that is asked for, and of at least 8 KiB for other sizes");
    ps(1);
    int64_t g = call("newproc1", 1, 2048);
    expect_field(get("g%d.stack.lo", (int)g) + 2048, "g%d.stack.hi", (int)g);
    expect_field(2048, "g%d.stackwant", (int)g);
    call("rung", 0, g);
    call("gdestroy", g);
    expect_field(0, "g%d.stack.lo", (int)g);
    int64_t h = call("newproc1", 1, 2047);
    expect_field(8192, "g%d.stackwant", (int)h);
}

TEST(IdsComeInBatchesAndBeginWith1)
{
    because("ids begin with 1, and a P takes 16 at a time from sched.goidgen");
    call("newp", 2);
    expect_call(1, "goidnext", 0);
    expect_field(16, "sched.goidgen");
    expect_call(17, "goidnext", 1);
    expect_field(32, "sched.goidgen");
    for (int i = 2; i <= 16; i++)
        expect_call(i, "goidnext", 0);
    expect_field(32, "sched.goidgen");
    expect_call(33, "goidnext", 0);
    expect_call(18, "goidnext", 1);
}

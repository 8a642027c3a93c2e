/**
 * @file lab02_life.c
 * From newproc1 to gdestroy: what a goroutine begins with, what must be gone when it has ended, and in which order.
 */
#include "../../labs/02-context/tests/lab02.h"

/** Fields that belong to a goroutine, and must be 0 for the next one. */
static const char *const own[] = {"param",      "waiting",   "defers",         "selectDone", "waitreason",
                                  "waitsince",  "syscallsp", "syscallpc",      "syscallbp",  "preempt",
                                  "throwsplit", "timer",     "asyncSafePoint", "issystem",   "paniconfault"};

TEST(TheNextGoroutineFindsNoTraceOfTheLast)
{
    because("what a goroutine left in its G is gone when the G is used again");
    ps(1);
    int g = (int)call("newproc1", 1);
    call("rung", 0, g);
    for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
        set(1, "g%d.%s", g, own[i]);
    set(5, "sched.ngsys");
    set(-1314, "g%d.stackguard0", g); /* asked to yield */
    set(0, "g%d.trackingp", g);
    call("gdestroy", g);
    expect_field(4, "sched.ngsys"); /* it was one of the runtime's */
    expect_call(g, "newproc1", 77, 0, false, call("newg"), 0x99);
    for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
        expect_field(0, "g%d.%s", g, own[i]);
    expect_field(NIL, "g%d.trackingp", g);
    expect_field(NIL, "g%d.lockedm", g);
    expect_field(NIL, "g%d.m", g);
    expect_field(77, "g%d.startarg", g);
    expect_field(0x99, "g%d.gopc", g);
    expect_field(get("g%d.stack.lo", g) + GUARD_WORD, "g%d.stackguard0", g);
    expect_field(Grunnable_, "g%d.atomicstatus", g);
    expect_field(4, "sched.ngsys");
}

TEST(AnEndedGoroutineIsNobodys)
{
    because("a goroutine that has ended is dead and free, and it and its M know nothing of each other");
    ps(1);
    int g = (int)call("newproc1", 1);
    call("rung", 0, g);
    call("gdestroy", g);
    expect_field(Gdead_, "g%d.atomicstatus", g);
    expect_field(NIL, "g%d.m", g);
    expect_field(NIL, "m0.curg");
    expect_field(NIL, "m0.lockedg");
    expect_field(0, "m0.p"); /* the P stays */
    expect_field(1, "p0.gFree.n");
    expect_field(0, "sched.ngsys");
    check_world();
}

/* gfput makes the 64th dead G everybody's; another M may have used it again before gdestroy returns. */
TEST(NobodyTouchesAGThatIsOnTheFreeList)
{
    because("gfput makes the 64th dead G everybody's: what gdestroy does to a G it does before");
    ps(1);
    int64_t old = call("newg", 63, Gdead_);
    for (int i = 0; i < 63; i++)
        call("gfput", 0, old + i);
    int g = (int)call("newg");
    call("rung", 0, g);
    stop_at("unlock");
    expect(run(0, "gdestroy", g), "stopped: at unlock(sched.gFree.lock)");
    if (!strstr(join(list("sched.gFree.stack"), ""), "g64"))
        return; /* it was one of the others that were moved: this one is still ours */
    for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
        set(1, "g%d.%s", g, own[i]); /* the next owner at work */
    call("newm");
    set(1, "g%d.m", g);
    set(Grunning_, "g%d.atomicstatus", g);
    pass("unlock");
    expect(resume(0), "returned");
    for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
        expect_field(1, "g%d.%s", g, own[i]);
    expect_field(1, "g%d.m", g);
    expect_field(Grunning_, "g%d.atomicstatus", g);
}

TEST(TheStackIsLeftBeforeTheGoroutineEnds)
{
    ps(1);
    int64_t g = call("newproc1", 1);
    call("rung", 0, g);
    record("schedule");
    stop_at("casgstatus");
    expect(run(0, "gogo", g), "stopped: at casgstatus(g1, 2, 6)");
    if (!call("suspendedon", 0))
        fail("the goroutine becomes dead while its M still stands on its stack, or before getg() is g0");
}

TEST(GoexitEndsAGoroutineFromWithin)
{
    because("goexit ends the goroutine from any depth, and its M schedules");
    ps(1);
    int64_t g = call("newg");
    call("rung", 0, g);
    record("schedule");
    expect(run_g(0, "goexit1"), "ended: schedule()");
    expect_field(Gdead_, "g%d.atomicstatus", (int)g);
    expect_field(1, "p0.gFree.n");
    int64_t h = call("newg");
    call("rung", 0, h);
    expect(run(0, "goexit0", h), "ended: schedule()");
    expect_field(Gdead_, "g%d.atomicstatus", (int)h);
    expect_field(2, "p0.gFree.n");
}

/** Makes the running g locked to m0, by n calls of lockosthread. */
static void locked(int64_t g, int n)
{
    set(n, "m0.lockedExt");
    set(g, "m0.lockedg");
    set(0, "g%d.lockedm", (int)g);
}

TEST(ALockedGoroutineTakesItsThreadAlong)
{
    ps(1);
    int64_t g = call("newg");
    call("rung", 0, g);
    locked(g, 1 + (int)rndn(3));
    call("mstart1", 0);
    record("schedule");
    expect(run_g(0, "goexit1"), "exited: in mstart0, on g0");
    expect_field(Gdead_, "g%d.atomicstatus", (int)g);
    expect_field(NIL, "g%d.lockedm", (int)g);
    expect_field(NIL, "m0.lockedg");
    expect_field(NIL, "m0.curg");
    because("a locked goroutine's G is free before its thread ends, which has a P only until then");
    expect_list("g1", "p0.gFree");
}

TEST(AGoroutineThatTheRuntimeLockedMustNotEnd)
{
    ps(1);
    int64_t g = call("newg");
    call("rung", 0, g);
    set(1, "m0.lockedInt");
    set(g, "m0.lockedg");
    set(0, "g%d.lockedm", (int)g);
    call("mstart1", 0);
    call_throws("exited a goroutine internally locked to the OS thread", "gdestroy", g);
}

TEST(EachStackSizeIsGivenAndWorks)
{
    static const struct {
        int64_t ask, have;
    } sizes[] = {{0, STACK},     {1, 8192},          {8191, 8192},       {8192, 8192}, {8193, 12288},
                 {STACK, STACK}, {STACK + 1, 69632}, {1 << 20, 1 << 20}, {0, STACK},   {9000, 12288}};
    ps(1);
    record("schedule");
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int64_t arg = (int64_t)rnd(), ask = sizes[i].ask;
        int64_t g = call("newproc1", arg, ask), lo = get("g%d.stack.lo", (int)g);
        because("a stack of %lld bytes was asked for, whole pages and 8192 bytes at least; 0 is the default size",
                (long long)ask);
        expect_field(lo + sizes[i].have, "g%d.stack.hi", (int)g);
        expect_field(lo + GUARD_WORD, "g%d.stackguard0", (int)g);
        expect_field(sizes[i].have, "g%d.stackwant", (int)g);
        if (!call("writable", lo) || call("writable", lo - 8))
            fail("the stack of a goroutine that asked for %lld bytes has no guard page, or no memory",
                 (long long)ask);
        call("rung", 0, g);
        expect(run(0, "gogo", g), "ended: schedule()");
        expect_call(arg, "bodysaw");
        expect_result(1, 0, "how far sp is from what the ABI wants");
        int64_t below = lo + sizes[i].have - result(6);
        if (below < 8 || below > 512)
            fail("on a stack of %lld bytes the goroutine begins %lld bytes below the end",
                 (long long)sizes[i].have, (long long)below);
    }
    expect_field(1, "allglen"); /* one after the other: one G is enough */
}

TEST(AStackSizeBeyondMemoryIsRefused)
{
    because("no size may wrap round when it is rounded up");
    ps(1);
    struct outcome o = run(0, "newproc1", 1, -1);
    if (o.kind != OUT_THREW)
        fail("newproc1 should have thrown: nobody has a stack of SIZE_MAX bytes; instead: %s", o.text);
}

TEST(ANewGIsDeadWhenOthersMayFindIt)
{
    because("a new G is in Gdead when allgadd shows it to others: its stack is not to be walked");
    ps(1);
    stop_at("allgadd");
    struct outcome o = run(0, "newproc1", 1);
    expect(o, "stopped: at allgadd(g1)");
    expect_field(Gdead_, "g1.atomicstatus");
    pass("allgadd");
    expect(resume(0), "returned");
    expect_field(Grunnable_, "g1.atomicstatus");
    expect_field(1, "allglen");
}

TEST(AGoroutineOfNobodyHasNoParent)
{
    because("no goroutine has made this one: parentgoid is 0");
    ps(1);
    int g = (int)call("newproc1", 1);
    expect_field(0, "g%d.parentgoid", g);
    expect_field(1, "g%d.goid", g);
    expect_field(0, "g%d.sched.bp", g);
    expect_field(g, "g%d.sched.g", g);
}

TEST(MalgMakesAnIdleG)
{
    because("malg makes a G in Gidle, with a stack");
    ps(1);
    int g = (int)call("malg", 0);
    expect_field(Gidle_, "g%d.atomicstatus", g);
    expect_field(0, "g%d.stack.lo", g);
    expect_field(0, "g%d.stack.hi", g);
    expect_field(0, "g%d.goid", g);
    expect_field(0, "allglen");
    int h = (int)call("malg", 5 * PAGE);
    int64_t lo = get("g%d.stack.lo", h);
    expect_field(lo + 5 * PAGE, "g%d.stack.hi", h);
    expect_field(lo + GUARD_WORD, "g%d.stackguard0", h);
    if (!call("writable", lo) || call("writable", lo - 8))
        fail("the stack of a new G has no guard page, or no memory");
}

TEST(NoIdIsGivenTwice)
{
    enum { N = 600, PS = 4 };
    bool used[N + PS * 16 + 1] = {false};
    call("newp", PS);
    for (int i = 0; i < N; i++) {
        int64_t id = call("goidnext", (int64_t)rndn(PS));
        if (id < 1 || id > N + PS * 16)
            fail("goid %lld after %d ids on %d Ps: whole batches are wasted", (long long)id, i, PS);
        if (used[id])
            fail("two goroutines have the id %lld", (long long)id);
        used[id] = true;
    }
}

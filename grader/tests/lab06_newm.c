/**
 * @file lab06_newm.c
 * New Ms: ids and their limit, what allocm makes and frees, who clones, what the kernel is asked for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "judge.h"

enum {
    CLONE_SETTLS = 0x80000,
    THREAD_FLAGS = 0x50f00, /* VM FS FILES SIGHAND SYSVSEM THREAD */
    freeMWait = 2
};

/* ---- ids ---- */

TEST(IdsAreCountedUp)
{
    int64_t n = (int64_t)rndn(5000) + 1;
    set(n, "sched.mnext");
    expect_call(n, "mReserveID");
    expect_call(n + 1, "mReserveID");
    expect_field(n + 2, "sched.mnext");
}

/* The limit is for threads that live: an id is not a thread. */
TEST(TooManyThreadsThrow)
{
    int64_t limit = (int64_t)rndn(90) + 10, freed = (int64_t)rndn(50) + 1;
    char text[64];
    set(limit, "sched.maxmcount");
    set(freed, "sched.nmfreed");
    set(limit + freed - 1, "sched.mnext");
    expect_call(limit + freed - 1, "mReserveID"); /* exactly as many as allowed */
    call_throws("thread exhaustion", "mReserveID");
    expect_field(0, "sched.lock.key");
    snprintf(text, sizeof text, "program exceeds %d-thread limit", (int)limit);
    if (!strstr(guest_output(), text))
        fail("\"%s\" was not printed; output: %s", text, guest_output());
}

/* ---- allocm ---- */

/** The stack of G g: not empty, not in [lo, hi). */
static void has_stack(int64_t g, int64_t lo, int64_t hi)
{
    int64_t l = get("g%d.stack.lo", (int)g), h = get("g%d.stack.hi", (int)g);
    if (h - l < 8192 || h - l > 1 << 20)
        fail("the stack has %lld bytes", (long long)(h - l));
    if (l < hi && lo < h)
        fail("g0 and gsignal share a stack");
}

TEST(AllocmMakesAnMWithTwoStacks)
{
    expect_call(1, "allocm", NIL);
    expect_list("m1 m0", "allm");
    int64_t g0 = get("m1.g0"), sig = get("m1.gsignal");
    if (g0 == NIL || sig == NIL)
        fail("the M has no g0 or no gsignal");
    expect_field(1, "g%d.m", (int)g0);
    expect_field(1, "g%d.m", (int)sig);
    has_stack(g0, 0, 0);
    has_stack(sig, get("g%d.stack.lo", (int)g0), get("g%d.stack.hi", (int)g0));
    if (!get("m1.mstartfn"))
        fail("m.mstartfn is not set");
    expect_field(0, "m0.locks");
}

TEST(AllocmUsesAReservedId)
{
    set(8, "sched.mnext");
    expect_call(5, "allocm", NIL, 5);
    expect_field(8, "sched.mnext");
    expect_call(8, "allocm", NIL, -1);
    expect_field(9, "sched.mnext");
}

/* From the moment that it is on allm a dump may look at it. */
TEST(TheMIsCompleteWhenItIsOnAllm)
{
    stop_at("unlock");
    struct outcome o = run(0, "allocm", NIL, 7);
    int seen = 0;
    for (int i = 0; o.kind == OUT_STOPPED && i < 100; i++) {
        if (strcmp(list("allm"), "m7 m0") == 0) {
            seen++;
            if (get("m7.g0") == NIL || get("m7.gsignal") == NIL || !get("m7.mstartfn"))
                fail("the M is on allm without g0, gsignal or mstartfn");
        }
        o = resume(0);
    }
    expect_returned(o, 7);
    if (!seen)
        fail("the M was not put on allm under sched.lock");
}

TEST(Newm1StartsWhatAllocmMade)
{
    expect_call(1, "allocm", NIL);
    spy("linux_clone");
    call("newm1", 1);
    const char *log = events();
    if (!strstr(log, " m1 stack=top"))
        fail("no thread was made for m1; calls:\n%s", log);
}

/** Thread m of a real M that holds p and runs nothing any more is at its end: before it leaves its stack. */
static void dying(int64_t m, int64_t p, int64_t g)
{
    call("setring", p, 0, g);
    call("newm_real", p);
    struct outcome o = resume(m);
    if (o.kind != OUT_RUNNING)
        fail("the new thread does not run the goroutine: %s", o.text);
    stop_at("exitThread");
    expect(run(m, "mexit"), "stopped: at exitThread");
    pass("exitThread");
}

/** How many of the events are frees of one of m's stacks. */
static int frees(const char *log, int64_t m, const char *stack)
{
    char line[64];
    int n = 0;
    snprintf(line, sizeof line, "stackfree(m%d.%s)", (int)m, stack);
    for (const char *s = log; (s = strstr(s, line)) != NULL; s++)
        n++;
    return n;
}

/** Four Ps, of which m0 holds p0, three Gs, and quiet neighbours. */
static void quiet_world(void)
{
    call("newp", 4);
    call("randomOrder_reset", 4);
    call("hold", 0, 0);
    call("newg", 3);
    set(0, "sched.lastpoll");
    set(1, "sched.nmspinning");
    record("checkdead");
    spy("stackfree");
}

/* A thread that exits stands on its stack to the last instruction: freeWait says when it has gone. */
TEST(TheStackOfADyingThreadIsNotFreed)
{
    quiet_world();
    dying(1, 1, 1);
    expect_list("m1", "sched.freem");
    expect_field(freeMWait, "m1.freeWait");
    const char *log = events();
    int sig = frees(log, 1, "gsignal");
    if (frees(log, 1, "g0"))
        fail("mexit freed the stack that it stands on");
    call("allocm", NIL);
    log = events();
    if (frees(log, 1, "g0"))
        fail("allocm freed the g0 stack of a thread that had not left it");
    sig += frees(log, 1, "gsignal");
    expect_list("m1", "sched.freem");
    expect(resume(1), "exited: exitThread");
    call("allocm", NIL);
    log = events();
    sig += frees(log, 1, "gsignal");
    if (frees(log, 1, "g0") != 1 || sig != 1)
        fail("the thread has gone: g0's stack was freed %d times, gsignal's %d times; each should be once",
             frees(log, 1, "g0"), sig);
    expect_list("", "sched.freem");
    call("allocm", NIL);
    if (strstr(events(), "stackfree(m1."))
        fail("a stack was freed a second time");
}

/* Of three, the one in the middle has gone. */
TEST(AllocmKeepsThoseThatHaveNotGone)
{
    quiet_world();
    for (int i = 1; i <= 3; i++)
        dying(i, i, i);
    const char *left = list("sched.freem");
    if (strlen(left) != strlen("m3 m2 m1"))
        fail("three threads are about to leave their stacks, but sched.freem is \"%s\": allocm may not give up an M "
             "whose freeWait does not say yet that it has gone", left);
    expect(resume(2), "exited: exitThread");
    events();
    call("allocm", NIL);
    const char *log = events();
    if (frees(log, 1, "g0") || frees(log, 3, "g0"))
        fail("the stack of a thread that still stands on it was freed; calls:\n%s", log);
    if (!frees(log, 2, "g0"))
        fail("the stack of the thread that has gone was not freed; calls:\n%s", log);
    left = list("sched.freem");
    if (strcmp(left, "m3 m1") != 0 && strcmp(left, "m1 m3") != 0)
        fail("sched.freem is \"%s\", it should be m1 and m3", left);
}

/* ---- newm ---- */

/* The new thread gets its P from nextp, the program's signal mask from initSigmask, and runs fn before it
 * schedules. */
TEST(NewmPreparesTheThread)
{
    call("newp", 2);
    call("randomOrder_reset", 2);
    call("hold", 0, 0);
    int64_t g = call("newg"), mask = (int64_t)(rnd() & 0xffffffff00000000);
    set(mask, "initSigmask");
    set(4, "sched.mnext");
    call("setring", 1, 0, g);
    call("newm_real", 1, 3);
    because("newm was given the id 3, the P p1 and a first function for its M");
    expect_list("m3 m0", "allm");
    expect_field(1, "m3.nextp");
    expect_field(mask, "m3.sigmask");
    expect_field(4, "sched.mnext");
    expect_field(0, "m0.locks");
    expect_events(""); /* it does not run yet */
    expect(resume(3), "running g1");
    expect_events("mstartfn m3\n");
}

/* From allocm to the start of the thread the P is in nobody's hands: a preemption would lose it to a
 * stop-the-world. */
TEST(NewmIsNotPreemptible)
{
    call("newp", 2);
    call("hold", 0, 0);
    stop_at("linux_clone");
    struct outcome o = run(0, "newm_real", 1);
    if (o.kind != OUT_STOPPED)
        fail("newm makes no thread: %s", o.text);
    if (get("m0.locks") <= 0)
        fail("m.locks is %lld at the clone: the caller could be preempted", (long long)get("m0.locks"));
    expect_returned(resume(0), 0);
    expect_field(0, "m0.locks");
}

TEST(TheRuntimesOwnLocksDoNotKeepNewmFromCloning)
{
    set(1, "m0.lockedInt");
    set(1, "newmHandoff.haveTemplateThread");
    spy("linux_clone");
    call("newm_real", NIL);
    expect_list("", "newmHandoff.newm");
    if (!*events())
        fail("no thread was made");
}

TEST(ALockedMWithoutTemplateThreadThrows)
{
    set(1, "m0.lockedExt");
    call_throws("on a locked thread with no template thread", "newm_real", NIL);
}

/* The template thread is woken if it waits, and only then: it looks at the list before it sleeps. */
TEST(TheTemplateThreadIsWokenOnlyIfItWaits)
{
    set(2, "m0.lockedExt");
    set(1, "newmHandoff.haveTemplateThread");
    spy("linux_clone");
    spy("linux_futex");
    call("newm_real", NIL);
    expect_list("m1", "newmHandoff.newm");
    expect_events("");
    set(1, "newmHandoff.waiting");
    call("newm_real", NIL);
    expect_events("futex_wake newmHandoff.wake 1\n");
    expect_field(0, "newmHandoff.waiting");
    call("newm_real", NIL); /* it is on its way */
    expect_events("");
    expect_list("m3 m2 m1", "newmHandoff.newm");
    expect_field(0, "newmHandoff.lock.key");
}

/* ---- the kernel ---- */

TEST(TheFlagsOfCloneAreExact)
{
    spy("linux_clone");
    call("newm_real", NIL);
    unsigned flags = 0;
    const char *log = events();
    if (sscanf(log, "clone %x", &flags) != 1)
        fail("no thread was made; calls:\n%s", log);
    if ((flags & ~CLONE_SETTLS) != THREAD_FLAGS)
        fail("clone was called with flags %x, it should be %x", flags, THREAD_FLAGS | CLONE_SETTLS);
}

/** Makes an M while clone fails n times; the outcome. */
static struct outcome failing(int n, int err)
{
    spy("usleep");
    stop_at("linux_clone");
    struct outcome o = run(0, "newm_real", NIL);
    for (int i = 0; o.kind == OUT_STOPPED; i++) {
        if (i > 40)
            fail("linux_clone has been tried 40 times");
        if (i < n)
            script("linux_clone", err);
        o = resume(0);
    }
    return o;
}

/**
 * Fails unless the log has n clones and between them sleeps of 1, 2, ... ms; one more at the end does no
 * harm.
 */
static void tried(int n)
{
    int clones = 0, sleeps = 0;
    for (const char *s = events(); *s; s = strchr(s, '\n') + 1) {
        int us;
        if (sscanf(s, "usleep %d", &us) == 1) {
            if (us != ++sleeps * 1000 || sleeps != clones)
                fail("sleep %d, after attempt %d, was of %d us; it should be %d", sleeps, clones, us,
                     sleeps * 1000);
        } else if (strncmp(s, "clone ", 6) == 0) {
            if (sleeps != clones++)
                fail("no sleep before attempt %d", clones);
        }
    }
    if (clones != n)
        fail("linux_clone was tried %d times, it should be %d", clones, n);
}

TEST(ARefusedCloneIsTriedAgain)
{
    int n = 1 + (int)rndn(6);
    expect_returned(failing(n, -EAGAIN), 0);
    tried(n + 1);
    call("mstate", 1);
}

TEST(TwentyRefusalsAreTheEnd)
{
    set(6, "sched.mnext");
    set(2, "sched.nmfreed");
    int64_t mask = (int64_t)(rnd() & 0xffffffff00000000);
    call("sigmask", mask);
    expect(failing(100, -EAGAIN), "throw: newosproc");
    tried(20);
    const char *out = guest_output();
    if (!strstr(out, "runtime: failed to create new OS thread (have 5 already; errno=11)\n"))
        fail("the message is missing or wrong (5 threads live, errno 11): %s", out);
    if (!strstr(out, "runtime: may need to increase max user processes (ulimit -u)\n"))
        fail("the hint is missing: %s", out);
}

TEST(OtherErrorsAreNotTriedAgain)
{
    expect(failing(100, -ENOMEM), "throw: newosproc");
    tried(1);
    const char *out = guest_output();
    if (!strstr(out, "runtime: failed to create new OS thread (have 2 already; errno=12)\n"))
        fail("the message is missing or wrong (2 threads live, errno 12): %s", out);
    if (strstr(out, "ulimit"))
        fail("more processes do not help against ENOMEM: %s", out);
}

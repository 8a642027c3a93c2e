/**
 * @file lab03_random.c
 * A random walk of a whole little world: goroutines yield, park, ready each other and are injected from
 * outside, on Ms that go to sleep and are woken. After each step no G is lost or in two places, all counts
 * are right, and no G waits in a queue beside an idle P without an M that looks for work.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

enum { NP = 4, NM = 6, OUTSIDE = NM, NG = 14, STEPS = 250 };

static int64_t first_g; /* handles first_g ... first_g + NG - 1 */

/** What an M can do. */
enum can { NOTHING, WAKE, SCHEDULE, RUN };

static enum can can(int64_t m)
{
    int64_t state = call("mstate", m);
    if (state == 2)
        fail("m%lld is dead", (long long)m);
    if (state == 1)
        return result(1) ? WAKE : NOTHING;
    if (get("m%lld.curg", (long long)m) != NIL)
        return RUN;
    return get("m%lld.p", (long long)m) != NIL ? SCHEDULE : NOTHING;
}

/** A random G in this status, or NIL. */
static int64_t any_g(int64_t status)
{
    int64_t start = (int64_t)rndn(NG);
    for (int64_t i = 0; i < NG; i++) {
        int64_t g = first_g + (start + i) % NG;
        if (get("g%lld.atomicstatus", (long long)g) == status)
            return g;
    }
    return NIL;
}

/** m came to something: it returned, runs a G or sleeps; anything else is wrong. */
static void fine(int64_t m, struct outcome o)
{
    if (o.kind != OUT_RETURNED && o.kind != OUT_RUNNING && strcmp(o.text, asleep(m)) != 0)
        fail("m%lld came to this: %s", (long long)m, o.text);
}

/** The G that m runs does something. */
static void act(int64_t m)
{
    int64_t g = any_g(Gwaiting_);
    uint64_t what = rndn(6);
    if (what < 3 && g != NIL)
        fine(m, run(m, "ready", g, what != 0));
    else if (what == 3)
        fine(m, run_g(m, "gosched"));
    else
        fine(m, run_g(m, "gopark"));
}

/** One step of a random M that can do something; false if none can. */
static bool step(bool parkonly)
{
    int64_t start = (int64_t)rndn(NM);
    for (int64_t i = 0; i < NM; i++) {
        int64_t m = (start + i) % NM;
        switch (can(m)) {
        case NOTHING:
            continue;
        case WAKE:
            fine(m, resume(m));
            return true;
        case SCHEDULE:
            fine(m, run(m, "schedule"));
            return true;
        case RUN:
            if (parkonly)
                fine(m, run_g(m, "gopark"));
            else
                act(m);
            return true;
        }
    }
    return false;
}

static void world(void)
{
    thieves(NP);
    for (int64_t m = 1; m < NM; m++)
        sleeper();
    expect_call(OUTSIDE, "newm"); /* never idle: there is no deadlock */
    for (int64_t p = 1; p < NP; p++)
        call("idlep", p);
    set(1, "mainStarted");
    first_g = call("newg", NG, Gwaiting_);
    call("rung", 0, first_g);
}

TEST(NothingIsLostInARandomWorld)
{
    world();
    for (int k = 0; k < STEPS; k++) {
        bool stuck = !step(false);
        if (stuck || rndn(10) == 0) {
            int64_t g = any_g(Gwaiting_);
            if (g != NIL)
                fine(OUTSIDE, run(OUTSIDE, "injectglist", g));
        }
        check_world();
        nobody_is_stranded();
    }
    /* From now on every G parks when its turn comes: in the end all wait, and all Ms sleep. */
    for (int k = 0; step(true); k++) {
        nobody_is_stranded();
        if (k == 1000)
            fail("14 goroutines that only park should have done so after 1000 steps");
    }
    check_world();
    if (any_g(Grunnable_) != NIL)
        fail("every M sleeps, but g%lld is runnable", (long long)any_g(Grunnable_));
    expect_field(NP, "sched.npidle");
    expect_field(0, "sched.nmspinning");
}

/**
 * @file find.c
 * Where the next G comes from, and what an M without work does.
 */
#include "lab03.h"

TEST(LocalBeforeGlobalBeforeStealing)
{
    because("the own queue, then the global one, then other Ps: and who steals spins, and is counted");
    thieves(2);
    busy(1);
    int64_t g = call("newg", 4);
    call("runqput", 0, g, true);
    call("runqput", 0, g + 1, false);
    call("setglobal", g + 2);
    call("runqput", 1, g + 3, false);
    for (int i = 0; i < 4; i++) {
        expect_call(g + i, "findrunnable");
        expect_result(1, i == 0, "inheritTime: only for the G from runnext");
        off_queue(g + i);
    }
    expect_field(1, "m0.spinning"); /* it has stolen */
    expect_field(1, "sched.nmspinning");
    check_world();
}

TEST(Every61stTickTheGlobalQueueComesFirst)
{
    because("at every 61st time slice one G comes from the global queue first, or it would starve");
    ps(1);
    int64_t g = call("newg", 6);
    call("runqput_many", 0, g, 3);
    call("setglobal_many", g + 3, 3);
    set(60, "p0.schedtick");
    expect_call(g, "findrunnable");
    set(61, "p0.schedtick");
    expect_call(g + 3, "findrunnable");
    expect_list(range('g', g + 4, g + 5), "sched.runq"); /* one, not a batch */
    set(62, "p0.schedtick");
    expect_call(g + 1, "findrunnable");
    set(122, "p0.schedtick");
    expect_call(g + 4, "findrunnable");
}

TEST(TheGlobalQueueIsTakenInBatches)
{
    because("one G of a batch is run, the others of this P's share go to its ring");
    ps(2);
    int64_t g = call("newg", 10);
    call("setglobal_many", g, 10);
    expect_call(g, "findrunnable");
    off_queue(g);
    expect_list(range('g', g + 1, g + 5), "p0.runq"); /* 10/2 + 1 in all */
    expect_list(range('g', g + 6, g + 9), "sched.runq");
    check_world();
}

TEST(AnMWithoutWorkGivesItsPUpAndSleeps)
{
    because("nothing to do: the P goes to the idle list, the M sleeps, and neither spins nor is counted");
    thieves(2);
    busy(1);
    expect(run(0, "findrunnable"), "blocked: futex m0.park");
    expect_list("p0", "sched.pidle");
    expect_list("m0", "sched.midle");
    expect_field(NIL, "m0.p");
    expect_field(0, "m0.spinning");
    expect_field(0, "sched.nmspinning");
    check_world();
}

/* Woken with a P, it searches again. */
TEST(AWokenMSearchesFromTheStart)
{
    thieves(2);
    int64_t m1 = busy(1);
    expect(run(0, "findrunnable"), "blocked: futex m0.park");
    int64_t g = call("newg");
    on(m1);
    call("globrunqput", g);
    call("startm", NIL, false, false);
    expect_field(0, "m0.nextp");
    expect_returned(resume(0), g);
    expect_field(0, "m0.p");
}

/* For every number of Ps: from any start and with any step, each P is visited once. */
TEST(TestStealOrder)
{
    for (int n = 1; n <= 64; n++) {
        call("randomOrder_reset", n);
        for (int k = 0; k < 16; k++) {
            bool seen[64] = {false};
            uint32_t r = (uint32_t)rnd();
            expect_call(0, "randomOrder_start", r);
            int64_t pos = result(2), inc = result(3);
            expect_result(1, n, "count");
            for (int i = 0; i < n; i++, pos = (pos + inc) % n) {
                if (pos < 0 || pos >= n)
                    fail("%d Ps: position %lld does not exist", n, (long long)pos);
                if (seen[pos])
                    fail("%d Ps, r = %u, step %lld: P %lld is visited twice", n, r, (long long)inc,
                         (long long)pos);
                seen[pos] = true;
            }
        }
    }
}

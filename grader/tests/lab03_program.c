/**
 * @file lab03_program.c
 * Whole programs on the student's scheduler, on real threads: the runtime's own tests of what lies above it.
 */
#include <stdio.h>
#include <string.h>
#include "judge.h"

/** Runs a program and these of its tests (NULL: all); it must come to its end and have done each of them. */
static void runs(const char *procs, const char *const argv[])
{
    struct run_result r;
    struct limits l = {.wall_ms = 9000};
    run_program(argv, (const char *[]){procs, NULL}, &l, &r);
    expect_exit(&r, 0);
    for (int i = 1; argv[i]; i++) {
        char line[80];
        snprintf(line, sizeof line, "ok %s\n", argv[i]);
        if (!strstr(r.out, line))
            fail("test: %s has no test %s", argv[0], argv[i]);
    }
}
#define runs(procs, ...) runs("HANDOFFPROCS=" #procs, (const char *[]){__VA_ARGS__, NULL})

/* These change the number of Ps themselves: one, two, four. */
TEST(ChannelsWork)
{
    runs(2, "chan");
}

TEST(SelectWorks)
{
    runs(2, "select");
}

TEST(TimersWork)
{
    runs(2, "timers", "many_sleepers_all_wake", "timers_go_off_once", "stop_prevents_the_call",
         "periodic_timer_goes_on", "timers_move_with_their_p");
}

/* Goroutines that yield, also one that is locked to its thread, let others on; nobody starves. */
TEST(YieldingGoroutinesGetOnWithOneP)
{
    runs(1, "sched", "yield_progress", "yield_locked_progress", "thousands");
}

TEST(YieldingGoroutinesGetOnWithFourPs)
{
    runs(4, "sched", "yield_progress", "yield_locked_progress", "thousands");
}

/* A pair that shares its slice by runnext, beside another pair (Go's TestPingPongHog). */
TEST(TwoPingPongPairsShareOneP)
{
    runs(1, "fairness", "ping_pong_hog");
}

/* The number of Ps changes while goroutines are made and end. */
TEST(TheWorldStopsAndGoesOn)
{
    runs(3, "sched", "stop_the_world_and_newproc");
}

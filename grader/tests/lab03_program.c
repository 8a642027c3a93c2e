/**
 * @file lab03_program.c
 * Whole programs on the student's scheduler, on real threads: the runtime's own tests of what lies above it.
 */
#include "judge.h"

/** The arguments of a program, which must come to its end with status 0. */
#define runs(procs, ...)                                                                                     \
    do {                                                                                                     \
        struct run_result r_;                                                                                \
        struct limits l_ = {.wall_ms = 9000};                                                                \
        run_program((const char *[]){__VA_ARGS__, NULL}, (const char *[]){"HANDOFFPROCS=" #procs, NULL},     \
                    &l_, &r_);                                                                               \
        expect_exit(&r_, 0);                                                                                 \
    } while (0)

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

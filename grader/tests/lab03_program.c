/**
 * @file lab03_program.c
 * Whole programs on the student's scheduler, on real threads.
 */
#include <string.h>
#include "judge.h"

/** Runs a program of the runtime's own tests with this many Ps; it must come to its end and report no failure. */
static void runs(const char *name, const char *procs)
{
    struct run_result r;
    const char *argv[] = {name, NULL};
    const char *env[] = {procs, NULL};
    struct limits l = {.wall_ms = 8000};
    run_program(argv, env, &l, &r);
    expect_exit(&r, 0);
}

TEST(ChannelsWorkOnOneP)
{
    runs("chan", "HANDOFFPROCS=1");
}

TEST(ChannelsWorkOnEightPs)
{
    runs("chan", "HANDOFFPROCS=8");
}

TEST(SelectWorksOnFourPs)
{
    runs("select", "HANDOFFPROCS=4");
}

TEST(TimersWorkOnTwoPs)
{
    runs("timers", "HANDOFFPROCS=2");
}

/**
 * @file lab07_program.c
 * Whole programs on the student's poller: sockets, pipes, deadlines and files, on one P and on two.
 */
#include <string.h>
#include "judge.h"

/** Runs the named tests of a program (argv ends with NULL) with so many Ps; all must pass. */
static void passes(const char *procs, const char *const argv[])
{
    struct run_result r;
    const char *env[] = {procs, NULL};
    struct limits l = {.wall_ms = 8000, .threads = true};
    run_program(argv, env, &l, &r);
    if (r.timed_out)
        fail("%s %s hangs with %s: somebody waits for a wake-up that does not come. It said:\n%s%s", argv[0],
             argv[1], procs, r.out, r.err);
    expect_exit(&r, 0);
    size_t n = 0, lines = 0;
    while (argv[n + 1])
        n++;
    for (const char *s = r.out; (s = strstr(s, "ok ")) != NULL; s++)
        lines++;
    if (lines < n) /* more: it changes the number of Ps itself */
        fail("%s should have said ok %zu times; it said:\n%s", argv[0], n, r.out);
    if (r.max_threads > 60)
        fail("%s needed %d threads for goroutines that only wait for sockets and pipes", argv[0],
             r.max_threads);
}

#define RUN(program, ...)                                                                                    \
    do {                                                                                                     \
        static const char *const argv[] = {program, __VA_ARGS__, NULL};                                      \
        passes("HANDOFFPROCS=1", argv);                                                                      \
        passes("HANDOFFPROCS=2", argv);                                                                      \
    } while (0)

TEST_WITHIN(EchoServersRun, 20)
{
    RUN("net", "echo_over_tcp", "echo_over_unix_sockets", "half_close_leaves_the_other_half");
}

TEST_WITHIN(FiveHundredConnectionsRunOnFewThreads, 20)
{
    RUN("net", "five_hundred_connections", "blocked_readers_need_no_threads");
}

TEST_WITHIN(StreamsLargerThanTheBuffersArriveWhole, 20)
{
    RUN("net", "streams_arrive_whole");
}

TEST_WITHIN(ClosingWakesEverybodyInARealProgram, 20)
{
    RUN("net", "close_wakes_who_waits", "close_wakes_all_readers", "close_races_with_events");
}

TEST_WITHIN(ReusedDescriptorsAreNotConfused, 20)
{
    RUN("net", "reused_descriptors_are_not_confused");
}

TEST_WITHIN(WhatCannotBePolledOrConnectedFails, 20)
{
    RUN("net", "dial_to_nobody_is_refused", "regular_files_are_read_by_blocking_calls",
        "writing_to_nobody_fails", "foreign_descriptors_are_taken_over", "the_poller_works_before_main");
}

TEST_WITHIN(DeadlinesComeInARealProgram, 20)
{
    RUN("netdeadline", "a_past_deadline_fails_at_once", "a_deadline_is_never_early",
        "an_expired_deadline_stays", "accept_works_after_its_deadline", "many_deadlines_all_come",
        "various_deadlines");
}

TEST_WITHIN(DeadlinesCanBeMovedInARealProgram, 20)
{
    RUN("netdeadline", "past_deadline_wakes_who_waits", "sooner_deadline_wakes_who_waits",
        "deadline_moved_on_does_not_come", "no_deadline_does_not_wake");
}

TEST_WITHIN(DeadlinesRaceWithEverything, 20)
{
    RUN("netdeadline", "deadlines_race_with_io", "deadlines_race_with_close");
}

/* The M that sleeps in the kernel until a late timer is woken for an early one. */
TEST_WITHIN(ASoonerTimerBreaksARealPoll, 20)
{
    static const char *const argv[] = {"timers", "sooner_timer_breaks_the_poll", "many_sleepers_all_wake",
                                       NULL};
    passes("HANDOFFPROCS=2", argv);
}

/* A waiter that was not counted down would keep an M in the poller for ever, and the deadlock would not be seen. */
TEST(ADeadlockAfterUseOfTheNetworkIsReported)
{
    struct run_result r;
    struct limits l = {.wall_ms = 5000};
    run_program((const char *[]){"crash", "net_deadlock", NULL}, (const char *[]){"HANDOFFPROCS=2", NULL}, &l,
                &r);
    if (r.timed_out)
        fail("all goroutines are asleep, but the program goes on: does the poller still count a waiter?");
    expect_exit(&r, 2);
    if (!strstr(r.err, "all goroutines are asleep - deadlock!"))
        fail("the deadlock should be reported; it said:\n%s", r.err);
}

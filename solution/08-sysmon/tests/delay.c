/**
 * @file delay.c
 * How often sysmon looks: the delay between two rounds.
 */
#include "lab08.h"

enum { CAP = 10000 };

TEST(DelayIsTwentyMicrosecondsAfterSomethingWasDone)
{
    because("idle is 0: whatever the delay was, it begins again at 20 us");
    expect_call(20, "sysmon_delay", 0, 0);
    expect_call(20, "sysmon_delay", 0, 20);
    expect_call(20, "sysmon_delay", 0, CAP);
    expect_call(20, "sysmon_delay", 0, 1 + rndn(CAP));
}

TEST(DelayStaysForFiftyIdleRounds)
{
    because("in the first 50 idle rounds the delay stays as it is");
    for (int idle = 1; idle <= 50; idle++)
        expect_call(20, "sysmon_delay", idle, 20);
    int64_t some = 1 + rndn(CAP);
    expect_call(some, "sysmon_delay", 50, some);
}

TEST(DelayDoublesFromThenOnUpToTenMilliseconds)
{
    because("after 50 idle rounds twice the last delay, but never more than 10000 us");
    int64_t some = 1 + rndn(CAP / 2);
    expect_call(2 * some, "sysmon_delay", 51, some);
    expect_call(2 * some, "sysmon_delay", 1000000, some);
    expect_call(CAP, "sysmon_delay", 60, CAP / 2);
    expect_call(CAP, "sysmon_delay", 60, CAP / 2 + 1);
    expect_call(CAP, "sysmon_delay", 4000000000, CAP);
}

static void expect_sleep(struct outcome o, int round, int usec)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "stopped: at usleep %d", usec);
    if (strcmp(o.text, wanted) != 0)
        fail("sleep %d: expected to see sysmon %s, but it %s", round, wanted, o.text);
}

/* 51 times 20 us, then 40, 80, ... 5120, 10000, and so it stays. */
TEST(SysmonLooksLessOftenWhileThereIsNothingToDo)
{
    monitor_start(); /* in its first sleep, of 20 us */
    for (int idle = 1, usec = 20; idle < 100; idle++) {
        if (idle > 50)
            usec = usec * 2 > CAP ? CAP : usec * 2;
        expect_sleep(resume(SYSMON), idle, usec);
    }
}

/* Whatever the back-off has come to: a P that was taken from a system call begins it anew. */
TEST(SysmonLooksOftenAgainAfterItTookAP)
{
    monitor_start();
    int rounds = 51 + (int)rndn(20);
    for (int i = 0; i < rounds; i++)
        resume(SYSMON);
    script("retake", 1 + (int64_t)rndn(3));
    struct outcome o = resume(SYSMON);
    for (int idle = 0; idle <= 50; idle++) {
        expect_sleep(o, idle, 20);
        o = resume(SYSMON);
    }
    expect_sleep(o, 51, 40);
}

/**
 * @file lab08.h
 * sysmon in the hands of a test: it stops where it sleeps, and each round begins at a time that the test
 * chooses.
 */
#ifndef LAB08_H
#define LAB08_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "judge.h"

enum { SYSMON = 1 };
static const int64_t us = 1000, ms = 1000000, sec = 1000000000;

/** m1 is sysmon's M, and stops in its first sleep. The other functions of the lab are recorded. */
static inline void monitor_begin(void)
{
    record("checkdead");
    record("retake");
    record("gcTriggerTime");
    record("schedtrace");
    record("scavenge");
    stop_at("usleep");
    expect(run(SYSMON, "sysmon"), "stopped: at usleep 20");
}

/** The same, and m0 runs g1 on p0, so that there is no long sleep. */
static inline void monitor_start(void)
{
    call("newp");
    call("newg");
    call("newm");
    call("hold", 0, 0);
    call("rung", 0, 1);
    monitor_begin();
}

/** p0 is idle from now on, m0 holds nothing. */
static inline void monitor_nothing_runs(void)
{
    set(NIL, "m0.p");
    set(NIL, "m0.curg");
    call("idlep", 0);
}

/** One round, in which now is this; until sysmon sleeps again. sysmon is in its first 50 rounds. */
static inline void monitor_round(int64_t now)
{
    call("clock", now - 20 * us);
    struct outcome o = resume(SYSMON);
    if (strcmp(o.text, "stopped: at usleep 20") != 0)
        fail("after its round sysmon should sleep for 20 us, but it %s", o.text);
}

/** The same; true if the log of the round contains text. */
static inline bool monitor_round_does(int64_t now, const char *text)
{
    events();
    monitor_round(now);
    return strstr(events(), text) != NULL;
}

#endif

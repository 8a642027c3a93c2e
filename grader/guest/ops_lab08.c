/**
 * @file ops_lab08.c
 * Operations of lab 08. sysmon never returns: make usleep a stop (stop_at("usleep")) and resume it round by
 * round.
 */
#include "agent.h"

/** sysmon_delay(idle, delay). */
OP(sysmon_delay)
{
    return sysmon_delay((uint32_t)a->v[0], (uint32_t)a->v[1]);
}

/** On g0 of an M without P. */
OP(sysmon)
{
    sysmon();
    return 0;
}

OP(retake)
{
    return retake(a->v[0]);
}

OP(preemptone)
{
    return preemptone(argp(a, 0));
}

OP(preemptall)
{
    return preemptall();
}

OP(gcTriggerTime)
{
    return gcTriggerTime(a->v[0]);
}

/** On a G: it parks in the helper's loop. */
OP(forcegchelper)
{
    forcegchelper(NULL);
    return 0;
}

/** On g0 of an M with a P. */
OP(forcegc_start)
{
    forcegc_start();
    return 0;
}

/**
 * schedtrace(detailed): it prints to standard error; spy on linux_write, or have the text in a crash
 * message.
 */
OP(schedtrace)
{
    schedtrace(a->v[0] != 0);
    return 0;
}

OP(scavenge)
{
    return (int64_t)scavenge();
}

/** On a G: the preemption point of the runtime. */
OP(preemptcheck)
{
    preemptcheck();
    return 0;
}

/** hidep(p): allp has no such entry yet, as while procresize makes the P. It counts in gomaxprocs. */
AGENT_OP(hidep)
{
    allp[argp(a, 0)->id] = NULL;
    return 0;
}

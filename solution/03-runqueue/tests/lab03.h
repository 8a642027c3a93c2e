/**
 * @file lab03.h
 * Small worlds for the tests of lab 03.
 *
 * The test begins with M m0. A P is on the idle list, or belongs to an M; a sleeping M lies on its list and
 * waits on its note, as stopm leaves it.
 */
#ifndef LAB03_H
#define LAB03_H

#include <stdio.h>
#include <string.h>
#include "judge.h"

enum { RING = 256, HALF = RING / 2 };
enum { Grunnable_ = 1, Grunning_ = 2, Gsyscall_ = 3, Gwaiting_ = 4 };
enum { Pidle_ = 0, Prunning_ = 1, Psyscall_ = 2, Pgcstop_ = 3, Pdead_ = 4 };
enum { MSEC = 1000000 };

/** n Ps: m0 has p0; the others belong to nobody yet. p0's next time slice is not one of every 61st. */
static inline void ps(int64_t n)
{
    call("newp", n);
    call("hold", 0, 0);
    set(1, "p0.schedtick");
}

/** The same, and an M that finds nothing can steal: the order in which it visits Ps is known. */
static inline void thieves(int64_t n)
{
    ps(n);
    call("randomOrder_reset", n);
}

/** A new M that holds p and runs a G. */
static inline int64_t busy(int64_t p)
{
    int64_t m = call("newm");
    call("hold", m, p);
    call("rung", m, call("newg"));
    return m;
}

/** A new M, asleep on the idle list. */
static inline int64_t sleeper(void)
{
    char text[64];
    int64_t m = call("newm");
    snprintf(text, sizeof text, "blocked: futex m%lld.park", (long long)m);
    expect(run(m, "stopm"), text);
    return m;
}

/** A G that waits. */
static inline int64_t waiting(void)
{
    return call("newg", 1, Gwaiting_);
}

/** What expect() is to see of an M that sleeps, or runs g. */
static inline const char *asleep(int64_t m)
{
    static char text[64];
    snprintf(text, sizeof text, "blocked: futex m%lld.park", (long long)m);
    return text;
}

static inline const char *running(int64_t g)
{
    static char text[64];
    snprintf(text, sizeof text, "running g%lld", (long long)g);
    return text;
}

/** One handle as a list. */
static inline const char *only(char kind, int64_t h)
{
    return range(kind, h, h);
}

/** Fails unless the sleeping M m has been woken to run p, spinning or not. */
#define expect_started(m, p, spins)                                                                          \
    do {                                                                                                     \
        expect_field(p, "m%lld.nextp", (long long)(m));                                                      \
        expect_field(spins, "m%lld.spinning", (long long)(m));                                               \
        call("mstate", m);                                                                                   \
        expect_result(1, true, "the sleeping M has been woken");                                             \
    } while (0)

/** True if an M is about to search: it has, or has been given, a P, but runs no G. */
static inline bool somebody_will_look(void)
{
    int64_t ms = get("sched.mnext");
    for (int64_t m = 0; m < ms; m++)
        if (get("m%lld.nextp", (long long)m) != NIL ||
            (get("m%lld.p", (long long)m) != NIL && get("m%lld.curg", (long long)m) == NIL))
            return true;
    return false;
}

/** Fails if a G waits in a queue although a P is idle and nobody will look. */
static inline void nobody_is_stranded(void)
{
    int64_t queued = get("sched.runqsize"), np = get("gomaxprocs");
    for (int64_t p = 0; p < np; p++)
        queued += get("p%lld.runqhead", (long long)p) != get("p%lld.runqtail", (long long)p) ||
                  get("p%lld.runnext", (long long)p) != NIL;
    if (queued > 0 && get("sched.npidle") > 0 && get("sched.nmspinning") == 0 && !somebody_will_look())
        fail("a runnable G waits in a queue, a P is idle, and no M looks for work: nobody will find the G");
}

#endif

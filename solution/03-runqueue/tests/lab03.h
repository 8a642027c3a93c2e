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

/* ---- two Ms: m1 finds nothing and gives p1 up, while m0 makes a G runnable ---- */

enum { M1 = 1, P1 = 1 };

/** n Ps; m0 runs a G on p0; m1 has p1 and no work, and spins. */
static inline void two_ms(int64_t n)
{
    thieves(n);
    call("rung", 0, call("newg"));
    expect_call(M1, "newm");
    call("hold", M1, P1);
    set(1, "p1.schedtick");
    set(1, "m1.spinning");
    set(1, "sched.nmspinning");
}

/** m1 searches until p1 is on the idle list; sched.lock is about to be unlocked. */
static inline void until_p_is_idle(void)
{
    stop_at("unlock");
    struct outcome o = run(M1, "findrunnable");
    while (o.kind == OUT_STOPPED && get("sched.npidle") == 0)
        o = resume(M1);
    if (o.kind != OUT_STOPPED)
        fail("m1 should give p1 up under sched.lock; instead: %s", o.text);
    pass("unlock");
}

/**
 * At this moment m0 does something that ends in wakep, then m1 goes on: what that comes to. A solution may
 * count m1 down before it unlocks; then wakep waits for the lock, and is too late.
 */
#define meanwhile(...)                                                                                       \
    ({                                                                                                       \
        struct outcome waker_ = run(0, __VA_ARGS__);                                                         \
        bool late_ = waker_.kind == OUT_BLOCKED && strstr(waker_.text, "sched.lock");                        \
        if (!late_ && waker_.kind != OUT_RETURNED)                                                           \
            fail("m0 came to this: %s", waker_.text);                                                        \
        struct outcome parker_ = resume(M1);                                                                 \
        if (late_)                                                                                           \
            (void)resume(0);                                                                                 \
        parker_;                                                                                             \
    })

/** m1 comes to its end, or to sleep: somebody must have g, or be on the way. */
static inline void found(struct outcome o, int64_t g)
{
    nobody_is_stranded();
    if (o.kind == OUT_RETURNED && o.v[0] != g)
        fail("m1 found g%lld, there was only g%lld", (long long)o.v[0], (long long)g);
    if (o.kind == OUT_RETURNED)
        off_queue(g);
    check_world();
}

#endif

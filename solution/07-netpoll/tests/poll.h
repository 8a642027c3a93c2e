/**
 * @file poll.h
 * What the poller's tests have in common: a small world with real pipes, and a look at a poll descriptor.
 */
#ifndef POLL_H
#define POLL_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "judge.h"

enum { Grunnable_ = 1, Grunning_ = 2, Gwaiting_ = 4 };
enum { NIL_ = 0, READY = 1, WAIT = 2, PARKED = 16 };        /* words: PARKED + handle of the G */
enum { OK = 0, CLOSING = 1, TIMEOUT = 2, NOTPOLLABLE = 3 }; /* errors */
enum { MS = 1000000 };
/** What the operation pd reports. */
enum pdfield { FD, FDSEQ, INFO, RG, WG, CLOSED, RSEQ, WSEQ, RD, WD, RTIMER, WTIMER };

/** n Ms, each with a P and a running G: m0 has p0 and g1, m1 has p1 and g2, and so on. Gs that park leave their M free. */
static inline void running(int n)
{
    call("newp", n);
    call("randomOrder_reset", n);
    call("newg", n);
    for (int i = 0; i < n; i++) {
        if (i)
            call("newm");
        call("hold", i, i);
        call("rung", i, i + 1);
    }
    record("schedule");
}

/** A pipe in the guest and the poll descriptor of its reading end; *w (may be NULL) is its writing end. */
static inline int64_t open_pipe(int64_t *fd, int64_t *w)
{
    int64_t r = call("pipe");
    if (r < 0)
        fail("judge: no pipe");
    if (w)
        *w = result(1);
    if (fd)
        *fd = r;
    int64_t pd = call("pollOpen", r);
    if (pd == NIL)
        fail("pollOpen of a pipe failed with errno %lld", (long long)result(1));
    return pd;
}

/** Opens and closes poll descriptors until pd, which is closed, is in use again. */
static inline void reopen(int64_t pd)
{
    int64_t r = call("pipe");
    for (int i = 0; i < 300; i++) {
        int64_t p = call("pollOpen", r);
        if (p == pd)
            return;
        if (p == NIL)
            fail("pollOpen of a pipe failed with errno %lld", (long long)result(1));
        call("pollUnblock", p);
        call("pollClose", p);
    }
    fail("a poll descriptor that was closed is never used again");
}

/** A field of pd. */
static inline int64_t pdget(int64_t pd, enum pdfield f)
{
    call("pd", pd);
    return result(f);
}

/** A field's value for people. */
static inline const char *pdvalue(enum pdfield f, int64_t v)
{
    static const char *const words[] = {"pdNil", "pdReady", "pdWait"};
    static char bufs[2][32];
    static int next;
    char *s = bufs[next++ % 2];
    bool word = f == RG || f == WG, deadline = f == RD || f == WD, timer = f == RTIMER || f == WTIMER;
    if (word && v >= 0 && v <= WAIT)
        return words[v];
    if (deadline && (v == 0 || v == -1))
        return v == 0 ? "0 (none)" : "-1 (it has passed)";
    if (timer && v == 0)
        return "stopped";
    snprintf(s, sizeof bufs[0], word ? "g%lld" : timer ? "set for %lld" : f == INFO ? "%#llx" : "%lld",
             (long long)(word ? v - PARKED : v));
    return s;
}

/** Fails unless this field of pd has this value. */
#define expect_pd(value, pd, field) judge_expect_pd(__FILE__, __LINE__, value, pd, field)
static inline void judge_expect_pd(const char *file, int line, int64_t value, int64_t pd, enum pdfield f)
{
    static const char *const names[] = {"fd",
                                        "fdseq",
                                        "atomicInfo",
                                        "rg",
                                        "wg",
                                        "closing",
                                        "rseq",
                                        "wseq",
                                        "rd",
                                        "wd",
                                        "the read timer rt",
                                        "the write timer wt"};
    int64_t v = pdget(pd, f);
    if (v != value)
        judge_fail(file, line, "%s is %s, it should be %s", names[f], pdvalue(f, v), pdvalue(f, value));
}

/** The name of a pollErr value. */
static inline const char *pollerr(int64_t e)
{
    static const char *const names[] = {"pollNoError", "pollErrClosing", "pollErrTimeout",
                                        "pollErrNotPollable"};
    return e >= OK && e <= NOTPOLLABLE ? names[e] : "no pollErr value";
}

/** Fails unless op(pd, mode), pollReset or netpollcheckerr, returns this pollErr value. */
#define expect_error(value, op, pd, mode) judge_expect_error(__FILE__, __LINE__, value, op, pd, mode)
static inline void judge_expect_error(const char *file, int line, int64_t value, const char *op, int64_t pd,
                                      int mode)
{
    int64_t e = judge_call(file, line, op, NULL, 0, RUN_G0, VALUES(pd, mode));
    if (e != value)
        judge_fail(file, line, "%s(pd, '%c') returned %s, it should be %s", op, mode, pollerr(e),
                   pollerr(value));
}

/** Fails unless the outcome is that of a pollWait that returned this pollErr value. */
#define expect_waited(outcome, value) judge_expect_waited(__FILE__, __LINE__, outcome, value)
static inline void judge_expect_waited(const char *file, int line, struct outcome o, int64_t value)
{
    if (o.kind == OUT_ENDED)
        judge_fail(file, line, "pollWait parked the G, it should return %s", pollerr(value));
    if (o.kind != OUT_RETURNED)
        judge_fail(file, line, "pollWait should return %s; instead: %s", pollerr(value), o.text);
    if (o.v[0] != value)
        judge_fail(file, line, "pollWait returned %s, it should be %s", pollerr(o.v[0]), pollerr(value));
}

/** The G that M m runs waits for mode, and parks. */
#define park(m, pd, mode)                                                                                    \
    judge_expect(__FILE__, __LINE__, run_g(m, "pollWait", pd, mode), "ended: schedule()")

/** G g, in the queue of P p, goes on on M m, whose G has parked; the outcome is that of its operation. */
static inline struct outcome goes_on(int64_t g, int64_t p, int64_t m)
{
    expect_field(Grunnable_, "g%d.atomicstatus", (int)g);
    if (call("runqget", p) != g)
        fail("g%lld should be what p%lld runs next", (long long)g, (long long)p);
    return run(m, "execute", g, false);
}

/** G g came out of netpoll (or netpollready): made runnable and run on M m, as findrunnable does. */
static inline struct outcome polled(int64_t g, int64_t m)
{
    expect_field(Gwaiting_, "g%d.atomicstatus", (int)g);
    set(Grunnable_, "g%d.atomicstatus", (int)g);
    return run(m, "execute", g, false);
}

/** The data of the last registration in the log since the last look; spy("linux_epoll_ctl") comes before it. */
static inline int64_t registered(void)
{
    const char *last = NULL;
    for (const char *s = events(); (s = strstr(s, "epoll_ctl 1 ")) != NULL; s++)
        last = s;
    const char *d = last ? strstr(last, "data=") : NULL;
    if (!d)
        fail("pollOpen should have added the descriptor to epoll (by linux_epoll_ctl)");
    return (int64_t)strtoull(d + 5, NULL, 16);
}

#endif

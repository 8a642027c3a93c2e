/**
 * @file lab06.h
 * What the tests of lab 06 have in common: goroutines that are locked to threads.
 */
#ifndef LAB06_H
#define LAB06_H

#include "judge.h"

enum { Grunnable_ = 1, Gwaiting_ = 4 };

/** m0 runs a G on p0; the template thread is there. */
static inline int64_t running(void)
{
    int64_t g = call("newg");
    call("hold", 0, call("newp"));
    call("rung", 0, g);
    set(1, "newmHandoff.haveTemplateThread");
    return g;
}

/** A new M, m1 in a new world, is locked to a new G of this status, which is on no queue; the G. */
static inline int64_t locked(int64_t status)
{
    int64_t g = call("newg", 1, status), m = call("newm");
    set(g, "m%d.lockedg", (int)m);
    set(m, "g%d.lockedm", (int)g);
    set(1, "m%d.lockedExt", (int)m);
    off_queue(g);
    return g;
}

#endif

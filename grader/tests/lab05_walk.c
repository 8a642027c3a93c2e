/**
 * @file lab05_walk.c
 * A random walk: Ms enter and leave system calls, a thief takes Ps out of them, gives them back or leaves
 * them idle. The judge keeps books of who must have what, and the world must agree after each step.
 */
#include <stdio.h>
#include <string.h>
#include "judge.h"

enum { NM = 4, NP = 5, THIEF = NM, STEPS = 300 };
enum state { RUNNING, SYSCALL, PARKED };

/** The books. m[i]: what M i does, g: its G, p: its P or old P. */
static struct {
    enum state state;
    int64_t g, p;
    uint32_t tick; /* as noted when the call began */
} ms[NM];
static enum { WITHM, INSYSCALL, STOLEN, IDLE } ps[NP];
static uint32_t ticks[NP];
static int64_t idle[NP], queue[NM];
static int nidle, nqueue;

static void begin(void)
{
    call("newp", NP);
    call("newg", NM);
    for (int m = 1; m <= NM; m++)
        call("newm");
    nidle = nqueue = 0;
    for (int m = 0; m < NM; m++) {
        call("hold", m, m);
        call("rung", m, m + 1);
        ms[m].state = RUNNING;
        ms[m].g = m + 1;
        ms[m].p = m;
        ps[m] = WITHM;
        ticks[m] = (uint32_t)rnd();
        set(ticks[m], "p%d.syscalltick", m);
    }
    call("idlep", NM);
    ps[NM] = IDLE;
    idle[nidle++] = NM;
    ticks[NM] = 0;
}

/** M m has G g and P p, and runs. */
static void runs(int m, int64_t g, int64_t p)
{
    ms[m].state = RUNNING;
    ms[m].g = g;
    ms[m].p = p;
    ps[p] = WITHM;
    ticks[p]++;
    expect_field(p, "m%d.p", m);
    expect_field(g, "m%d.curg", m);
    expect_field(ticks[p], "p%d.syscalltick", (int)p);
}

static void enter(int m)
{
    on(m);
    call_g("entersyscall");
    ms[m].state = SYSCALL;
    ms[m].tick = ticks[ms[m].p];
    ps[ms[m].p] = INSYSCALL;
    expect_field(NIL, "m%d.p", m);
}

/** The way out: the old P if it is in a system call, anybody's; else the first idle one; else none. */
static void leave(int m)
{
    char parked[32];
    int64_t p = ms[m].p;
    struct outcome o = run_g(m, "exitsyscall");
    if (ps[p] == INSYSCALL || nidle > 0) {
        if (ps[p] != INSYSCALL)
            p = idle[--nidle];
        else if (ticks[p] != ms[m].tick)
            ticks[p]++;
        expect_returned(o, m);
        runs(m, ms[m].g, p);
        return;
    }
    snprintf(parked, sizeof parked, "blocked: futex m%d.park", m);
    expect(o, parked);
    ms[m].state = PARKED;
    queue[nqueue++] = ms[m].g;
}

/** The thief takes p out of a system call, to keep it or to lay it down. */
static void steal(int64_t p, bool keep)
{
    set(++ticks[p], "p%d.syscalltick", (int)p);
    ps[p] = keep ? STOLEN : IDLE;
    set(keep ? 3 : 0, "p%d.status", (int)p); /* Pgcstop: nobody's, but not to be had */
    if (keep)
        return;
    call("idlep", p);
    idle[nidle++] = p;
}

/** A P is idle and a G waits: an M is started for them. */
static void start(void)
{
    int m = -1;
    sscanf(list("sched.midle"), "m%d", &m);
    int64_t g = queue[0], p = idle[--nidle];
    memmove(queue, queue + 1, (size_t)--nqueue * sizeof *queue);
    on(THIEF);
    call("startm", NIL, false, false);
    expect_returned(resume(m), m);
    runs(m, g, p);
}

/* Whatever happens in whatever order, each P has one owner, each G is in one place, each call is counted. */
TEST(ARandomWalkThroughSystemCalls)
{
    begin();
    for (int step = 0; step < STEPS; step++) {
        int m = (int)rndn(NM);
        int64_t p = (int64_t)rndn(NP);
        if (rndn(3) == 0 && ps[p] == INSYSCALL) {
            steal(p, rndn(2));
        } else if (ps[p] == STOLEN && rndn(2)) {
            ps[p] = IDLE;
            call("idlep", p);
            idle[nidle++] = p;
        } else if (ms[m].state == RUNNING) {
            enter(m);
        } else if (ms[m].state == SYSCALL) {
            leave(m);
        }
        while (nidle > 0 && nqueue > 0)
            start();
        for (m = 0; m < NM; m++)
            expect_field(0, "m%d.locks", m);
        if (step % 10 == 0)
            check_world();
    }
    check_world();
}

/**
 * @file time.c
 * The clocks, sleeping goroutines and the timers that programs use.
 *
 * All of the scheduler's time goes through one seam, timeseam: every rule that has a number of nanoseconds
 * in it asks there. A test puts a clock of its own into it, and the rule is tested to the nanosecond.
 */
#include "core.h"

struct timeseam timeseam = {.nanotime = nanotime1, .usleep = linux_usleep};

int64_t nanotime(void)
{
    return timeseam.nanotime();
}

int64_t walltime(void)
{
    return walltime1();
}

/* ns from now; INT64_MAX if that is beyond the end of time. */
static int64_t fromnow(int64_t ns)
{
    int64_t when;
    if (__builtin_add_overflow(nanotime(), ns > 0 ? ns : 0, &when))
        when = INT64_MAX;
    return when;
}

/* ---- sleep ---- */

/* The timer of a sleeping G. */
static void wakesleeper(void *gp, uintptr_t seq)
{
    (void)seq;
    goready(gp);
}

/* gopark's last step. The timer starts only now: the G is Gwaiting, and may be readied before this
 * returns. */
static bool startsleep(G *gp, void *unused)
{
    (void)unused;
    timer_start(gp->timer, gp->timer->when, 0, wakesleeper, gp, 0);
    return true;
}

void gosleep(int64_t ns)
{
    preemptcheck();
    if (ns <= 0) {
        gosched();
        return;
    }
    G *gp = getg();
    /* not on the stack: those are all aligned alike, and would fight for few cache sets */
    timer *t = gomalloc(sizeof *t);
    t->when = fromnow(ns);
    gp->timer = t;
    gopark(startsleep, NULL, waitReasonSleep);
    gp->timer = NULL;
    gofree(t);
}

/* ---- timers of programs ---- */

struct Timer {
    mutex lock;              /* timer_stop and timer_reset may be called from several goroutines */
    timer t;                 /* the runtime's timer */
    void (*fn)(void *arg);   /* what to call, constant */
    void *arg;               /* with this */
};

/* The timer has come: calls fn in a goroutine of its own. The Timer may have been freed by now: fn
 * travels in seq. */
static void startgoroutine(void *arg, uintptr_t fn)
{
    newproc((void (*)(void *))fn, arg, 0);
}

/* Starts t's inactive timer. t->lock held. */
static void settimer(Timer *t, int64_t ns)
{
    timer_start(&t->t, fromnow(ns), 0, startgoroutine, t->arg, (uintptr_t)t->fn);
}

Timer *timer_after(int64_t ns, void (*fn)(void *arg), void *arg)
{
    preemptcheck();
    if (!fn)
        fatal("timer_after of nil func value");
    Timer *t = gomalloc(sizeof *t);
    t->fn = fn;
    t->arg = arg;
    settimer(t, ns);
    return t;
}

bool timer_stop(Timer *t)
{
    preemptcheck();
    lock(&t->lock);
    bool active = timer_del(&t->t);
    unlock(&t->lock);
    return active;
}

bool timer_reset(Timer *t, int64_t ns)
{
    preemptcheck();
    lock(&t->lock);
    bool active = timer_del(&t->t);
    settimer(t, ns);
    unlock(&t->lock);
    return active;
}

void timer_free(Timer *t)
{
    if (!t)
        return;
    timer_stop(t);
    gofree(t);
}

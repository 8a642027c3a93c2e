/**
 * @file schedtrace.c
 * The scheduler's state in Go's line format.
 */
#include "lab08.h"

/** Fails unless the output is this; shows the first line that is not. */
static void expect_output(const char *wanted)
{
    const char *got = guest_output();
    for (int line = 1; *wanted || *got; line++) {
        size_t w = strcspn(wanted, "\n"), g = strcspn(got, "\n");
        if (!*wanted)
            fail("after %d lines the trace should be complete, but it goes on:\n%.*s", line - 1, (int)g, got);
        if (w != g || strncmp(wanted, got, w) != 0)
            fail("line %d of the trace should be\n%.*s\nbut it is\n%.*s", line, (int)w, wanted, (int)g, got);
        if (wanted[w] && !got[g])
            fail("line %d of the trace does not end", line);
        wanted += w + (wanted[w] != 0);
        got += g + (got[g] != 0);
    }
}

TEST(OneLineAsGoPrintsIt)
{
    char wanted[512];
    int64_t t = (int64_t)rndn(100000), tick = (int64_t)rndn(1000), ready = (int64_t)rndn(200),
            global = (int64_t)rndn(50);
    call("newp", 3);
    call("newg", 250);
    call("newm");
    call("hold", 0, 0);
    call("idlep", 2);
    call("idlem", 1);
    call("runqput_many", 1, 1, ready);
    for (int i = 0; i < global; i++)
        call("globrunqput", 201 + i);
    set(tick, "p0.schedtick");
    set(9, "p2.schedtick");
    set(2, "sched.nmspinning");
    set(1, "sched.needspinning");
    set(7, "sched.mnext");
    set(2, "sched.nmfreed");
    call("advance", t * ms + (int64_t)rndn(ms));
    call("schedtrace", false);
    snprintf(wanted, sizeof wanted,
             "SCHED %dms: gomaxprocs=3 idleprocs=1 threads=5 spinningthreads=2 needspinning=1 idlethreads=1 "
             "runqueue=%d [ 0 %d 0 ] schedticks=[ %d 0 9 ]\n",
             (int)t, (int)global, (int)ready, (int)tick);
    expect_output(wanted);
}

TEST(DetailForEachPMAndG)
{
    char wanted[2000];
    int tick = (int)rndn(1000), ready = (int)rndn(200);
    call("newp", 2);
    call("newg", 202);
    call("newm");
    call("newm");
    call("hold", 1, 0);
    call("rung", 1, 1);
    set(NIL, "m1.alllink"); /* not m0, which calls: whatever it holds meanwhile */
    for (int g = 3; g <= 202; g++)
        set(NIL, "g%d.alllink", g); /* the list of all Gs ends with the first of them: that is g202 */
    call("runqput_many", 1, 3, ready);
    set(tick, "p0.schedtick");
    set(6, "p0.syscalltick");
    set(5, "p1.gFree.n");
    set(8, "p1.timers.len");
    set(2, "g202.lockedm");
    set(202, "m2.lockedg");
    set(1, "sched.gcwaiting");
    set(3, "sched.nmidlelocked");
    set(4, "sched.stopwait");
    set(1, "m2.spinning");
    set(2, "m2.locks");
    set(2, "g202.waitreason");
    call("schedtrace", true);
    snprintf(
        wanted, sizeof wanted,
        "SCHED 0ms: gomaxprocs=2 idleprocs=0 threads=3 spinningthreads=0 needspinning=0 idlethreads=0 runqueue=0 "
        "gcwaiting=true nmidlelocked=3 stopwait=4 sysmonwait=false\n"
        "  P0: status=1 schedtick=%d syscalltick=6 m=1 runqsize=0 gfreecnt=0 timerslen=0\n"
        "  P1: status=0 schedtick=0 syscalltick=0 m=nil runqsize=%d gfreecnt=5 timerslen=8\n"
        "  M2: p=nil curg=nil mallocing=0 throwing=0 preemptoff= locks=2 dying=0 spinning=true blocked=false lockedg=202\n"
        "  M1: p=0 curg=1 mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=false blocked=false lockedg=nil\n"
        "  G202: status=1(chan send) m=nil lockedm=2\n",
        tick, ready);
    expect_output(wanted);
}

TEST(TheTraceComesInItsPeriod)
{
    monitor_start();
    int64_t period = 1 + (int64_t)rndn(1000), began = call("clock");
    set(period, "debug.schedtrace");
    events();
    resume(SYSMON);
    const char *log = events();
    if (!strstr(log, "schedtrace("))
        fail("the first round should print a trace");
    if (!strstr(log, "schedtrace(0)\n"))
        fail("scheddetail is not set, but the trace is asked for with detail");
    int64_t last = began + 20000; /* after the first sleep */
    call("clock", last + period * ms - 20001);
    resume(SYSMON);
    if (strstr(events(), "schedtrace"))
        fail("a trace every %lld ms: one nanosecond before that there should be none", (long long)period);
    call("clock", last + period * ms - 20000);
    set(1, "debug.scheddetail");
    resume(SYSMON);
    if (!strstr(events(), "schedtrace(1)\n"))
        fail("after %lld ms there should be a trace, with detail since scheddetail is set",
             (long long)period);
}

/* To show that nothing happens is what a trace is for. */
TEST(NoLongSleepWithATrace)
{
    call("newp");
    call("newm");
    call("idlep", 0);
    set(1000, "debug.schedtrace");
    because("nothing runs, but a trace is asked for: sysmon looks around as ever, and does not sleep on its note");
    monitor_begin();
    expect(resume(SYSMON), "stopped: at usleep 20");
    expect(resume(SYSMON), "stopped: at usleep 20");
}

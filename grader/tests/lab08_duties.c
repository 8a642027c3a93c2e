/**
 * @file lab08_duties.c
 * What sysmon does in a round besides retake: each duty when it is due, and not otherwise.
 */
#include "../../labs/08-sysmon/tests/lab08.h"

/* sysmon is no M of the program: if it seemed to be the last that can run, the program is deadlocked. */
TEST(SysmonIsNotCountedAsRunning)
{
    call("newm");
    stop_at("checkdead");
    expect(run(SYSMON, "sysmon"), "stopped: at checkdead()");
    expect_field(1, "sched.nmsys");
    if (get("sched.lock.key") == 0)
        fail("checkdead is called without sched.lock");
}

TEST(SysmonHoldsItsLockWhileItWorksOnly)
{
    monitor_start();
    expect_field(0, "sched.sysmonlock.key");
    stop_at("retake");
    resume(SYSMON);
    if (get("sched.sysmonlock.key") == 0)
        fail("sysmon works without sched.sysmonlock");
    expect_field(0, "sched.lock.key");
    expect_field(NIL, "m1.p");
}

/* ---- the network ---- */

/** The poller is up, the last poll was at the returned time; netpoll finds nothing. */
static int64_t network(void)
{
    monitor_start();
    record("netpollinited");
    record("netpoll");
    record("incidlelocked");
    record("injectglist");
    record("netpollAdjustWaiters");
    int64_t last = call("clock") + (int64_t)rndn(1000);
    set(last, "sched.lastpoll");
    return last;
}

TEST(TheNetworkIsPolledIfNobodyDidForTenMilliseconds)
{
    int64_t last = network();
    if (monitor_round_does(last + 10 * ms, "netpoll("))
        fail("somebody polled 10 ms ago and not longer: sysmon should leave it");
    if (!monitor_round_does(last + 10 * ms + 1, "netpoll(0)\n"))
        fail("nobody polled for more than 10 ms: sysmon should, without waiting");
    expect_field(last + 10 * ms + 1, "sched.lastpoll");
}

TEST(SysmonsOwnPollCountsAsOne)
{
    int64_t last = network(), now = last + 11 * ms;
    monitor_round(now);
    for (int i = 1; i <= 5; i++)
        if (monitor_round_does(now + i * 2 * ms, "netpoll("))
            fail("sysmon polled %d ms ago, and polls again", 2 * i);
    if (!monitor_round_does(now + 10 * ms + 1, "netpoll("))
        fail("sysmon polled more than 10 ms ago, and should again");
}

TEST(SomebodyWhoWaitsInThePollerNeedsNoHelp)
{
    int64_t last = network();
    set(0, "sched.lastpoll");
    if (monitor_round_does(last + sec, "netpoll("))
        fail("lastpoll is 0: an M waits in netpoll, and sysmon polls beside it");
    expect_field(0, "sched.lastpoll");
}

TEST(APollerThatIsNotThereIsNotPolled)
{
    int64_t last = network();
    script("netpollinited", 0);
    if (monitor_round_does(last + sec, "netpoll("))
        fail("netpollinited() is false, but sysmon polls");
    expect_field(last, "sched.lastpoll");
}

/** Between its look at lastpoll and its claim somebody else polls, or goes to wait: that one wins. */
static void lose(int64_t theirs)
{
    int64_t last = network();
    call("netpollGenericInit");
    stop_at("netpollinited");
    call("clock", last + sec);
    expect(resume(SYSMON), "stopped: at netpollinited()");
    if (theirs)
        theirs = call("clock");
    set(theirs, "sched.lastpoll");
    events();
    expect(resume(SYSMON), "stopped: at usleep 20");
    if (strstr(events(), "netpoll(0)"))
        fail("somebody else has just begun to poll, and sysmon polls too");
    expect_field(theirs, "sched.lastpoll");
}

TEST(AnMThatPollsAtTheSameTimeWins)
{
    lose(1);
}

TEST(AnMThatGoesToWaitInThePollerAtTheSameTimeWins)
{
    lose(0);
}

/* From netpoll until they are on a queue the Gs are seen by nobody: checkdead must not call that a
 * deadlock. */
TEST(PolledGsAreInjectedWhileOneMoreMCountsAsRunning)
{
    int64_t last = network();
    script("netpoll", 1);
    events();
    monitor_round(last + 11 * ms);
    const char *log = events(), *inject = strstr(log, "injectglist(g1...)\n");
    const char *more = strstr(log, "incidlelocked(-1)\n"), *less = strstr(log, "incidlelocked(1)\n");
    if (!inject)
        fail("netpoll found g1, but sysmon does not inject it; calls:\n%s", log);
    if (!more || more > inject)
        fail("g1 is injected while no M counts as running for it: incidlelocked(-1) should come first; calls:\n%s",
             log);
    if (!less || less < inject)
        fail("g1 is on a queue, but the M counted for it is not taken back by incidlelocked(1); calls:\n%s", log);
    if (!strstr(inject, "\nnetpollAdjustWaiters(-1)\n"))
        fail("netpollWaiters should be adjusted after the Gs are runnable; calls:\n%s", log);
}

TEST(APollWithoutResultTouchesNothing)
{
    int64_t last = network();
    events();
    monitor_round(last + 11 * ms);
    const char *log = events();
    if (strstr(log, "incidlelocked") || strstr(log, "injectglist"))
        fail("nothing was ready, but sysmon injects it:\n%s", log);
}

/* ---- the CPU limit ---- */

TEST(TheCpuLimitIsLookedAtOnceASecond)
{
    monitor_start();
    record("sysmonUpdateGOMAXPROCS");
    set(1, "debug.updatemaxprocs");
    int64_t now = call("clock") + sec;
    monitor_round(now);
    now += sec;
    if (!monitor_round_does(now, "sysmonUpdateGOMAXPROCS()"))
        fail("one second is over, but sysmon does not look at the CPU limit");
    for (int i = 1; i <= 10; i++)
        if (monitor_round_does(now + i * sec / 10 - 1, "sysmonUpdateGOMAXPROCS()"))
            fail("sysmon looks at the CPU limit again after less than a second");
    if (!monitor_round_does(now + sec, "sysmonUpdateGOMAXPROCS()"))
        fail("one second is over, but sysmon does not look at the CPU limit");
}

TEST(TheCpuLimitIsNotFollowedIfSwitchedOff)
{
    monitor_start();
    record("sysmonUpdateGOMAXPROCS");
    set(0, "debug.updatemaxprocs");
    for (int i = 1; i < 5; i++)
        if (monitor_round_does(call("clock") + i * sec, "sysmonUpdateGOMAXPROCS()"))
            fail("updatemaxprocs is 0, but sysmon looks at the CPU limit");
}

/* ---- overdue timers ---- */

/* The poller's wake-up was lost, or the timer's P is stuck: somebody must look at all timers (Go issue
 * 42515). */
TEST(AnOverdueTimerGetsAnM)
{
    monitor_start();
    record("startm");
    call("newp");
    call("idlep", 1);
    int64_t when = call("clock") + sec;
    set(when, "p0.timers.minWhen");
    if (monitor_round_does(when - 1, "startm"))
        fail("the timer is not due yet, but sysmon starts an M");
    if (monitor_round_does(when + ms, "startm"))
        fail("a poller may be 1 ms late, but sysmon starts an M already");
    monitor_round(when + ms + 1);
    const char *log = events();
    if (!strstr(log, "startm("))
        fail("a timer is overdue by more than 1 ms and a P is idle, but sysmon starts no M");
    if (!strstr(log, "startm(nil, spinning=0, lockheld=0)\n"))
        fail("sysmon should call startm(NULL, false, false) for the timer: any P, nobody counted as spinning, no lock "
             "held; but the calls were\n%s", log);
    if (!monitor_round_does(when + 2 * ms, "startm(nil, spinning=0, lockheld=0)\n"))
        fail("the timer is still overdue: sysmon should try again");
}

TEST(WithoutTimersNoMIsStarted)
{
    monitor_start();
    record("startm");
    call("newp");
    call("idlep", 1);
    if (monitor_round_does(call("clock") + 100 * sec, "startm"))
        fail("there is no timer, but sysmon starts an M");
}

/* ---- collection and trace ---- */

TEST(TheHelperIsInjectedUnderItsLock)
{
    monitor_start();
    set(1, "forcegc.g");
    set(1, "forcegc.idle");
    stop_at("injectglist");
    script("gcTriggerTime", 1);
    expect(resume(SYSMON), "stopped: at injectglist(g1...)");
    if (get("forcegc.lock.key") == 0)
        fail("the helper is readied without forcegc.lock: it may not be parked yet");
    expect_field(0, "forcegc.idle");
}

/* The helper has said that it is idle, and is on its way to park: its lock keeps sysmon out until it is
 * there. */
TEST(SysmonWaitsUntilTheHelperIsParked)
{
    monitor_start();
    record("schedule");
    stop_at("unlock");
    expect(run_g(0, "forcegchelper"), "stopped: at unlock(forcegc.lock)");
    expect_field(1, "forcegc.idle");
    expect_field(4, "g1.atomicstatus");
    expect_field(1, "forcegc.g");
}

/* 50 minutes are more nanoseconds than 32 bits hold. */
TEST(TheTracesPeriodHasSixtyFourBits)
{
    monitor_start();
    set(3000000, "debug.schedtrace");
    int64_t began = 1000000 * sec;
    monitor_round(began);
    for (int minute = 1; minute < 50; minute += 4)
        if (monitor_round_does(began + minute * 60 * sec, "schedtrace("))
            fail("a trace every 50 minutes: there should be none after %d", minute);
    if (!monitor_round_does(began + 3000 * sec, "schedtrace(0)\n"))
        fail("a trace every 50 minutes: one was due");
}

TEST(NoTraceUnlessAskedFor)
{
    monitor_start();
    for (int i = 1; i < 5; i++)
        if (monitor_round_does(call("clock") + i * sec, "schedtrace("))
            fail("debug.schedtrace is 0, but sysmon prints a trace");
}

/* ---- memory ---- */

/** Nothing runs; a trace is on, which keeps sysmon awake. A first look at now has found the program busy. */
static void quiet(int64_t now)
{
    monitor_start();
    monitor_nothing_runs();
    set(1000000000, "debug.schedtrace");
    set(100, "p0.schedtick");
    monitor_round(now);
    events();
}

TEST(AQuietProgramGivesMemoryBackOnce)
{
    int64_t now = call("clock") + 100 * sec;
    quiet(now);
    set(107, "p0.schedtick"); /* somebody looked around now and then */
    if (monitor_round_does(now + sec - 1, "scavenge()"))
        fail("less than a second after its last look sysmon scavenges");
    if (!monitor_round_does(now + sec, "scavenge()"))
        fail("for a second next to nothing ran and all Ps are idle, but sysmon does not scavenge");
    for (int i = 2; i < 6; i++)
        if (monitor_round_does(now + i * sec, "scavenge()"))
            fail("the program is quiet since the last time, but sysmon scavenges again");
    set(115, "p0.schedtick"); /* busy for a while */
    if (monitor_round_does(now + 6 * sec, "scavenge()"))
        fail("8 time slices in a second are no quiet time, but sysmon scavenges");
    if (!monitor_round_does(now + 7 * sec, "scavenge()"))
        fail("the program is quiet again, but sysmon does not scavenge");
}

TEST(ScavengingThatWasCutShortGoesOn)
{
    because("scavenge is called at each quiet look until it returns 0");
    int64_t now = call("clock") + 100 * sec;
    quiet(now);
    record("scavenge");
    script("scavenge", 64 * 1024, 1, 0, 64 * 1024);
    for (int i = 1; i <= 3; i++)
        if (!monitor_round_does(now + i * sec, "scavenge()"))
            fail("the program is still quiet, and scavenge gave memory back the last time: there may be more");
    for (int i = 4; i <= 6; i++)
        if (monitor_round_does(now + i * sec, "scavenge()"))
            fail("scavenge found nothing the last time, and the program is quiet since, but sysmon scavenges again");
}

/* The look at the CPU limit wakes a goroutine of the runtime: if it came first, no program would ever be quiet. */
TEST(MemoryComesBeforeWhatWakesGoroutines)
{
    int64_t now = call("clock") + 100 * sec;
    record("sysmonUpdateGOMAXPROCS");
    set(1, "debug.updatemaxprocs");
    quiet(now);
    monitor_round(now + sec);
    const char *log = events(), *memory = strstr(log, "scavenge()"), *limit = strstr(log, "sysmonUpdateGOMAXPROCS()");
    if (!memory || !limit)
        fail("a second later both scavenge and sysmonUpdateGOMAXPROCS are due, but the calls were\n%s", log);
    if (limit < memory)
        fail("sysmonUpdateGOMAXPROCS may wake a goroutine: "
             "sysmon should have looked before whether the program is quiet");
}

TEST(AProgramThatRunsIsNotScavenged)
{
    int64_t now = call("clock") + 100 * sec;
    quiet(now);
    expect_call(0, "pidleget"); /* one slice that lasts is no quiet time either */
    for (int i = 1; i < 4; i++)
        if (monitor_round_does(now + i * sec, "scavenge()"))
            fail("a P is not idle, but sysmon scavenges");
}

TEST(TheSlicesOfAllPsCount)
{
    int64_t now = call("clock") + 100 * sec;
    quiet(now);
    call("newp");
    call("idlep", 1);
    set(4, "p1.schedtick");
    set(104, "p0.schedtick");
    if (monitor_round_does(now + sec, "scavenge()"))
        fail("two Ps began 4 slices each, 8 in all, but sysmon scavenges");
}

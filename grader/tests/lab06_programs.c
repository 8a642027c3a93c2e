/**
 * @file lab06_programs.c
 * Whole programs whose goroutines are locked to threads, block in the kernel, or all fall asleep.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "judge.h"

/** Runs one test of the program `locked`; it must end well. */
static void locked(const char *test, const char *procs, struct run_result *r)
{
    const char *argv[] = {"locked", test, NULL};
    const char *env[] = {procs, NULL};
    struct limits l = {.wall_ms = 8000};
    run_program(argv, env, &l, r);
    expect_exit(r, 0);
}

/** The next report with this key from *at on; false: there is none. */
static bool next_report(const char **at, const char *key, int64_t *v)
{
    size_t k = strlen(key);
    for (const char *s = *at; s && *s; s = strchr(s, '\n') + 1) {
        if (strncmp(s, key, k) != 0 || s[k] != ' ')
            continue;
        *v = strtoll(s + k, NULL, 10);
        *at = strchr(s, '\n') + 1;
        return true;
    }
    return false;
}

/* Over sleeps, system calls and yields, beside others who want the threads. */
TEST(ALockedGoroutineKeepsItsThread)
{
    static const char *const procs[] = {"HANDOFFPROCS=1", "HANDOFFPROCS=2", "HANDOFFPROCS=4"};
    for (int i = 0; i < 3; i++) {
        struct run_result r;
        locked("same_thread", procs[i], &r);
        int64_t tid = reported(&r, "first", NULL), v;
        int n = 0;
        for (const char *at = r.reports; next_report(&at, "later", &v); n++)
            if (v != tid)
                fail("it was locked to thread %lld, and ran on thread %lld", (long long)tid, (long long)v);
        if (n != 50)
            fail("it came round %d times, it should be 50", n);
    }
}

/* The thread of a goroutine that ended while it was locked ends too, and nobody runs on it any more. */
TEST(TheThreadOfALockedGoroutineEndsWithIt)
{
    struct run_result r;
    locked("locked_thread_ends", "HANDOFFPROCS=2", &r);
    if (reported(&r, "ended", NULL) != 10)
        fail("only %lld goroutines ended locked, it should be 10", (long long)reported(&r, "ended", NULL));
    int64_t tids[64], v;
    int n = 0;
    for (const char *at = r.reports; n < 64 && next_report(&at, "ran", &v); tids[n++] = v)
        for (int i = 0; i < n; i++)
            if (tids[i] == v)
                fail("thread %lld ran another goroutine after a locked one had ended on it", (long long)v);
    for (const char *at = r.reports; next_report(&at, "gone", &v);)
        if (!v)
            fail("a thread is still there five seconds after its locked goroutine has ended");
}

/* The main thread cannot end. It parks for ever, and the program goes on without it. */
TEST(TheMainThreadOutlivesItsLockedGoroutine)
{
    struct run_result r;
    locked("main_exits", "HANDOFFPROCS=1", &r);
    int64_t pid = reported(&r, "pid", NULL), v;
    int n = 0;
    if (reported(&r, "main", NULL) != pid)
        fail("the main goroutine was locked in goinit, but does not run on the main thread");
    for (const char *at = r.reports; next_report(&at, "after", &v); n++)
        if (v == pid)
            fail("the main thread ran another goroutine after its locked one had ended");
    if (n != 20)
        fail("the other goroutine came round %d times after main had ended, it should be 20", n);
}

TEST(AnUnlockedThreadStays)
{
    struct run_result r;
    int64_t v;
    locked("unlocked_thread_stays", "HANDOFFPROCS=2", &r);
    for (const char *at = r.reports; next_report(&at, "gone", &v);)
        if (v)
            fail("a thread has ended although its goroutine had undone its lock");
}

/* unshare(CLONE_FS) and chdir on a locked thread: no thread that is made later is in that directory. */
static void state_stays(const char *procs)
{
    struct run_result r;
    int64_t v;
    int n = 0;
    locked("state_stays", procs, &r);
    for (const char *at = r.reports; next_report(&at, "tainted", &v);)
        if (!v)
            fail("judge: unshare(CLONE_FS) is not allowed here");
    for (const char *at = r.reports; next_report(&at, "own", &v);)
        if (!v)
            fail("the locked goroutine itself lost its thread's directory");
    for (const char *at = r.reports; next_report(&at, "in", &v); n++)
        if (v)
            fail("the directory of a locked thread has reached another thread");
    if (n != 30)
        fail("%d goroutines reported, it should be 30", n);
    if (reported(&r, "main", NULL))
        fail("the directory of a locked thread has reached the main thread");
}

TEST(WhatALockedGoroutineDoesToItsThreadStaysThere)
{
    state_stays("HANDOFFPROCS=1"); /* the locked thread itself asks for the next one */
    state_stays("HANDOFFPROCS=2");
}

/* Ten goroutines at a time block in read, on two Ps, until the last of them has come so far: so eight Ps
 * at least must be taken out of the kernel, each time. The threads are used again. */
TEST(ParkedThreadsAreUsedAgain)
{
    struct run_result r;
    locked("crowds", "HANDOFFPROCS=2", &r);
    int64_t made = reported(&r, "made", NULL), handoffs = reported(&r, "handoffs", NULL);
    if (made < 8 || made > 30)
        fail("%lld threads were made for crowds of ten blocking calls; 8 to 30 are right", (long long)made);
    if (handoffs < 70)
        fail("only %lld hand-offs for ten crowds of ten blocking calls on two Ps", (long long)handoffs);
}

/* Go issue 65694: threads that exit while the world stops. And none is left over. */
TEST(ThreadsExitWhileTheWorldStops)
{
    struct run_result r;
    locked("many_exits", "HANDOFFPROCS=2", &r);
    int64_t made = reported(&r, "made", NULL), live = reported(&r, "live", NULL);
    if (made < 250)
        fail("only %lld threads were made for 300 goroutines that end locked", (long long)made);
    if (live > 20)
        fail("%lld threads live after 300 have exited", (long long)live);
}

/* Go issue 38931: four first locks at once, under stops of the world. */
TEST(TheFirstLocksOfAProgramMayComeTogether)
{
    for (int i = 0; i < 5; i++) {
        struct run_result r;
        locked("first_locks", i % 2 ? "HANDOFFPROCS=2" : "HANDOFFPROCS=4", &r);
        if (reported(&r, "template", NULL) != 1 || reported(&r, "system", NULL) != 2)
            fail("%lld threads count as the runtime's own, it should be 2: sysmon and the template thread",
                 (long long)reported(&r, "system", NULL));
    }
}

/* Goroutines that block in the kernel by the hundred, a stop of the world among them, and signals that cut
 * sleeps short. */
TEST_WITHIN(ProgramsThatBlockInTheKernelGoOn, 30)
{
    static const struct {
        const char *test, *procs;
    } runs[] = {
        {"blocked_reads_one_p", "HANDOFFPROCS=1"},
        {"blocked_reads_thousand", "HANDOFFPROCS=2"},
        {"stop_during_blocked_calls", "HANDOFFPROCS=2"},
        {"signals_do_no_harm", "HANDOFFPROCS=2"},
    };
    for (unsigned i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct run_result r;
        const char *argv[] = {"syscalls", runs[i].test, NULL};
        const char *env[] = {runs[i].procs, NULL};
        struct limits l = {.wall_ms = 8000};
        run_program(argv, env, &l, &r);
        expect_exit(&r, 0);
    }
}

/** Runs `crash NAME`: it must end with 2 and say this. */
static void crash(const char *name, const char *text, const char *debug)
{
    struct run_result r;
    const char *argv[] = {"crash", name, NULL};
    const char *env[] = {"HANDOFFPROCS=2", debug, NULL};
    struct limits l = {.wall_ms = 5000};
    run_program(argv, env, &l, &r);
    expect_exit(&r, 2);
    if (!strstr(r.err, text))
        fail("%s should have said \"%s\"; it said: %s", name, text, r.err);
}

/* Deadlocks with one goroutine, many, locked ones; without a single P at work nothing is left to wait for. */
TEST(ADeadlockIsReported)
{
    static const char *const names[] = {"deadlock", "deadlock_many", "locked_deadlock", "locked_deadlock2"};
    for (int i = 0; i < 4; i++)
        crash(names[i], "fatal error: all goroutines are asleep - deadlock!\n", NULL);
    crash("goexit_deadlock", "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n", NULL);
}

/* Go issue 59758: the message must come out while schedtrace wants sched.lock every millisecond. */
TEST(ADeadlockIsReportedDuringSchedtrace)
{
    for (int i = 0; i < 5; i++)
        crash("deadlock_many", "fatal error: all goroutines are asleep - deadlock!\n",
              "HANDOFFDEBUG=schedtrace=1,scheddetail=1");
}

TEST(MainMayLeaveOthersAtWork)
{
    struct run_result r;
    run_program((const char *[]){"crash", "goexit_main", NULL}, NULL, NULL, &r);
    expect_exit(&r, 0);
    ck_assert_str_eq(r.out, "done\n");
}

TEST(TheLimitOfThreadsIsKept)
{
    crash("threadexhaustion", "runtime: program exceeds 10-thread limit\n", NULL);
    crash("threadexhaustion", "fatal error: thread exhaustion\n", NULL);
}

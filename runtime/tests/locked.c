/*
 * What happens to threads when goroutines are locked to them, in numbers for a judge: each test reports what
 * it saw (grader/guest/report.h) and judges nothing.
 */
#include "check.h"
#include "labs.h"
#include "../../grader/guest/report.h"

/** Sleeps in the kernel, as a system call that the scheduler knows of. */
static void ksleep(int64_t ns)
{
    struct ktimespec ts = {ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};
    Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
}

static bool alive(int64_t tid)
{
    return linux_tgkill(linux_getpid(), (int)tid, 0) == 0;
}

/** Waits up to five seconds for the thread's end. */
static bool gone(int64_t tid)
{
    for (int64_t end = nanotime() + 5 * NSEC_PER_SEC; alive(tid); gosleep(NSEC_PER_MSEC))
        if (nanotime() > end)
            return false;
    return true;
}

/* ---- the thread of a locked goroutine ---- */

static _Atomic bool stop;

static void busy(void *wg)
{
    while (!stop) {
        gosched();
        ksleep(20000);
    }
    wg_done(wg);
}

static void keeps_thread(void *wg)
{
    lockosthread();
    report("first", gothreadid());
    for (int i = 0; i < 50; i++) {
        if (i % 3 == 0)
            gosleep(100 * NSEC_PER_USEC);
        else if (i % 3 == 1)
            ksleep(100 * NSEC_PER_USEC);
        else
            gosched();
        report("later", gothreadid());
    }
    unlockosthread();
    wg_done(wg);
}

/** One locked goroutine among eight that keep the scheduler busy: first N, later N... */
static void same_thread(void)
{
    WaitGroup wg = {0}, others = {0};
    wg_add(&wg, 1);
    wg_add(&others, 8);
    for (int i = 0; i < 8; i++)
        go(busy, &others);
    go(keeps_thread, &wg);
    wg_wait(&wg);
    stop = true;
    wg_wait(&others);
}

/* ---- the end of a locked goroutine ---- */

static void end_locked(void *out)
{
    lockosthread();
    lockosthread();
    unlockosthread(); /* one is left */
    int64_t tid = gothreadid();
    chan_send(out, &tid);
}

static void end_unlocked(void *out)
{
    lockosthread();
    unlockosthread();
    int64_t tid = gothreadid();
    chan_send(out, &tid);
}

/**
 * Runs fn ten times: reports for each thread that is not the main one if it went away, and the next ones'
 * ids.
 */
static void ends(void (*fn)(void *))
{
    Chan *c = chan_make(sizeof(int64_t), 0);
    int n = 0;
    for (int i = 0; i < 40 && n < 10; i++) {
        int64_t tid;
        go(fn, c);
        chan_recv(c, &tid);
        report("ran", tid);
        if (tid == linux_getpid())
            continue;
        n++;
        report("gone", fn == end_locked ? gone(tid) : !alive(tid));
    }
    report("ended", n);
    chan_free(c);
}

static void locked_thread_ends(void)
{
    lockosthread(); /* keeps the main thread out of the way */
    ends(end_locked);
}

static void unlocked_thread_stays(void)
{
    lockosthread();
    ends(end_unlocked);
}

/* ---- what a locked goroutine has done to its thread ---- */

static int64_t inproc(void)
{
    char b[256];
    sysret r = RawSyscall(__NR_getcwd, (uintptr_t)b, sizeof b, 0);
    return r.err == 0 && b[0] == '/' && b[1] == 'p' && b[2] == 'r' && b[3] == 'o' && b[4] == 'c' && b[5] == 0;
}

static void where(void *out)
{
    lockosthread(); /* a thread each */
    int64_t in = inproc();
    ksleep(NSEC_PER_MSEC);
    chan_send(out, &in);
    unlockosthread();
}

static void taint(void *out)
{
    lockosthread();
    int64_t ok = RawSyscall(__NR_unshare, KCLONE_FS, 0, 0).err == 0 &&
                 RawSyscall(__NR_chdir, (uintptr_t)"/proc", 0, 0).err == 0;
    report("tainted", ok);
    for (int i = 0; i < 10; i++)
        go(where, out);
    gosched(); /* no M is idle: the P of this one goes to a thread that must be made for it */
    ksleep(200 * NSEC_PER_USEC);
    report("own", inproc());
    ok = -1;
    chan_send(out, &ok);
} /* and the thread ends, still locked, handing its P off once more */

/** Goroutines that keep an M each, so that none is idle. */
static struct {
    Chan *release;  /* closed: let go */
    WaitGroup have; /* those that have yet to get their M */
} keepers;

static void keep(void *unused)
{
    (void)unused;
    lockosthread();
    wg_done(&keepers.have);
    chan_recv(keepers.release, NULL);
    unlockosthread();
}

/** One thread changes its directory: own, and in the others "in" (1: the change has reached it). */
static void state_stays(void)
{
    Chan *c = chan_make(sizeof(int64_t), 0);
    keepers.release = chan_make(1, 0);
    lockosthread(); /* the taint is for another thread */
    for (int round = 0; round < 3; round++) {
        wg_add(&keepers.have, 20);
        for (int i = 0; i < 20; i++)
            go(keep, NULL);
        wg_wait(&keepers.have);
        go(taint, c);
        for (int i = 0; i < 11; i++) {
            int64_t in;
            chan_recv(c, &in);
            if (in >= 0)
                report("in", in);
        }
    }
    chan_close(keepers.release);
    report("main", inproc());
    chan_free(c);
}

/* ---- threads that are used again ---- */

static int fds[2];
static _Atomic int entered;

static void reader(void *wg)
{
    char c;
    entered++;
    Syscall(__NR_read, (uintptr_t)fds[0], (uintptr_t)&c, 1);
    wg_done(wg);
}

/**
 * Ten times ten goroutines that read from an empty pipe, one crowd after the other: threads made, threads
 * that live.
 */
static void crowds(void)
{
    CHECK(linux_pipe(fds, 0) == 0, "there is a pipe");
    for (int i = 0; i < 10; i++) {
        WaitGroup wg = {0};
        wg_add(&wg, 10);
        entered = 0;
        for (int j = 0; j < 10; j++)
            go(reader, &wg);
        await(&entered, 10, "goroutines on their way into read"); /* they block more Ps than there are */
        Syscall(__NR_write, (uintptr_t)fds[1], (uintptr_t)"0123456789", 10);
        wg_wait(&wg);
    }
    SchedStats st;
    schedstats(&st);
    report("made", (int64_t)st.threads);
    report("live", (int64_t)(st.threads - st.threadsended));
    report("handoffs", (int64_t)st.handoffs);
}

static void dies_locked(void *wg)
{
    lockosthread();
    wg_done(wg);
}

/** Three hundred threads, one after the other, with stops of the world in between: made, live. */
static void many_exits(void)
{
    WaitGroup wg = {0};
    lockosthread();
    for (int i = 0; i < 300; i++) {
        wg_add(&wg, 1);
        go(dies_locked, &wg);
        if (i % 3 == 0)
            gogc();
        else
            wg_wait(&wg);
    }
    wg_wait(&wg);
    SchedStats st;
    schedstats(&st);
    report("made", (int64_t)st.threads);
    report("live", (int64_t)(st.threads - st.threadsended));
}

/* ---- first locks, stops of the world, and a template thread ---- */

static void lock_and_start(void *wg)
{
    lockosthread();
    ksleep(100 * NSEC_PER_USEC); /* its P goes to a thread that this one may not make */
    unlockosthread();
    wg_done(wg);
}

static void first_locks(void)
{
    WaitGroup wg = {0};
    wg_add(&wg, 4);
    for (int i = 0; i < 4; i++)
        go(lock_and_start, &wg);
    for (int i = 0; i < 30; i++)
        gogc();
    wg_wait(&wg);
    report("template", newmHandoff.haveTemplateThread);
    /* sysmon and the template thread; either may not have got so far yet */
    const volatile int32_t *nmsys = &sched.nmsys; /* looked at without its lock */
    for (int64_t end = nanotime() + 5 * NSEC_PER_SEC; *nmsys < 2 && nanotime() < end;)
        gosleep(NSEC_PER_MSEC);
    report("system", *nmsys);
}

/* ---- the main goroutine ends on the main thread, locked ---- */

extern int goargc;
extern char **goargv;

void goinit(void)
{
    if (goargc > 1 && test_same(goargv[1], "main_exits"))
        lockosthread(); /* main will be locked to the main thread */
}

static void after_main(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        ksleep(100 * NSEC_PER_USEC);
        gosched();
        report("after", gothreadid());
    }
    if (report_end)
        report_end();
    goexitprocess(0);
}

/** main, locked, ends by goexit: the process lives on, its first thread runs nobody any more. */
static void main_exits(void)
{
    report("main", gothreadid());
    report("pid", linux_getpid());
    go(after_main, NULL);
    goexit();
}

static const struct test tests[] = {
    {"same_thread", same_thread},
    {"locked_thread_ends", locked_thread_ends},
    {"unlocked_thread_stays", unlocked_thread_stays},
    {"state_stays", state_stays},
    {"crowds", crowds},
    {"many_exits", many_exits},
    {"first_locks", first_locks},
    {"main_exits", main_exits}, /* the last: it ends the process */
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

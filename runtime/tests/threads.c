/* Goroutines and their threads: locking nests, a locked goroutine keeps its thread, an exiting one takes it along. */
#include "check.h"
#include "labs.h"

/* ---- the main goroutine is on the main thread during initialisation ---- */

static int init_tid;

void goinit(void)
{
    init_tid = gothreadid();
}

static void init_runs_on_the_main_thread(void)
{
    CHECK(init_tid == linux_getpid(), "goinit ran on thread %d of process %d", init_tid, linux_getpid());
}

/* ---- nesting ---- */

static void locking_nests(void)
{
    M *mp;
    lockosthread();
    lockosthread();
    mp = *(M *volatile *)&(M *){getg()->lockedm};
    CHECK(mp && mp->lockedExt == 2, "two locks are counted, not %u", mp ? mp->lockedExt : 0);
    unlockosthread();
    CHECK(getg()->lockedm && mp->lockedExt == 1, "one unlock leaves one");
    unlockosthread();
    CHECK(!getg()->lockedm && mp->lockedExt == 0, "the second unlock frees the thread");
    unlockosthread();
    CHECK(!getg()->lockedm && mp->lockedExt == 0, "an unlock without a lock does nothing");
}

/* ---- a locked goroutine keeps its thread over everything that parks ---- */

struct locked {
    Chan *in, *out;
    WaitGroup *wg;
};

static void locked_echo(void *arg)
{
    struct locked *l = arg;
    lockosthread();
    int tid = gothreadid();
    long v;
    while (chan_recv(l->in, &v)) {
        CHECK(gothreadid() == tid, "thread %d before a receive, %d after", tid, gothreadid());
        gosched();
        CHECK(gothreadid() == tid, "thread %d before gosched, %d after", tid, gothreadid());
        gosleep(50 * NSEC_PER_USEC);
        CHECK(gothreadid() == tid, "thread %d before gosleep, %d after", tid, gothreadid());
        struct ktimespec ts = {0, 100000};
        Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0);
        CHECK(gothreadid() == tid, "thread %d before a system call, %d after", tid, gothreadid());
        chan_send(l->out, &v);
    }
    unlockosthread();
    wg_done(l->wg);
}

static void locked_goroutine_keeps_its_thread(void)
{
    WaitGroup wg = {0};
    struct locked l = {chan_make(sizeof(long), 0), chan_make(sizeof(long), 0), &wg};
    wg_add(&wg, 3);
    for (int i = 0; i < 3; i++)
        go(locked_echo, &l);
    for (long i = 0; i < 100; i++) {
        long v = i;
        chan_send(l.in, &v);
        CHECK(chan_recv(l.out, &v) && v == i, "value %ld comes back", i);
    }
    chan_close(l.in);
    wg_wait(&wg);
    chan_free(l.in);
    chan_free(l.out);
}

/* ---- a locked goroutine that exits takes its thread along ---- */

static void exit_locked(void *out)
{
    lockosthread();
    long tid = gothreadid();
    chan_send(out, &tid);
}

static bool thread_exists(long tid)
{
    return linux_tgkill(linux_getpid(), (int)tid, 0) == 0;
}

static void thread_of_an_exited_locked_goroutine_ends(void)
{
    Chan *c = chan_make(sizeof(long), 0);
    for (int i = 0; i < 10; i++) {
        long tid;
        go(exit_locked, c);
        CHECK(chan_recv(c, &tid), "the goroutine says its thread");
        if (tid == linux_getpid())
            continue; /* m0's thread is parked, never ended */
        int64_t limit = nanotime() + PATIENCE;
        while (thread_exists(tid)) {
            CHECK(nanotime() < limit, "thread %ld ends after its locked goroutine exited", tid);
            gosleep(NSEC_PER_MSEC);
        }
    }
    chan_free(c);
}

/* ---- the same with stops of the world in between (issue 65694) ---- */

static void just_lock(void *wg)
{
    lockosthread();
    wg_done(wg);
}

static void exit_locked_and_stop(void)
{
    WaitGroup wg = {0};
    for (int i = 0; i < 100; i++) {
        wg_add(&wg, 1);
        go(just_lock, &wg);
        gogc();
    }
    wg_wait(&wg);
}

/* ---- what a locked goroutine does to its thread never reaches another thread ---- */

static bool samecwd(void)
{
    char b[4096];
    sysret r = RawSyscall(__NR_getcwd, (uintptr_t)b, sizeof b, 0);
    return r.err == 0 && !(b[0] == '/' && b[1] == 'p' && b[2] == 'r' && b[3] == 'o' && b[4] == 'c' && b[5] == 0);
}

static void taint(void *result)
{
    lockosthread(); /* and never unlock: the thread must end with us */
    long ok = 0;
    if (RawSyscall(__NR_unshare, KCLONE_FS, 0, 0).err == 0) {
        RawSyscall(__NR_chdir, (uintptr_t) "/proc", 0, 0);
        ok = 1;
    }
    chan_send(result, &ok);
}

static void check_cwd(void *result)
{
    lockosthread();
    long ok = samecwd();
    struct ktimespec ts = {0, 1000000};
    Syscall(__NR_nanosleep, (uintptr_t)&ts, 0, 0); /* so that others need threads of their own */
    chan_send(result, &ok);
}

static void locked_thread_state_does_not_spread(void)
{
    Chan *c = chan_make(sizeof(long), 0);
    long ok;
    go(taint, c);
    chan_recv(c, &ok);
    if (ok) {
        for (int i = 0; i < 50; i++)
            go(check_cwd, c);
        for (int i = 0; i < 50; i++) {
            chan_recv(c, &ok);
            CHECK(ok, "a thread started later has the working directory of the process");
        }
    }
    chan_free(c);
}

/* ---- two first lockosthread calls at once, and a stopping world (issue 38931) ---- */

static void lock_once(void *wg)
{
    lockosthread();
    unlockosthread();
    wg_done(wg);
}

static void template_thread_starts_once(void)
{
    WaitGroup wg = {0};
    wg_add(&wg, 2);
    go(lock_once, &wg);
    go(lock_once, &wg);
    for (int i = 0; i < 20; i++)
        gogc();
    wg_wait(&wg);
    CHECK(newmHandoff.haveTemplateThread == 1, "there is one template thread");
}

static const struct test tests[] = {
    {"template_thread_starts_once", template_thread_starts_once},
    {"init_runs_on_the_main_thread", init_runs_on_the_main_thread},
    {"locking_nests", locking_nests},
    {"locked_goroutine_keeps_its_thread", locked_goroutine_keeps_its_thread},
    {"thread_of_an_exited_locked_goroutine_ends", thread_of_an_exited_locked_goroutine_ends},
    {"exit_locked_and_stop", exit_locked_and_stop},
    {"locked_thread_state_does_not_spread", locked_thread_state_does_not_spread},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

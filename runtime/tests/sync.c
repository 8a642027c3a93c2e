/* Mutex, RWMutex, WaitGroup and Once. */
#include "check.h"

/* ---- a mutex excludes, however many want it ---- */

enum { LOCKERS = 10, LOCKS = 2000 };
static struct {
    Mutex m;
    int inside, count; /* protected by m */
    WaitGroup wg;
} excl;

static void locker(void *arg)
{
    for (int i = 0; i < LOCKS; i++) {
        mutex_lock(&excl.m);
        CHECK(++excl.inside == 1, "%d goroutines hold the mutex", excl.inside);
        if (i % 100 == (intptr_t)arg)
            gosched(); /* others run into the lock meanwhile */
        excl.count++;
        excl.inside--;
        mutex_unlock(&excl.m);
    }
    wg_done(&excl.wg);
}

static void mutex_excludes(void)
{
    excl.count = 0;
    wg_add(&excl.wg, LOCKERS);
    for (intptr_t i = 0; i < LOCKERS; i++)
        go(locker, (void *)i);
    wg_wait(&excl.wg);
    CHECK(excl.count == LOCKERS * LOCKS, "%d increments, expected %d", excl.count, LOCKERS * LOCKS);
    CHECK(excl.m.state == 0 && excl.m.sema == 0, "nobody holds it, but state is %d, sema %u", excl.m.state,
          excl.m.sema);
}

static void trylock(void)
{
    Mutex m = {0};
    CHECK(mutex_trylock(&m), "it is free");
    CHECK(!mutex_trylock(&m), "it is held");
    mutex_unlock(&m);
    CHECK(mutex_trylock(&m), "it is free again");
    mutex_unlock(&m);
}

static void unlock_other(void *m)
{
    mutex_unlock(m);
}

static void another_goroutine_may_unlock(void)
{
    Mutex m = {0};
    mutex_lock(&m);
    go(unlock_other, &m);
    mutex_lock(&m);
    mutex_unlock(&m);
}

/* ---- a waiter gets its turn although somebody takes the mutex again at once ---- */

static struct {
    Mutex m;
    _Atomic int stop, hogging, stopped;
} hog;

static void hogger(void *arg)
{
    (void)arg;
    while (!hog.stop) {
        mutex_lock(&hog.m);
        hog.hogging = 1;
        gosched(); /* whoever was woken by the last unlock finds the mutex locked again */
        mutex_unlock(&hog.m);
    }
    hog.stopped = 1;
}

static void waiter_is_not_starved(void)
{
    hog.stop = hog.hogging = hog.stopped = 0;
    go(hogger, NULL);
    await(&hog.hogging, 1, "hog runs");
    for (int i = 0; i < 10; i++) {
        int64_t start = nanotime();
        mutex_lock(&hog.m);
        int64_t waited = nanotime() - start;
        mutex_unlock(&hog.m);
        CHECK(waited < NSEC_PER_SEC,
              "waited %lld ms for a mutex that is released all the time; 1 is the rule",
              (long long)(waited / NSEC_PER_MSEC));
        gosched();
    }
    hog.stop = 1;
    await(&hog.stopped, 1, "hog stopped");
}

/* ---- waiters are served in the order in which they came, once the mutex starves ---- */

static struct {
    Mutex m;
    _Atomic int started, next;
} fair;

static void wait_turn(void *arg)
{
    fair.started++;
    mutex_lock(&fair.m);
    CHECK(fair.next == (intptr_t)arg, "waiter %d before waiter %d", (int)(intptr_t)arg, fair.next);
    fair.next++;
    mutex_unlock(&fair.m);
}

static void starving_waiters_go_in_order(void)
{
    int procs = gomaxprocs_set(1); /* so that the waiters queue up in a known order */
    fair.started = fair.next = 0;
    mutex_lock(&fair.m);
    for (intptr_t i = 0; i < 20; i++) {
        go(wait_turn, (void *)i);
        await(&fair.started, (int)i + 1, "waiter started");
        gosched();
        gosched();
    }
    /* longer than the threshold: this is the thing that is tested, not a guess at progress */
    gosleep(3 * NSEC_PER_MSEC);
    mutex_unlock(&fair.m);
    await(&fair.next, 20, "waiters served");
    gomaxprocs_set(procs);
}

/* ---- RWMutex ---- */

static struct {
    RWMutex rw;
    _Atomic int readers, writers, maxreaders, reading, release, written;
    WaitGroup wg;
} rwt;

static void rw_reader(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++) {
        rwmutex_rlock(&rwt.rw);
        int n = ++rwt.readers;
        CHECK(rwt.writers == 0 && n <= 8, "%d readers beside %d writers", n, rwt.writers);
        if (i % 50 == 0)
            gosched();
        rwt.readers--;
        rwmutex_runlock(&rwt.rw);
    }
    wg_done(&rwt.wg);
}

static void rw_writer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 300; i++) {
        rwmutex_lock(&rwt.rw);
        CHECK(++rwt.writers == 1 && rwt.readers == 0, "%d writers beside %d readers", rwt.writers,
              rwt.readers);
        if (i % 20 == 0)
            gosched();
        rwt.writers--;
        rwmutex_unlock(&rwt.rw);
    }
    wg_done(&rwt.wg);
}

static void rwmutex_excludes_writers(void)
{
    wg_add(&rwt.wg, 11);
    for (int i = 0; i < 8; i++)
        go(rw_reader, NULL);
    for (int i = 0; i < 3; i++)
        go(rw_writer, NULL);
    wg_wait(&rwt.wg);
    CHECK(rwt.rw.readerCount == 0 && rwt.rw.readerWait == 0 && rwt.rw.w.state == 0, "it must be free again");
}

static void rw_read_and_hold(void *arg)
{
    (void)arg;
    rwmutex_rlock(&rwt.rw);
    rwt.reading++;
    while (!rwt.release)
        gosched();
    rwmutex_runlock(&rwt.rw);
    wg_done(&rwt.wg);
}

static void rw_write_once(void *arg)
{
    (void)arg;
    rwmutex_lock(&rwt.rw);
    rwt.written = 1;
    rwmutex_unlock(&rwt.rw);
    wg_done(&rwt.wg);
}

static void readers_share_and_a_writer_holds_off_new_ones(void)
{
    rwt.reading = rwt.release = rwt.written = 0;
    wg_add(&rwt.wg, 6);
    for (int i = 0; i < 4; i++)
        go(rw_read_and_hold, NULL);
    await(&rwt.reading, 4, "readers inside together");
    go(rw_write_once, NULL);
    int64_t end = nanotime() + PATIENCE;
    while (rwt.rw.readerCount >= 0) { /* the writer has announced itself */
        CHECK(nanotime() < end, "the writer never came");
        gosched();
    }
    go(rw_read_and_hold, NULL);
    for (int i = 0; i < 200; i++)
        gosched();
    CHECK(rwt.reading == 4 && rwt.written == 0,
          "%d readers inside, written %d: the writer waits for the four, the fifth for it", rwt.reading,
          rwt.written);
    rwt.release = 1;
    wg_wait(&rwt.wg);
    CHECK(rwt.reading == 5 && rwt.written == 1, "all have had their turn");
}

/* ---- WaitGroup ---- */

static struct {
    WaitGroup wg;
    _Atomic int done, woken;
} group;

static void group_work(void *arg)
{
    (void)arg;
    gosched();
    group.done++;
    wg_done(&group.wg);
}

static void group_wait(void *arg)
{
    (void)arg;
    wg_wait(&group.wg);
    CHECK(group.done == 16, "wait returned after %d of 16", group.done);
    group.woken++;
}

static void wait_ends_at_zero(void)
{
    wg_wait(&group.wg); /* a zero group does not wait */
    for (int round = 0; round < 50; round++) {
        group.done = group.woken = 0;
        wg_add(&group.wg, 16);
        for (int i = 0; i < 4; i++)
            go(group_wait, NULL);
        for (int i = 0; i < 16; i++)
            go(group_work, NULL);
        wg_wait(&group.wg);
        CHECK(group.done == 16, "wait returned after %d of 16", group.done);
        await(&group.woken, 4, "all waiters go on");
    }
}

static _Atomic int negative_panics;

static void survive(void *arg)
{
    (void)arg;
    negative_panics++;
    goexit();
}

static void done_once_too_often(void *arg)
{
    (void)arg;
    defer(survive, NULL);
    WaitGroup wg = {0};
    wg_add(&wg, 1);
    wg_done(&wg);
    wg_done(&wg);
    CHECK(false, "a negative counter was accepted");
}

static void negative_counter_panics(void)
{
    negative_panics = 0;
    go(done_once_too_often, NULL);
    await(&negative_panics, 1, "panic");
}

/* ---- Once ---- */

static struct {
    Once once;
    _Atomic int calls, finished;
    WaitGroup wg;
} single;

static void single_fn(void *arg)
{
    CHECK(arg == &single, "the argument is passed on");
    single.calls++;
    for (int i = 0; i < 20; i++)
        gosched(); /* the others arrive meanwhile and must wait */
    single.finished = 1;
}

static void single_do(void *arg)
{
    (void)arg;
    once_do(&single.once, single_fn, &single);
    CHECK(single.finished == 1, "once_do returned before the function did");
    wg_done(&single.wg);
}

static void once_is_once(void)
{
    single.once = (Once){0};
    single.calls = single.finished = 0;
    wg_add(&single.wg, 10);
    for (int i = 0; i < 10; i++)
        go(single_do, NULL);
    wg_wait(&single.wg);
    CHECK(single.calls == 1, "called %d times", single.calls);
}

static void exit_inside(void *arg)
{
    (void)arg;
    single.calls++;
    goexit();
}

static void once_with_exit(void *arg)
{
    (void)arg;
    once_do(&single.once, exit_inside, NULL);
    CHECK(false, "once_do returned although the goroutine ended inside");
}

static void once_counts_if_the_goroutine_ends(void)
{
    single.once = (Once){0};
    single.calls = 0;
    go(once_with_exit, NULL);
    await(&single.calls, 1, "first call");
    once_do(&single.once, exit_inside, NULL); /* waits for the other's deferred unlock, then does nothing */
    CHECK(single.calls == 1, "called %d times", single.calls);
}

/* ---- semaphores of many addresses that meet in few buckets ---- */

enum { MANY = 1000 };
static struct {
    Mutex m[MANY];
    _Atomic int started;
    WaitGroup wg;
} many;

static void lock_one(void *m)
{
    many.started++;
    mutex_lock(m);
    mutex_unlock(m);
    wg_done(&many.wg);
}

static void many_mutexes_at_once(void)
{
    many.started = 0;
    wg_add(&many.wg, 3 * MANY);
    for (int i = 0; i < MANY; i++) {
        mutex_lock(&many.m[i]);
        for (int j = 0; j < 3; j++)
            gostack(8192, lock_one, &many.m[i]);
    }
    await(&many.started, 3 * MANY, "waiters started");
    for (int i = 0; i < MANY; i++)
        mutex_unlock(&many.m[i * 7 % MANY]);
    wg_wait(&many.wg);
    for (int i = 0; i < MANY; i++)
        CHECK(many.m[i].state == 0, "mutex %d: state %d", i, many.m[i].state);
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"mutex_excludes", mutex_excludes},
        {"trylock", trylock},
        {"another_goroutine_may_unlock", another_goroutine_may_unlock},
        {"waiter_is_not_starved", waiter_is_not_starved},
        {"starving_waiters_go_in_order", starving_waiters_go_in_order},
        {"rwmutex_excludes_writers", rwmutex_excludes_writers},
        {"readers_share_and_a_writer_holds_off_new_ones", readers_share_and_a_writer_holds_off_new_ones},
        {"wait_ends_at_zero", wait_ends_at_zero},
        {"negative_counter_panics", negative_counter_panics},
        {"once_is_once", once_is_once},
        {"once_counts_if_the_goroutine_ends", once_counts_if_the_goroutine_ends},
        {"many_mutexes_at_once", many_mutexes_at_once},
    };
    return test_main_procs(tests, sizeof tests / sizeof *tests, argc, argv);
}

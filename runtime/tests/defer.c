/* Deferred calls and goexit. */
#include "check.h"

/* What happened, as a string of letters. One goroutine writes at a time. */
static char trail[64];
static int ntrail;
static _Atomic int ended;

static void mark(void *letter)
{
    trail[ntrail++] = *(const char *)letter;
    trail[ntrail] = 0;
}

static void end_of(void *arg)
{
    (void)arg;
    ended = 1;
}

static void start_trail(void)
{
    ntrail = 0;
    trail[0] = 0;
    ended = 0;
}

static void expect_trail(const char *want)
{
    CHECK(test_same(trail, want), "the calls were \"%s\", expected \"%s\"", trail, want);
}

/* ---- the end of a scope runs its calls, the last first ---- */

static int return_early(bool early)
{
    defer(mark, "1");
    if (early)
        return 1;
    defer(mark, "2");
    for (int i = 0; i < 3; i++) {
        defer(mark, "i"); /* the scope is the loop's body */
        mark("b");
    }
    mark("r");
    return 2;
}

static void scopes_run_their_calls(void)
{
    start_trail();
    CHECK(return_early(true) == 1, "the value of the function is its own");
    expect_trail("1");
    start_trail();
    CHECK(return_early(false) == 2, "the value of the function is its own");
    expect_trail("bibibir21");
}

/* ---- goexit runs those of all frames, and no other code ---- */

static void leave(int depth)
{
    defer(mark, depth == 0 ? "0" : depth == 1 ? "1" : "2");
    if (depth < 2)
        leave(depth + 1);
    if (depth == 2)
        goexit();
    mark("!");
}

static void leaver(void *arg)
{
    (void)arg;
    defer(end_of, NULL);
    leave(0);
    mark("!");
}

static void goexit_runs_deferred_calls(void)
{
    start_trail();
    int before = numgoroutine();
    go(leaver, NULL);
    await(&ended, 1, "goroutine ended");
    expect_trail("210");
    int64_t end = nanotime() + PATIENCE;
    while (numgoroutine() != before) {
        CHECK(nanotime() < end, "%d goroutines, expected %d", numgoroutine(), before);
        gosched();
    }
}

/* ---- goexit in a deferred call goes on with the remaining ones ---- */

static void exit_again(void *letter)
{
    mark(letter);
    goexit();
}

static void leave_twice(void *arg)
{
    (void)arg;
    defer(end_of, NULL);
    defer(mark, "a");
    defer(exit_again, "b");
    defer(mark, "c");
    goexit();
}

static void fall_off_and_exit(void *arg)
{
    (void)arg;
    defer(end_of, NULL);
    defer(mark, "a");
    defer(exit_again, "b");
    mark("x");
}

static void goexit_inside_a_deferred_call(void)
{
    start_trail();
    go(leave_twice, NULL);
    await(&ended, 1, "goroutine ended");
    expect_trail("cba");
    start_trail();
    go(fall_off_and_exit, NULL);
    await(&ended, 1, "goroutine ended");
    expect_trail("xba");
}

/* ---- a deferred function may park and defer itself ---- */

static void nap_and_defer(void *letter)
{
    defer(mark, "n");
    gosleep(NSEC_PER_MSEC);
    gosched();
    mark(letter);
}

static void leave_slowly(void *arg)
{
    (void)arg;
    defer(end_of, NULL);
    defer(nap_and_defer, "s");
    defer(mark, "f");
    goexit();
}

static void deferred_calls_may_park(void)
{
    start_trail();
    go(leave_slowly, NULL);
    await(&ended, 1, "goroutine ended");
    expect_trail("fsn");
}

/* ---- gopanic runs them too; goexit in one of them ends the panic ---- */

static void panicker(void *arg)
{
    (void)arg;
    defer(end_of, NULL);
    defer(exit_again, "e");
    defer(mark, "p");
    gopanic("not to be seen");
}

static void goexit_ends_a_panic(void)
{
    start_trail();
    go(panicker, NULL);
    await(&ended, 1, "goroutine ended");
    expect_trail("pe");
}

/* ---- goroutines do not share their lists ---- */

static WaitGroup crowd;

static void set(void *p)
{
    *(int *)p = 1;
}

static void interleave(void *arg)
{
    int a = 0, b = 0;
    {
        defer(set, &a);
        for (int i = 0; i < 5; i++) {
            defer(set, &b);
            gosched();
            CHECK(a == 0, "an outer call ran inside the scope");
        }
        CHECK(b == 1, "the inner call did not run at the end of its scope");
    }
    CHECK(a == 1, "the outer call did not run at the end of its scope");
    wg_done(arg);
}

static void lists_are_per_goroutine(void)
{
    wg_add(&crowd, 200);
    for (int i = 0; i < 200; i++)
        go(interleave, &crowd);
    wg_wait(&crowd);
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"scopes_run_their_calls", scopes_run_their_calls},
        {"goexit_runs_deferred_calls", goexit_runs_deferred_calls},
        {"goexit_inside_a_deferred_call", goexit_inside_a_deferred_call},
        {"deferred_calls_may_park", deferred_calls_may_park},
        {"goexit_ends_a_panic", goexit_ends_a_panic},
        {"lists_are_per_goroutine", lists_are_per_goroutine},
    };
    return test_main_procs(tests, sizeof tests / sizeof *tests, argc, argv);
}

/**
 * @file lab03_program.c
 * A whole program on the student's scheduler.
 */
#include <string.h>
#include "judge.h"

/* Two goroutines that yield to each other come to an end. */
TEST(HelloRuns)
{
    struct run_result r;
    const char *argv[] = {"hello", NULL};
    const char *env[] = {"HANDOFFPROCS=2", NULL};
    struct limits l = {.wall_ms = 5000, .threads = true};
    run_program(argv, env, &l, &r);
    expect_exit(&r, 0);
    ck_assert_str_eq(r.out, "ok hello\n");
    ck_assert_int_ge(r.max_threads, 1);
}

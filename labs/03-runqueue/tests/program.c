/**
 * @file program.c
 * Whole programs on your scheduler, on real threads.
 */
#include "lab03.h"

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
}

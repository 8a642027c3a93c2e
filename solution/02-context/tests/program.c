/**
 * @file program.c
 * Whole programs on the student's switches, stacks and goroutines.
 */
#include <stdio.h>
#include <string.h>
#include "judge.h"

/** Runs one test of the program `context`; it must say that all is well. */
static void context(const char *name, const char *procs)
{
    struct run_result r;
    char ok[64];
    const char *argv[] = {"context", name, NULL}, *env[] = {procs, NULL};
    run_program(argv, env, &(struct limits){.wall_ms = 8000}, &r);
    expect_exit(&r, 0);
    snprintf(ok, sizeof ok, "ok %s\n", name);
    if (strcmp(r.out, ok) != 0)
        fail("context %s should have said \"ok %s\"; it said: %s", name, name, r.out);
}

TEST(HelloRuns)
{
    struct run_result r;
    run_program((const char *[]){"hello", NULL}, (const char *[]){"HANDOFFPROCS=2", NULL}, NULL, &r);
    expect_exit(&r, 0);
    if (strcmp(r.out, "ok hello\n") != 0)
        fail("hello should have said \"ok hello\"; it said: %s", r.out);
}

TEST(EachGoroutineGetsItsArgumentAndItsOwnId)
{
    context("arguments", "HANDOFFPROCS=2");
}

TEST(EachGoroutineKeepsItsRoundingMode)
{
    context("rounding", "HANDOFFPROCS=1");
    context("rounding", "HANDOFFPROCS=4");
}

TEST(StacksHaveTheSizeThatWasAskedFor)
{
    context("stacksizes", "HANDOFFPROCS=2");
}

TEST(AProgramThatOverflowsAStackSaysSo)
{
    struct run_result r;
    run_program((const char *[]){"crash", "stackoverflow", NULL}, NULL, NULL, &r);
    expect_exit(&r, 2);
    if (!strstr(r.err, "fatal error: stack overflow"))
        fail(
            "a program ran over the end of a goroutine's stack; it should have ended with \"fatal error: stack "
            "overflow\", but said: %.600s",
            r.err);
}

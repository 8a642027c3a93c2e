/**
 * @file check.h
 * Checks of the whole-runtime tests. A program that fails one says where and what, and ends with status 1.
 */
#ifndef HANDOFF_TEST_CHECK_H
#define HANDOFF_TEST_CHECK_H

#include "handoff.h"

/** Ends the program unless cond holds; what follows is a format with its arguments that says what was
 * expected. */
#define CHECK(cond, ...)                                              \
    do {                                                              \
        if (!(cond)) {                                                \
            goprintf(2, "%s:%d: not true: %s: ", __FILE__, __LINE__, #cond); \
            goprintf(2, __VA_ARGS__);                                 \
            goprintf(2, "\n");                                        \
            goexitprocess(1);                                         \
        }                                                             \
    } while (0)

/** How long a test waits for what must come true: long, for the machine may be busy and the program stopped meanwhile. */
#define PATIENCE (60 * NSEC_PER_SEC)

/** One test of a program: a name and a function. */
struct test {
    const char *name; /**< as given on the command line */
    void (*fn)(void); /**< returns if all is well */
};

static inline bool test_same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

/** Runs the tests that are named on the command line, or all; a line for each. The exit status of the
 * program. */
static inline int test_main(const struct test *tests, int n, int argc, char **argv)
{
    int ran = 0;
    for (int i = 0; i < n; i++) {
        bool wanted = argc < 2;
        for (int a = 1; a < argc; a++)
            wanted |= test_same(argv[a], tests[i].name);
        if (!wanted)
            continue;
        tests[i].fn();
        goprintf(1, "ok %s\n", tests[i].name);
        ran++;
    }
    if (ran == 0) {
        goprintf(2, "no test of that name; there are:");
        for (int i = 0; i < n; i++)
            goprintf(2, " %s", tests[i].name);
        goprintf(2, "\n");
        return 2;
    }
    return 0;
}

/** Runs the tests with 1, 2 and 4 Ps, one round after the other. */
static inline int test_main_procs(const struct test *tests, int n, int argc, char **argv)
{
    for (int procs = 1; procs <= 4; procs *= 2) {
        gomaxprocs_set(procs);
        goprintf(1, "GOMAXPROCS %d\n", procs);
        int status = test_main(tests, n, argc, argv);
        if (status != 0)
            return status;
    }
    return 0;
}

/** Takes one step after the other until cond; fails if that has not come true after PATIENCE. */
#define UNTIL(cond, step, what)                              \
    do {                                                     \
        int64_t end_ = nanotime() + PATIENCE;                \
        while (!(cond)) {                                    \
            CHECK(nanotime() < end_, "this will be: " what); \
            step;                                            \
        }                                                    \
    } while (0)

/** Yields until *p == want; fails if that has not come true after PATIENCE. */
static inline void await(_Atomic int *p, int want, const char *what)
{
    int64_t end = nanotime() + PATIENCE;
    while (*p != want) {
        CHECK(nanotime() < end, "%s: is %d, and will be %d", what, *p, want);
        gosched();
    }
}

#endif

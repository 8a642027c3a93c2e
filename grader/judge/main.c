/**
 * @file main.c
 * A judge's main program: all TESTs that are linked in, run by Check, each in a process of its own.
 *
 *   judge03 [-l] [-q] [-v] [-o FILE.xml] [-f USAGE] [-p PROGRAMS] [-s SEED] [GUEST] [PATTERN...]
 *
 * GUEST is taken from HANDOFF_GUEST if that is set; then all arguments are patterns. A pattern selects the
 * tests whose names contain it. USAGE is the file for what each
 * test has used (usage.c). Exit status: 0 all passed, 1 some failed, 2 wrong use.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>
#include "judge.h"

extern const struct judge_test *const __start_judge_tests[]
    __attribute__((weak)); /* weak: a judge without tests links */
extern const struct judge_test *const __stop_judge_tests[] __attribute__((weak));

static uint64_t seed;
double judge_began, *judge_delayed;

/** One step of splitmix64. */
static uint64_t mix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

uint64_t rnd(void)
{
    static uint64_t state;
    if (!state) { /* the first time in this test's process: the seed and the test's name */
        state = seed;
        for (const char *s = tcase_name(); *s; s++)
            state = (state ^ (uint64_t)(unsigned char)*s) * 0x100000001b3ull;
    }
    return mix(&state);
}

uint64_t rndn(uint64_t n)
{
    return rnd() % n;
}

/** Source order: by file, then line. */
static int by_place(const void *a, const void *b)
{
    const TTest *x = (*(const struct judge_test *const *)a)->test,
                *y = (*(const struct judge_test *const *)b)->test;
    int d = strcmp(x->file, y->file);
    return d ? d : x->line - y->line;
}

/** No patterns, or one of them is in the name. */
static bool selected(const char *name, char **patterns)
{
    if (!*patterns)
        return true;
    for (; *patterns; patterns++)
        if (strstr(name, *patterns))
            return true;
    return false;
}

/** "lab03_ring" of "grader/tests/lab03_ring.c"; kept until the process ends. */
static const char *group_of(const char *path)
{
    static char groups[64][64];
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    int len = (int)strcspn(base, ".");
    for (int i = 0; i < 64; i++) {
        if (!groups[i][0])
            snprintf(groups[i], sizeof groups[i], "%.*s", len, base);
        if (strncmp(groups[i], base, (size_t)len) == 0 && groups[i][len] == 0)
            return groups[i];
    }
    return "tests";
}

/** Groups of tests of one file and one time limit. */
static Suite *make_suite(const struct judge_test **tests, size_t n)
{
    Suite *s = suite_create("judge");
    TCase *tc = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!tc || strcmp(tests[i]->test->file, tests[i - 1]->test->file) != 0 ||
            tests[i]->seconds != tests[i - 1]->seconds) {
            tc = tcase_create(group_of(tests[i]->test->file));
            tcase_add_checked_fixture(tc, judge_setup, judge_teardown);
            tcase_set_timeout(tc, tests[i]->seconds * JUDGE_PATIENCE);
            suite_add_tcase(s, tc);
        }
        tcase_add_test(tc, tests[i]->test);
    }
    return s;
}

static int usage(const char *self)
{
    fprintf(stderr,
            "usage: %s [-l] [-q] [-v] [-o FILE.xml] [-f USAGE] [-p PROGRAMS] [-s SEED] [GUEST] [PATTERN...]\n", self);
    return 2;
}

/** The programs of a guest "dir/guest03" lie in "dir/prog03", unless they were named. */
static void default_programs(void)
{
    static char path[4096];
    const char *guest = judge_guest ? strstr(judge_guest, "guest") : NULL;
    for (const char *s = guest; s && (s = strstr(s + 1, "guest")) != NULL;)
        guest = s; /* the last one */
    if (judge_programs || !guest)
        return;
    snprintf(path, sizeof path, "%.*sprog%s", (int)(guest - judge_guest), judge_guest, guest + 5);
    judge_programs = path;
}

int main(int argc, char **argv)
{
    bool list_only = false;
    enum print_output mode = CK_NORMAL;
    const char *xml = NULL, *seedtext = getenv("HANDOFF_SEED");
    judge_guest = getenv("HANDOFF_GUEST");
    judge_launcher = getenv("HANDOFF_LAUNCHER");
    judge_programs = getenv("HANDOFF_PROGRAMS");
    for (int c; (c = getopt(argc, argv, "lqvo:f:p:s:")) != -1;) {
        switch (c) {
        case 'l':
            list_only = true;
            break;
        case 'q':
            mode = CK_SILENT;
            break;
        case 'v':
            mode = CK_VERBOSE;
            break;
        case 'o':
            xml = optarg;
            break;
        case 'f':
            judge_usage_fd = open(optarg, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
            if (judge_usage_fd < 0)
                return usage(argv[0]);
            break;
        case 'p':
            judge_programs = optarg;
            break;
        case 's':
            seedtext = optarg;
            break;
        default:
            return usage(argv[0]);
        }
    }
    if (!judge_guest && !list_only && optind < argc)
        judge_guest = argv[optind++];
    default_programs();
    size_t all = (size_t)(__stop_judge_tests - __start_judge_tests), n = 0;
    const struct judge_test **tests = calloc(all + 1, sizeof *tests);
    for (size_t i = 0; i < all; i++)
        if (__start_judge_tests[i] && selected(__start_judge_tests[i]->test->name, argv + optind))
            tests[n++] = __start_judge_tests[i];
    qsort(tests, n, sizeof *tests, by_place);
    if (list_only) {
        for (size_t i = 0; i < n; i++)
            printf("%s\t%s\n", tests[i]->test->name, group_of(tests[i]->test->file));
        free(tests);
        return 0;
    }
    if (n == 0) {
        fprintf(stderr, "%s: no test of that name; -l lists them\n", argv[0]);
        return 2;
    }
    if (seedtext)
        seed = strtoull(seedtext, NULL, 0);
    else if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return 2;
    judge_pid = getpid();
    judge_began = judge_seconds();
    judge_delayed = mmap(NULL, sizeof *judge_delayed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (judge_delayed == MAP_FAILED)
        return 2;
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    personality(ADDR_NO_RANDOMIZE); /* guests and programs: an address in a message is the same each time */
    SRunner *sr = srunner_create(make_suite(tests, n));
    srunner_set_fork_status(sr, CK_FORK);
    if (xml)
        srunner_set_xml(sr, xml);
    srunner_run_all(sr, mode);

    judge_sweep();
    int failed = srunner_ntests_failed(sr);
    if (failed && mode != CK_SILENT)
        printf("seed %llu\n", (unsigned long long)seed);
    srunner_free(sr);
    free(tests);
    return failed != 0;
}

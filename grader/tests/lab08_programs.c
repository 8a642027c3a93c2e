/**
 * @file lab08_programs.c
 * Whole programs under the student's monitor: what takes longer, or prints more.
 */
#include <regex.h>
#include <string.h>
#include "judge.h"

static void run_test(struct run_result *r, const char *program, const char *test, const char *procs,
                     const char *debug)
{
    const char *argv[] = {program, test, NULL};
    const char *env[] = {procs, debug, NULL};
    run_program(argv, env, &(struct limits){.wall_ms = 9000, .out_max = 4 << 20}, r);
    expect_exit(r, 0);
}

TEST(ALockedGoroutineInALoopIsPreempted)
{
    struct run_result r;
    run_test(&r, "fairness", "locked_loops_are_preempted", "HANDOFFPROCS=1", NULL);
}

TEST(RegistersSurvivePreemption)
{
    struct run_result r;
    run_test(&r, "preempt", "registers_survive", "HANDOFFPROCS=2", NULL);
}

TEST(PreemptionBySignalIsASwitch)
{
    struct run_result r;
    run_test(&r, "preempt", "the_switch", "HANDOFFPROCS=2", NULL);
}

TEST(CollectionsAreForcedWhileLoopsRun)
{
    struct run_result r;
    run_test(&r, "gc", "forced_while_busy", "HANDOFFPROCS=2", NULL);
}

/* No collection is due; what gives the memory back is sysmon, when it sees that nothing runs. It hardly
 * uses the CPU. */
TEST(AQuietProgramsMemoryGoesBack)
{
    struct run_result r;
    run_test(&r, "gc", "quiet", "HANDOFFPROCS=2", NULL);
}

/** What a line of the detailed trace may be. */
static const char *const kinds[] = {
    "^SCHED [0-9]+ms: gomaxprocs=2 .* gcwaiting=(true|false) nmidlelocked=-?[0-9]+ stopwait=[0-9]+ "
    "sysmonwait=(true|false)$",
    "^  P[01]: status=[0-4] schedtick=[0-9]+ syscalltick=[0-9]+ m=([0-9]+|nil) runqsize=[0-9]+ gfreecnt=[0-9]+ "
    "timerslen=[0-9]+$",
    "^  M[0-9]+: p=([01]|nil) curg=([0-9]+|nil) mallocing=0 throwing=0 preemptoff= locks=[0-9]+ dying=0 "
    "spinning=(true|false) blocked=(true|false) lockedg=([0-9]+|nil)$",
    "^  G[0-9]+: status=[0-6]\\([a-zA-Z .()]*\\) m=([0-9]+|nil) lockedm=([0-9]+|nil)$",
};
enum { HEAD, P, M, G, KINDS };

/** Counts the lines of text of each kind; fails at the first that is of none. */
static void count_lines(const char *text, int n[KINDS])
{
    regex_t re[KINDS];
    for (int k = 0; k < KINDS; k++)
        if (regcomp(&re[k], kinds[k], REG_EXTENDED | REG_NOSUB))
            fail("test: bad pattern");
    for (const char *s = text; *s;) {
        char line[4096];
        size_t len = strcspn(s, "\n"), keep = len < sizeof line - 1 ? len : sizeof line - 1;
        int k = 0;
        memcpy(line, s, keep);
        line[keep] = 0;
        while (k < KINDS && regexec(&re[k], line, 0, NULL, 0) != 0)
            k++;
        if (k == KINDS)
            fail("this line of the detailed trace is not as it should be: %s", line);
        n[k]++;
        s += len + (s[len] == '\n');
    }
}

/** Takes the last trace off text: the program's end may have cut it. */
static void without_the_last(char *text)
{
    char *last = text;
    for (char *s = text; (s = strstr(s, "\nSCHED ")) != NULL; s++)
        last = s + 1;
    *last = 0;
}

TEST(ADetailedTraceOfAProgram)
{
    struct run_result r;
    run_test(&r, "schedtrace", "several_traces", "HANDOFFPROCS=2", "HANDOFFDEBUG=schedtrace=5,scheddetail=1");
    without_the_last(r.err);
    int n[KINDS] = {0};
    count_lines(r.err, n);
    if (n[HEAD] < 5 || n[P] != 2 * n[HEAD] || n[M] < 2 * n[HEAD] || n[G] < n[HEAD])
        fail("%d traces should have two Ps each, two Ms and a G or more; there are %d Ps, %d Ms, %d Gs:\n%.3000s",
             n[HEAD], n[P], n[M], n[G], r.err);
}

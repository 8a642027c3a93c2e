/**
 * @file main.c
 * The explorer's main program: every scenario that is linked in, each in a process of its own; one line of JSON for each.
 *
 *   PROGRAM [-l] [-b BOUND] [-n EXECUTIONS] [-r REPLAY] [SCENARIO ...]
 *
 * Exit status: 0 every verdict is the expected one, 1 not so, 2 wrong use, 3 the explorer came to a limit.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "engine.h"

extern const struct ex_scenario *const __start_ex_scenarios[] __attribute__((weak)); /* weak: a lab may have none */
extern const struct ex_scenario *const __stop_ex_scenarios[] __attribute__((weak));

/** Added to the exit status of a scenario's process when its result has been printed. */
enum { REPORTED = 64 };

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static bool wanted(const char *name, char **names)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/** Explores one scenario in this process; its exit status. */
static int explore_one(const struct ex_scenario *sc, int bound, uint64_t maxexec, const char *replay)
{
    search_init();
    eng->maxexec = maxexec;
    double start = now();
    bool ok = replay ? search_replay(sc, replay) : search(sc, bound);
    report(ok, now() - start);
    if (!ok && strcmp(eng->verdict, "limit") == 0)
        return 3;
    return strcmp(ok ? "ok" : eng->verdict, sc->expect ? sc->expect : "ok") == 0 ? 0 : 1;
}

/** The same in a child: a scenario that breaks everything breaks only that. */
static int explore_apart(const struct ex_scenario *sc, int bound, uint64_t maxexec, const char *replay)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(REPORTED + explore_one(sc, bound, maxexec, replay));
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 2;
    if (WIFEXITED(status) && WEXITSTATUS(status) >= REPORTED)
        return WEXITSTATUS(status) - REPORTED;
    bool ended = WIFEXITED(status); /* by the code under test: it has not been explored */
    printf("{\"scenario\": \"%s\", \"says\": \"%s\", \"verdict\": \"%s\", \"seconds\": 0, \"message\": \"the process ended with %s %d\"}\n",
           sc->name, sc->says ? sc->says : "", ended ? "early_exit" : "broken", ended ? "status" : "signal",
           ended ? WEXITSTATUS(status) : WTERMSIG(status));
    return ended ? 1 : 3;
}

int main(int argc, char **argv)
{
    int bound = 2, worst = 0, n = 0;
    uint64_t maxexec = 3000000;
    const char *replay = NULL;
    bool list = false;
    for (int c; (c = getopt(argc, argv, "lb:n:r:")) != -1;) {
        if (c == 'l')
            list = true;
        else if (c == 'b')
            bound = atoi(optarg);
        else if (c == 'n')
            maxexec = strtoull(optarg, NULL, 10);
        else if (c == 'r')
            replay = optarg;
        else
            return 2;
    }
    if (replay && !search_replayable(replay)) {
        fprintf(stderr, "%s: a replay string begins with a digit for the phase, one for the bound, and a point\n", argv[0]);
        return 2;
    }
    for (const struct ex_scenario *const *p = __start_ex_scenarios; p < __stop_ex_scenarios; p++) {
        if (!wanted((*p)->name, argv + optind))
            continue;
        n++;
        if (list) {
            printf("%s\t%s\n", (*p)->name, (*p)->says ? (*p)->says : "");
            continue;
        }
        int status = explore_apart(*p, bound, maxexec, replay);
        worst = status > worst ? status : worst;
    }
    if (n == 0) {
        fprintf(stderr, "%s: %s\n", argv[0],
                argv[optind] ? "no scenario of that name; -l lists them" : "this lab has no public scenarios");
        return 2;
    }
    return worst;
}

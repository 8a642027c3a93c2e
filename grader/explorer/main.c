/**
 * @file main.c
 * The explorer's main program: every scenario that is linked in, each in a process of its own; one line of JSON for each.
 *
 *   PROGRAM [-l] [-b BOUND] [-n EXECUTIONS] [-r REPLAY] [SCENARIO ...]
 *
 * Exit status: 0 every verdict is the expected one, 1 not so, 2 wrong use, 3 the explorer came to a limit.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine.h"

extern const struct ex_scenario *const __start_ex_scenarios[] __attribute__((weak)); /* weak: a lab may have none */
extern const struct ex_scenario *const __stop_ex_scenarios[] __attribute__((weak));

/** Added to the exit status of a scenario's process when its result has been printed. */
enum { REPORTED = 64 };

enum { NONCE = 32, OUTPUT_MAX = 64 << 20 };

static bool wanted(const char *name, char **names)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* ---- the process that explores ---- */

/** Explores one scenario in this process; its exit status. The result is printed when the parent has told the nonce. */
static int explore_one(const struct ex_scenario *sc, int bound, uint64_t maxexec, const char *replay)
{
    char nonce[NONCE + 1] = "";
    search_init();
    eng->maxexec = maxexec;
    if (!cage(STDOUT_FILENO))
        return 2;
    bool ok = replay ? search_replay(sc, replay) : search(sc, bound);
    if (write(STDOUT_FILENO, "?", 1) != 1 || read(STDOUT_FILENO, nonce, NONCE) != NONCE)
        return 2;
    printf("%s\n", nonce);
    report(ok);
    if (!ok && strcmp(eng->verdict, "limit") == 0)
        return 3;
    return strcmp(ok ? "ok" : eng->verdict, sc->expect ? sc->expect : "ok") == 0 ? 0 : 1;
}

/** In the child: nothing is its own but the channel, which is its standard output. */
static _Noreturn void become_explorer(int channel, const struct ex_scenario *sc, int bound, uint64_t maxexec, const char *replay)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(channel, STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0u, 0);
    close(STDERR_FILENO);
    close(STDIN_FILENO);
    _exit(REPORTED + explore_one(sc, bound, maxexec, replay));
}

/* ---- the process that asks ---- */

/** All that comes until the end of file, but not more than OUTPUT_MAX. */
static char *read_all(int fd)
{
    size_t len = 0, size = 1 << 16;
    char *text = malloc(size + 1);
    for (ssize_t n; text && (n = read(fd, text + len, size - len)) > 0;) {
        len += (size_t)n;
        char *more = len == size && size < OUTPUT_MAX ? realloc(text, 2 * size + 1) : NULL;
        if (more) {
            text = more;
            size *= 2;
        }
    }
    if (text)
        text[len] = 0;
    return text;
}

/**
 * The child's line of JSON, or NULL: *forged says if it has said something else. The nonce is made when the child says that it has a verdict: what was written before, or by
 * somebody who has not read it, is no verdict.
 */
static char *hear(int fd, const char *scenario, bool *forged)
{
    unsigned char r[NONCE / 2];
    char c, nonce[NONCE + 2], start[256];
    if (read(fd, &c, 1) != 1)
        return NULL;
    *forged = c != '?';
    if (*forged || getrandom(r, sizeof r, 0) != sizeof r)
        return NULL;
    for (size_t i = 0; i < sizeof r; i++)
        snprintf(nonce + 2 * i, 3, "%02x", r[i]);
    if (send(fd, nonce, NONCE, MSG_NOSIGNAL) != NONCE)
        return NULL;
    char *text = read_all(fd), *line = text ? text + NONCE + 1 : NULL;
    size_t len = text ? strlen(text) : 0;
    snprintf(start, sizeof start, "{\"scenario\": \"%s\", ", scenario);
    strcat(nonce, "\n");
    *forged = len > 0 &&
        (len < NONCE + 4 || strncmp(text, nonce, NONCE + 1) != 0 || strncmp(line, start, strlen(start)) != 0 ||
         strcmp(text + len - 2, "}\n") != 0 || strchr(line, '\n') != text + len - 1);
    if (len == 0 || *forged)
        return NULL;
    text[len - 2] = 0; /* more follows */
    return line;
}

/** What became of a scenario whose process gave no verdict. */
static int without_verdict(const struct ex_scenario *sc, int status, bool forged)
{
    bool ended = WIFEXITED(status), syscall = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    printf("{\"scenario\": \"%s\", \"says\": \"%s\", \"verdict\": \"%s\", \"message\": \"", sc->name, sc->says ? sc->says : "",
           forged ? "protocol_violation" : ended ? "early_exit" : syscall ? "limit_syscall" : "broken");
    if (forged)
        printf("what it said is not the explorer's verdict\"");
    else if (syscall)
        printf("the code made a system call: there is no kernel in the explorer\"");
    else
        printf("the process ended with %s %d\"", ended ? "status" : "signal", ended ? WEXITSTATUS(status) : WTERMSIG(status));
    return forged || ended || syscall ? 1 : 3;
}

/** Explores a scenario in a child: what breaks everything breaks only that. This process runs nothing of the code under test. */
static int explore_apart(const struct ex_scenario *sc, int bound, uint64_t maxexec, const char *replay)
{
    int sv[2], status;
    struct rusage ru;
    fflush(stdout);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
        return 2;
    pid_t pid = fork();
    if (pid == 0)
        become_explorer(sv[1], sc, bound, maxexec, replay);
    close(sv[1]);
    bool forged = false;
    char *line = pid > 0 ? hear(sv[0], sc->name, &forged) : NULL;
    if (forged)
        kill(pid, SIGKILL);
    close(sv[0]);
    if (pid < 0 || wait4(pid, &status, 0, &ru) != pid)
        return 2;
    bool told = line && WIFEXITED(status) && WEXITSTATUS(status) >= REPORTED;
    if (told)
        printf("%s", line);
    int result = told ? WEXITSTATUS(status) - REPORTED : without_verdict(sc, status, forged || line);
    double seconds = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) + (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1e-6;
    printf(", \"seconds\": %.3f, \"peak_kb\": %ld}\n", seconds, ru.ru_maxrss);
    return result;
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

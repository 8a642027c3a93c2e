/**
 * @file program.c
 * Running a whole program as a guest, seen from outside: output, status, CPU, threads, reports on fd 3.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "judge.h"

enum { MAXARGS = 32, REPORTS_MAX = 1 << 20, SLICE = 50, FLOOD = 64 << 20, DUMP_MS = 500 };

/** A growing text with a limit; what is beyond is read and dropped. */
struct sink {
    int fd;          /**< -1: closed */
    char *text;      /**< zero-terminated */
    size_t len, max; /**< bytes kept, and how many at most */
    size_t all;      /**< bytes that came */
    bool lines;      /**< each message becomes a line (reports) */
};

/** Reads what is there; closes at end of file. */
static void take(struct sink *s)
{
    char buf[65536];
    for (;;) {
        ssize_t n = read(s->fd, buf, sizeof buf);
        if (n < 0 || s->all > FLOOD)
            return;
        if (n == 0) {
            close(s->fd);
            s->fd = -1;
            return;
        }
        s->all += (size_t)n;
        size_t keep =
            s->len + (size_t)n + 1 > s->max ? (s->max > s->len + 1 ? s->max - s->len - 1 : 0) : (size_t)n;
        s->text = realloc(s->text, s->len + keep + 2);
        memcpy(s->text + s->len, buf, keep);
        s->len += keep;
        if (s->lines && keep)
            s->text[s->len++] = '\n';
        s->text[s->len] = 0;
    }
}

/** In the child. */
static _Noreturn void become_program(const char *path, char *const argv[], char *const env[],
                                     const int fds[3], int cpu_s)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    int null = open("/dev/null", O_RDWR);
    int f[3];
    for (int i = 0; i < 3; i++)
        f[i] = fcntl(fds[i], F_DUPFD, 20);
    dup2(null, 0);
    for (int i = 0; i < 3; i++)
        dup2(f[i], i + 1);
    close_range(4, ~0u, 0);
    judge_limit(cpu_s, 4096, 16 << 10);
    if (judge_launcher) {
        char *launched[MAXARGS + 2] = {(char *)judge_launcher, (char *)path};
        for (int i = 1; argv[0] && argv[i] && i < MAXARGS; i++)
            launched[i + 1] = argv[i];
        execve(judge_launcher, launched, env);
    } else {
        judge_confine();
        execve(path, argv, env);
    }
    dprintf(2, "cannot start %s: %s\n", path, strerror(errno));
    _exit(126);
}

/** True if the program's time is over. At the limit it is asked what it waits for, and has a moment to say it. */
static bool overdue(pid_t pid, double start, const struct limits *l, struct run_result *res)
{
    static double last;
    if (res->timed_out)
        return judge_seconds() >= last;
    if (!judge_overdue(pid, (int64_t)((judge_seconds() - start) * 1e3), l->wall_ms ? l->wall_ms : 8000, 0))
        return false;
    *judge_delayed += (double)judge_delay_ms(pid) / 1e3;
    res->timed_out = true;
    last = judge_seconds() + DUMP_MS / 1e3;
    kill(pid, SIGQUIT); /* the runtime dumps its state, if it still can */
    return false;
}

/** Watches the program until it has ended; kills it at the limit. */
static void watch(pid_t pid, struct sink sinks[3], const struct limits *l, struct run_result *res)
{
    double start = judge_seconds();
    int slice = l->threads ? 1 : SLICE;
    struct rusage ru;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    for (;;) {
        struct pollfd pf[4] = {
            {sinks[0].fd, POLLIN, 0}, {sinks[1].fd, POLLIN, 0}, {sinks[2].fd, POLLIN, 0}, {pidfd, POLLIN, 0}};
        poll(pf, 4, slice);
        for (int i = 0; i < 3; i++)
            if (sinks[i].fd >= 0)
                take(&sinks[i]);
        judge_look(pid);
        if (l->threads) {
            int n = judge_threads(pid);
            res->max_threads = n > res->max_threads ? n : res->max_threads;
        }
        res->hog |= judge_peak_kb() > JUDGE_PEAK_KB;
        res->flooded |= sinks[0].all + sinks[1].all + sinks[2].all > FLOOD;
        if (wait4(pid, &res->status, WNOHANG, &ru) == pid)
            break;
        if (res->hog || res->flooded || overdue(pid, start, l, res)) {
            kill(pid, SIGKILL);
            wait4(pid, &res->status, 0, &ru);
            break;
        }
    }
    close(pidfd);
    judge_ended(&ru);
    res->wall = judge_seconds() - start;
    res->cpu = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
        (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
    res->maxrss_kb = ru.ru_maxrss;
    for (int i = 0; i < 3; i++)
        if (sinks[i].fd >= 0)
            take(&sinks[i]);
}

/** Lays a fresh token ready for the program's end; see grader/program/ended.c. */
static bool lay_token(int fd, char *token, size_t size)
{
    uint64_t r[2];
    if (getrandom(r, sizeof r, 0) != sizeof r)
        return false;
    int n = snprintf(token, size, "judge-token %016llx%016llx", (unsigned long long)r[0], (unsigned long long)r[1]);
    return send(fd, token, (size_t)n, MSG_NOSIGNAL) == n;
}

void run_program(const char *const argv[], const char *const env[], const struct limits *l,
                 struct run_result *res)
{
    static const struct limits defaults;
    static const char *const noenv[] = {NULL};
    char path[4096], token[64];
    int out[2], err[2], rep[2];
    l = l ? l : &defaults;
    memset(res, 0, sizeof *res);
    judge_used();
    if (strchr(argv[0], '/'))
        snprintf(path, sizeof path, "%s", argv[0]);
    else
        snprintf(path, sizeof path, "%s/%s", judge_programs ? judge_programs : ".", argv[0]);
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, rep) || !lay_token(rep[0], token, sizeof token))
        fail("judge: no pipes: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        fail("judge: cannot fork: %s", strerror(errno));
    if (pid == 0)
        become_program(path, (char *const *)argv, (char *const *)(env ? env : noenv),
                       (int[]){out[1], err[1], rep[1]}, l->cpu_s ? l->cpu_s : 20);
    close(out[1]);
    close(err[1]);
    close(rep[1]);
    size_t max = l->out_max ? l->out_max : 65536;
    struct sink sinks[3] = {{out[0], calloc(1, 2), 0, max, 0, false},
                            {err[0], calloc(1, 2), 0, max, 0, false},
                            {rep[0], calloc(1, 2), 0, REPORTS_MAX, 0, true}};
    for (int i = 0; i < 3; i++)
        fcntl(sinks[i].fd, F_SETFL, O_NONBLOCK);
    watch(pid, sinks, l, res);
    for (int i = 0; i < 3; i++)
        if (sinks[i].fd >= 0)
            close(sinks[i].fd);
    res->out = sinks[0].text;
    res->outlen = sinks[0].len;
    res->err = sinks[1].text;
    res->errlen = sinks[1].len;
    res->reports = sinks[2].text;
    res->ended = strstr(res->reports, token) != NULL;
}

/** The last part of a text. */
static const char *tail(const char *s)
{
    size_t n = strlen(s);
    return n > 1500 ? s + n - 1500 : s;
}

/** What a program that failed has to say: why it died, which stands before a long dump, and its last words. */
static const char *lastwords(const struct run_result *res)
{
    static char text[2048];
    const char *all = *res->err ? res->err : res->out, *end = tail(all);
    const char *why = strstr(all, res->timed_out ? "SIGQUIT: quit" : "fatal error: ");
    if (!why || why >= end)
        return end;
    size_t n = 500;
    if (end - why <= (ptrdiff_t)n)
        return why;
    while (n > 0 && why[n - 1] != '\n')
        n--;
    snprintf(text, sizeof text, "%.*s...\n%s", (int)n, why, end);
    return text;
}

void judge_expect_exit(const char *file, int line, const struct run_result *res, int code)
{
    bool killed = res->timed_out || res->hog || res->flooded;
    if (WIFEXITED(res->status) && WEXITSTATUS(res->status) == code && !killed) {
        if (code == 0 && !res->ended)
            judge_fail(file, line, "[early_exit] the program exited with status 0 before the end of its main function");
        return;
    }
    if (WIFEXITED(res->status) && WEXITSTATUS(res->status) == 70 && strstr(res->err, "is not written yet"))
        judge_fail(file, line, "[unwritten] %s", tail(res->err));
    if (res->hog)
        judge_fail(file, line, "[limit_mem] the program used more than " JUDGE_MEMORY " of memory");
    if (res->flooded)
        judge_fail(file, line, "[limit_output] the program wrote more than %d MiB", FLOOD >> 20);
    if (res->timed_out)
        judge_fail(file, line, "[timeout_wall] the program did not end in %.1f s; last output: %s", res->wall,
                   lastwords(res));
    judge_fail(file, line, "%sthe program %s, wanted: status %d; last output: %s",
               judge_signal(res->status) ? judge_tag(res->status) : "", judge_status(res->status), code, lastwords(res));
}

int64_t reported(const struct run_result *res, const char *key, bool *found)
{
    size_t k = strlen(key);
    int64_t v = 0;
    if (found)
        *found = false;
    for (const char *s = res->reports; s && *s; s += strcspn(s, "\n"), s += *s == '\n') {
        if (strncmp(s, key, k) == 0 && s[k] == ' ') {
            v = strtoll(s + k + 1, NULL, 0);
            if (found)
                *found = true;
        }
    }
    return v;
}

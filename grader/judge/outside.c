/**
 * @file outside.c
 * What the judge knows of a guest without asking it, and what it takes from it before it starts.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "judge.h"

/** The kernel's struct landlock_ruleset_attr with all that later kernels added: older headers lack the last field. */
struct ruleset {
    uint64_t fs;     /**< accesses to files that are denied: none here, that is the sandbox's part */
    uint64_t net;    /**< likewise for the network */
    uint64_t scoped; /**< what is denied towards processes outside */
};
enum { SCOPE_SIGNAL = 2 }; /* LANDLOCK_SCOPE_SIGNAL, Linux 6.12 */

void judge_confine(void)
{
    struct ruleset r = {.scoped = SCOPE_SIGNAL};
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* so that exec as root regains none; no root, no capabilities */
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof r, 0);
    if (fd < 0)
        return; /* an older kernel: signals to the judge remain possible without a sandbox */
    syscall(SYS_landlock_restrict_self, fd, 0);
    close(fd);
}

void judge_limit(int cpu_s, int files, int file_kb)
{
    const struct rlimit core = {0, 0}, cpu = {(rlim_t)cpu_s, (rlim_t)cpu_s + 1}, nofile = {(rlim_t)files, (rlim_t)files},
                        fsize = {(rlim_t)file_kb << 10, (rlim_t)file_kb << 10};
    setrlimit(RLIMIT_CORE, &core);
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_NOFILE, &nofile);
    setrlimit(RLIMIT_FSIZE, &fsize);
}

bool judge_proc(pid_t pid, const char *name, char *buf, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    buf[n > 0 ? n : 0] = 0;
    return n > 0;
}

int judge_threads(pid_t pid)
{
    char buf[1024];
    const char *s = judge_proc(pid, "stat", buf, sizeof buf) ? strrchr(buf, ')') : NULL;
    for (int field = 2; s && field < 20; field++) /* field 2 is the name in parentheses, field 20 num_threads */
        s = strchr(s + 1, ' ');
    return s ? atoi(s) : 0;
}

long judge_delay_ms(pid_t pid)
{
    char path[64], buf[256];
    long long worst = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "task/%.20s/schedstat", e->d_name);
        const char *s = judge_proc(pid, path, buf, sizeof buf) ? strchr(buf, ' ') : NULL;
        long long ns = s ? strtoll(s, NULL, 10) : 0; /* the second number: nanoseconds on a queue of runnable threads */
        worst = ns > worst ? ns : worst;
    }
    if (d)
        closedir(d);
    return (long)(worst / 1000000);
}

bool judge_overdue(pid_t pid, int64_t passed, int64_t limit, long delayed)
{
    if (passed < limit)
        return false;
    return passed >= JUDGE_PATIENCE * limit || passed - (judge_delay_ms(pid) - delayed) >= limit;
}

/** True if the process has not ended: what is a zombie no kill will change. */
static bool alive(pid_t pid)
{
    char buf[1024];
    const char *s = judge_proc(pid, "stat", buf, sizeof buf) ? strrchr(buf, ')') : NULL;
    return s && s[1] == ' ' && s[2] != 'Z' && s[2] != 'X';
}

int judge_kill_children(pid_t pid, pid_t except, bool *living)
{
    char path[64], buf[4096], *end;
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, buf, sizeof buf - 1) : 0;
    if (fd >= 0)
        close(fd);
    buf[len > 0 ? len : 0] = 0;
    for (char *s = buf;; s = end) {
        long child = strtol(s, &end, 10);
        if (child <= 0 || end == s)
            return n;
        if (child == getpid() || child == except)
            continue;
        *living |= alive((pid_t)child);
        n += kill((pid_t)child, SIGKILL) == 0;
    }
}

int judge_sweep(void)
{
    int n = 0;
    bool living = false;
    pid_t r;
    for (;;) { /* what a child leaves behind becomes ours only when it dies: so never wait without killing again */
        n += judge_kill_children(getpid(), 0, &living);
        while ((r = waitpid(-1, NULL, WNOHANG)) > 0) {
        }
        if (r < 0)
            return n;
        usleep(500);
    }
}

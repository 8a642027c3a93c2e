/**
 * @file usage.c
 * What the guests and programs of a test have used: CPU time, peak memory, threads. All of it comes from the kernel.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "judge.h"

int judge_usage_fd = -1;

/** Of this test; Check runs each in a process of its own. */
static struct {
    int64_t cpu_us; /**< of all that have ended, and of their children that they waited for */
    long peak_kb;   /**< of the largest */
    int threads;    /**< most seen in one at a time */
} used;

/** The number after a word at the beginning of a line; 0 if there is none. */
static long number_after(const char *text, const char *word)
{
    const char *s = strstr(text, word);
    return s ? strtol(s + strlen(word), NULL, 10) : 0;
}

void judge_look(pid_t pid)
{
    char buf[4096];
    if (!judge_proc(pid, "status", buf, sizeof buf))
        return;
    long peak = number_after(buf, "\nVmHWM:"), threads = number_after(buf, "\nThreads:");
    used.peak_kb = peak > used.peak_kb ? peak : used.peak_kb;
    used.threads = threads > used.threads ? (int)threads : used.threads;
}

/** Microseconds. */
static int64_t micros(struct timeval tv)
{
    return (int64_t)tv.tv_sec * 1000000 + tv.tv_usec;
}

void judge_ended(const struct rusage *ru)
{
    struct rusage self;
    used.cpu_us += micros(ru->ru_utime) + micros(ru->ru_stime);
    getrusage(RUSAGE_SELF, &self);
    /* Up to its exec a child had this process's memory: only what is more than that can be its own. */
    if (ru->ru_maxrss > self.ru_maxrss && ru->ru_maxrss > used.peak_kb)
        used.peak_kb = ru->ru_maxrss;
}

long judge_peak_kb(void)
{
    return used.peak_kb;
}

void judge_tell_usage(void)
{
    if (judge_usage_fd < 0)
        return;
    char line[512];
    int n = snprintf(line, sizeof line, "%s %lld %ld %d\n", tcase_name(), (long long)used.cpu_us, used.peak_kb,
                     used.threads > 0 ? used.threads : 1);
    if (n > 0 && write(judge_usage_fd, line, (size_t)n) != n) /* its end is open for appending: a line is not torn */
        _exit(1);
}

/**
 * @file host.h
 * What a peer with libc needs for workloads.h: clocks, memory, output.
 */
#ifndef HANDOFF_BENCH_HOST_H
#define HANDOFF_BENCH_HOST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static inline int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t bench_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static inline int64_t bench_cpu(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static inline int64_t bench_rss(void)
{
    int64_t size, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%" SCNd64 " %" SCNd64, &size, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * sysconf(_SC_PAGESIZE);
}

static inline void bench_put(const char *metric, int64_t total, long count)
{
    printf("%s %" PRId64 " %ld\n", metric, total, count);
}

static inline void bench_wrong(const char *what)
{
    fprintf(stderr, "wrong result: %s\n", what);
    exit(1);
}

static inline void *mem_new(size_t n)
{
    void *p = malloc(n);
    if (!p)
        bench_wrong("out of memory");
    return p;
}

static inline void mem_drop(void *p)
{
    free(p);
}

#endif

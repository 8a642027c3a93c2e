/**
 * @file cgroup.h
 * The CPU quota of the control group: parsers that work on texts, so that tests can feed them.
 */
#ifndef HANDOFF_CGROUP_H
#define HANDOFF_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/** Ps for `quota` microseconds of CPU time in each `period`: rounded up, at least 2; 0 if there is no quota. */
int32_t cgroup_procs(int64_t quota, int64_t period);
/** The same from the text of cpu.max ("250000 100000", "max 100000"). */
int32_t cgroup_parse_v2(const char *cpumax);
/** The same from the texts of cpu.cfs_quota_us ("-1": none) and cpu.cfs_period_us. */
int32_t cgroup_parse_v1(const char *quota, const char *period);
/**
 * The process's group in the hierarchy of version 1 (with the cpu controller) or 2, from the text of /proc/self/cgroup.
 * @return false if it is in none, or the name is longer than size - 1
 */
bool cgroup_parse_self(const char *text, int version, char *path, int size);
/** Put before /proc and /sys; "" but in tests. */
extern const char *cgroup_root;
/** The P count that affinity and quota ask for, now. */
int32_t cgroup_machineprocs(void);
/** Starts the goroutine that follows a changed limit. */
void updatemaxprocs_start(void);
/** Sets GOMAXPROCS to n as gomaxprocs_set does, unless the program has chosen it by then. On a user G. */
void gomaxprocs_follow(int n);
/** The program chose GOMAXPROCS itself. */
extern _Atomic bool customgomaxprocs;

#endif

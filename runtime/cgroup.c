/**
 * @file cgroup.c
 * How many Ps a program should have: no more than it may use CPUs.
 *
 * Two things limit that. The affinity mask names the CPUs (ncpu). A control group's CPU quota says how much time all threads
 * together may use: `quota` microseconds in each `period`. A quota of 2.5 CPUs asks for 3 Ps, and no quota for fewer than 2:
 * with one P, nothing would run beside a goroutine that computes.
 */
#include "core.h"
#include "cgroup.h"

enum { TEXTMAX = 8192, PATHMAX = 1024 };

const char *cgroup_root = "";

/** Reads a whole small file into buf, terminated; its length, or -errno. */
static int readfile(const char *path, char *buf, int size)
{
    int fd = linux_open(path, KO_RDONLY | KO_CLOEXEC, 0), n = 0;
    if (fd < 0)
        return fd;
    for (;;) {
        intptr_t r = linux_read(fd, buf + n, (size_t)(size - 1 - n));
        if (r == -EINTR)
            continue;
        if (r <= 0)
            break;
        n += (int)r;
    }
    linux_close(fd);
    buf[n] = 0;
    return n;
}

/** The number at *s, -1 if there is none; *s goes behind it. */
static int64_t number(const char **s)
{
    if (**s < '0' || **s > '9')
        return -1;
    int64_t v = 0;
    while (**s >= '0' && **s <= '9') {
        if (v > INT64_MAX / 10 - 10)
            return -1;
        v = v * 10 + (*(*s)++ - '0');
    }
    return v;
}

int32_t cgroup_procs(int64_t quota, int64_t period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    int64_t n = quota / period + (quota % period != 0);
    return n < 2 ? 2 : n > MAXGOMAXPROCS ? MAXGOMAXPROCS : (int32_t)n;
}

int32_t cgroup_parse_v2(const char *cpumax)
{
    int64_t quota = number(&cpumax);
    if (quota < 0 || *cpumax++ != ' ')
        return 0; /* "max 100000": no limit */
    return cgroup_procs(quota, number(&cpumax));
}

int32_t cgroup_parse_v1(const char *quota, const char *period)
{
    return cgroup_procs(number(&quota), number(&period)); /* "-1": no limit */
}

/** True if the comma-separated list of n bytes at s has the word "cpu". */
static bool hascpu(const char *s, int n)
{
    for (int i = 0; i + 3 <= n; i++)
        if ((i == 0 || s[i - 1] == ',') && s[i] == 'c' && s[i + 1] == 'p' && s[i + 2] == 'u' &&
            (i + 3 == n || s[i + 3] == ','))
            return true;
    return false;
}

bool cgroup_parse_self(const char *text, int version, char *path, int size)
{
    while (*text) {
        const char *controllers = text;
        while (*controllers && *controllers != ':' && *controllers != '\n')
            controllers++;
        const char *group = *controllers == ':' ? ++controllers : controllers;
        while (*group && *group != ':' && *group != '\n')
            group++;
        int nctl = (int)(group - controllers);
        bool ours = *group == ':' && (version == 2 ? nctl == 0 && *text == '0' : hascpu(controllers, nctl));
        if (*group == ':')
            group++;
        int n = 0;
        while (group[n] && group[n] != '\n')
            n++;
        if (ours && n < size) {
            for (int i = 0; i < n; i++)
                path[i] = group[i];
            path[n] = 0;
            return true;
        }
        text = group + n + (group[n] == '\n');
    }
    return false;
}

/** The smallest limit on the way from group up to the root of the hierarchy mounted at mount; 0: none. */
static int32_t limit_up(int version, const char *mount, char *group)
{
    char file[2 * PATHMAX], a[128], b[128];
    int32_t best = 0;
    int n = 0;
    while (group[n])
        n++;
    for (;;) {
        int32_t limit = 0;
        if (version == 2) {
            gosnprintf(file, sizeof file, "%s%s%s/cpu.max", cgroup_root, mount, group);
            if (readfile(file, a, sizeof a) > 0)
                limit = cgroup_parse_v2(a);
        } else {
            gosnprintf(file, sizeof file, "%s%s%s/cpu.cfs_quota_us", cgroup_root, mount, group);
            int got = readfile(file, a, sizeof a);
            gosnprintf(file, sizeof file, "%s%s%s/cpu.cfs_period_us", cgroup_root, mount, group);
            if (got > 0 && readfile(file, b, sizeof b) > 0)
                limit = cgroup_parse_v1(a, b);
        }
        if (limit && (!best || limit < best))
            best = limit;
        while (n > 0 && group[n - 1] != '/')
            n--;
        if (n == 0)
            return best;
        group[--n] = 0; /* the parent; a container sees its own group as the root */
    }
}

/** The control group's limit in Ps, 0: none. */
static int32_t cgroup_limit(void)
{
    static const struct {
        int version;
        const char *mount;
    } places[] = {{2, "/sys/fs/cgroup"}, {2, "/sys/fs/cgroup/unified"}, {1, "/sys/fs/cgroup/cpu"}, {1, "/sys/fs/cgroup/cpu,cpuacct"}};
    static char text[TEXTMAX]; /* used at boot, and by one goroutine at a time afterwards */
    char group[PATHMAX];
    int32_t best = 0;
    gosnprintf(group, sizeof group, "%s/proc/self/cgroup", cgroup_root);
    if (readfile(group, text, sizeof text) <= 0)
        return 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!cgroup_parse_self(text, places[i].version, group, sizeof group))
            continue;
        int32_t limit = limit_up(places[i].version, places[i].mount, group);
        if (limit && (!best || limit < best))
            best = limit;
    }
    return best;
}

int32_t cgroup_machineprocs(void)
{
    int32_t n = ncpu, limit = cgroup_limit();
    if (limit && limit < n)
        n = limit;
    return n > MAXGOMAXPROCS ? MAXGOMAXPROCS : n;
}

int32_t defaultGOMAXPROCS(void)
{
    const char *s = gogetenv("HANDOFFPROCS");
    if (s) {
        const char *end = s;
        int64_t n = number(&end);
        if (n > 0 && n <= MAXGOMAXPROCS && *end == 0) {
            store_relaxed(&customgomaxprocs, true); /* chosen by hand: sysmon leaves it alone */
            return (int32_t)n;
        }
        print("HANDOFFPROCS=%s: wanted a number from 1 to %d\n", s, MAXGOMAXPROCS);
    }
    return cgroup_machineprocs();
}

/* ---- following a changed limit ---- */

/** The goroutine that changes GOMAXPROCS, parked in between. */
static G *updater;
/** It is parked and may be readied (CAS). */
static _Atomic bool updateridle;

static bool updater_parks(G *gp, void *unused)
{
    (void)unused;
    updater = gp;
    store_release(&updateridle, true); /* pairs with the CAS in sysmonUpdateGOMAXPROCS */
    return true;
}

static void updatemaxprocs(void *unused)
{
    (void)unused;
    for (;;) {
        gopark(updater_parks, NULL, waitReasonForceGCIdle);
        gomaxprocs_follow(cgroup_machineprocs());
    }
}

void updatemaxprocs_start(void)
{
    newproc_system(updatemaxprocs, NULL);
}

void sysmonUpdateGOMAXPROCS(int64_t now)
{
    (void)now;
    if (load_relaxed(&customgomaxprocs) || !cas_acquire(&updateridle, true, false))
        return;
    gList list = {NULL};
    glist_push(&list, updater);
    injectglist(&list);
}

/* The CPU quota of the control group: what the kernel's files mean, where they are looked for, and that a change is followed. */
#include "check.h"
#include "core.h"
#include "cgroup.h"

static void a_quota_in_ps(void)
{
    static const struct {
        int64_t quota, period;
        int32_t want;
    } cases[] = {
        {250000, 100000, 3}, {300000, 100000, 3}, {300001, 100000, 4}, {100000, 100000, 2}, {1, 100000, 2}, {-1, 100000, 0},
        {0, 100000, 0}, {100000, 0, 0}, {INT64_MAX, 1, MAXGOMAXPROCS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t got = cgroup_procs(cases[i].quota, cases[i].period);
        CHECK(got == cases[i].want, "%lld us in %lld us are %d Ps, not %d", (long long)cases[i].quota,
              (long long)cases[i].period, cases[i].want, got);
    }
}

static void the_text_of_cpu_max(void)
{
    CHECK(cgroup_parse_v2("250000 100000\n") == 3, "a quota rounds up");
    CHECK(cgroup_parse_v2("max 100000\n") == 0, "max is no limit");
    CHECK(cgroup_parse_v2("") == 0 && cgroup_parse_v2("250000") == 0 && cgroup_parse_v2("-5 100000") == 0 &&
              cgroup_parse_v2("99999999999999999999 100000") == 0,
          "what is not understood is no limit");
    CHECK(cgroup_parse_v1("450000\n", "100000\n") == 5, "version 1 has two files");
    CHECK(cgroup_parse_v1("-1\n", "100000\n") == 0, "-1 is no limit");
}

static void the_text_of_proc_self_cgroup(void)
{
    char path[64];
    const char *v1 = "12:cpuset:/set\n4:cpu,cpuacct:/docker/abc\n0::/init.scope\n";
    CHECK(cgroup_parse_self(v1, 1, path, sizeof path) && test_same(path, "/docker/abc"), "the cpu controller's line, not %s", path);
    CHECK(cgroup_parse_self(v1, 2, path, sizeof path) && test_same(path, "/init.scope"), "the line of version 2, not %s", path);
    CHECK(!cgroup_parse_self("3:cpuset:/x\n", 1, path, sizeof path), "cpuset is not cpu");
    CHECK(!cgroup_parse_self("3:cpu:/x\n", 2, path, sizeof path), "there is no version 2");
    CHECK(cgroup_parse_self("1:name=a:b:/x\n0::/a:b", 2, path, sizeof path) && test_same(path, "/a:b"), "a name may hold a colon");
    CHECK(!cgroup_parse_self("0::/0123456789", 2, path, 8), "a name that does not fit is not cut");
    CHECK(!cgroup_parse_self("", 2, path, sizeof path) && !cgroup_parse_self("garbage\n:::\n", 1, path, sizeof path), "nothing");
}

/* ---- a tree of files like the kernel's ---- */

static char root[64];

static void at_root(char *buf, size_t n, const char *path)
{
    gosnprintf(buf, n, "%s%s", root, path);
}

static void makedir(const char *path)
{
    char full[256];
    at_root(full, sizeof full, path);
    sysret r = RawSyscall(__NR_mkdirat, (uintptr_t)-100, (uintptr_t)full, 0700);
    CHECK(r.err == 0, "mkdir %s (%d)", full, (int)r.err);
}

static void writefile(const char *path, const char *content)
{
    char full[256];
    size_t n = 0;
    at_root(full, sizeof full, path);
    int fd = file_open(full, KO_WRONLY | KO_CREAT | KO_TRUNC, 0600);
    CHECK(fd >= 0, "open %s (%d)", full, fd);
    while (content[n])
        n++;
    CHECK(file_write(fd, content, n) == (intptr_t)n, "write %s", full);
    file_close(fd);
}

static const char *const dirs[] = {"", "/proc", "/proc/self", "/sys", "/sys/fs", "/sys/fs/cgroup", "/sys/fs/cgroup/a", "/sys/fs/cgroup/a/b"};
static const char *const files[] = {"/proc/self/cgroup", "/sys/fs/cgroup/a/cpu.max", "/sys/fs/cgroup/a/b/cpu.max"};
enum { NDIRS = sizeof dirs / sizeof *dirs, NFILES = sizeof files / sizeof *files, AT_REMOVEDIR_ = 0x200 };

static void removetree(void *unused)
{
    char full[256];
    (void)unused;
    for (int i = 0; i < NFILES; i++) {
        at_root(full, sizeof full, files[i]);
        RawSyscall(__NR_unlinkat, (uintptr_t)-100, (uintptr_t)full, 0);
    }
    for (int i = NDIRS; i-- > 0;) {
        at_root(full, sizeof full, dirs[i]);
        RawSyscall(__NR_unlinkat, (uintptr_t)-100, (uintptr_t)full, AT_REMOVEDIR_);
    }
}

/* The smallest limit on the way up counts; a change is followed without being asked, until the program chooses. */
static void limits_are_found_and_followed(void)
{
    gosnprintf(root, sizeof root, "/tmp/handoff-cgroup-%d", linux_getpid());
    for (int i = 0; i < NDIRS; i++)
        makedir(dirs[i]);
    defer(removetree, NULL);
    writefile(files[0], "0::/a/b\n");
    cgroup_root = root;
    ncpu = 8;
    CHECK(cgroup_machineprocs() == 8, "without a limit: as many as CPUs, not %d", cgroup_machineprocs());
    writefile(files[2], "600000 100000\n");
    CHECK(cgroup_machineprocs() == 6, "the group's own limit, 6, not %d", cgroup_machineprocs());
    writefile(files[1], "400000 100000\n");
    CHECK(cgroup_machineprocs() == 4, "its parent's is smaller: 4, not %d", cgroup_machineprocs());
    writefile(files[1], "9900000 100000\n");
    writefile(files[2], "max 100000\n");
    CHECK(cgroup_machineprocs() == 8, "a limit above the CPUs does not matter, not %d", cgroup_machineprocs());

    writefile(files[1], "350000 100000\n");
    store_relaxed(&customgomaxprocs, false); /* as if HANDOFFPROCS had not been set; a switch */
    for (int64_t end = nanotime() + PATIENCE; gomaxprocs_set(0) != 4; gosleep(NSEC_PER_MSEC))
        CHECK(nanotime() < end, "GOMAXPROCS follows the limit: 4, not %d", gomaxprocs_set(0));
    gomaxprocs_set(3);
    gomaxprocs_follow(cgroup_machineprocs());
    CHECK(gomaxprocs_set(0) == 3, "what the program has chosen stays: 3, not %d", gomaxprocs_set(0));
    cgroup_root = "";
}

static const struct test tests[] = {
    {"a_quota_in_ps", a_quota_in_ps},
    {"the_text_of_cpu_max", the_text_of_cpu_max},
    {"the_text_of_proc_self_cgroup", the_text_of_proc_self_cgroup},
    {"limits_are_found_and_followed", limits_are_found_and_followed},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

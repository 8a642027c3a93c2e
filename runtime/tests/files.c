/* Files as a program sees them: what is in a directory, what is known of a file, and nothing outside of a directory. */
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include "check.h"
#include "labs.h"
#include "linux.h"

/** Names in the directory of readdir_is_complete_and_sorted: several calls of getdents64. */
#define NAMES 3000

static char base[64]; /* a directory of this test's own */
static int basefd;

/** A system call that must succeed. */
static void must(const char *what, uintptr_t num, uintptr_t a1, uintptr_t a2, uintptr_t a3)
{
    sysret r = RawSyscall(num, a1, a2, a3);
    CHECK(r.err == 0, "%s succeeds, errno %d", what, (int)r.err);
}

static void makedir(const char *name)
{
    must(name, __NR_mkdirat, (uintptr_t)basefd, (uintptr_t)name, 0700);
}

static void makelink(const char *to, const char *name)
{
    must(name, __NR_symlinkat, (uintptr_t)to, (uintptr_t)basefd, (uintptr_t)name);
}

static void makefile(const char *name, const char *text)
{
    char path[256];
    gosnprintf(path, sizeof path, "%s/%s", base, name);
    int fd = file_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0, "%s can be made, not error %d", path, -fd);
    size_t n = __builtin_strlen(text);
    CHECK(file_write(fd, text, n) == (intptr_t)n && file_close(fd) == 0, "%s can be written", path);
}

static void removename(const char *name, int flags)
{
    must(name, __NR_unlinkat, (uintptr_t)basefd, (uintptr_t)name, (uintptr_t)flags);
}

/** A directory below base, opened. */
static int opendir(const char *name)
{
    int fd = file_openin(basefd, name, O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0, "the directory %s can be opened, not error %d", name, -fd);
    return fd;
}

/* ---- directories ---- */

static void readdir_is_complete_and_sorted(void)
{
    char name[128];
    makedir("many");
    for (int i = 0; i < NAMES; i++) { /* made in another order than theirs */
        gosnprintf(name, sizeof name, "many/%04d-a-name-of-some-length", (i * 1777) % NAMES);
        makefile(name, "");
    }
    int fd = opendir("many"), err = -1;
    size_t n = 0;
    DirEntry *e = file_readdir(fd, &n, &err);
    CHECK(e && err == 0, "the directory can be read, not error %d", err);
    CHECK(n == NAMES, "all %d names are there, not %zu", NAMES, n);
    for (size_t i = 0; i < n; i++) {
        gosnprintf(name, sizeof name, "%04d-a-name-of-some-length", (int)i);
        CHECK(test_same(e[i].name, name), "name %zu is %s, not %s", i, name, e[i].name);
        CHECK(e[i].kind == S_IFREG, "%s is a file, not %x", name, e[i].kind);
    }
    gofree(e);
    file_close(fd);
    for (int i = 0; i < NAMES; i++) {
        gosnprintf(name, sizeof name, "many/%04d-a-name-of-some-length", i);
        removename(name, 0);
    }
    removename("many", AT_REMOVEDIR);
}

static void readdir_knows_kinds(void)
{
    static const struct {
        const char *name;
        uint32_t kind;
    } want[] = {{"A", S_IFDIR}, {"a", S_IFREG}, {"b", S_IFLNK}, {"c", S_IFIFO}, {"\xff", S_IFREG}};
    makedir("kinds");
    makedir("kinds/A");
    makefile("kinds/a", "x");
    makefile("kinds/\xff", "x");
    makelink("nowhere", "kinds/b");
    must("mkfifo", __NR_mknodat, (uintptr_t)basefd, (uintptr_t) "kinds/c", S_IFIFO | 0600);
    int fd = opendir("kinds");
    size_t n = 0;
    DirEntry *e = file_readdir(fd, &n, NULL);
    CHECK(e, "the directory can be read");
    CHECK(n == 5, "five names, not %zu", n);
    for (size_t i = 0; i < 5; i++)
        CHECK(test_same(e[i].name, want[i].name) && e[i].kind == want[i].kind, "%zu is %s of kind %x, not %s, %x", i,
              want[i].name, want[i].kind, e[i].name, e[i].kind);
    gofree(e);
    file_close(fd);
    removename("kinds/A", AT_REMOVEDIR);
    for (size_t i = 1; i < 5; i++) {
        char name[16];
        gosnprintf(name, sizeof name, "kinds/%s", want[i].name);
        removename(name, 0);
    }
    fd = opendir("kinds");
    e = file_readdir(fd, &n, NULL);
    CHECK(e && n == 0, "nothing, not %zu names", n);
    gofree(e);
    file_close(fd);
    removename("kinds", AT_REMOVEDIR);
}

static void a_file_is_no_directory(void)
{
    int err = 0;
    size_t n;
    makefile("plain", "x");
    int fd = file_openin(basefd, "plain", O_RDONLY);
    CHECK(!file_readdir(fd, &n, &err) && err == ENOTDIR, "error ENOTDIR, not %d", err);
    file_close(fd);
    removename("plain", 0);
}

/* ---- what is known of a file ---- */

static void info_is_of_the_name(void)
{
    FileInfo f, l, d, again;
    makefile("file", "12345");
    makelink("file", "link");
    CHECK(file_info(basefd, "file", &f) == 0 && f.size == 5 && S_ISREG(f.mode), "a file of 5 bytes");
    CHECK(f.mtime > 0 && f.mtime <= walltime(), "it was written before now");
    CHECK(file_info(basefd, "link", &l) == 0 && S_ISLNK(l.mode) && l.inode != f.inode, "a link is not followed");
    CHECK(file_info(basefd, "", &d) == 0 && S_ISDIR(d.mode), "the directory itself");
    int fd = file_openin(basefd, "file", O_RDONLY);
    CHECK(file_info(fd, "", &again) == 0 && again.inode == f.inode && again.size == 5, "an open file itself");
    CHECK(file_info(basefd, "nothing", &f) == -ENOENT, "no such name is ENOENT");
    CHECK(file_info(fd, "x", &f) == -ENOTDIR, "a name in a file is ENOTDIR");
    file_close(fd);
    char path[100];
    gosnprintf(path, sizeof path, "%s/file", base);
    CHECK(file_remove(path) == 0 && file_remove(path) == -ENOENT, "removed once");
    removename("link", 0);
}

/* ---- nothing outside ---- */

/** What path must lead to: 0 a file with the text "in", else an error. followed: links are. */
static void confined(bool followed)
{
    const struct {
        const char *path;
        int want;
    } cases[] = {
        {"file", 0},
        {"sub/file", 0},
        {"./sub//./file", 0},
        {"", -ENOENT},
        {"nothing", -ENOENT},
        {"file/x", -ENOTDIR},
        {"/file", -EXDEV},
        {"/etc/passwd", -EXDEV},
        {"..", -EXDEV},
        {"../root/file", -EXDEV},
        {"sub/../../secret", -EXDEV},
        {"out", followed ? -EXDEV : -ELOOP},
        {"absolute", followed ? -EXDEV : -ELOOP},
        {"outdir/secret", followed ? -EXDEV : -ENOTDIR}, /* O_NOFOLLOW | O_DIRECTORY on a link */
        {"circle", -ELOOP},
        {"in", followed ? 0 : -ELOOP},
        {"sub/up", followed ? 0 : -ELOOP},
    };
    int root = opendir("root");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[3] = "";
        int fd = file_openin(root, cases[i].path, O_RDONLY);
        CHECK(fd >= 0 ? cases[i].want == 0 : fd == cases[i].want, "%s gives %d, not %d", cases[i].path, cases[i].want,
              fd);
        if (fd < 0)
            continue;
        CHECK(file_read(fd, text, 2) == 2 && test_same(text, "in"), "%s is the file inside, not %s", cases[i].path, text);
        file_close(fd);
    }
    file_close(root);
}

/** True if there is openat2 here: valgrind, and emulators, may not know it. */
static bool has_openat2(void)
{
    struct open_how how = {.flags = O_PATH};
    sysret r = RawSyscall6(__NR_openat2, (uintptr_t)basefd, (uintptr_t) ".", (uintptr_t)&how, sizeof how, 0, 0);
    if (r.err == 0)
        file_close((int)r.r1);
    return r.err != ENOSYS;
}

static void nothing_outside_is_opened(void)
{
    confined(has_openat2());
}

/** From now on openat2 does not exist for this process. False if the kernel does not do that. */
static bool forget_openat2(void)
{
    enum { set_no_new_privs = 38 };
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return RawSyscall6(__NR_prctl, set_no_new_privs, 1, 0, 0, 0, 0).err == 0 &&
        RawSyscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, (uintptr_t)&program).err == 0;
}

/** The last test: there is no way back. */
static void nor_without_openat2(void)
{
    if (forget_openat2())
        confined(false);
    else
        goprintf(1, "no seccomp here: ");
}

static void the_limit_is_raised(void)
{
    uint64_t limit[2];
    enum { nofile = 7 };
    CHECK(RawSyscall6(__NR_prlimit64, 0, nofile, 0, (uintptr_t)limit, 0, 0).err == 0, "the limit can be read");
    limit[0] = 64;
    CHECK(RawSyscall6(__NR_prlimit64, 0, nofile, (uintptr_t)limit, 0, 0, 0).err == 0, "the limit can be lowered");
    int n = file_raiselimit();
    CHECK(RawSyscall6(__NR_prlimit64, 0, nofile, 0, (uintptr_t)limit, 0, 0).err == 0, "the limit can be read");
    CHECK(limit[0] == limit[1], "the limit is as high as it may be: %lu of %lu", limit[0], limit[1]);
    CHECK(n > 0 && (limit[0] > INT32_MAX || (uint64_t)n == limit[0]), "and is what was returned, not %d", n);
}

/* ---- the end ---- */

static void setup(void)
{
    gosnprintf(base, sizeof base, "/tmp/handoff-files-%d", gothreadid());
    must("mkdir", __NR_mkdirat, (uintptr_t)AT_FDCWD, (uintptr_t)base, 0700);
    basefd = file_open(base, O_RDONLY | O_DIRECTORY, 0);
    CHECK(basefd >= 0, "%s can be opened, not error %d", base, -basefd);
    makefile("secret", "no");
    makedir("root");
    makedir("root/sub");
    makefile("root/file", "in");
    makefile("root/sub/file", "in");
    makelink("../secret", "root/out");
    makelink("..", "root/outdir");
    makelink("/etc/passwd", "root/absolute");
    makelink("circle", "root/circle");
    makelink("sub/file", "root/in");
    makelink("../file", "root/sub/up");
}

static void cleanup(void)
{
    static const char *const names[] = {"secret",        "root/file",     "root/sub/file", "root/out", "root/outdir",
                                        "root/absolute", "root/circle",   "root/in",       "root/sub/up"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        removename(names[i], 0);
    removename("root/sub", AT_REMOVEDIR);
    removename("root", AT_REMOVEDIR);
    file_close(basefd);
    must("rmdir", __NR_unlinkat, (uintptr_t)AT_FDCWD, (uintptr_t)base, AT_REMOVEDIR);
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"readdir_is_complete_and_sorted", readdir_is_complete_and_sorted},
        {"readdir_knows_kinds", readdir_knows_kinds},
        {"a_file_is_no_directory", a_file_is_no_directory},
        {"info_is_of_the_name", info_is_of_the_name},
        {"the_limit_is_raised", the_limit_is_raised},
        {"nothing_outside_is_opened", nothing_outside_is_opened},
        {"nor_without_openat2", nor_without_openat2},
    };
    setup();
    int status = test_main(tests, sizeof tests / sizeof *tests, argc, argv);
    cleanup();
    return status;
}

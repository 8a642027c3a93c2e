/* A program that uses the generated wrappers (lab 01's syscalls.in, zsyscall.h) as any program may: files in a folder of its
 * own. */
#include "check.h"
#include "linux.h"
#include "zsyscall.h"

#define STR(text) ((Str){text, sizeof text - 1})

enum { FDCWD = -100, REMOVEDIR = 0x200 }; /* AT_FDCWD, AT_REMOVEDIR */

static char path[32];
static Str folder = {path, 0};
static int at; /* the open folder: all names are looked up there */

static void open_folder(void)
{
    intptr_t fd;
    folder.len = (size_t)gosnprintf(path, sizeof path, "/tmp/wrappers.%ld", (long)sys_getpid());
    Errno err = sys_mkdirat(FDCWD, folder, 0700);
    CHECK(err == 0, "%s can be made, errno %d", path, err);
    err = sys_openat(FDCWD, folder, KO_RDONLY | KO_CLOEXEC, 0, &fd);
    CHECK(err == 0, "and opened, errno %d", err);
    at = (int)fd;
}

static void remove_folder(void)
{
    CHECK(sys_close(at) == 0, "the folder is closed");
    Errno err = sys_unlinkat(FDCWD, folder, REMOVEDIR);
    CHECK(err == 0, "what was made in %s has been removed: errno %d", path, err);
}

static void a_file_is_written_and_read(void)
{
    char is[16] = "";
    intptr_t fd, n;
    int64_t off;
    Errno err = sys_openat(at, STR("a"), KO_RDWR | KO_CREAT | KO_CLOEXEC, 0600, &fd);
    CHECK(err == 0, "a file is made, errno %d", err);
    err = sys_write((int)fd, (Slice){"hello, world", 12}, &n);
    CHECK(err == 0 && n == 12, "12 bytes are written: errno %d, n %ld", err, (long)n);
    err = sys_lseek((int)fd, -5, 2, &off);
    CHECK(err == 0 && off == 7, "five bytes before the end: errno %d, %ld", err, (long)off);
    err = sys_read((int)fd, (Slice){is, sizeof is}, &n);
    CHECK(err == 0 && n == 5 && test_same(is, "world"), "errno %d, n %ld, %s", err, (long)n, is);
    err = sys_pread64((int)fd, (Slice){is, 5}, 0, &n);
    CHECK(err == 0 && n == 5 && test_same(is, "hello"), "errno %d, n %ld, %s", err, (long)n, is);
    CHECK(sys_close((int)fd) == 0, "the file is closed");
    CHECK(sys_unlinkat(at, STR("a"), 0) == 0, "the file is removed");
}

/* A Str is no C string: what lies behind its length is not its, and a 0 in it cannot be meant. */
static void names_end_where_they_say(void)
{
    intptr_t fd;
    Errno err = sys_openat(at, (Str){"new name", 3}, KO_RDWR | KO_CREAT | KO_CLOEXEC, 0600, &fd);
    CHECK(err == 0, "a file is made, errno %d", err);
    CHECK(sys_close((int)fd) == 0, "the file is closed");
    err = sys_renameat(at, STR("new"), at, STR("old"));
    CHECK(err == 0, "its name was \"new\": errno %d", err);
    CHECK(sys_unlinkat(at, STR("old\0er"), 0) == EINVAL, "a name with a 0 in it is refused");
    CHECK(sys_unlinkat(at, STR("old"), 0) == 0, "the file is removed");
}

static void an_error_leaves_the_result_alone(void)
{
    intptr_t fd = 4711;
    Errno err = sys_openat(at, STR("nobody"), KO_RDONLY | KO_CLOEXEC, 0, &fd);
    CHECK(err == ENOENT, "no such file: errno %d", err);
    CHECK(fd == 4711, "fd was written: %ld", (long)fd);
}

static const struct test tests[] = {
    {"a_file_is_written_and_read", a_file_is_written_and_read},
    {"names_end_where_they_say", names_end_where_they_say},
    {"an_error_leaves_the_result_alone", an_error_leaves_the_result_alone},
};

int gomain(int argc, char **argv)
{
    open_folder();
    int status = test_main(tests, sizeof tests / sizeof *tests, argc, argv);
    remove_folder();
    return status;
}

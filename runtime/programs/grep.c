/**
 * @file grep.c
 * Looks for a text in all files below some folders, many at a time: grep [-c] [-i] [-l] [-n]
 * [-j N] TEXT PATH ...
 *
 *     make run LAB=06 PROG=grep ARGS="-n handoffp runtime"
 *
 * A pipeline of three kinds of goroutine:
 *
 *     walker  reads directories, and makes a job of each file, in the order of their names
 *       |  todo
 *     workers -j of them; each takes a job, reads the file, and closes the job's done
 *       |  order: the same jobs, in the walker's order
 *     main    waits for the first job, prints what it found, waits for the next
 *
 * So lines of two files never mix, and the output is the same each time, though nobody knows which file is
 * read first. The channels are bounded: the walker is never more than so many jobs ahead of the printing.
 * Files are read by system calls that block; while a disk takes its time, the P goes to another worker's
 * thread (HANDOFFDEBUG=nohandoff=1 shows the difference on a slow one).
 *
 * Files with a 0 in them are binary, and skipped, as are links and everything else that is not a regular
 * file. The status is grep's: 0 something was found, 1 nothing, 2 there were errors. With -c the output is
 * that of `grep -rFIc`.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "grep/grep.h"
#include "handoff.h"

/** Jobs that the walker may be ahead. */
#define AHEAD 256

/** The command line. */
static Search search;

/** What becomes of one file: made by the walker, filled in by a worker, printed and freed by main. */
typedef struct Job {
    char *path;   /**< as it is printed */
    Result found; /**< what is in it */
    int err;      /**< or why it cannot be read */
    Chan *done;   /**< closed when found or err is there */
} Job;

static Chan *todo, *order; /* of Job pointers */
static const char *const *roots;
static int nroots;

/* ---- the walker ---- */

/** A job for the file path, or the news that it cannot be read. path is the job's from now on. */
static void submit(char *path, int err)
{
    Job *j = gomalloc(sizeof *j);
    *j = (Job){.path = path, .err = err, .done = chan_make(1, 0)};
    if (err != 0)
        chan_close(j->done);
    chan_send(order, &j);
    if (err == 0)
        chan_send(todo, &j);
}

/** dir/name, or name. */
static char *join(const char *dir, const char *name)
{
    size_t n = text(dir).n;
    const char *slash = n > 0 && dir[n - 1] != '/' ? "/" : "";
    size_t room = n + text(name).n + 2;
    char *path = gomalloc(room);
    gosnprintf(path, room, "%s%s%s", dir, slash, name);
    return path;
}

/** Jobs for all that is below the directory path, which is given up. */
static void walk(char *path)
{
    size_t n;
    int err, fd = file_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    DirEntry *e = fd >= 0 ? file_readdir(fd, &n, &err) : NULL;
    if (fd >= 0)
        file_close(fd); /* not while we are below it: a deep tree needs no descriptors */
    if (!e) {
        submit(path, fd < 0 ? -fd : err);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (e[i].kind == S_IFDIR)
            walk(join(path, e[i].name));
        else if (e[i].kind == S_IFREG)
            submit(join(path, e[i].name), 0);
    }
    gofree(e);
    gofree(path);
}

/** Starts with what the command line names: links are followed there, and only there. */
static void walker(void *unused)
{
    (void)unused;
    for (int i = 0; i < nroots; i++) {
        int fd = file_open(roots[i], O_RDONLY | O_DIRECTORY, 0);
        char *path = join(fd >= 0 ? roots[i] : "", fd >= 0 ? "" : roots[i]);
        if (fd >= 0) {
            file_close(fd);
            walk(path);
        } else {
            submit(path, fd == -ENOTDIR ? 0 : -fd);
        }
    }
    chan_close(todo);
    chan_close(order);
}

/* ---- the workers ---- */

/** Takes files, and looks into them. */
static void worker(void *unused)
{
    (void)unused;
    Job *j;
    while (chan_recv(todo, &j)) {
        int fd = file_open(j->path, O_RDONLY, 0);
        j->err = fd < 0 ? -fd : search_file(&search, fd, j->path, &j->found);
        if (fd >= 0)
            file_close(fd);
        chan_close(j->done);
    }
}

/* ---- the output ---- */

/** Appends what is to be said of a job to out; true if something was found. */
static bool report(const Job *j, Buffer *out)
{
    if (j->err != 0) {
        goprintf(2, "grep: %s: error %d\n", j->path, j->err);
        return false;
    }
    if (search.names && j->found.lines > 0)
        buffer_printf(out, "%s\n", j->path);
    else if (search.count && !search.names)
        buffer_printf(out, "%s:%llu\n", j->path, (unsigned long long)j->found.lines);
    else
        buffer_put(out, j->found.out.p, j->found.out.n);
    return j->found.lines > 0;
}

/** Prints the jobs in their order, until there are no more. The status of the program. */
static int printall(void)
{
    Buffer out = {0};
    bool found = false, failed = false;
    Job *j;
    while (chan_recv(order, &j)) {
        chan_recv(j->done, NULL);
        found |= report(j, &out);
        failed |= j->err != 0;
        chan_free(j->done);
        gofree(j->found.out.p);
        gofree(j->path);
        gofree(j);
        if (out.n > 0 && (out.n >= AHEAD * 64 || chan_len(order) == 0)) {
            if (file_write(1, out.p, out.n) < 0)
                return 2;
            out.n = 0;
        }
    }
    if (out.n > 0 && file_write(1, out.p, out.n) < 0)
        return 2;
    return failed ? 2 : found ? 0 : 1;
}

int gomain(int argc, char **argv)
{
    int64_t workers = 16;
    const Option o[] = {
        {.name = "-c", .flag = &search.count, .help = "how many lines of each file have it"},
        {.name = "-i", .flag = &search.nocase, .help = "small letters are as large ones"},
        {.name = "-l", .flag = &search.names, .help = "which files have it"},
        {.name = "-n", .flag = &search.numbers, .help = "with line numbers"},
        {.name = "-j", .number = &workers, .min = 1, .max = 1000, .help = "files read at a time (16)"},
    };
    int first = options(o, sizeof o / sizeof *o, argc, argv, "TEXT PATH ...");
    if (first < 0)
        return 2;
    if (argc - first < 2) {
        goprintf(2, "grep: what to look for, and where?\n");
        return 2;
    }
    search_init(&search, text(argv[first]));
    roots = (const char *const *)argv + first + 1;
    nroots = argc - first - 1;
    todo = chan_make(sizeof(Job *), AHEAD);
    order = chan_make(sizeof(Job *), AHEAD);
    gostack(1 << 20, walker, NULL); /* it calls itself for each level: a path may have two thousand */
    for (int i = 0; i < workers; i++)
        go(worker, NULL);
    return printall();
}

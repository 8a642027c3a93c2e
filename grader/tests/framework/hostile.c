/**
 * @file hostile.c
 * A guest that does what no agent does: each operation is another way to end badly or to cheat. The judge
 * must see each of them, and say which. Used by test_framework.py; hosted, so that the misbehaviour can be
 * written down plainly.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "../../proto.h"

static struct msg m, first;
/** What it does about END. */
static enum { END_WELL, END_UNREAD, END_REPLAYED, END_IGNORED, END_MORE } end;

/** Answers the request in m with one value. */
static void answer(int64_t value)
{
    m.status = MSG_OK;
    m.outcome = OUT_RETURNED;
    m.n = 1;
    m.v[0] = value;
    m.len = 0;
    if (write(GUEST_FD, &m, sizeof m) != sizeof m)
        _exit(99);
}

static void *exit_later(void *unused)
{
    usleep(20000);
    _exit(0);
    return unused;
}

/** Leaves a process behind that outlives this one; it comes into being after ms milliseconds. */
static void leave_child(int ms)
{
    if (fork() == 0) {
        setsid();
        usleep(ms * 1000);
        if (fork() == 0)
            for (;;)
                pause();
        _exit(0);
    }
}

static void *idle(void *unused)
{
    for (;;)
        pause();
    return unused;
}

/** Memory until somebody ends it. */
static void hog(void)
{
    for (;;) {
        char *p = malloc(16 << 20);
        if (p)
            memset(p, 1, 16 << 20);
    }
}

/** Writes until the kernel says that it is too much; without a file system. */
static void grow(void)
{
    int fd = memfd_create("file", 0);
    while (write(fd, m.text, sizeof m.text) > 0) {
    }
}

/** Forbids itself every system call, then makes one. */
static void forbid(void)
{
    struct sock_filter f[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    struct sock_fprog p = {1, f};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p);
    getppid();
}

/** Runs for so many milliseconds of CPU time. */
static void burn(long ms)
{
    struct timespec ts;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    while (ts.tv_sec * 1000 + ts.tv_nsec / 1000000 < ms);
}

/** Needs memory for a moment. */
static void use(size_t bytes)
{
    volatile char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; p != MAP_FAILED && i < bytes; i += 4096)
        p[i] = 1;
    munmap((void *)p, bytes);
}

/** Ways to the judge; how many are open. */
static int attack(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", getppid());
    return (kill(getppid(), SIGCONT) == 0) + (ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0) + (open(path, O_RDWR) >= 0);
}

/** What is wrong with the answer itself, or with its time. */
static void answer_badly(const char *op)
{
    if (strcmp(op, "nonce") == 0)
        m.nonce++;
    if (strcmp(op, "guess") == 0)
        m.nonce = 0x1234;
    if (strcmp(op, "replay") == 0)
        m.nonce = first.nonce;
    if (strcmp(op, "other") == 0)
        strcpy(m.op, "else");
    if (strcmp(op, "short") == 0 && write(GUEST_FD, &m, 100) == 100)
        pause();
    for (int i = 0; strcmp(op, "spam") == 0 && i < 20; i++)
        answer(7);
    if (strcmp(op, "twice") == 0)
        answer(7);
    if (strcmp(op, "late") == 0) {
        answer(7);
        struct msg next;
        if (read(GUEST_FD, &next, sizeof next) != sizeof next)
            _exit(98);
    }
}

/** What shows only at the end. */
static void end_badly(const char *op)
{
    static const char *const ends[] = {"", "unread", "endreplayed", "endignored", "after"};
    for (unsigned i = 1; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(op, ends[i]) == 0)
            end = i;
}

static void misbehave(const char *op)
{
    pthread_t t;
    if (strcmp(op, "exit0") == 0)
        _exit(0);
    if (strcmp(op, "exit3") == 0) {
        fprintf(stderr, "I have had enough\n");
        _exit(3);
    }
    if (strcmp(op, "crash") == 0) {
        fprintf(stderr, "here it comes\n");
        raise(SIGSEGV);
    }
    if (strcmp(op, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(op, "spin") == 0)
        for (volatile int i = 0;; i++) {
        }
    if (strcmp(op, "flood") == 0)
        for (;;)
            if (write(2, m.text, sizeof m.text) < 0)
                _exit(1);
    if (strcmp(op, "memory") == 0)
        hog();
    if (strcmp(op, "idlethread") == 0)
        pthread_create(&t, NULL, idle, NULL);
    if (strcmp(op, "thread") == 0)
        pthread_create(&t, NULL, exit_later, NULL);
    if (strcmp(op, "child") == 0)
        leave_child(0);
    if (strcmp(op, "slowchild") == 0)
        leave_child(100);
    if (strcmp(op, "filesize") == 0)
        grow();
    if (strcmp(op, "syscall") == 0)
        forbid();
    if (strcmp(op, "cpulimit") == 0) {
        setrlimit(RLIMIT_CPU, &(struct rlimit){1, 2});
        burn(60000);
    }
    if (strcmp(op, "uses") == 0) {
        burn(100);
        use(64 << 20);
    }
    if (strcmp(op, "closeerr") == 0) {
        close(1);
        close(2);
    }
    answer_badly(op);
    end_badly(op);
    answer(strcmp(op, "attack") == 0 ? attack() : 7);
    if (end == END_UNREAD)
        _exit(0);
}

/** The answer to END, or what else it does. */
static void say_goodbye(void)
{
    if (end == END_REPLAYED)
        m.nonce = first.nonce;
    m.n = 0;
    for (int i = 0; i < (end == END_MORE ? 2 : 1); i++)
        if (write(GUEST_FD, &m, sizeof m) != sizeof m)
            _exit(99);
    while (end == END_IGNORED)
        pause();
    _exit(0);
}

/** As a program: tells its limits. */
static int tell_limits(void)
{
    struct rlimit core, cpu, files, size;
    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_CPU, &cpu);
    getrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_FSIZE, &size);
    printf("core %ld cpu %ld files %ld size %ld\n", (long)core.rlim_cur, (long)cpu.rlim_cur, (long)files.rlim_cur, (long)size.rlim_cur);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "limits") == 0)
        return tell_limits();
    while (read(GUEST_FD, &m, sizeof m) == sizeof m) {
        if (strcmp(m.op, "END") == 0)
            say_goodbye();
        if (!first.nonce)
            first = m;
        misbehave(m.text); /* "run": the operation's name */
    }
    _exit(9);
}

/**
 * @file ops_lab01.c
 * Operations of lab 01. They call the real functions (those that the world plays are reached as __real_), so
 * that a test sees what the kernel said.
 */
#include "agent.h"

/** Reports r1, r2, err. */
static int64_t sysret_out(struct args *a, sysret r)
{
    a->nout = 2;
    a->out[1] = (int64_t)r.r2;
    a->out[2] = (int64_t)r.err;
    return (int64_t)r.r1;
}

/** linux_Syscall6(num, a1..a6): r1; out 1 r2, out 2 err. */
OP(linux_Syscall6)
{
    const int64_t *v = a->v;
    return sysret_out(a,
                      linux_Syscall6((uintptr_t)v[0], (uintptr_t)v[1], (uintptr_t)v[2], (uintptr_t)v[3],
                                     (uintptr_t)v[4], (uintptr_t)v[5], (uintptr_t)v[6]));
}

OP(RawSyscall)
{
    const int64_t *v = a->v;
    return sysret_out(a, RawSyscall((uintptr_t)v[0], (uintptr_t)v[1], (uintptr_t)v[2], (uintptr_t)v[3]));
}

OP(RawSyscall6)
{
    const int64_t *v = a->v;
    return sysret_out(a,
                      RawSyscall6((uintptr_t)v[0], (uintptr_t)v[1], (uintptr_t)v[2], (uintptr_t)v[3],
                                  (uintptr_t)v[4], (uintptr_t)v[5], (uintptr_t)v[6]));
}

/** lseek(fd, offset): through linux_Syscall6; the number is the CPU's. r1; out 1 r2, out 2 err. */
OP(lseek)
{
    return sysret_out(a, linux_Syscall6(__NR_lseek, (uintptr_t)a->v[0], (uintptr_t)a->v[1], 0, 0, 0, 0));
}

OP(linux_read)
{
    return linux_read((int)a->v[0], agent_scratch + a->v[1], (size_t)a->v[2]);
}

OP(linux_write)
{
    return linux_write((int)a->v[0], agent_scratch + a->v[1], (size_t)a->v[2]);
}

/** linux_open(flags, mode) + path. */
OP(linux_open)
{
    return linux_open(a->text, (int)a->v[0], (int)a->v[1]);
}

OP(linux_close)
{
    return linux_close((int)a->v[0]);
}

/** linux_mmap(addr, n, prot, flags, fd, off). */
OP(linux_mmap)
{
    return linux_mmap((void *)a->v[0], (size_t)a->v[1], (int)a->v[2], (int)a->v[3], (int)a->v[4], a->v[5]);
}

OP(linux_munmap)
{
    return linux_munmap((void *)a->v[0], (size_t)a->v[1]);
}

OP(linux_mprotect)
{
    return linux_mprotect((void *)a->v[0], (size_t)a->v[1], (int)a->v[2]);
}

int __real_linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts);

/** linux_futex(offset of the word in scratch, op, val, ns (< 0: no time-out)): the real call. */
OP(linux_futex)
{
    struct ktimespec ts = {.tv_sec = a->v[3] / NSEC_PER_SEC, .tv_nsec = a->v[3] % NSEC_PER_SEC};
    return __real_linux_futex((_Atomic uint32_t *)(agent_scratch + a->v[0]), (int)a->v[1], (uint32_t)a->v[2],
                              a->v[3] < 0 ? NULL : &ts);
}

int __real_linux_gettid(void);
int __real_linux_tgkill(int pid, int tid, int sig);

OP(linux_tgkill)
{
    return __real_linux_tgkill((int)a->v[0], (int)a->v[1], (int)a->v[2]);
}

/** linux_sigprocmask(how, set): out 1 the old mask. */
OP(linux_sigprocmask)
{
    uint64_t set = (uint64_t)a->v[1], old = 0;
    int r = linux_sigprocmask((int)a->v[0], a->n > 1 ? &set : NULL, &old);
    a->nout = 1;
    a->out[1] = (int64_t)old;
    return r;
}

/** linux_clock_gettime(clock): out 1 seconds, out 2 nanoseconds. */
OP(linux_clock_gettime)
{
    struct ktimespec ts = {0, 0};
    int r = linux_clock_gettime((int)a->v[0], &ts);
    a->nout = 2;
    a->out[1] = ts.tv_sec;
    a->out[2] = ts.tv_nsec;
    return r;
}

/**
 * linux_pipe(flags): out 1, 2 the descriptors (given as v[1], v[2] before, to see that a failure leaves them
 * alone).
 */
OP(linux_pipe)
{
    int fds[2] = {(int)a->v[1], (int)a->v[2]};
    int r = linux_pipe(fds, (int)a->v[0]);
    a->nout = 2;
    a->out[1] = fds[0];
    a->out[2] = fds[1];
    return r;
}

OP(linux_fcntl)
{
    return linux_fcntl((int)a->v[0], (int)a->v[1], (uintptr_t)a->v[2]);
}

OP(linux_eventfd)
{
    return linux_eventfd((uint32_t)a->v[0], (int)a->v[1]);
}

OP(linux_epoll_create)
{
    return linux_epoll_create((int)a->v[0]);
}

int __real_linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int __real_linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout);

/** linux_epoll_ctl(epfd, op, fd, events, data). */
OP(linux_epoll_ctl)
{
    struct epoll_event ev = {.events = (uint32_t)a->v[3], .data = (uint64_t)a->v[4]};
    return __real_linux_epoll_ctl((int)a->v[0], (int)a->v[1], (int)a->v[2], &ev);
}

/** linux_epoll_wait(epfd, n <= 7, timeout): out 1, 2, 3, 4...: events and data of each. */
OP(linux_epoll_wait)
{
    struct epoll_event ev[7];
    int r = __real_linux_epoll_wait((int)a->v[0], ev, a->v[1] > 7 ? 7 : (int)a->v[1], (int)a->v[2]);
    for (int i = 0; i < r; i++) {
        a->out[++a->nout] = ev[i].events;
        a->out[++a->nout] = (int64_t)ev[i].data;
    }
    return r;
}

/** linux_usleep(us): the real one; it runs linux_nanosleep. */
OP(linux_usleep)
{
    linux_usleep((uint32_t)a->v[0]);
    return 0;
}

OP(getCPUCount)
{
    return getCPUCount();
}

/* ---- any of the private calls, with any words ---- */

void __real_osyield(void);
int __real_linux_sigprocmask(int how, const uint64_t *set, uint64_t *old);
intptr_t __real_linux_write(int fd, const void *p, size_t n);
intptr_t __real_linux_read(int fd, void *p, size_t n);

/** A private call: its name, its function, and whether that returns nothing, an int or a word. */
static const struct private {
    const char *name;
    void (*fn)(void);
    enum { NOTHING, INT, WORD } result;
} privates[] = {
    {"linux_read", (void (*)(void))__real_linux_read, WORD},
    {"linux_write", (void (*)(void))__real_linux_write, WORD},
    {"linux_open", (void (*)(void))linux_open, INT},
    {"linux_close", (void (*)(void))linux_close, INT},
    {"linux_mmap", (void (*)(void))linux_mmap, WORD},
    {"linux_munmap", (void (*)(void))linux_munmap, INT},
    {"linux_mprotect", (void (*)(void))linux_mprotect, INT},
    {"linux_madvise", (void (*)(void))linux_madvise, INT},
    {"linux_futex", (void (*)(void))__real_linux_futex, INT},
    {"linux_gettid", (void (*)(void))__real_linux_gettid, INT},
    {"linux_getpid", (void (*)(void))linux_getpid, INT},
    {"linux_tgkill", (void (*)(void))__real_linux_tgkill, INT},
    {"linux_kill", (void (*)(void))linux_kill, INT},
    {"linux_sigaction", (void (*)(void))linux_sigaction, INT},
    {"linux_sigprocmask", (void (*)(void))__real_linux_sigprocmask, INT},
    {"linux_sigaltstack", (void (*)(void))linux_sigaltstack, INT},
    {"linux_sched_getaffinity", (void (*)(void))linux_sched_getaffinity, INT},
    {"linux_clock_gettime", (void (*)(void))linux_clock_gettime, INT},
    {"linux_nanosleep", (void (*)(void))linux_nanosleep, INT},
    {"linux_epoll_create", (void (*)(void))linux_epoll_create, INT},
    {"linux_epoll_ctl", (void (*)(void))__real_linux_epoll_ctl, INT},
    {"linux_epoll_wait", (void (*)(void))__real_linux_epoll_wait, INT},
    {"linux_eventfd", (void (*)(void))linux_eventfd, INT},
    {"linux_pipe", (void (*)(void))linux_pipe, INT},
    {"linux_fcntl", (void (*)(void))linux_fcntl, INT},
    {"linux_prctl", (void (*)(void))linux_prctl, INT},
    {"osyield", (void (*)(void))__real_osyield, NOTHING},
    {"linux_usleep", (void (*)(void))linux_usleep, NOTHING},
};

/** private(up to six words) + name: calls that private system call with these words. */
OP(private)
{
    struct agent_words w = {0};
    for (unsigned i = 0; i < sizeof privates / sizeof *privates; i++) {
        if (!streq(privates[i].name, a->text))
            continue;
        w.fn = privates[i].fn;
        for (int k = 0; k < 6; k++)
            w.v[k] = (uint64_t)a->v[k];
        agent_callwords(&w);
        int64_t r = (int64_t)w.ret[0];
        return privates[i].result == WORD ? r : privates[i].result == INT ? (int)r : 0;
    }
    agent_leave(false, OUT_NONE, "there is no private call '%s'", a->text);
}

/* ---- the assembly stubs, word by word ---- */

/**
 * stub(which, seven words): calls linux_Syscall6 (0), or rawVforkSyscall (1) with the first four, with the
 * register patterns at offset 0 of the scratch memory, and stores what the registers are then behind those.
 * r1; out 1 r2, out 2 err, out 3 the result came where the ABI wants it.
 */
OP(stub)
{
    struct agent_words w = {.fn = a->v[0] == 0 ? (void (*)(void))linux_Syscall6
                                               : (void (*)(void))rawVforkSyscall};
    uint64_t *in = (uint64_t *)agent_scratch;
    for (int i = 0; i < 7; i++)
        w.v[i] = (uint64_t)a->v[1 + i];
    for (int i = 0; i < 3; i++)
        w.sysret[i] = 0xbad0bad0bad0bad0u;
    agent_regs(agent_callsysret, &w, in, in + AGENT_REGS);
    a->nout = 3;
    a->out[1] = (int64_t)w.sysret[1];
    a->out[2] = (int64_t)w.sysret[2];
    a->out[3] = (int64_t)w.ret[0];
    return (int64_t)w.sysret[0];
}

/** What a child that shares its parent's stack does to it below the frame that it runs in. */
static __attribute__((noinline)) void scribble(void)
{
    uint64_t junk[256];
    for (int i = 0; i < 256; i++)
        *(volatile uint64_t *)&junk[i] = 0x5c5c5c5c5c5c5c5cu;
}

/**
 * rawVforkSyscall(status): makes a child in this memory and on this stack, which calls a function that writes
 * all over its frame, and then exits with status. Returns that status as wait4 tells it, after the parent has
 * come back; out 1: the parent's r1 was the child's id; out 2: its err.
 */
OP(rawVforkSyscall)
{
    enum { CLONE_VM_VFORK_SIGCHLD = 0x100 | 0x4000 | 17 };
    volatile int32_t status = -1;
    sysret r = rawVforkSyscall(__NR_clone, CLONE_VM_VFORK_SIGCHLD, 0, 0);
    if (r.err == 0 && r.r1 == 0) {
        scribble();
        agent_syscall(__NR_exit, a->v[0], 0, 0, 0, 0, 0);
    }
    int64_t pid = r.err ? -1 : (int64_t)r.r1;
    a->nout = 2;
    a->out[1] = pid > 0 && agent_syscall(__NR_wait4, pid, (int64_t)&status, 0, 0, 0, 0) == pid;
    a->out[2] = (int64_t)r.err;
    return status;
}

/* ---- the wrappers that are made from syscalls.in ---- */

#define WRAPPERS(X)                                                                                          \
    X(read) X(write) X(pread64) X(pwrite64) X(fsync) X(sendfile) X(openat) X(close) X(dup3) X(fstat)         \
    X(lseek) X(ftruncate) X(fcntl) X(unlinkat) X(mkdirat) X(renameat) X(getdents64) X(chdir) X(flock)        \
    X(socket) X(getsockname) X(getpeername) X(bind) X(setsockopt) X(getsockopt) X(listen) X(accept4)         \
    X(connect) X(shutdown) X(pipe2) X(eventfd) X(epoll_create) X(epoll_ctl) X(epoll_wait) X(getpid)          \
    X(getppid) X(gettid) X(getuid) X(umask) X(nanosleep) X(getrandom) X(wait4) X(kill) X(unshare)            \
    X(sched_yield)
#define WRAPPER_DECLARE(name) void sys_##name(void) __attribute__((weak)); /* they are called word by word */
#define WRAPPER_ENTRY(name)   {#name, sys_##name},
WRAPPERS(WRAPPER_DECLARE)

static const struct wrapper {
    const char *name;
    void (*fn)(void);
} wrappers[] = {WRAPPERS(WRAPPER_ENTRY)};

/** wrapper(up to eight words) + name: calls sys_NAME with these words; the int that it returns, or 2^20: no such. */
OP(wrapper)
{
    struct agent_words w = {0};
    for (unsigned i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
        if (!streq(wrappers[i].name, a->text) || !wrappers[i].fn)
            continue;
        w.fn = wrappers[i].fn;
        for (int k = 0; k < 8; k++)
            w.v[k] = (uint64_t)a->v[k];
        agent_callwords(&w);
        return (int)w.ret[0];
    }
    return 1 << 20;
}

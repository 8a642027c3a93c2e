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

/** linux_lseek(fd, offset): through linux_Syscall6; the number is the CPU's. r1; out 1 r2, out 2 err. */
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

OP(linux_madvise)
{
    return linux_madvise((void *)a->v[0], (size_t)a->v[1], (int)a->v[2]);
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

OP(linux_gettid)
{
    return __real_linux_gettid();
}

OP(linux_getpid)
{
    return linux_getpid();
}

int __real_linux_tgkill(int pid, int tid, int sig);

OP(linux_tgkill)
{
    return __real_linux_tgkill((int)a->v[0], (int)a->v[1], (int)a->v[2]);
}

OP(linux_kill)
{
    return linux_kill((int)a->v[0], (int)a->v[1]);
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

OP(linux_sched_getaffinity)
{
    return linux_sched_getaffinity(agent_scratch + a->v[0], (size_t)a->v[1]);
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

OP(linux_prctl)
{
    return linux_prctl((int)a->v[0], (uintptr_t)a->v[1]);
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

OP(osyield)
{
    osyield();
    return 0;
}

OP(getCPUCount)
{
    return getCPUCount();
}

_Noreturn void __real_exitprocess(int code);

/** The real one: the guest ends; use call_dies. */
OP(exitprocess)
{
    __real_exitprocess((int)a->v[0]);
}

/**
 * vdso_lookup(offset of the image in scratch) + name, 0, version: the symbol's offset in the image, or NIL.
 */
OP(vdso_lookup)
{
    const char *version = a->text;
    while (*version)
        version++;
    const char *base = agent_scratch + a->v[0];
    void *p = vdso_lookup(base, a->text, version + 1);
    return p ? (char *)p - base : NIL;
}

/** Where a real vDSO lies, from the guest's own auxiliary vector; 0: nowhere. */
static const void *real_vdso(void)
{
    char **p = goenvp;
    while (*p)
        p++;
    for (const uintptr_t *aux = (const uintptr_t *)(p + 1); aux[0]; aux += 2)
        if (aux[0] == KAT_SYSINFO_EHDR)
            return (const void *)aux[1];
    return NULL;
}

/**
 * vdsoauxv(kind): 0 the real auxiliary vector, 1 an empty one, 2 one with the image at scratch. Returns
 * whether a clock was found.
 */
OP(vdsoauxv)
{
    const uintptr_t aux[] = {
        KAT_PAGESZ, 4096, KAT_SYSINFO_EHDR, a->v[0] == 2 ? (uintptr_t)agent_scratch : (uintptr_t)real_vdso(),
        KAT_NULL,   0};
    const uintptr_t none[] = {KAT_PAGESZ, 4096, KAT_NULL, 0};
    vdsoClockGettime = NULL;
    vdsoauxv(a->v[0] == 1 || (a->v[0] == 0 && !real_vdso()) ? none : aux);
    return vdsoClockGettime != NULL;
}

OP(nanotime1)
{
    return nanotime1();
}

OP(walltime1)
{
    return walltime1();
}

/**
 * @file labs/lab01.h
 * The contracts of lab 01: raw system calls. Included by labs.h, where the words are explained.
 */
#ifndef HANDOFF_LAB01_H
#define HANDOFF_LAB01_H

#include "runtime2.h"
#include "linux.h"

/** @defgroup lab01 Lab 01: raw system calls
 * labs/01-rawsyscall: rawsyscall_<cpu>.S, rawsyscall.c, linux.c, vdso.c, clock.c, vdsocall_<cpu>.S, syscalls.in
 * @{ */

/** What a system call returned. */
typedef struct sysret {
    uintptr_t r1;  /**< the result, or (uintptr_t)-1 after an error */
    uintptr_t r2;  /**< the second result register; 0 after an error */
    uintptr_t err; /**< errno, or 0 */
} sysret;

/**
 * Makes system call num with six arguments and nothing else: no scheduler state is touched, no libc is used.
 *
 * Errors are exactly the results -4095 to -1 (unsigned compare); everything else is data. All words go to the kernel and
 * come back with all their bits. Keeps the registers that a function must keep; callable on any stack, also before the
 * runtime is up. In assembly. Mirrors Syscall6 in internal/runtime/syscall/linux.
 */
sysret linux_Syscall6(uintptr_t num, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5, uintptr_t a6);
/** System call with up to three arguments; the other three are 0. Keeps the P: only for calls that do not block. Changes
 *  nothing of the G, the M or the P. */
sysret RawSyscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3);
/** System call with up to six arguments. Likewise. */
sysret RawSyscall6(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5, uintptr_t a6);
/**
 * A clone or vfork whose child runs on the caller's stack and in its memory (CLONE_VM | CLONE_VFORK) until it calls exec or
 * exits. Returns twice: first in the child with r1 == 0, then in the parent. By then the child has called other functions,
 * so nothing that the parent needs may lie below the caller's frame: the return address travels in a register. Results as
 * linux_Syscall6's. In assembly. Mirrors rawVforkSyscall.
 */
sysret rawVforkSyscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3);

/* The runtime's private system calls. They never change scheduler state; callable on any stack, from signal handlers
 * too. Each makes one system call, the one that is named, and returns the result, or -errno. EINTR is not retried. */

/** read(2). */
intptr_t linux_read(int fd, void *p, size_t n);
/** write(2). */
intptr_t linux_write(int fd, const void *p, size_t n);
/** openat(2) relative to the working directory (AT_FDCWD). */
int linux_open(const char *path, int flags, int mode);
/** close(2). Never retried. */
int linux_close(int fd);
/** mmap(2): the address, or -errno in [-4095, -1]. */
intptr_t linux_mmap(void *addr, size_t n, int prot, int flags, int fd, int64_t off);
/** munmap(2). */
int linux_munmap(void *addr, size_t n);
/** mprotect(2). */
int linux_mprotect(void *addr, size_t n, int prot);
/** madvise(2). */
int linux_madvise(void *addr, size_t n, int advice);
/** futex(2): op is FUTEX_WAIT_PRIVATE (ts: relative time-out or NULL) or FUTEX_WAKE_PRIVATE (ts NULL). */
int linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts);
/** gettid(2). */
int linux_gettid(void);
/** getpid(2). */
int linux_getpid(void);
/** tgkill(2) to a thread of this process. */
int linux_tgkill(int pid, int tid, int sig);
/** kill(2). */
int linux_kill(int pid, int sig);
/** rt_sigaction(2) with the kernel's own structure; a signal set has 8 bytes. */
int linux_sigaction(int sig, const struct ksigaction *new_, struct ksigaction *old);
/** rt_sigprocmask(2), 64 signals. */
int linux_sigprocmask(int how, const uint64_t *set, uint64_t *old);
/** sigaltstack(2). */
int linux_sigaltstack(const struct kstack *new_, struct kstack *old);
/** sched_getaffinity(2) of the calling thread: bytes written, or -errno. */
int linux_sched_getaffinity(void *mask, size_t n);
/** clock_gettime(2) by a real system call; the vDSO's fallback. */
int linux_clock_gettime(int clock, struct ktimespec *ts);
/** nanosleep(2); what remains after a signal is not asked for. */
int linux_nanosleep(const struct ktimespec *req);
/** epoll_create1(2). */
int linux_epoll_create(int flags);
/** epoll_ctl(2). */
int linux_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
/** epoll_pwait(2) without a mask; timeout in milliseconds, -1 for ever. */
int linux_epoll_wait(int epfd, struct epoll_event *ev, int n, int timeout);
/** eventfd2(2). */
int linux_eventfd(uint32_t init, int flags);
/** pipe2(2). fds is written on success only. */
int linux_pipe(int fds[2], int flags);
/** fcntl(2). */
int linux_fcntl(int fd, int cmd, uintptr_t arg);
/** prctl(2) with one argument. */
int linux_prctl(int op, uintptr_t arg);
/** sched_yield(2). Mirrors osyield. */
void osyield(void);
/** Sleeps the thread for us microseconds with one nanosleep; the real clock behind usleep(). Mirrors usleep. */
void linux_usleep(uint32_t us);
/** Ends the process, all its threads, with this status: exit_group. Mirrors exit. */
_Noreturn void exitprocess(int code);
/**
 * Ends the calling thread only (the exit system call), after it has stored 0 to *wait (release: pairs with the acquire
 * load in allocm). Must not touch its stack after that store: somebody may unmap it. Mirrors exitThread.
 */
_Noreturn void exitThread(_Atomic uint32_t *wait);
/**
 * CPUs in the affinity mask of the process: the bits that are set in the bytes that the kernel wrote to a mask of 8192
 * bytes; at least 1, also after an error. Mirrors getCPUCount.
 */
int getCPUCount(void);

/**
 * Finds a symbol in the ELF image whose header is at base: the vDSO, once, at boot, or a test's own image. Reads program
 * headers (the load address is that of the first PT_LOAD, wherever in the file that begins) and the dynamic section
 * (DT_GNU_HASH is preferred, DT_HASH understood), never section headers. The symbol must be defined, global or weak, a
 * function or untyped, and of the named version; if one that is called name will not do, another may. An image that has no
 * versions at all will do, and NULL asks for none.
 *
 * The image may be damaged: nothing outside of the header's page and of what the PT_LOADs cover is read, no search goes
 * round in circles, and a symbol outside is none.
 *
 * @return the address of the symbol name, or NULL if there is none, also if base is NULL or no 64-bit ELF image
 */
void *vdso_lookup(const void *base, const char *name, const char *version);
/**
 * Reads auxv (pairs of type and value, ending with type 0) and sets vdsoClockGettime to the symbol ARCH_VDSO_CLOCK of version
 * ARCH_VDSO_VERSION of the image at AT_SYSINFO_EHDR. No such entry, or one that is 0, or no such symbol: NULL.
 */
void vdsoauxv(const uintptr_t *auxv);
/**
 * Monotonic nanoseconds: by vdsoClockGettime, without a system call; if there is none, or it fails, by linux_clock_gettime.
 * There may be no G yet (getg() is NULL), or one without an M.
 *
 * A user G (m.curg) makes the call on its M's g0 stack, from g0->sched.sp downwards; whoever else runs (g0, gsignal, nobody)
 * on the present stack. During the call m.vdsoPC is where the caller of nanotime1 goes on and m.vdsoSP its stack pointer
 * then; afterwards both are what they were before, so that a signal handler may ask in the middle. A handler that sees
 * vdsoSP != 0 must find vdsoPC set: PC is written first, and put back last. Mirrors nanotime1.
 */
int64_t nanotime1(void);
/** Nanoseconds since 1970, found in the same way. Mirrors walltime. */
int64_t walltime1(void);
/** The vDSO's clock_gettime, or NULL. */
extern int (*vdsoClockGettime)(int clock, struct ktimespec *ts);
/**
 * Returns fn(clock, ts), called on the stack that ends at sp (rounded down to a multiple of 16 here), or on the present one if
 * sp is 0. The stack pointer is valid at each instruction: a signal may come. In assembly.
 */
int vdsocall(int (*fn)(int clock, struct ktimespec *ts), int clock, struct ktimespec *ts, uintptr_t sp);
/** @} */

#endif

/**
 * @file linux.h
 * The kernel's own types and constants that the runtime needs, taken from the kernel's headers where those can be
 * included beside libc's, spelled out where they cannot.
 */
#ifndef HANDOFF_LINUX_H
#define HANDOFF_LINUX_H

#include <stdint.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/eventpoll.h>
#include "atomic.h"

/** struct timespec as the kernel has it on 64-bit machines. */
struct ktimespec {
    int64_t tv_sec;  /**< seconds */
    int64_t tv_nsec; /**< nanoseconds, [0, 999999999] */
};

/** struct sigaction as rt_sigaction takes it. */
struct ksigaction {
    void (*handler)(int sig, void *info, void *uc); /**< the handler, or 0 (default), 1 (ignore) */
    uint64_t flags;                                 /**< KSA_* */
    void (*restorer)(void);                         /**< arch_sigreturn, with KSA_RESTORER */
    uint64_t mask;                                  /**< blocked while it runs */
};

/** stack_t as sigaltstack takes it. */
struct kstack {
    void *sp;      /**< lowest address */
    int flags;     /**< 0 or KSS_DISABLE */
    size_t size;   /**< bytes */
};

enum { KSA_SIGINFO = 4, KSA_ONSTACK = 0x08000000, KSA_RESTART = 0x10000000, KSA_NODEFER = 0x40000000, KSA_RESTORER = 0x04000000 };
enum { KSS_DISABLE = 2 };
enum { KSIG_BLOCK = 0, KSIG_UNBLOCK = 1, KSIG_SETMASK = 2 };
enum {
    KSIGHUP = 1, KSIGINT = 2, KSIGQUIT = 3, KSIGILL = 4, KSIGTRAP = 5, KSIGABRT = 6, KSIGBUS = 7, KSIGFPE = 8, KSIGKILL = 9,
    KSIGUSR1 = 10, KSIGSEGV = 11, KSIGUSR2 = 12, KSIGPIPE = 13, KSIGALRM = 14, KSIGTERM = 15, KSIGSTOP = 19, KSIGURG = 23
};
enum { KPROT_NONE = 0, KPROT_READ = 1, KPROT_WRITE = 2, KPROT_EXEC = 4 };
enum { KMAP_SHARED = 1, KMAP_PRIVATE = 2, KMAP_ANON = 0x20, KMAP_NORESERVE = 0x4000, KMAP_STACK = 0x20000 };
enum { KMADV_DONTNEED = 4, KMADV_FREE = 8, KMADV_GUARD_INSTALL = 102, KMADV_GUARD_REMOVE = 103 };
enum { KCLOCK_REALTIME = 0, KCLOCK_MONOTONIC = 1 };
enum { KO_RDONLY = 0, KO_WRONLY = 1, KO_RDWR = 2, KO_CREAT = 0100, KO_TRUNC = 01000, KO_NONBLOCK = 04000, KO_CLOEXEC = 02000000 };
enum { KF_GETFD = 1, KF_SETFD = 2, KF_GETFL = 3, KF_SETFL = 4 };
enum { KPR_SET_TIMERSLACK = 29 };
enum { KAT_NULL = 0, KAT_PHDR = 3, KAT_PHNUM = 5, KAT_PAGESZ = 6, KAT_RANDOM = 25, KAT_SYSINFO_EHDR = 33 };
enum {
    KCLONE_VM = 0x100, KCLONE_FS = 0x200, KCLONE_FILES = 0x400, KCLONE_SIGHAND = 0x800, KCLONE_THREAD = 0x10000,
    KCLONE_SYSVSEM = 0x40000, KCLONE_SETTLS = 0x80000
};
/** A system call has failed exactly if its result, unsigned, is at least -MAX_ERRNO. */
#define MAX_ERRNO 4095

#endif

/**
 * @file cage.c
 * What a process that explores may ask of the kernel: nearly nothing. The code under test is in it, and has no business with
 * files, processes or sockets; whoever gets at a system call instruction all the same is ended by the kernel.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "arch.h"
#include "engine.h"

enum { MAXFILTER = 96 };
static struct sock_filter filter[MAXFILTER];
static unsigned short nfilter;

static void put(uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
    filter[nfilter++] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
}

/** The next instructions look at this field of struct seccomp_data. */
static void load(size_t offset)
{
    put(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void give(uint32_t verdict)
{
    put(BPF_RET | BPF_K, verdict, 0, 0);
}

static void allow(long nr)
{
    put(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1);
    give(SECCOMP_RET_ALLOW);
}

/** Allows a call if its argument arg is value (test: BPF_JEQ), or has none of its bits (BPF_JSET, negated). */
static void allow_if(long nr, int arg, uint16_t test, uint32_t value)
{
    bool set = test == BPF_JSET;
    put(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 4);
    load(offsetof(struct seccomp_data, args) + 8 * (size_t)arg);
    put((uint16_t)(BPF_JMP | test | BPF_K), value, set, !set);
    give(SECCOMP_RET_ALLOW);
    give(SECCOMP_RET_KILL_PROCESS);
}

bool cage(int channel)
{
    /* The engine's watchdog, its memory, its clock, and what libc does for printf. */
    static const long calls[] = {SYS_setitimer, SYS_rt_sigreturn, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_munmap, SYS_mremap,
                                 SYS_brk, SYS_madvise, SYS_clock_gettime, SYS_getrandom, SYS_fstat, SYS_newfstatat, SYS_exit_group};
    load(offsetof(struct seccomp_data, arch));
    put(BPF_JMP | BPF_JEQ | BPF_K, ARCH_AUDIT, 1, 0);
    give(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        allow(calls[i]);
    allow_if(SYS_read, 0, BPF_JEQ, (uint32_t)channel);
    allow_if(SYS_write, 0, BPF_JEQ, (uint32_t)channel);
    allow_if(SYS_mmap, 2, BPF_JSET, PROT_EXEC);
    give(SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog prog = {nfilter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0;
}

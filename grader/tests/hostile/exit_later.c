/*
 * What: a signal handler that ends the process with status 0 a moment later
 * Hook: reentersyscall
 * Status: early_exit
 * Text: exited with status 0
 */
#include "core.h"

void hostile(void);

static void end(int sig, void *info, void *uc)
{
    (void)sig, (void)info, (void)uc;
    RawSyscall6(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

void hostile(void)
{
    struct ksigaction sa = {end, KSA_RESTORER | KSA_SIGINFO, arch_sigreturn, 0};
    int64_t it[4] = {0, 0, 0, 300};
    RawSyscall6(__NR_rt_sigaction, 14, (uintptr_t)&sa, 0, 8, 0, 0);
    RawSyscall6(__NR_setitimer, 0, (uintptr_t)it, 0, 0, 0, 0);
    for (;;) {
    }
}

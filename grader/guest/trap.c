/**
 * @file trap.c
 * The border to the kernel, watched. Once a test has asked for it ("trap"), every system call instruction of
 * the guest but the agent's own comes to a signal handler here (a seccomp filter on the place of the
 * instruction). It notes the number and all six words, and then plays the call, ends the operation, or makes
 * the call for real: so that a test sees what the code under test said to the kernel, to the last bit, and
 * can answer what it likes. Code that makes no system call is seen to make none.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include "agent.h"

void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);

enum { MAXTRAPPED = 512, MAXPLAYED = 64, ALTSTACK = 64 * 1024 };
enum { PR_SET_SECCOMP_ = 22, PR_SET_NO_NEW_PRIVS_ = 38, SIGSYS_ = 31 };

/** The system calls seen: number and words. */
static struct trapped {
    int64_t w[TRAP_WORDS];
} seen[MAXTRAPPED];
static uint32_t nseen;
/** What the next calls shall return, in both result registers. */
static struct {
    int64_t r1, r2;
} played[MAXPLAYED];
static uint32_t nplayed, nextplayed;
/** A call with this number ends the operation; -1: none. */
static int64_t leaveat[2] = {-1, -1};
/** Bytes that are copied from (peek) and to (poke) the memory that word ioword of each call points to. */
static uint32_t ioword, peekbytes, pokebytes;
/** Where in the scratch memory. */
static int64_t ioat;

uint32_t trap_count(void)
{
    return nseen;
}

/** The handler of SIGSYS: a system call of somebody else than the agent. */
static void on_syscall(int sig, void *info, void *uc)
{
    (void)sig, (void)info;
    struct trapped t;
    agent_trapwords(uc, t.w);
    if (nseen < MAXTRAPPED)
        seen[nseen] = t;
    nseen++;
    if (t.w[0] == leaveat[0] || t.w[0] == leaveat[1])
        agent_leave(true, OUT_ENDED, "system call %ld", (long)t.w[0]);
    if (nextplayed < nplayed) {
        if (peekbytes)
            memcpy(agent_scratch + ioat, (void *)t.w[ioword], peekbytes);
        if (pokebytes)
            memcpy((void *)t.w[ioword], agent_scratch + ioat, pokebytes);
        agent_trapreturn(uc, played[nextplayed].r1, played[nextplayed].r2);
        nextplayed++;
        return;
    }
    agent_trapreturn(uc, agent_syscall(t.w[0], t.w[1], t.w[2], t.w[3], t.w[4], t.w[5], t.w[6]), t.w[3]);
}

void trap_handle(int sig, void (*fn)(int sig, void *info, void *uc))
{
    static char *altstack;
    if (!altstack) {
        altstack = agent_memory(ALTSTACK);
        struct kstack ss = {.sp = altstack, .size = ALTSTACK};
        agent_syscall(__NR_sigaltstack, (int64_t)&ss, 0, 0, 0, 0, 0);
    }
    struct ksigaction sa = {fn, KSA_SIGINFO | KSA_ONSTACK | KSA_NODEFER | KSA_RESTORER, arch_sigreturn, 0};
    if (!fn)
        memset(&sa, 0, sizeof sa);
    agent_syscall(__NR_rt_sigaction, sig, (int64_t)&sa, 0, sizeof(uint64_t), 0, 0);
}

/** trap: from now on every system call is seen. 0, or -errno of the kernel that does not let us. */
AGENT_OP(trap)
{
    static bool installed;
    uint64_t lo = (uint64_t)(uintptr_t)agent_syscall, hi = (uint64_t)(uintptr_t)agent_syscall_end;
    struct sock_filter prog[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigreturn, 5, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(lo >> 32), 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)lo, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)hi, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog fprog = {sizeof prog / sizeof *prog, prog};
    if (installed)
        return 0;
    trap_handle(SIGSYS_, on_syscall);
    agent_syscall(__NR_prctl, PR_SET_NO_NEW_PRIVS_, 1, 0, 0, 0, 0);
    int64_t r = agent_syscall(__NR_prctl, PR_SET_SECCOMP_, SECCOMP_MODE_FILTER, (int64_t)&fprog, 0, 0, 0);
    installed = r == 0;
    return r;
}

/**
 * trap_play(r1, r2, r1, r2, ...): what the result registers hold after the next calls, which do not reach the
 * kernel. Forgets what was seen.
 */
AGENT_OP(trap_play)
{
    nplayed = a->n / 2;
    for (nextplayed = 0; nextplayed < nplayed; nextplayed++) {
        played[nextplayed].r1 = a->v[2 * nextplayed];
        played[nextplayed].r2 = a->v[2 * nextplayed + 1];
    }
    nextplayed = nseen = 0;
    return 0;
}

/**
 * trap_io(word, offset, peek, poke): when a call is played, so many bytes of what its word (1 to 6) points to
 * are copied to the scratch memory, and then so many from there to where it points.
 */
AGENT_OP(trap_io)
{
    if (a->v[0] < 1 || a->v[0] > 6 || a->v[1] < 0 || a->v[1] + a->v[2] + a->v[3] > SCRATCH_SIZE)
        agent_refuse(MSG_MISUSE, "trap_io: outside the scratch memory");
    ioword = (uint32_t)a->v[0];
    ioat = a->v[1];
    peekbytes = (uint32_t)a->v[2];
    pokebytes = (uint32_t)a->v[3];
    return 0;
}

/** trap_leave(number, number): such a call ends the operation, and its M: "system call NUMBER". */
AGENT_OP(trap_leave)
{
    leaveat[0] = a->v[0];
    leaveat[1] = a->n > 1 ? a->v[1] : -1;
    return 0;
}

/** trapped(i): how many calls were seen since trap_play; out 1: the number of call i, out 2 to 7: its words. */
AGENT_OP(trapped)
{
    a->nout = TRAP_WORDS;
    if (a->v[0] >= 0 && a->v[0] < nseen && a->v[0] < MAXTRAPPED)
        for (int i = 0; i < TRAP_WORDS; i++)
            a->out[1 + i] = seen[a->v[0]].w[i];
    return nseen;
}

/** scratch: the address of the scratch memory. */
AGENT_OP(scratch)
{
    return (int64_t)agent_scratch;
}

/**
 * @file ops_lab04.c
 * Operations of labs 04 and 05: into a system call and out of it. They run on a G (call_g, run_g), unless
 * said otherwise.
 */
#include "agent.h"

/** save(pc, sp, bp). */
OP(save)
{
    save((uintptr_t)a->v[0], (uintptr_t)a->v[1], (uintptr_t)a->v[2]);
    return 0;
}

/**
 * A plain entersyscall. Out 1: this function, which called it; 2: its frame pointer: what syscallpc and
 * syscallbp are about.
 */
OP(entersyscall)
{
    entersyscall();
    a->nout = 2;
    a->out[1] = (int64_t)(uintptr_t)agentop_entersyscall;
    a->out[2] = (int64_t)(uintptr_t)__builtin_frame_address(0);
    return 0;
}

/** reentersyscall(pc, sp, bp); sp 0: this frame's. */
OP(reentersyscall)
{
    uintptr_t sp = a->v[1] ? (uintptr_t)a->v[1] : (uintptr_t)__builtin_frame_address(0);
    reentersyscall((uintptr_t)a->v[0], sp, (uintptr_t)a->v[2]);
    a->nout = 1;
    a->out[1] = (int64_t)sp;
    return 0;
}

/* Past the diversions, whose frames would stand between. */
void __real_entersyscallblock(void);
void __real_exitsyscall(void);

/** A plain entersyscallblock. Out: as entersyscall. */
OP(entersyscallblock)
{
    __real_entersyscallblock();
    a->nout = 2;
    a->out[1] = (int64_t)(uintptr_t)agentop_entersyscallblock;
    a->out[2] = (int64_t)(uintptr_t)__builtin_frame_address(0);
    return 0;
}

OP(runSafePointFn)
{
    runSafePointFn();
    return 0;
}

static void log_safepoint(P *pp)
{
    if (wrap_mode("safepoint") == WRAP_PASS)
        agent_log("safepoint %s", pname(pp));
    else
        wrap_enter("safepoint", "safepoint %s", pname(pp));
}

/** safepointfn: sched.safePointFn becomes one that logs "safepoint pN"; stop_at("safepoint") works too. */
AGENT_OP(safepointfn)
{
    sched.safePointFn = log_safepoint;
    return 0;
}

/** Syscall(trap, a1, a2, a3): r1; out 1 r2, out 2 err. */
OP(Syscall)
{
    const int64_t *v = a->v;
    sysret r = Syscall((uintptr_t)v[0], (uintptr_t)v[1], (uintptr_t)v[2], (uintptr_t)v[3]);
    a->nout = 2;
    a->out[1] = (int64_t)r.r2;
    a->out[2] = (int64_t)r.err;
    return (int64_t)r.r1;
}

/** Syscall6(trap, a1..a6): likewise. */
OP(Syscall6)
{
    const int64_t *v = a->v;
    sysret r = Syscall6((uintptr_t)v[0], (uintptr_t)v[1], (uintptr_t)v[2], (uintptr_t)v[3], (uintptr_t)v[4],
                        (uintptr_t)v[5], (uintptr_t)v[6]);
    a->nout = 2;
    a->out[1] = (int64_t)r.r2;
    a->out[2] = (int64_t)r.err;
    return (int64_t)r.r1;
}

/** exitsyscall from a frame deeper than the one that called entersyscall, as it must be. */
static __attribute__((noinline)) void exit_from_below(void)
{
    char depth[2048];
    __asm__ volatile("" : : "r"(depth) : "memory"); /* keep it */
    exitsyscall();
    __asm__ volatile("" : : "r"(depth) : "memory");
}

/** An entersyscall and exitsyscall from this frame, as Syscall makes them. */
OP(enterexit)
{
    entersyscall();
    __real_exitsyscall();
    return hm(getm());
}

/** exitsyscall: returns the M that the G is on afterwards. */
OP(exitsyscall)
{
    exit_from_below();
    return hm(getm());
}

/** exitsyscallfast(oldp). */
OP(exitsyscallfast)
{
    return exitsyscallfast(argp(a, 0));
}

/** On g0. */
OP(exitsyscallfast_pidle)
{
    return exitsyscallfast_pidle();
}

/** On g0: exitsyscall0(g). */
OP(exitsyscall0)
{
    exitsyscall0(argg(a, 0));
    return 0;
}

/** Which M and G run here; out 1 the G, out 2 the P. */
OP(whoami)
{
    M *mp = getm();
    a->nout = 2;
    a->out[1] = getg() == mp->g0 ? 0 : hg(getg());
    a->out[2] = hp(mp->p);
    return hm(mp);
}

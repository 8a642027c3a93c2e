/**
 * @file clock.c
 * What time it is.
 *
 * nanotime is the most often called "system call" of a scheduler, and with a vDSO it is none. But it is
 * foreign code that runs on a thread of ours, and two parties must know of that. The stack: a goroutine's
 * is small, so the call is made on g0's. And whoever walks stacks in a signal handler (a profiler, a dump):
 * the program counter is in code that it knows nothing of, on a stack that does not belong to the running
 * G. So the M says where it left known ground, in m.vdsoPC and m.vdsoSP. A signal handler that interrupts
 * the call may itself ask for the time. What it finds in those two fields it must leave there.
 */
#include "core.h"

/* BEGIN SOLUTION */

/** The compiler moves no store over this point. The reader is a signal handler on the same thread. */
static inline void signalfence(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

/** The time by the vDSO, or by the system call; pc and sp are the caller's caller's. */
static void readclock(int clock, struct ktimespec *ts, uintptr_t pc, uintptr_t sp)
{
    G *gp = getg();
    M *mp = gp ? load_relaxed(&gp->m) : NULL; /* own field */
    if (!vdsoClockGettime) {
        linux_clock_gettime(clock, ts);
        return;
    }
    if (!mp) { /* the runtime is not up, or this is no thread of its */
        if (vdsocall(vdsoClockGettime, clock, ts, 0) != 0)
            linux_clock_gettime(clock, ts);
        return;
    }
    uintptr_t oldpc = mp->vdsoPC, oldsp = mp->vdsoSP;
    mp->vdsoPC = pc;
    signalfence();
    mp->vdsoSP = sp; /* from here on both are valid */
    signalfence();
    bool user = gp == load_relaxed(&mp->curg); /* own field. If not: g0's stack already, or gsignal's */
    int err = vdsocall(vdsoClockGettime, clock, ts, user ? mp->g0->sched.sp : 0);
    signalfence();
    mp->vdsoSP = oldsp;
    signalfence();
    mp->vdsoPC = oldpc;
    if (err != 0)
        linux_clock_gettime(clock, ts);
}
/* END SOLUTION */

__attribute__((noinline)) int64_t nanotime1(void)
{
    /* BEGIN SOLUTION
     * Write me: remember the M's vdsoPC and vdsoSP, set them to the caller's (the PC first: vdsoSP != 0
     * says that both are valid), call by vdsocall on the right stack, put back what was there. Without a
     * clock in the vDSO, or when it fails: the system call. There may be no G or no M yet. */
    struct ktimespec ts;
    readclock(KCLOCK_MONOTONIC, &ts, getcallerpc(), getcallersp());
    return ts.tv_sec * 1000000000 + ts.tv_nsec;
    /* END SOLUTION */
}

__attribute__((noinline)) int64_t walltime1(void)
{
    /* BEGIN SOLUTION
     * Write me: the same with the other clock. */
    struct ktimespec ts;
    readclock(KCLOCK_REALTIME, &ts, getcallerpc(), getcallersp());
    return ts.tv_sec * 1000000000 + ts.tv_nsec;
    /* END SOLUTION */
}

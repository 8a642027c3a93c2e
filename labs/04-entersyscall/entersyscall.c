/**
 * @file entersyscall.c
 * Entering a system call: the thread goes into the kernel, its P stays behind where others can take it.
 *
 * A system call may come back after 100 ns or after an hour, and nobody knows which. To hand the P to another
 * thread each time would cost more than most calls take. So the M only *marks* that it left: the P's status
 * becomes Psyscall, nobody's P, and the M remembers in m.oldp which one it was. If the call is short, the M
 * finds the mark untouched and takes the P back by one compare-and-swap. If it is long, somebody else wins
 * that compare-and-swap: sysmon, a stop-the-world, or forEachP.
 *
 * Two rules make this safe.
 *   1. Storing Psyscall gives the P away. After it, not even a counter of the P may be touched.
 *   2. From here to exitsyscall the G has no P, so it must not park, must not be preempted and must not call
 *      what needs a P. The guard word is poisoned (stackPreempt) and throwsplit set, so that a preemption
 *      check on the way is found at once instead of one time in a million.
 *
 * While the thread is in the kernel, others may want to walk the G's stack (a dump). They use what save()
 * recorded: the caller's frame, which outlives entersyscall. systemstack() records its own caller's frame in
 * the same place, so each use of it here is followed by another save().
 */
#include "core.h"

void save(uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
    /* Write me: refuse (throw) on a system G, whose context belongs to mcall; else record all three in
     * g->sched. */
    (void)pc, (void)sp, (void)bp;
    unwritten();
}

void runSafePointFn(void)
{
    /* Write me: claim the request (1 to 0) so that it runs once, run it on the P, then, under sched.lock,
     * count this P as done; the last one signals sched.safePointNote. */
    unwritten();
}

void reentersyscall(uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
    /* Write me: locks++; poison the guard; record the frame; Gsyscall; check that the frame is on the
     * stack. Then, while the P is still ours: count the call, wake a waiting sysmon, run a pending
     * safe-point function, note syscalltick. Then part from the P, both ways, and publish it as Psyscall:
     * the last access. A stop-the-world that began meanwhile gets it at once. locks--. After each
     * systemstack: save again. */
    (void)pc, (void)sp, (void)bp;
    unwritten();
}

__attribute__((noinline)) void entersyscall(void)
{
    /* Write me: reentersyscall for the frame of the function that called this one. */
    unwritten();
}

__attribute__((noinline)) void entersyscallblock(void)
{
    /* Write me: as reentersyscall up to Gsyscall, but this P will not come back: count the call, note
     * syscalltick and move it on at once, and on g0 releasep and handoffp. Save again, locks--. */
    unwritten();
}

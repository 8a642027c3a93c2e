/**
 * @file lock_futex.c
 * The runtime's own lock, and the two futex operations that everything that sleeps is made of.
 *
 * A lock is a word with three states: free, held, and held with somebody who may sleep on it. The third one
 * saves the system call of an unlock that nobody waits for. Whoever has slept takes the lock as "may be slept
 * on", because it cannot know whether it was the last sleeper: the price is one wake-up too many at the end
 * of a crowd.
 *
 * Critical sections here are short, so a waiter first spins: a few rounds on the CPU, one that lets others
 * run, and only then the kernel. On one CPU spinning is pointless, the owner cannot get on.
 *
 * m.locks counts what a thread holds: with a lock in hand a goroutine must not be preempted, or the scheduler
 * would run on a thread that owns half of its data.
 */
#include "core.h"

enum { mutexUnlocked = 0, mutexLocked = 1, mutexSleeping = 2 };
enum { ACTIVE_SPIN = 4, ACTIVE_SPIN_CNT = 30 };

void futexsleep(_Atomic uint32_t *addr, uint32_t val, int64_t ns)
{
    struct ktimespec ts = {.tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC};
    countany(offsetof(pcounters, futexsleeps));
    /* Woken, timed out, interrupted or too late: the caller looks at the word and decides. */
    linux_futex(addr, FUTEX_WAIT_PRIVATE, val, ns < 0 ? NULL : &ts);
}

void futexwakeup(_Atomic uint32_t *addr, uint32_t cnt)
{
    countany(offsetof(pcounters, futexwakes));
    int r = linux_futex(addr, FUTEX_WAKE_PRIVATE, cnt, NULL);
    if (r < 0)
        throw_("futexwakeup addr=%p returned %d", (void *)addr, r);
}

/** The running M; NULL in the first instructions of the boot, when one thread exists and locks are
 * uncontended. */
static M *lockingm(void)
{
    G *gp = getg();
    return gp ? load_relaxed(&gp->m) : NULL; /* own field */
}

/** Takes l in the given state if it is free. */
static bool trylock(mutex *l, uint32_t state)
{
    /* The load keeps spinners off the cache line; acquire: pairs with the release in unlock. */
    return load_relaxed(&l->key) == mutexUnlocked && cas_acquire(&l->key, mutexUnlocked, state);
}

/** Spins for l, a few rounds on the CPU, then one for others. */
static bool spinfor(mutex *l, uint32_t state)
{
    for (int i = 0; ncpu > 1 && i < ACTIVE_SPIN; i++) {
        if (trylock(l, state))
            return true;
        for (int j = 0; j < ACTIVE_SPIN_CNT; j++)
            cpurelax();
    }
    if (trylock(l, state))
        return true;
    osyield();
    return trylock(l, state);
}

/** lock when somebody else has it. */
static void lockslow(mutex *l)
{
    uint32_t state = mutexLocked;
    while (!spinfor(l, state)) {
        /* Announces the sleep. If it was free, we have it: acquire, as above. */
        if (swap_acqrel(&l->key, mutexSleeping) == mutexUnlocked)
            return;
        state = mutexSleeping; /* there may be others who sleep: whatever we take, we take for them too */
        futexsleep(&l->key, mutexSleeping, -1);
    }
}

void lock(mutex *l)
{
    M *mp = lockingm();
    if (mp && mp->locks++ < 0)
        throw_("lock: lock count");
    if (!cas_acquire(&l->key, mutexUnlocked, mutexLocked)) /* pairs with the release in unlock */
        lockslow(l);
}

void unlock(mutex *l)
{
    uint32_t old = swap_acqrel(&l->key, mutexUnlocked); /* release: for the next owner's acquire */
    if (old == mutexUnlocked)
        throw_("unlock of unlocked lock");
    if (old == mutexSleeping)
        futexwakeup(&l->key, 1);
    M *mp = lockingm();
    if (!mp)
        return;
    if (--mp->locks < 0)
        throw_("unlock: lock count");
    G *gp = getg();
    if (mp->locks == 0 && load_relaxed(&gp->preempt)) /* a request that came while we could not follow it */
        store_relaxed(&gp->stackguard0, stackPreempt);
}

/**
 * @file syncmutex.c
 * Mutex.
 *
 * The word `state` says whether the mutex is locked, how many goroutines wait, and two things more:
 *
 *   woken     a waiter is awake and on its way: an unlock need not wake another one
 *   starving  the mutex goes from hand to hand
 *
 * Normally a goroutine that comes along may take a free mutex although others wait: it runs already and its
 * data are in the cache, while the one that was woken must first get a processor. That is fast, and unfair:
 * a waiter can lose again and again. So a waiter that has waited for more than a millisecond makes the
 * mutex starving. Then an unlock leaves `locked` clear, but nobody may take the mutex from outside; the
 * unlocker hands it to the first waiter, which runs at once. The waiter that finds itself last, or that
 * waited less than a millisecond, ends this mode, because it is slow: every hand-over is a switch.
 */
#include "core.h"

enum {
    mutexLocked = 1,      /* somebody holds it */
    mutexWoken = 2,       /* see above */
    mutexStarving = 4,    /* see above */
    mutexWaiterShift = 3, /* the rest counts waiters */
    mutexWaiter = 1 << mutexWaiterShift,
};

/** How long a waiter is patient. */
#define STARVATION_THRESHOLD NSEC_PER_MSEC
/** Rounds that a newcomer spins before it sleeps, and pauses in each. */
#define SPIN_ROUNDS 4
#define SPIN_PAUSES 30

/* Spinning may help: the holder runs on another P, and this P has nothing better to do. Mirrors
 * sync_runtime_canSpin. */
static bool canspin(int round)
{
    if (round >= SPIN_ROUNDS || ncpu <= 1)
        return false;
    /* hints */
    int32_t busy = load_relaxed(&gomaxprocs) - load_relaxed(&sched.npidle) - load_relaxed(&sched.nmspinning);
    return busy > 1 && runqempty(getp());
}

/* One round of spinning. */
static void spin(void)
{
    for (int i = 0; i < SPIN_PAUSES; i++)
        cpurelax();
}

/* A waiter's progress. */
typedef struct attempt {
    int64_t since; /* when it first went to sleep; 0: it never has */
    bool starving; /* it has waited too long */
    bool awake;    /* it is the one for which mutexWoken is set */
    int spins;     /* rounds of spinning since it last slept */
} attempt;

/* Spins while the mutex is held in normal mode and that makes sense; returns the state. */
static int32_t spinwhileheld(Mutex *m, attempt *a)
{
    int32_t state = load_relaxed(&m->state); /* decided by the CAS that follows */
    while ((state & (mutexLocked | mutexStarving)) == mutexLocked && canspin(a->spins)) {
        /* Tells the holder that somebody is awake: its unlock need not wake a sleeper. */
        if (!a->awake && !(state & mutexWoken) && state >> mutexWaiterShift != 0 &&
            cas_order(&m->state, state, state | mutexWoken, memory_order_relaxed))
            a->awake = true;
        spin();
        a->spins++;
        state = load_relaxed(&m->state); /* as above */
    }
    return state;
}

/* What this goroutine wants the state to become: locked if it may take it, else one waiter more. */
static int32_t wanted(int32_t state, const attempt *a)
{
    int32_t next = state;
    if (!(state & mutexStarving))
        next |= mutexLocked;
    if (state & (mutexLocked | mutexStarving))
        next += mutexWaiter;
    if (a->starving && (state & mutexLocked))
        next |= mutexStarving; /* not if it is free: a starving mutex has waiters */
    if (a->awake) {
        if (!(state & mutexWoken))
            throw_("sync: inconsistent mutex state");
        next &= ~mutexWoken; /* it sleeps or has the lock: awake no more */
    }
    return next;
}

/* The mutex was handed to this goroutine in starving mode: nobody holds it, and this one is still
 * counted as a waiter. */
static void takehandoff(Mutex *m, int32_t state, const attempt *a)
{
    if ((state & (mutexLocked | mutexWoken)) || state >> mutexWaiterShift == 0)
        throw_("sync: inconsistent mutex state");
    int32_t d = mutexLocked - mutexWaiter;
    if (!a->starving || state >> mutexWaiterShift == 1)
        d -= mutexStarving;
    fetch_add_acqrel(&m->state, d); /* ordered after the unlocker by the semaphore */
}

/* mutex_lock when it is not simply free. */
static void __attribute__((noinline)) lockslow(Mutex *m)
{
    attempt a = {0};
    for (;;) {
        int32_t state = spinwhileheld(m, &a);
        if (!cas_acquire(&m->state, state, wanted(state, &a))) /* pairs with the release in mutex_unlock */
            continue;
        if (!(state & (mutexLocked | mutexStarving)))
            return;
        bool again = a.since != 0; /* who has waited before waits at the head */
        if (!again)
            a.since = nanotime();
        semacquire(&m->sema, again, waitReasonMutexLock);
        a.starving = a.starving || nanotime() - a.since > STARVATION_THRESHOLD;
        state = load_relaxed(&m->state); /* in starving mode the semaphore ordered it; else the CAS decides */
        if (state & mutexStarving) {
            takehandoff(m, state, &a);
            return;
        }
        a.awake = true; /* the unlocker set mutexWoken in our name */
        a.spins = 0;
    }
}

void mutex_lock(Mutex *m)
{
    preemptcheck();
    if (!cas_acquire(&m->state, 0, mutexLocked)) /* pairs with the release in mutex_unlock */
        lockslow(m);
}

bool mutex_trylock(Mutex *m)
{
    preemptcheck();
    int32_t state = load_relaxed(&m->state); /* decided by the CAS */
    if (state & (mutexLocked | mutexStarving))
        return false;
    return cas_acquire(&m->state, state, state | mutexLocked); /* pairs with the release in mutex_unlock */
}

/* The rest of mutex_unlock when the state is not simply free now: wakes a waiter unless that is somebody
 * else's task. */
static void __attribute__((noinline)) unlockslow(Mutex *m, int32_t state)
{
    if (!((state + mutexLocked) & mutexLocked))
        fatal("sync: unlock of unlocked mutex");
    if (state & mutexStarving) {
        semrelease(&m->sema, true); /* locked stays clear: the waiter sets it; starving keeps others off */
        return;
    }
    for (;;) {
        if (state >> mutexWaiterShift == 0 || (state & (mutexLocked | mutexWoken | mutexStarving)))
            return; /* nobody waits, or somebody is awake or has it: that one's unlock will care */
        if (cas_order(&m->state, state, (state - mutexWaiter) | mutexWoken, memory_order_relaxed)) {
            semrelease(&m->sema, false);
            return;
        }
        state = load_relaxed(&m->state); /* decided by the CAS */
    }
}

void mutex_unlock(Mutex *m)
{
    /* to the next holder */
    int32_t state = atomic_fetch_sub_explicit(&m->state, mutexLocked, memory_order_release) - mutexLocked;
    if (state != 0)
        unlockslow(m, state);
}

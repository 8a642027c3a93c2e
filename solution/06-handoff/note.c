/**
 * @file note.c
 * One-time events on a futex: how a thread sleeps until another one has something for it.
 *
 * A note is one word: 0 clear, 1 signalled. The sleeper waits while it is 0, the waker stores 1 and wakes.
 * There is one sleeper and one wake-up between two noteclear; because the event is remembered in the word, it
 * does not matter who comes first.
 *
 * futex(FUTEX_WAIT, 0) sleeps only if the word is still 0: the kernel compares under its own lock, so that a
 * wake-up between our look and the sleep is not lost. It may also come back for no reason at all (a signal, a
 * wake-up that was meant for an earlier user of the address). So the word decides, never the return of the
 * call.
 *
 * A thread that sleeps here is blocked for the kernel too. Only g0 may do that, or a goroutine that has
 * handed its P off before (notetsleepg).
 */
#include "core.h"

void noteclear(note *n)
{
    /* BEGIN SOLUTION
     * Write me: back to clear. */
    store_relaxed(&n->key, 0); /* what tells the next waker of the note orders this before it */
    /* END SOLUTION */
}

void notewakeup(note *n)
{
    /* BEGIN SOLUTION
     * Write me: signalled, once only (throw on a double wake-up); then wake the one sleeper. */
    if (swap_acqrel(&n->key, 1) != 0) /* release: pairs with the acquire load of the sleeper */
        throw_("notewakeup - double wakeup");
    futexwakeup(&n->key, 1);
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** True once n is signalled. */
static bool signalled(note *n)
{
    return load_acquire(&n->key) != 0; /* pairs with notewakeup */
}

/** One sleep of at most ns (< 0: no limit), marked for dumps. */
static void sleepon(note *n, int64_t ns)
{
    M *mp = getm();
    mp->blockedsince = nanotime();
    mp->blocked = true;
    futexsleep(&n->key, 0, ns);
    mp->blocked = false;
}

/** The common part of notetsleep and notetsleepg: on either stack, may not park, needs no P. */
static bool notetsleep_internal(note *n, int64_t ns)
{
    if (ns < 0) {
        while (!signalled(n))
            sleepon(n, -1);
        return true;
    }
    int64_t now = nanotime();
    int64_t deadline = ns > INT64_MAX - now ? INT64_MAX : now + ns;
    while (!signalled(n) && now < deadline) {
        sleepon(n, deadline - now); /* the rest: an early return must not begin the time-out anew */
        now = nanotime();
    }
    return signalled(n); /* a wake-up in the last moment counts */
}
/* END SOLUTION */

void notesleep(note *n)
{
    /* BEGIN SOLUTION
     * Write me: on g0 only (throw). Sleep in the kernel as long as the word says clear. */
    if (getg() != getm()->g0)
        throw_("notesleep not on g0");
    notetsleep_internal(n, -1);
    /* END SOLUTION */
}

bool notetsleep(note *n, int64_t ns)
{
    /* BEGIN SOLUTION
     * Write me: on g0 only. Sleep as notesleep does, but no longer than ns in all, however often the sleep
     * is cut. */
    if (getg() != getm()->g0)
        throw_("notetsleep not on g0");
    return notetsleep_internal(n, ns);
    /* END SOLUTION */
}

bool notetsleepg(note *n, int64_t ns)
{
    /* BEGIN SOLUTION
     * Write me: on a user G only. The same sleep as a system call that is known to block. */
    if (getg() == getm()->g0)
        throw_("notetsleepg on g0");
    entersyscallblock();
    bool ok = notetsleep_internal(n, ns);
    exitsyscall();
    return ok;
    /* END SOLUTION */
}

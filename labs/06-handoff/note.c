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
    /* Write me: back to clear. */
    (void)n;
    unwritten();
}

void notewakeup(note *n)
{
    /* Write me: signalled, once only (throw on a double wake-up); then wake the one sleeper. */
    (void)n;
    unwritten();
}

void notesleep(note *n)
{
    /* Write me: on g0 only (throw). Sleep in the kernel as long as the word says clear. */
    (void)n;
    unwritten();
}

bool notetsleep(note *n, int64_t ns)
{
    /* Write me: on g0 only. Sleep as notesleep does, but no longer than ns in all, however often the sleep
     * is cut. */
    (void)n, (void)ns;
    unwritten();
}

bool notetsleepg(note *n, int64_t ns)
{
    /* Write me: on a user G only. The same sleep as a system call that is known to block. */
    (void)n, (void)ns;
    unwritten();
}

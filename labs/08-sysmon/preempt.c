/**
 * @file preempt.c
 * Asking a goroutine to yield.
 *
 * Nobody can stop another thread's goroutine; one can only leave it a word and wait. There are two ways to
 * hear it.
 *
 *   guard word   Whenever the goroutine calls into the runtime it compares stackguard0 with a value that no
 *                stack pointer has; Go's compiler puts that comparison into every function. But the runtime
 *                itself sets the word back when the moment is wrong (a lock is held), or when it needs the
 *                word (in a system call). So the request is also kept in g.preempt, which only a new time
 *                slice clears, and the guard word is set again from it when the moment has passed.
 *
 *   signal       A loop that calls nothing never looks at any word. SIGURG interrupts it, and the handler
 *                bends its program counter into the scheduler if it stands in the program's own code.
 *
 * It is all best effort. Between the look at a P and the request, the M may have gone on to the next
 * goroutine, which is then asked in vain; or the request is lost with the end of a slice. Nothing breaks:
 * whoever asks, asks again.
 */
#include "core.h"

bool preemptone(P *pp)
{
    /* Write me: is there an M, another than this one, and a user G on it that is not in a system call? Read
     * each pointer once: it may change under you. Both words, in which order? Then the signal, if not
     * switched off. */
    (void)pp;
    unwritten();
}

bool preemptall(void)
{
    /* Write me: every P that runs. The answer is whether anybody was asked, not whether all were. */
    unwritten();
}

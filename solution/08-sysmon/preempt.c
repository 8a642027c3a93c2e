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
    /* BEGIN SOLUTION
     * Write me: is there an M, another than this one, and a user G on it that is not in a system call? Read
     * each pointer once: it may change under you. Both words, in which order? Then the signal, if not
     * switched off. */
    M *mp = load_acquire(&pp->m); /* a hint, as curg is; pairs with wirep: a new M's fields are there to read */
    if (!mp || mp == getm())
        return false;
    G *gp = load_relaxed(&mp->curg);
    if (!gp || gp == mp->g0)
        return false;
    if (readgstatus(gp) == Gsyscall) /* the guard word means something else there */
        return false;
    store_relaxed(&gp->preempt, true); /* first: whoever finds the guard word set asks this for the reason */
    /* after the copy; the G itself reads it relaxed and follows it late */
    store_release(&gp->stackguard0, stackPreempt);
    if (debug.asyncpreemptoff == 0) {
        store_relaxed(&pp->preempt, true); /* schedule clears it */
        preemptM(mp);
    }
    return true;
    /* END SOLUTION */
}

bool preemptall(void)
{
    /* BEGIN SOLUTION
     * Write me: every P that runs. The answer is whether anybody was asked, not whether all were. */
    bool any = false;
    /* a hint; callers repeat until all have stopped */
    for (int32_t i = 0; i < load_relaxed(&gomaxprocs); i++)
        if (load_relaxed(&allp[i]->status) == Prunning && preemptone(allp[i]))
            any = true;
    return any;
    /* END SOLUTION */
}

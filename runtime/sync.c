/**
 * @file sync.c
 * RWMutex, WaitGroup and Once: counters with an atomic fast path, and semaphores (sema.c) for those who wait.
 */
#include "core.h"

/* ---- RWMutex ---- */

/** What a pending writer subtracts from readerCount; more than there can be readers. */
#define RWMUTEX_MAXREADERS (1 << 30)

void rwmutex_rlock(RWMutex *rw)
{
    preemptcheck();
    /* pairs with the writer's subtraction: one sees the other */
    if (fetch_add_seqcst(&rw->readerCount, 1) + 1 < 0)
        semacquire(&rw->readerSem, false, waitReasonRWMutexRLock); /* a writer is pending */
}

void rwmutex_runlock(RWMutex *rw)
{
    int32_t r = fetch_add_seqcst(&rw->readerCount, -1) - 1; /* releases to the writer's subtraction */
    if (r >= 0)
        return;
    if (r + 1 == 0 || r + 1 == -RWMUTEX_MAXREADERS)
        fatal("sync: RUnlock of unlocked RWMutex");
    if (fetch_add_seqcst(&rw->readerWait, -1) - 1 == 0) /* pairs with the other readers and the writer */
        semrelease(&rw->writerSem, false);              /* the last one that the writer waits for */
}

void rwmutex_lock(RWMutex *rw)
{
    mutex_lock(&rw->w); /* one writer at a time */
    /* Announces the writer: from here on new readers wait. Pairs with the readers' additions. */
    int32_t r = fetch_add_seqcst(&rw->readerCount, -RWMUTEX_MAXREADERS);
    /* Readers that leave between these two lines have made readerWait negative already. Pairs with them. */
    if (r != 0 && fetch_add_seqcst(&rw->readerWait, r) + r != 0)
        semacquire(&rw->writerSem, false, waitReasonRWMutexLock);
}

void rwmutex_unlock(RWMutex *rw)
{
    /* releases to readers */
    int32_t r = fetch_add_seqcst(&rw->readerCount, RWMUTEX_MAXREADERS) + RWMUTEX_MAXREADERS;
    if (r >= RWMUTEX_MAXREADERS)
        fatal("sync: Unlock of unlocked RWMutex");
    while (r-- > 0)
        semrelease(&rw->readerSem, false); /* readers that came meanwhile; they are before the next writer */
    mutex_unlock(&rw->w);
}

/* ---- WaitGroup ---- */

void wg_add(WaitGroup *wg, int n)
{
    preemptcheck();
    /* Releases what the goroutine did before wg_done; wg_wait acquires it from the state or through the
     * semaphore. */
    uint64_t d = (uint64_t)(uint32_t)n << 32;
    uint64_t state = fetch_add_seqcst(&wg->state, d) + d;
    int32_t counter = (int32_t)(state >> 32);
    uint32_t waiters = (uint32_t)state;
    if (counter < 0)
        gopanic("sync: negative WaitGroup counter");
    if (waiters != 0 && n > 0 && counter == n)
        gopanic("sync: WaitGroup misuse: Add called concurrently with Wait");
    if (counter > 0 || waiters == 0)
        return;
    /* The counter is 0 and somebody waits: by the rules nobody may add or wait now. */
    if (load_relaxed(&wg->state) != state) /* a check of the caller only */
        gopanic("sync: WaitGroup misuse: Add called concurrently with Wait");
    store_relaxed(&wg->state, (uint64_t)0); /* the waiters are ordered by the semaphore */
    while (waiters-- > 0)
        semrelease(&wg->sema, false);
}

void wg_done(WaitGroup *wg)
{
    wg_add(wg, -1);
}

void wg_wait(WaitGroup *wg)
{
    preemptcheck();
    for (;;) {
        uint64_t state = load_seqcst(&wg->state); /* acquires from the wg_done that made it 0 */
        if ((int32_t)(state >> 32) == 0)
            return;
        if (cas(&wg->state, state, state + 1)) { /* counted as a waiter; pairs with the add in wg_add */
            semacquire(&wg->sema, false, waitReasonWaitGroupWait);
            return;
        }
    }
}

/* ---- Once ---- */

/* Deferred: fn has been called, however it ended. */
static void setdone(void *o)
{
    store_release(&((Once *)o)->done, 1u); /* pairs with the acquire in once_do */
}

/* Deferred: the next one may look. */
static void unlockmutex(void *m)
{
    mutex_unlock(m);
}

void once_do(Once *o, void (*fn)(void *arg), void *arg)
{
    preemptcheck();
    if (load_acquire(&o->done)) /* pairs with setdone: sees all that fn did */
        return;
    mutex_lock(&o->m);
    defer(unlockmutex, &o->m);
    if (load_relaxed(&o->done)) /* under the mutex */
        return;
    defer(setdone, o); /* runs before the unlock, also if fn ends the goroutine */
    fn(arg);
}

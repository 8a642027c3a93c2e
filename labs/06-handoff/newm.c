/**
 * @file newm.c
 * A new M: its structure, its stacks, its thread.
 *
 * Order matters more than work here. The M's id is reserved under sched.lock before anything else (by
 * startm), so that checkdead counts the thread that does not run yet. Its structure is complete before it
 * gets on allm. Its thread starts with all signals blocked: a handler would run before there is a stack for
 * it and a G for it to find; minit unblocks them.
 *
 * A thread inherits from the one that clones it: directory, namespaces, credentials, everything that a
 * program may have changed while it was locked to that thread. So a locked M never clones. It asks the
 * template thread (template.c).
 *
 * An M that has exited cannot free the stack that it stands on. mexit leaves it in sched.freem; the next
 * allocm looks whether the thread is gone (freeWait, cleared as the thread's last store) and frees what it
 * had. The structure itself is kept for the next M, never unmapped: sysmon may have read its address out of a
 * P a moment ago, and may still look at it.
 *
 * Go holds a lock between clone and execve, because of a kernel bug that concerns setuid programs. This
 * runtime never calls execve: there is none here.
 */
#include "core.h"

int64_t mReserveID(void)
{
    /* Write me: the next id; Ms that have exited do not count against the limit. Past it: say so, free the
     * lock, throw. */
    unwritten();
}

M *allocm(P *pp, void (*fn)(void), int64_t id)
{
    /* Write me: on g0: free the stacks of the exited Ms that have left them; then a zeroed M with g0 and
     * gsignal (hosted: g0 without a stack), fn, and mcommoninit last: it makes the M visible. */
    (void)pp, (void)fn, (void)id;
    unwritten();
}

void newm(void (*fn)(void), P *pp, int64_t id)
{
    /* Write me: on g0 and not preemptible: allocm, nextp, sigmask. If this M is locked to a program's G:
     * on to the template thread's list, wake it if it waits. Else newm1. */
    (void)fn, (void)pp, (void)id;
    unwritten();
}

void newm1(M *mp)
{
    /* Write me: newosproc, or in the hosted build hosted_newosproc, which may fail as clone may. */
    (void)mp;
    unwritten();
}

void newosproc(M *mp)
{
    /* Write me: a TLS block; all signals blocked; linux_clone into mstart on the upper end of g0's stack,
     * retried when the kernel says EAGAIN; the old mask again. Failure: the two lines, throw. */
    (void)mp;
    unwritten();
}

/**
 * @file startm.c
 * Starting and parking Ms.
 *
 * An M without work sleeps on its own note (m.park) on the idle list. To start one is to give it a P: the
 * waker stores nextp and then signals the note. That order is all the protocol there is: the sleeper takes
 * nextp without looking whether it is set.
 *
 * Between taking a P off the idle list and the moment at which an M holds it, the P is in limbo: on no list,
 * nobody's. A stop-the-world waits for it. Hence acquirem around all of startm. And the M that will run it
 * does not exist yet: its id is reserved before sched.lock is dropped, or checkdead would see work and nobody
 * to do it.
 */
#include "core.h"

void startm(P *pp, bool spinning, bool lockheld)
{
    /* Write me: not preemptible; with sched.lock: pp or an idle P (none: back; a spinning start must bring
     * its P), then an idle M. None: reserve an id, drop the lock, newm with a first function that sets
     * m.spinning, the lock again if the caller held it. Else the sleeper: check it, spinning, nextp, wake,
     * in this order. */
    (void)pp, (void)spinning, (void)lockheld;
    unwritten();
}

void mPark(void)
{
    /* Write me: sleep on the M's note, then clear it. */
    unwritten();
}

void stopm(void)
{
    /* Write me: throw if the M holds locks or a P, or spins. On the idle list under sched.lock, park, take
     * nextp. */
    unwritten();
}

void gcstopm(void)
{
    /* Write me: throw unless the world is to stop. Stop spinning. Give the P up: under sched.lock Pgcstop,
     * one less to wait for, the last one signals stopnote. Then stopm. */
    unwritten();
}

void mexit(void)
{
    /* Write me: m0 hands its P off, counts as freed, looks for a deadlock and parks for ever. Any other M:
     * unminit; off allm, on to freem with freeMWait; P to somebody else; only then count as freed and
     * checkdead; and as the last thing exitThread, which clears freeWait (hosted: hosted_exitthread). */
    unwritten();
}

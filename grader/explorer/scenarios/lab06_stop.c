/**
 * @file lab06_stop.c
 * handoffp beside others who queue work or stop the world; two Ms that stop at once.
 */
#include "world.h"

/* ---- handoffp beside somebody who queues ---- */

/* m0 holds p0, m2 spins with p2: p1 has no work of its own, and nobody would start an M for it. m3 has it in hand. */
static void setup_queue(void)
{
    world_make(3, 4, 1);
    world_hold(0, 0);
    world_hold(2, 2);
    store_relaxed(&ms[2]->spinning, true);
    store_relaxed(&sched.nmspinning, 1);
}

static void hands_off(void)
{
    world_as(3);
    handoffp(ps[1]);
}

/* As exitsyscall0 does it, without the rest. */
static void queues(void)
{
    world_as(1);
    lock(&sched.lock);
    P *pp = pidleget();
    if (!pp)
        globrunqput(gs[0]);
    unlock(&sched.lock);
    if (pp)
        acquirep(pp);
}

static void not_beside_work(void)
{
    EX_CHECK(world_owners(1) == 1, "p1 was handed off, and %d have it", world_owners(1));
    if (load_relaxed(&sched.npidle) == 1)
        EX_CHECK(load_relaxed(&sched.runqsize) == 0, "p1 is idle, and g0 lies on the global queue");
    world_sound();
}

SCENARIO(handoffp_beside_work, .says = "a P is not made idle while there is global work", .setup = setup_queue,
         .check = not_beside_work, .threads = {{"hands_off", hands_off, 0}, {"queues", queues, 0}});

/* ---- handoffp while the world stops ---- */

static void setup_stop(void)
{
    world_make(2, 4, 0);
    world_hold(0, 0);
    store_relaxed(&ms[2]->spinning, true);
    store_relaxed(&sched.nmspinning, 1);
}

static void stops(void)
{
    world_as(0);
    stopTheWorldWithSema();
    EX_CHECK(load_relaxed(&sched.npidle) == 0, "the world is stopped, and a P is on the idle list");
    startTheWorldWithSema();
}

static void all_have_one(void)
{
    for (int i = 0; i < load_relaxed(&gomaxprocs); i++)
        EX_CHECK(world_owners(i) == 1, "%d have p%d", world_owners(i), i);
    EX_CHECK(!load_relaxed(&sched.stopnote.key), "stopnote is still signalled");
    world_sound();
}

SCENARIO(handoffp_while_stopping, .says = "a P that is handed off is one that the stopped world has", .setup = setup_stop,
         .check = all_have_one, .threads = {{"stops", stops, 0}, {"hands_off", hands_off, 0}});

/* ---- Ms stop ---- */

/* m0 has asked for it; m1 and m2, which spins, have seen that. */
static void setup_gcstopm(void)
{
    world_make(3, 3, 0);
    for (int i = 0; i < 3; i++)
        world_hold(i, i);
    store_relaxed(&ms[2]->spinning, true);
    store_relaxed(&sched.nmspinning, 1);
    store_relaxed(&ps[0]->status, Pgcstop);
    store_relaxed(&sched.gcwaiting, true);
    store_relaxed(&sched.stopwait, 2);
}

static void waits(void)
{
    world_as(0);
    while (!notetsleep(&sched.stopnote, 100 * NSEC_PER_USEC))
        continue;
    lock(&sched.lock); /* as whoever looks at what the Ms have left */
    int missing = load_relaxed(&sched.stopwait);
    EX_CHECK(missing == 0, "stopnote was signalled, and %d Ps have not stopped", missing);
    for (int i = 0; i < 3; i++)
        EX_CHECK(load_relaxed(&ps[i]->status) == Pgcstop && (i == 0 || !load_relaxed(&ps[i]->m)), "p%d has not stopped", i);
    unlock(&sched.lock);
}

static void is_stopped(void)
{
    world_as(ex_self());
    gcstopm();
}

static void none_spins(void)
{
    EX_CHECK(load_relaxed(&sched.nmspinning) == 0 && !load_relaxed(&ms[2]->spinning), "m2 has stopped and still spins");
}

SCENARIO(gcstopm_twice_at_once, .says = "the last P that stops wakes who waits for the world to stop, once",
         .setup = setup_gcstopm, .check = none_spins,
         .threads = {{"stops", waits, 0}, {"m1", is_stopped, 1}, {"m2", is_stopped, 1}});

/**
 * @file lab06_retake.c
 * sysmon takes a P out of a system call, and hands it off. Nothing of the runtime is replaced.
 */
#include "world.h"

static void sysmon_takes(void)
{
    world_as(2);
    lock(&allpLock);
    retake_syscall(ps[0], &ps[0]->sysmontick, world_clock, true);
    unlock(&allpLock);
}

/** m0 runs g0 on p0. */
static void world(int nps)
{
    world_make(nps, 4, 3);
    world_hold(0, 0);
    world_run(0, 0);
    gs[0]->stack = (stack){1 << 12, UINTPTR_MAX >> 1};
    store_relaxed(&sched.lastpoll, 0); /* somebody else polls */
}

/** m0 makes a call, and comes back if there is a P for it. */
static void m0_calls(void)
{
    world_as(0);
    world_own();
    entersyscall();
    M *mp = ms[0];
    if (exitsyscallfast(mp->oldp))
        world_own();
}

/** m0's call blocks for ever. */
static void m0_stays(void)
{
    world_as(0);
    world_own();
    entersyscall();
}

/* ---- to a parked M ---- */

static void park(int m)
{
    lock(&sched.lock);
    mput(ms[m]);
    unlock(&sched.lock);
}

/** What stopm does when it is woken. */
static void woken(int m)
{
    world_as(m);
    mPark();
    acquirep(ms[m]->nextp);
    ms[m]->nextp = NULL;
    world_own();
}

static void m1_parked(void)
{
    woken(1);
}

static void setup_parked(void)
{
    world(1);
    park(1);
}

/** One M has p0 in the end. */
static void one_owner(void)
{
    int owners = (ms[0]->p == ps[0]) + (ms[1]->p == ps[0]);
    EX_CHECK(owners == 1, "%d Ms have p0, which has status %u", owners, load_relaxed(&ps[0]->status));
}

SCENARIO(retake_for_another, .says = "the M that comes back has its P, or another M that was woken for it", .setup = setup_parked,
         .check = one_owner, .bound = 2,
         .threads = {{"m0", m0_calls, 1}, {"m1", m1_parked, 1}, {"sysmon", sysmon_takes, 0}});

/* ---- to the idle list ---- */

static void m1_takes(void)
{
    world_as(1);
    lock(&sched.lock);
    P *pp = pidleget();
    unlock(&sched.lock);
    if (!pp)
        return;
    acquirep(pp);
    world_own();
}

static void setup_idle(void)
{
    world(4);
    for (int i = 1; i < 4; i++)
        world_idle(i);
}

SCENARIO(retake_for_nobody, .says = "a P that nobody needs goes to the idle list, and who takes it from there finds it in order",
         .setup = setup_idle, .check = world_sound, .bound = 2,
         .threads = {{"m0", m0_calls, 0}, {"m1", m1_takes, 0}, {"sysmon", sysmon_takes, 0}});

/* ---- while work arrives ---- */

/** m1 has a G and no P, as at the end of exitsyscall. */
static void m1_queues(void)
{
    world_as(1);
    lock(&sched.lock);
    P *pp = pidleget();
    if (!pp)
        globrunqput(gs[1]);
    unlock(&sched.lock);
    if (pp)
        acquirep(pp);
}

static void m3_parked(void)
{
    woken(3);
}

/** Another M spins, so that none need be started to look for work. */
static void setup_work(void)
{
    world(1);
    park(3);
    store_relaxed(&sched.nmspinning, 1);
}

static void no_p_sleeps(void)
{
    EX_CHECK(load_relaxed(&sched.npidle) == 0 || load_relaxed(&sched.runqsize) == 0,
             "p0 is idle, and g1 waits in the global queue: nobody will run it");
}

SCENARIO(handoff_beside_work, .says = "a P does not go to sleep beside a goroutine that was queued meanwhile", .setup = setup_work,
         .check = no_p_sleeps, .threads = {{"m0", m0_stays, 0}, {"m1", m1_queues, 0}, {"sysmon", sysmon_takes, 0}, {"m3", m3_parked, 1}});

/* ---- while the world stops ---- */

/** On m1: the world stops, all Ps are ours. */
static void m1_stops(void)
{
    setg(ms[1]->g0);
    stopTheWorldWithSema();
    for (int i = 0; i < 2; i++)
        world_use_p(ps[i]);
}

/** A new M stops as well. */
static void m3_stops(void)
{
    woken(3);
    gcstopm();
}

/** The clock stands still; a stop that has looked at it so often waits for nothing. */
static int64_t impatient(void)
{
    static int64_t looks;
    EX_CHECK(ex_ghost_add(&looks, 1) < 50, "the world does not stop: sched.stopwait is %d, p0 has status %u",
             load_relaxed(&sched.stopwait), load_relaxed(&ps[0]->status));
    return world_clock;
}

/** m0 is in its call already. */
static void setup_stop(void)
{
    world(3);
    timeseam.nanotime = impatient;
    store_relaxed(&ps[0]->m, NULL);
    ms[0]->p = NULL;
    store_relaxed(&ps[0]->status, Psyscall);
    world_hold(1, 1);
    world_run(1, 1);
    world_idle(2);
    park(3);
}

SCENARIO(handoff_and_stop, .says = "a P that is being handed off is counted once by a stop-the-world", .setup = setup_stop, .bound = 2,
         .threads = {{"m1", m1_stops, 0}, {"sysmon", sysmon_takes, 0}, {"m3", m3_stops, 1}});

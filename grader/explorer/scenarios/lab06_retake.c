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

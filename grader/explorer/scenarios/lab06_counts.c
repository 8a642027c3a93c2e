/**
 * @file lab06_counts.c
 * Deadlock detection while Ms are on their way: whoever will run something must be counted at every moment.
 */
#include "world.h"

/** A goroutine comes back from a system call, as exitsyscall0 goes on: an idle P, or the global queue and parking. */
static void comes_back(void)
{
    world_as(0);
    lock(&sched.lock);
    P *pp = pidleget();
    if (!pp)
        globrunqput(gs[0]);
    unlock(&sched.lock);
    if (pp)
        acquirep(pp);
    else
        stopm();
}

/* p0 is idle; m0 comes back from a system call with g0, m1 is sysmon. */
static void setup_started(void)
{
    world_make(1, 2, 1);
    world_idle(0);
    sched.nmsys = 1;
}

static void sysmon_starts(void)
{
    world_as(1);
    startm(NULL, false, false);
}

static void p0_has_one(void)
{
    EX_CHECK(world_owners(0) == 1, "%d have p0", world_owners(0));
}

SCENARIO(startm_counts_its_m, .says = "an M that startm makes is counted from the moment on at which its P is off the list",
         .setup = setup_started, .check = p0_has_one,
         .threads = {{"comes_back", comes_back, 1}, {"sysmon", sysmon_starts, 0}});

/* Likewise, and m2 lies on the idle list; g1 is the collector's. */
static void setup_injected(void)
{
    world_make(1, 3, 2);
    world_idle(0);
    sched.nmsys = 1;
    gs[1]->issystem = true;
    store_relaxed(&gs[1]->atomicstatus, Gwaiting);
    lock(&sched.lock);
    ms[2]->schedlink = NULL;
    sched.midle = ms[2];
    sched.nmidle = 1;
    unlock(&sched.lock);
}

static void sysmon_injects(void)
{
    world_as(1);
    gList list = {NULL};
    glist_push(&list, gs[1]);
    injectglist(&list);
}

static void sleeps_on_the_list(void)
{
    world_as(2);
    mPark();
    acquirep(ms[2]->nextp);
    ms[2]->nextp = NULL;
}

SCENARIO(injectglist_counts_its_m, .says = "a P and the M that will run it leave their idle lists together",
         .setup = setup_injected, .check = p0_has_one,
         .threads = {{"comes_back", comes_back, 1}, {"sysmon", sysmon_injects, 0}, {"idle", sleeps_on_the_list, 1}});

/* ---- sysmon takes a P out of a system call, whose M comes back ---- */

static sysmontick seen;

static void setup_retake(void)
{
    world_make(1, 2, 1);
    world_run(0, 0);
    store_relaxed(&gs[0]->atomicstatus, Gsyscall);
    ms[0]->oldp = ps[0];
    store_relaxed(&ps[0]->status, Psyscall);
    sched.nmsys = 1;
}

static void returns(void)
{
    world_as(0);
    if (exitsyscallfast(ps[0]))
        return;
    mcall(exitsyscall0);
}

static void sysmon_retakes(void)
{
    world_as(1);
    lock(&allpLock);
    retake_syscall(ps[0], &seen, nanotime(), true);
    unlock(&allpLock);
}

SCENARIO(retake_counts_its_m, .says = "while sysmon hands a P off, its M may come back, find nothing and park",
         .setup = setup_retake, .check = p0_has_one,
         .threads = {{"returns", returns, 1}, {"sysmon", sysmon_retakes, 0}});

/* ---- a P goes to a locked M and back ---- */

static bool handing_over;

/* g1 is locked to m1, which has no P, and lies on the global queue; m0 holds p0. */
static void setup_locked(void)
{
    world_make(1, 2, 2);
    world_hold(0, 0);
    handing_over = true;
    ms[1]->lockedg = gs[1];
    gs[1]->lockedm = ms[1];
    world_as(0);
    globrunqput(gs[1]);
}

static void hand_over(void)
{
    lock(&sched.lock);
    G *gp = globrunqget();
    unlock(&sched.lock);
    EX_CHECK(gp == gs[1], "an M was given a P, and there is nothing to run");
    world_fill(gp);
    startlockedm(gp);
}

static void hands_over(void)
{
    world_as(0);
    for (;;)
        hand_over();
}

/* An M that was made because m0 was not parked yet does the same. In the other scenarios an M that would look for work ends. */
void schedule(void)
{
    while (handing_over)
        hand_over();
    ex_end();
}

static void is_locked(void)
{
    world_as(1);
    for (int i = 0; i < 2; i++) {
        stoplockedm();
        EX_CHECK(ms[1]->p == ps[0] && !ms[1]->nextp, "stoplockedm came back without the P that was given");
        world_use(gs[1]);
        if (i == 1)
            return;
        lock(&sched.lock);
        globrunqput(gs[1]); /* as if it had been preempted */
        unlock(&sched.lock);
    }
}

static void m1_has_it(void)
{
    EX_CHECK(ms[1]->p == ps[0], "m1 runs g1 without a P");
    EX_CHECK(sched.nmidlelocked == 0, "nobody waits for a locked goroutine, nmidlelocked says %d", sched.nmidlelocked);
    p0_has_one();
}

SCENARIO(locked_m_gets_the_p, .says = "a locked M gets a P each time that its goroutine is picked off a queue",
         .bound = 2, .setup = setup_locked, .check = m1_has_it,
         .threads = {{"m0", hands_over, 1}, {"m1", is_locked, 0}, {"new", world_be_born, 1}});

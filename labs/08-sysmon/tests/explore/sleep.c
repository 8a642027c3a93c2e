/**
 * @file sleep.c
 * sysmon's long sleep against those who must wake it. No sleep ends by its time-out here: a lost wake-up is a deadlock.
 */
#include "world.h"

static int64_t rounds;

/* sysmon ends at its fifth delay; by then somebody runs. */
static void delay(uint32_t us)
{
    (void)us;
    if (ex_ghost_add(&rounds, 1) == 4)
        ex_end();
    ex_yield();
}

/* p0 is idle; m0 and its goroutine come back from a system call, m1 is sysmon. */
static void setup(void)
{
    world_make(1, 2, 1);
    world_run(0, 0);
    world_idle(0);
    debug.updatemaxprocs = 0;
    debug.asyncpreemptoff = 1;
    timeseam.usleep = delay;
    world_clock = NSEC_PER_MSEC; /* too soon for what is due once a second */
    world_patient = true;
}

static void monitor(void)
{
    world_as(1);
    sysmon();
}

static void returns(void)
{
    world_as(0);
    setg(ms[0]->g0);
    EX_CHECK(exitsyscallfast_pidle(), "there is an idle P, and exitsyscallfast_pidle has not taken it");
}

SCENARIO(sysmon_sees_a_return, .says = "while a P runs that left the idle list, sysmon is awake", .setup = setup,
         .threads = {{"sysmon", monitor, 0}, {"returns", returns, 0}});

/* As an M does that comes from the network poller: it takes a P and wakes nobody. */
static void enters(void)
{
    world_as(0);
    lock(&sched.lock);
    P *pp = pidleget();
    unlock(&sched.lock);
    acquirep(pp);
    reentersyscall(0, gs[0]->stack.lo + 1024, 0);
}

SCENARIO(sysmon_sees_a_call, .says = "while a P is in a system call, sysmon is awake", .setup = setup,
         .threads = {{"sysmon", monitor, 0}, {"enters", enters, 0}});

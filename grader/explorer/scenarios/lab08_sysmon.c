/**
 * @file lab08_sysmon.c
 * sysmon's long sleep when it is woken again and again, or ends by its time-out; its look at Ps whose goroutines park; the
 * collection's goroutine.
 */
#include "world.h"

static int64_t rounds, most;

static void delay(uint32_t us)
{
    (void)us;
    if (ex_ghost_add(&rounds, 1) == most)
        ex_end();
}

/** Ps np, Ms nm of which the last is sysmon, which ends after n rounds. */
static void make(int np, int nm, int ng, int n)
{
    world_make(np, nm, ng);
    debug.updatemaxprocs = 0;
    debug.asyncpreemptoff = 1;
    timeseam.usleep = delay;
    world_clock = NSEC_PER_MSEC; /* too soon for what is due once a second */
    most = n;
}

static void monitor(void)
{
    world_as(ex_self());
    sysmon();
}

/* ---- woken twice ---- */

static void setup_again(void)
{
    make(1, 2, 0, 4);
    world_idle(0);
    world_patient = true;
}

static void returns_twice(void)
{
    world_as(0);
    exitsyscallfast_pidle();
    P *pp = releasep();
    lock(&sched.lock);
    pidleput(pp);
    unlock(&sched.lock);
    EX_CHECK(exitsyscallfast_pidle(), "p0 has gone");
}

SCENARIO(sysmon_sleeps_again, .says = "sysmon may sleep again at once, and no wake-up is lost or comes twice",
         .setup = setup_again, .threads = {{"returns", returns_twice, 0}, {"sysmon", monitor, 0}});

/* ---- woken or timed out ---- */

static void setup_timeout(void)
{
    make(1, 2, 0, 2);
    world_idle(0);
}

static void clean(void)
{
    EX_CHECK(!load_relaxed(&sched.sysmonwait), "sysmon is awake, and sysmonwait is set");
    EX_CHECK(!load_relaxed(&sched.sysmonnote.key), "sysmon is awake, and its note is still signalled");
}

SCENARIO(sysmon_times_out, .says = "a time-out and a wake-up at once leave neither sysmonwait nor the note behind",
         .setup = setup_timeout, .check = clean, .threads = {{"returns", returns_twice, 0}, {"sysmon", monitor, 0}});

/* ---- two who wake ---- */

static void setup_two(void)
{
    make(2, 3, 0, 2);
    world_idle(0);
    world_idle(1);
    world_patient = true;
}

static void returns(void)
{
    world_as(ex_self());
    exitsyscallfast_pidle();
}

SCENARIO(sysmon_is_woken_once, .says = "of two Ms that leave the idle list together one wakes sysmon", .setup = setup_two,
         .check = clean, .threads = {{"returns0", returns, 0}, {"returns1", returns, 0}, {"sysmon", monitor, 0}});

/* ---- the world stops and starts ---- */

static void setup_world(void)
{
    make(1, 2, 0, 3);
    world_hold(0, 0);
    world_patient = true;
}

static void stops_and_starts(void)
{
    world_as(0);
    stopTheWorldWithSema();
    startTheWorldWithSema();
}

SCENARIO(sysmon_and_a_stopped_world, .says = "sysmon may sleep while the world is stopped, and is awake after that",
         .setup = setup_world, .check = clean, .threads = {{"stops", stops_and_starts, 0}, {"sysmon", monitor, 0}});

/* ---- a look at a P whose goroutine parks ---- */

/* g0 runs on m0 and p0, for 10 ms and longer; g1 will run there next. m1 has nothing, m2 is sysmon. */
static void setup_look(void)
{
    make(2, 3, 3, 0);
    world_clock = NSEC_PER_SEC;
    for (int i = 0; i < 2; i++)
        store_relaxed(&gs[i]->stackguard0, gs[i]->stack.lo + STACK_GUARD);
    world_hold(0, 0);
    world_run(0, 0);
    debug.asyncpreemptoff = 0; /* the signal goes nowhere */
}

static void looks(void)
{
    world_as(2);
    EX_CHECK(retake(nanotime()) == 0, "no P is in a system call, and retake has taken one");
}

static void parks(void)
{
    world_as(0);
    casgstatus(gs[0], Grunning, Gwaiting);
    setg(ms[0]->g0);
    dropg();
    execute(gs[1], false);
}

static void only_asked(void)
{
    EX_CHECK(load_relaxed(&ps[0]->m) == ms[0] && load_relaxed(&ps[0]->status) == Prunning, "retake has changed a P that runs");
    for (int i = 0; i < 3; i++)
        EX_CHECK(!load_relaxed(&ms[i]->g0->preempt), "retake has asked the scheduler of m%d to yield", i);
}

SCENARIO(retake_and_a_parking_g, .says = "retake may look at a P at any moment while its goroutine parks and another begins",
         .setup = setup_look, .check = only_asked, .threads = {{"parks", parks, 0}, {"sysmon", looks, 0}});

static void leaves(void)
{
    world_as(0);
    casgstatus(gs[0], Grunning, Gwaiting);
    setg(ms[0]->g0);
    dropg();
    P *pp = releasep();
    lock(&sched.lock);
    pidleput(pp);
    unlock(&sched.lock);
}

SCENARIO(retake_and_a_leaving_m, .says = "retake may look at a P at any moment while its M parts from it", .setup = setup_look,
         .threads = {{"leaves", leaves, 0}, {"sysmon", looks, 0}});

static struct ex_sem made;
static M *newborn;

static void makes(void)
{
    world_as(0);
    newborn = allocm(NULL, NULL, -1);
    ex_name(newborn, sizeof *newborn, "the new M"); /* where it lies is the same in each execution */
    ex_post(&made);
}

static void begins(void)
{
    ex_wait(&made);
    setg(newborn->g0);
    acquirep(ps[1]);
    execute(gs[2], false);
}

static void looks_twice(void)
{
    world_as(2);
    retake(nanotime());
    preemptall();
}

SCENARIO(preemptall_and_a_new_m, .says = "what preemptall reads of an M that it has never seen is there", .setup = setup_look,
         .threads = {{"makes", makes, 0}, {"new", begins, 0}, {"sysmon", looks_twice, 0}});

/* ---- the collection's goroutine ---- */

/* It begins on m0 and p0. A collection is due. */
static void setup_gc(void)
{
    make(1, 2, 1, 3);
    world_hold(0, 0);
    world_run(0, 0);
    gs[0]->issystem = true;
    world_clock = 1000 * NSEC_PER_SEC;
    store_relaxed(&sched.lastgc, 1);
    debug.schedtrace = 0;
}

static void helper(void)
{
    world_as(0);
    forcegchelper(NULL);
}

/* The M that has parked the helper goes on looking: nothing of interest here. */
void schedule(void)
{
    ex_end();
}

static void parked_or_queued(void)
{
    uint32_t status = load_relaxed(&gs[0]->atomicstatus);
    bool queued = load_relaxed(&sched.runqsize) == 1;
    EX_CHECK(load_relaxed(&sched.runqsize) <= 1, "the helper lies on the queue twice");
    EX_CHECK(status == (queued ? Grunnable : Gwaiting), "the helper is %s, and %s the queue", gstatusname(status),
             queued ? "on" : "not on");
    EX_CHECK(queued != load_relaxed(&forcegc.idle), "the helper is %s, and idle says otherwise",
             queued ? "on its way" : "parked");
}

SCENARIO(forcegc_parks_and_wakes, .says = "the helper is readied once, and not before it has parked", .setup = setup_gc,
         .check = parked_or_queued, .threads = {{"helper", helper, 0}, {"sysmon", monitor, 0}});

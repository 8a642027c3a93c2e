/**
 * @file lab06_threads.c
 * Notes that are used again, several wakers and sleepers, the first locks, Ms that exit.
 */
#include "world.h"

/* ---- a note's second life ---- */

static note n;
static struct ex_sem asked;

static void setup_again(void)
{
    world_make(1, 2, 2);
    ex_name(&n, sizeof n, "note");
    ex_name(&asked, sizeof asked, "asked");
}

static void sleeps_twice(void)
{
    world_as(0);
    for (int i = 0; i < 2; i++) {
        ex_post(&asked);
        notesleep(&n);
        world_use(gs[i]);
        noteclear(&n);
    }
}

static void wakes_twice(void)
{
    world_as(1);
    for (int i = 0; i < 2; i++) {
        ex_wait(&asked);
        world_fill(gs[i]);
        notewakeup(&n);
    }
}

SCENARIO(note_is_used_again, .says = "a note that was cleared keeps nothing of its former life", .setup = setup_again,
         .threads = {{"sleeper", sleeps_twice, 0}, {"waker", wakes_twice, 0}});

/* ---- an M parks twice ---- */

static void setup_idle(void)
{
    world_make(2, 2, 1);
    world_hold(0, 0);
    world_idle(1);
}

static void idles(void)
{
    P *pp = releasep();
    lock(&sched.lock);
    pidleput(pp);
    unlock(&sched.lock);
    stopm();
}

static void parks_twice(void)
{
    world_as(1);
    stopm();
    idles();
}

static void starts_twice(void)
{
    world_as(0);
    startm(NULL, false, false);
    startm(NULL, false, false);
}

static void p1_has_one(void)
{
    EX_CHECK(world_owners(1) == 1, "%d have p1", world_owners(1));
    world_sound();
}

SCENARIO(stopm_twice, .says = "an M that parks again waits for another P", .setup = setup_idle, .check = p1_has_one,
         .threads = {{"parks", parks_twice, 1}, {"starts", starts_twice, 0}});

/* ---- two who start Ms, two that are parked ---- */

static void setup_two(void)
{
    world_make(3, 4, 0);
    world_hold(0, 0);
    world_idle(1);
    world_idle(2);
    sched.nmsys = 1; /* m3 */
    for (int i = 1; i < 3; i++) {
        ms[i]->schedlink = sched.midle;
        sched.midle = ms[i];
        sched.nmidle++;
    }
}

static void starts0(void)
{
    world_as(0);
    startm(NULL, false, false);
}

static void starts3(void)
{
    world_as(3);
    startm(NULL, false, false);
}

static void each_has_one(void)
{
    EX_CHECK(load_relaxed(&sched.npidle) == 0 && sched.nmidle == 0, "two Ms were started, and a P or an M is still idle");
    for (int i = 1; i < 3; i++)
        EX_CHECK(ms[i]->nextp && load_relaxed(&ms[i]->park.key), "m%d was not woken with a P", i);
    EX_CHECK(ms[1]->nextp != ms[2]->nextp, "p%d was given to two Ms", ms[1]->nextp->id);
}

SCENARIO(startm_twice_at_once, .says = "two who start Ms at once wake two of them, each with a P of its own",
         .setup = setup_two, .check = each_has_one, .threads = {{"starts0", starts0, 0}, {"starts3", starts3, 0}});

/* ---- two first locks ---- */

static void setup_locks(void)
{
    world_make(3, 2, 2);
    for (int i = 0; i < 2; i++) {
        world_hold(i, i);
        world_run(i, i);
    }
}

static void locks(void)
{
    world_as(ex_self());
    lockosthread();
    if (ex_self() == 1)
        newm(NULL, ps[2], -1);
}

/* The thread of an M that the template thread has started is not of interest. */
static void check_locks(void)
{
    int templates = 0, others = 0;
    for (M *mp = load_relaxed(&allm); mp; mp = mp->alllink) {
        templates += mp->mstartfn == templateThread;
        others += mp->nextp == ps[2] && world_births(mp) == 1;
    }
    EX_CHECK(templates == 1, "%d template threads were started", templates);
    EX_CHECK(others == 1, "the M that the second goroutine asked for has no thread");
}

SCENARIO(first_locks, .says = "of two goroutines that lock first, one starts the template thread, and both can rely on it",
         .setup = setup_locks, .check = check_locks,
         .threads = {{"locks0", locks, 0}, {"locks1", locks, 0}, {"new", world_be_born, 1}});

/* ---- an M exits while others make Ms ---- */

static int64_t left, freed;
static G *laststep;          /* stands for the last use of m1's stack */
enum { M1_STACK = 1 << 19 }; /* to know it by */

void world_gone(M *mp)
{
    if (mp != ms[1])
        return;
    world_fill(laststep);
    ex_ghost_set(&left, 1);
}

void stackfree(stack stk)
{
    if (stk.lo != M1_STACK)
        return;
    EX_CHECK(ex_ghost_get(&left), "the stack of m1 is freed while m1 stands on it");
    EX_CHECK(ex_ghost_add(&freed, 1) == 0, "the stack of m1 is freed twice");
    world_use(laststep);
}

static void setup_exit(void)
{
    world_make(3, 2, 0);
    world_hold(0, 0);
    world_hold(1, 1);
    world_idle(2);
    laststep = ex_alloc(sizeof *laststep, 64);
    ex_name(laststep, sizeof *laststep, "stack of m1");
    ms[1]->g0->stack.lo = M1_STACK;
}

static void exits(void)
{
    world_as(1);
    mexit();
}

static void makes(void)
{
    world_as(0);
    for (int i = 0; i < 2; i++)
        EX_CHECK(allocm(NULL, NULL, -1) != NULL, "allocm returned NULL");
}

static void check_exit(void)
{
    EX_CHECK(ex_ghost_get(&left), "m1 has not left its stack");
    EX_CHECK(freed || sched.freem == ms[1], "nobody will free the stack of m1");
    EX_CHECK(world_owners(1) == 1, "m1 has gone, and %d have its P", world_owners(1));
}

SCENARIO(mexit_and_allocm, .says = "an M's stack is freed once, and not before its thread has left it", .setup = setup_exit,
         .check = check_exit, .threads = {{"exits", exits, 0}, {"makes", makes, 0}});

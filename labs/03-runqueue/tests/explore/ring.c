/**
 * @file ring.c
 * The ring of a P under its owner and a thief, explored. RUNQ_SIZE is 4 here.
 */
#include "ring.h"

static void thief_steals_twice(void)
{
    world_as(1);
    steal(1, true);
    steal(1, true);
}

/* ---- three Gs through the ring ---- */

static void setup3(void)
{
    world(3);
}

static void check3(void)
{
    check(3);
}

static void owner_puts3_gets2(void)
{
    world_as(0);
    put(0, false);
    put(1, false);
    put(2, false);
    get();
    get();
}

SCENARIO(ring_owner_and_thief, .says = "what the owner puts is taken once, by the owner or by the thief", .setup = setup3,
         .check = check3, .threads = {{"owner", owner_puts3_gets2, 0}, {"thief", thief_steals_twice, 0}});

/* ---- two Gs through runnext ---- */

static void setup2(void)
{
    world(2);
}

static void check2(void)
{
    check(2);
}

static void owner_runnext(void)
{
    world_as(0);
    put(0, true);
    put(1, true);
    get();
}

SCENARIO(runnext_owner_and_thief, .says = "runnext is taken once", .setup = setup2, .check = check2,
         .threads = {{"owner", owner_runnext, 0}, {"thief", thief_steals_twice, 0}});

/* ---- the fifth G for a ring of four ---- */

static void setup5(void)
{
    world(5);
}

static void check5(void)
{
    check(5);
}

static void owner_overflows(void)
{
    world_as(0);
    for (int i = 0; i < 5; i++)
        put(i, false);
}

static void thief_and_global(void)
{
    world_as(1);
    steal(1, true);
    lock(&sched.lock);
    G *gp = globrunqget();
    unlock(&sched.lock);
    use(gp);
}

SCENARIO(ring_overflow, .says = "a full ring moves half of itself to the global queue while a thief works on it", .setup = setup5,
         .check = check5, .threads = {{"owner", owner_overflows, 0}, {"thief", thief_and_global, 0}});

/**
 * @file lab03_ring.c
 * The ring of a P: two thieves, slots and counters that come round again, thieves of thieves, runqempty.
 */
#include "ring.h"

static void setup2(void)
{
    world(2);
}

static void setup3(void)
{
    world(3);
}

static void check2(void)
{
    check(2);
}

static void check3(void)
{
    check(3);
}

static void check4(void)
{
    check(4);
}

static void check5(void)
{
    check(5);
}

static void thief1_once(void)
{
    world_as(1);
    steal(1, true);
}

static void thief2_once(void)
{
    world_as(2);
    steal(2, true);
}

/* ---- two thieves ---- */

static void owner_puts3_gets1(void)
{
    world_as(0);
    put(0, false);
    put(1, false);
    put(2, false);
    get();
}

static void owner_runnext(void)
{
    world_as(0);
    put(0, true);
    put(1, true);
    get();
}

SCENARIO(ring_two_thieves, .says = "two thieves never get the same goroutine", .setup = setup3, .check = check3,
         .threads = {{"owner", owner_puts3_gets1, 0}, {"thief1", thief1_once, 0}, {"thief2", thief2_once, 0}});
SCENARIO(runnext_two_thieves, .says = "runnext is taken once, whoever wants it", .setup = setup2, .check = check2,
         .threads = {{"owner", owner_runnext, 0}, {"thief1", thief1_once, 0}, {"thief2", thief2_once, 0}});

/* ---- slots and counters that come round again ---- */

static void setup_wrapped(void)
{
    world(5);
    world_as(0);
    for (int i = 0; i < 3; i++) {
        store_relaxed(&ps[i]->runqhead, ~0u - 1);
        store_relaxed(&ps[i]->runqtail, ~0u - 1);
    }
    for (int i = 0; i < 3; i++)
        put(i, false);
}

static void owner_reuses_slots(void)
{
    world_as(0);
    get();
    get();
    put(3, false);
    put(4, false);
}

SCENARIO(ring_slots_are_reused, .says = "a slot is filled again while a thief still looks at it, and its index passes 2^32",
         .setup = setup_wrapped, .check = check5, .threads = {{"owner", owner_reuses_slots, 0}, {"thief", thief1_once, 0}});

/* ---- what was stolen can be stolen again ---- */

static void setup_full(void)
{
    world(4);
    world_as(0);
    for (int i = 0; i < 4; i++)
        put(i, false);
}

static void thief1_halves(void)
{
    world_as(1);
    steal(1, false);
}

static void thief_of_the_thief(void)
{
    world_as(2);
    use(runqsteal(ps[2], ps[1], false));
}

SCENARIO(ring_stolen_twice, .says = "what a thief has stolen can be stolen from it", .setup = setup_full, .check = check4,
         .threads = {{"thief1", thief1_halves, 0}, {"thief2", thief_of_the_thief, 0}});

/* ---- runqempty ---- */

static void setup_one(void)
{
    world(2);
    world_as(0);
    put(0, true);
}

/* At first g0 is in runnext; then g1 is, while g0 is on its way to the ring; then g0 is in the ring. */
static void owner_moves_one(void)
{
    world_as(0);
    put(1, true);
    get();
}

static void watcher(void)
{
    world_as(1);
    EX_CHECK(!runqempty(ps[0]), "runqempty says that a queue is empty which always had a goroutine in it");
}

SCENARIO(runqempty_sees_one, .says = "runqempty never says empty while one goroutine is always there", .setup = setup_one,
         .threads = {{"owner", owner_moves_one, 0}, {"watcher", watcher, 0}});

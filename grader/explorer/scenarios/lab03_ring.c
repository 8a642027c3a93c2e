/**
 * @file lab03_ring.c
 * The ring of a P under its owner and thieves: nothing is lost, nothing is handed out twice, nothing is seen half made.
 */
#include "world.h"

/** Puts gs[i] on p0's queue. */
static void put(int i, bool next)
{
    world_fill(gs[i]);
    runqput(ps[0], gs[i], next);
}

/** Runs what somebody has got, if anything. */
static void use(G *gp)
{
    world_take(gp);
    if (gp)
        world_use(gp);
}

static void get(void)
{
    bool inherit;
    use(runqget(ps[0], &inherit));
}

static void steal(int into, bool runnext)
{
    use(runqsteal(ps[into], ps[0], runnext));
}

/** p0 belongs to m0, p1 to m1, p2 to m2; n Gs. */
static void world(int n)
{
    world_make(3, 3, n);
    for (int i = 0; i < 3; i++)
        world_hold(i, i);
}

static void check(int n)
{
    setg(ms[0]->g0);
    world_drain();
    world_nothing_lost(n);
}

/* ---- owner and thief ---- */

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

static void thief1_twice(void)
{
    world_as(1);
    steal(1, true);
    steal(1, true);
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

static void owner_puts3_gets1(void)
{
    world_as(0);
    put(0, false);
    put(1, false);
    put(2, false);
    get();
}

SCENARIO(ring_owner_and_thief, .says = "what the owner puts is taken once, by the owner or by the thief", .setup = setup3, .check = check3,
         .threads = {{"owner", owner_puts3_gets2, 0}, {"thief", thief1_twice, 0}});
SCENARIO(ring_two_thieves, .says = "two thieves never get the same goroutine", .setup = setup3, .check = check3,
         .threads = {{"owner", owner_puts3_gets1, 0}, {"thief1", thief1_once, 0}, {"thief2", thief2_once, 0}});

/* ---- runnext ---- */

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
         .threads = {{"owner", owner_runnext, 0}, {"thief", thief1_twice, 0}});
SCENARIO(runnext_two_thieves, .says = "runnext is taken once, whoever wants it", .setup = setup2, .check = check2,
         .threads = {{"owner", owner_runnext, 0}, {"thief1", thief1_once, 0}, {"thief2", thief2_once, 0}});

/* ---- overflow: a ring of four and the fifth ---- */

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

static void check4(void)
{
    check(4);
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

static void owner_keeps_one(void)
{
    world_as(0);
    put(0, true);  /* runnext: g0 */
    put(1, true);  /* runnext: g1, g0 in the ring */
    bool inherit;
    G *gp = runqget(ps[0], &inherit); /* g1 from runnext */
    runqput(ps[0], gp, false);        /* and back, to the ring */
}

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

static void setup_kept(void)
{
    world(2);
}

SCENARIO(owner_alone, .says = "the owner alone loses nothing", .setup = setup_kept, .check = check2,
         .threads = {{"owner", owner_keeps_one, 0}});

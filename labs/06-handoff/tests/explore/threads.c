/**
 * @file threads.c
 * Who parks an M and who wakes it; who asks the template thread for one and how that goes to sleep.
 */
#include "world.h"

/* ---- an M parks while another one starts Ms ---- */

/* m0 holds p0; p1 is idle; m1 has nothing to do. */
static void setup_idle(void)
{
    world_make(2, 2, 2);
    world_hold(0, 0);
    world_idle(1);
}

static void parks(void)
{
    world_as(1);
    stopm();
    EX_CHECK(ms[1]->p == ps[1], "stopm came back without the P that startm gives");
    EX_CHECK(!ms[1]->nextp, "m1 has taken its P and still has a next one");
    world_use(gs[0]);
}

static void starts(void)
{
    world_as(0);
    world_fill(gs[0]);
    startm(NULL, false, false);
}

static void p1_is_somewhere(void)
{
    EX_CHECK(world_owners(1) == 1, "p1 was taken off the idle list, and %d Ms have it", world_owners(1));
    EX_CHECK(ms[1]->p == ps[1] || world_births(NULL) == 1, "startm woke nobody, and made no thread");
}

SCENARIO(startm_and_a_parking_m, .says = "an M that parks gets the P that startm has for it, or a new M does",
         .setup = setup_idle, .check = p1_is_somewhere, .threads = {{"parks", parks, 1}, {"starts", starts, 0}});

/* ---- the template thread ---- */

/* m0 runs a goroutine that is locked to it, m1 is the template thread. */
static void setup_template(void)
{
    world_make(3, 2, 0);
    world_hold(0, 0);
    ms[0]->lockedExt = 1;
    store_relaxed(&newmHandoff.haveTemplateThread, 1);
}

static void template(void)
{
    world_as(1);
    templateThread();
}

static void asks_twice(void)
{
    world_as(0);
    newm(NULL, ps[1], -1);
    newm(NULL, ps[2], -1);
}

static void both_started(void)
{
    EX_CHECK(world_births(NULL) == 2, "two Ms were asked for, %d threads were made, and the template thread sleeps",
             world_births(NULL));
    for (M *mp = load_relaxed(&allm); mp; mp = mp->alllink)
        EX_CHECK(world_births(mp) <= 1, "m%ld has two threads", (long)mp->id);
}

SCENARIO(template_thread_sees_every_m, .says = "the template thread starts every M that it is asked for, and only once",
         .setup = setup_template, .check = both_started,
         .threads = {{"locked", asks_twice, 0}, {"template", template, 1}});

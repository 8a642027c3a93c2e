/**
 * @file spin.c
 * An M that finds nothing goes to sleep while another makes a G runnable, explored: the "delicate dance".
 */
#include "spin.h"

/** A goroutine is run, wherever schedule was called. */
void world_ran(G *gp)
{
    world_take(gp);
}

static void check1(void)
{
    spin_check(1);
}

static void seeker(void)
{
    spin_seek(1);
}

static void spare(void)
{
    spin_spare(2);
}

/* ---- m1 spins, finds nothing, gives p1 up ---- */

static void setup_spinning(void)
{
    spin_world(2, 3, 1, 1, true);
}

static void submits_local(void)
{
    world_as(0);
    world_fill(gs[0]);
    runqput(ps[0], gs[0], false);
    wakep();
}

static void submits_global(void)
{
    world_as(0);
    world_fill(gs[0]);
    lock(&sched.lock);
    globrunqput(gs[0]);
    unlock(&sched.lock);
    wakep();
}

SCENARIO(dance_local, .says = "a goroutine that is put on a local queue while the last spinning M goes to sleep is run",
         .setup = setup_spinning, .check = check1, .bound = 2,
         .threads = {{"submitter", submits_local, 0}, {"seeker", seeker, 1}, {"spare", spare, 1}});
SCENARIO(dance_global, .says = "a goroutine that is put on the global queue while the last spinning M goes to sleep is run",
         .setup = setup_spinning, .check = check1, .bound = 2,
         .threads = {{"submitter", submits_global, 0}, {"seeker", seeker, 1}, {"spare", spare, 1}});

/* ---- m1 does not spin: wakep's note ---- */

static void setup_not_spinning(void)
{
    spin_world(2, 3, 1, 1, false);
}

SCENARIO(note_for_who_parks, .says = "a waker that finds no idle P leaves a note, and whoever gives a P up next looks for the goroutine",
         .setup = setup_not_spinning, .check = check1, .bound = 2,
         .threads = {{"submitter", submits_local, 0}, {"seeker", seeker, 1}, {"spare", spare, 1}});

/**
 * @file note.c
 * A note: one sleeper, one waker, in every order. The kernel may end a sleep for no reason, and a time-out may pass at any
 * moment.
 */
#include "world.h"

static note n;

static void setup(void)
{
    world_make(1, 2, 1);
    ex_name(&n, sizeof n, "note");
}

static void sleeper(void)
{
    world_as(0);
    notesleep(&n);
    world_use(gs[0]);
}

static void waker(void)
{
    world_as(1);
    world_fill(gs[0]);
    notewakeup(&n);
}

SCENARIO(note_wakes_its_sleeper, .says = "whoever comes first, the sleeper wakes, and sees what was done before the wake-up",
         .setup = setup, .threads = {{"sleeper", sleeper, 0}, {"waker", waker, 0}});

static void impatient(void)
{
    world_as(0);
    int64_t start = nanotime();
    if (!notetsleep(&n, 1000)) {
        EX_CHECK(nanotime() - start >= 1000, "notetsleep said false after %ld of 1000 ns", (long)(nanotime() - start));
        notesleep(&n);
    }
    world_use(gs[0]);
}

SCENARIO(note_after_a_timeout, .says = "a sleep with a time-out ends by the wake-up or in time, and no wake-up is lost",
         .setup = setup, .threads = {{"sleeper", impatient, 0}, {"waker", waker, 0}});

/**
 * @file lab03_batch.c
 * A batch that is put on a ring while a thief works on it.
 */
#include "ring.h"

static void setup_two(void)
{
    world(5);
    world_as(0);
    put(0, false);
    put(1, false);
}

/** Three more: with those that are there it is one too many, if the thief does not come in time. */
static void owner_puts_batch(void)
{
    world_as(0);
    gQueue q = {NULL, NULL};
    for (int i = 2; i < 5; i++) {
        world_fill(gs[i]);
        gqueue_pushback(&q, gs[i]);
    }
    runqputbatch(ps[0], &q);
    EX_CHECK(!q.head, "runqputbatch left something of the batch");
    get();
}

static void thief(void)
{
    world_as(1);
    steal(1, true);
    steal(1, true);
}

static void check5(void)
{
    check(5);
}

SCENARIO(batch_and_thief, .says = "what is put as a batch is taken once, and nothing of it is lost", .setup = setup_two, .check = check5,
         .threads = {{"owner", owner_puts_batch, 0}, {"thief", thief, 0}});

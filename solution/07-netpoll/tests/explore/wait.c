/**
 * @file wait.c
 * A goroutine that waits for a descriptor against those who wake it, explored: events, close, a deadline.
 */
#include "poll.h"

/* ---- an event ---- */

static void reader_waits(void)
{
    world_as(1);
    int err = pollWait(pd, 'r');
    EX_CHECK(err == pollNoError, "pollWait says %d: there was an event, and nothing else", err);
    world_use(gs[3]);
}

static void event_comes(void)
{
    world_as(0);
    world_fill(gs[3]);
    poll_event('r');
}

SCENARIO(wait_event, .says = "a reader sees the event, before it waits, while it parks, or after; and what came before the event",
         .setup = poll_world, .check = poll_quiet, .threads = {{"reader", reader_waits, 0}, {"poller", event_comes, 0}});

/* ---- close ---- */

static void reader_is_closed(void)
{
    world_as(1);
    int err = pollWait(pd, 'r');
    EX_CHECK(err == pollErrClosing, "pollWait says %d: it was closed, and nothing else came", err);
}

static void closer(void)
{
    world_as(0);
    pollUnblock(pd);
}

SCENARIO(wait_close, .says = "a reader learns that the descriptor was closed, before it waits, while it parks, or after",
         .setup = poll_world, .check = poll_quiet, .threads = {{"reader", reader_is_closed, 0}, {"closer", closer, 0}});

/* ---- a deadline ---- */

static void setup_deadline(void)
{
    poll_world();
    pollSetDeadline(pd, 1000, 'r');
    timer_del(pd->rt); /* it goes off: below */
}

static void reader_times_out(void)
{
    world_as(1);
    int err = pollWait(pd, 'r');
    EX_CHECK(err == pollErrTimeout, "pollWait says %d: its deadline came, and nothing else", err);
}

static void deadline(void)
{
    world_as(0);
    pd->rt->fn(pd->rt->arg, pd->rt->seq);
}

SCENARIO(wait_deadline, .says = "a reader learns that its deadline has come, before it waits, while it parks, or after",
         .setup = setup_deadline, .check = poll_quiet, .threads = {{"reader", reader_times_out, 0}, {"timer", deadline, 0}});

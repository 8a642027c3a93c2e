/**
 * @file lab07_words.c
 * The words rg and wg of a pollDesc: two directions at once, an event beside a close, a deadline that is moved, and the bits
 * that waiters look at.
 */
#include "poll.h"

/** Says what a wait ended with. */
static void ended(int err, int a, int b)
{
    EX_CHECK(err == a || err == b, "pollWait says %d, and the only things that came were %d and %d", err, a, b);
    EX_CHECK(err != pollNoError || ex_ghost_get(&kernel.sent), "pollWait says that the descriptor is ready, and there was no event yet");
}

static void closer(void)
{
    world_as(0);
    pollUnblock(pd);
}

/* ---- two directions ---- */

static void reader_closed(void)
{
    world_as(1);
    ended(pollWait(pd, 'r'), pollErrClosing, pollErrClosing);
}

static void writer_closed(void)
{
    world_as(2);
    ended(pollWait(pd, 'w'), pollErrClosing, pollErrClosing);
}

SCENARIO(close_wakes_both, .says = "a close ends both the reader's wait and the writer's, and the count of waiters comes down to 0",
         .setup = poll_world, .check = poll_quiet,
         .threads = {{"reader", reader_closed, 0}, {"writer", writer_closed, 0}, {"closer", closer, 0}});

static void reader_ready(void)
{
    world_as(1);
    ended(pollWait(pd, 'r'), pollNoError, pollNoError);
}

static void writer_ready(void)
{
    world_as(2);
    ended(pollWait(pd, 'w'), pollNoError, pollNoError);
}

static void event_for_both(void)
{
    world_as(0);
    poll_event('r' + 'w');
}

SCENARIO(event_wakes_both, .says = "an event for both directions ends the reader's wait and the writer's, and the count of waiters comes "
                                   "down to 0",
         .setup = poll_world, .check = poll_quiet,
         .threads = {{"reader", reader_ready, 0}, {"writer", writer_ready, 0}, {"poller", event_for_both, 0}});

/* ---- an event and a close ---- */

static void reader_either(void)
{
    world_as(1);
    ended(pollWait(pd, 'r'), pollNoError, pollErrClosing);
}

static void event_for_reader(void)
{
    setg(ms[2]->g0);
    poll_event('r');
}

SCENARIO(event_beside_close, .says = "a reader to whom an event and a close come is woken once, and counted down once",
         .setup = poll_world, .check = poll_quiet,
         .threads = {{"reader", reader_either, 0}, {"closer", closer, 0}, {"poller", event_for_reader, 0}});

/* ---- an event is not lost to a wake-up that is none ---- */

static void setup_deadline(void)
{
    poll_world();
    pollSetDeadline(pd, 1000, 'r');
    timer_del(pd->rt); /* it goes off: below */
}

static int64_t used;

static void reader_io_or_late(void)
{
    world_as(1);
    if (netpollblock(pd, 'r', true))
        ex_ghost_set(&used, 1);
}

static void event_then_deadline(void)
{
    world_as(0);
    poll_event('r');
    pd->rt->fn(pd->rt->arg, pd->rt->seq);
}

/** With waitio only the word counts. The event came first: it was used, or it is still there. */
static void event_kept(void)
{
    poll_quiet();
    EX_CHECK(used || load_relaxed(&pd->rg) == pdReady, "the event was neither seen by the reader nor left in rg");
}

SCENARIO(event_outlives_deadline, .says = "a deadline that comes after an event does not take it away", .setup = setup_deadline,
         .check = event_kept, .threads = {{"reader", reader_io_or_late, 0}, {"poller", event_then_deadline, 0}});

static void event_comes(void)
{
    setg(ms[2]->g0);
    poll_event('r');
}

static void deadline_comes(void)
{
    world_as(0);
    pd->rt->fn(pd->rt->arg, pd->rt->seq);
}

SCENARIO(event_beside_deadline, .says = "an event that comes beside a deadline is used, or kept", .setup = setup_deadline, .check = event_kept,
         .threads = {{"reader", reader_io_or_late, 0}, {"timer", deadline_comes, 0}, {"poller", event_comes, 0}});

/* ---- readiness of before ---- */

/** As a read does: forget old readiness, try, wait. World word 0 is the byte that has come. */
static void reads(void)
{
    world_as(1);
    for (int tries = 0; tries < 3; tries++) {
        EX_CHECK(pollReset(pd, 'r') == pollNoError, "pollReset says that there is an error, and there is none");
        if (world_get(0))
            return;
        ended(pollWait(pd, 'r'), pollNoError, pollNoError);
    }
    ex_fail("one byte has come, and the reader was told three times to try again");
}

/** An event of before, as of a byte that was read already; then a byte comes. */
static void byte_comes(void)
{
    world_as(0);
    poll_event('r');
    world_set(0, 1);
    poll_event('r');
}

SCENARIO(read_loop, .says = "a reader that forgets readiness, tries and waits gets the byte that comes meanwhile", .setup = poll_world,
         .check = poll_quiet, .strong = true, .threads = {{"reader", reads, 0}, {"poller", byte_comes, 0}});

/* ---- a deadline in the past ---- */

static void reader_too_late(void)
{
    world_as(1);
    ended(pollWait(pd, 'r'), pollErrTimeout, pollErrTimeout);
}

static void sets_past(void)
{
    world_as(0);
    pollSetDeadline(pd, -1, 'r');
}

SCENARIO(deadline_in_the_past, .says = "a deadline in the past ends a wait that is about to begin, or has begun", .setup = poll_world,
         .check = poll_quiet, .threads = {{"reader", reader_too_late, 0}, {"setter", sets_past, 0}});

/* ---- a deadline that is moved ---- */

static void (*timer_fn)(void *, uintptr_t);
static uintptr_t timer_seq;

/** The timer has been taken off its heap, and its function is about to be called. */
static void setup_timer_goes_off(void)
{
    setup_deadline();
    timer_fn = pd->rt->fn;
    timer_seq = pd->rt->seq;
}

static void timer_goes_off(void)
{
    world_as(0);
    timer_fn(pd, timer_seq);
}

static void mover(void)
{
    world_as(2);
    pollSetDeadline(pd, 0, 'r');
    int err = netpollcheckerr(pd, 'r');
    EX_CHECK(err == pollNoError, "the deadline was taken away, and there is still error %d", err);
}

static void no_deadline(void)
{
    int err = netpollcheckerr(pd, 'r');
    EX_CHECK(err == pollNoError, "the deadline was taken away, and its timer has still made it pass: error %d", err);
}

SCENARIO(deadline_is_moved, .says = "a timer whose deadline was taken away while it went off changes nothing", .setup = setup_timer_goes_off,
         .check = no_deadline, .threads = {{"timer", timer_goes_off, 0}, {"mover", mover, 0}});

/** A reader that begins before the deadline is moved may be told that it has passed; it goes on then. */
static void reader_retries(void)
{
    world_as(1);
    int err = pollWait(pd, 'r');
    if (err == pollErrTimeout) {
        ex_wait(&poll_woken[0]); /* moved */
        err = pollWait(pd, 'r');
    }
    ended(err, pollNoError, pollNoError);
}

static void mover_tells(void)
{
    world_as(2);
    pollSetDeadline(pd, 0, 'r');
    ex_post(&poll_woken[0]);
    poll_event('r');
}

SCENARIO(deadline_is_moved_in_time, .says = "a reader whose deadline was moved waits on, whatever the old timer does",
         .setup = setup_timer_goes_off, .check = poll_quiet,
         .threads = {{"reader", reader_retries, 0}, {"mover", mover_tells, 0}, {"timer", timer_goes_off, 0}});

static void reader_late_or_closed(void)
{
    world_as(1);
    ended(pollWait(pd, 'r'), pollErrTimeout, pollErrClosing);
}

static void closer_of_another_p(void)
{
    world_as(2);
    pollUnblock(pd);
}

static void closed(void)
{
    poll_quiet();
    EX_CHECK(netpollcheckerr(pd, 'r') == pollErrClosing, "the descriptor was closed, and the reader's error is %d", netpollcheckerr(pd, 'r'));
}

SCENARIO(deadline_beside_close, .says = "a reader to whom its deadline and a close come is woken once, and counted down once",
         .setup = setup_timer_goes_off, .check = closed,
         .threads = {{"reader", reader_late_or_closed, 0}, {"closer", closer_of_another_p, 0}, {"timer", timer_goes_off, 0}});

/* ---- one timer for both directions ---- */

static void setup_shared_timer(void)
{
    poll_world();
    pollSetDeadline(pd, 1000, 'r' + 'w');
    timer_del(pd->rt); /* it goes off: below */
    timer_fn = pd->rt->fn;
    timer_seq = pd->rt->seq;
}

static void writer_too_late(void)
{
    world_as(2);
    ended(pollWait(pd, 'w'), pollErrTimeout, pollErrTimeout);
}

SCENARIO(deadline_for_both, .says = "a deadline of both directions ends the reader's wait and the writer's", .setup = setup_shared_timer,
         .check = poll_quiet,
         .threads = {{"reader", reader_too_late, 0}, {"writer", writer_too_late, 0}, {"timer", timer_goes_off, 0}});

static void parts_deadlines(void)
{
    world_as(1);
    pollSetDeadline(pd, 0, 'w');
}

static void read_deadline_only(void)
{
    int err = netpollcheckerr(pd, 'w');
    EX_CHECK(err == pollNoError, "the write deadline was taken away, and the timer of both has still made it pass: error %d", err);
    EX_CHECK(netpollcheckerr(pd, 'r') == pollErrTimeout || load_relaxed(&pd->rt->pp),
             "the read deadline has not passed, and its timer is not set");
}

SCENARIO(deadlines_are_parted, .says = "a write deadline that is taken away while the timer of both goes off is gone; that for reading stays",
         .setup = setup_shared_timer, .check = read_deadline_only,
         .threads = {{"timer", timer_goes_off, 0}, {"setter", parts_deadlines, 0}});

/* ---- the bits of atomicInfo ---- */

static void event_error(void)
{
    setg(ms[1]->g0);
    netpollSetEventErr(pd, true, load_relaxed(&pd->fdseq));
}

static void write_deadline_passes(void)
{
    world_as(0);
    pollSetDeadline(pd, -1, 'w');
}

static void both_bits(void)
{
    EX_CHECK(netpollcheckerr(pd, 'r') == pollErrNotPollable, "the event error was lost: a deadline was published at the same time");
    EX_CHECK(netpollcheckerr(pd, 'w') == pollErrTimeout, "the deadline was lost: an event error was noted at the same time");
}

SCENARIO(info_keeps_both, .says = "an event error and a deadline that are published at the same time are both there afterwards",
         .setup = poll_world, .check = both_bits,
         .threads = {{"poller", event_error, 0}, {"setter", write_deadline_passes, 0}});

/* ---- the count of waiters ---- */

/** G 1 is parked already. */
static void setup_parked(void)
{
    poll_world();
    store_relaxed(&gs[1]->atomicstatus, Gwaiting);
    store_relaxed(&pd->rg, (uintptr_t)gs[1]);
    netpollAdjustWaiters(1);
}

static void deadlock_check(void)
{
    setg(ms[2]->g0);
    if (!netpollAnyWaiters())
        EX_CHECK(ex_ghost_get(&poll_readied[1]), "nobody is counted as waiting for the network, and g1 is not runnable yet");
}

SCENARIO(count_after_runnable, .says = "a goroutine that a close wakes is counted as waiting until it is runnable", .setup = setup_parked,
         .check = poll_quiet, .strong = true, .threads = {{"closer", closer, 0}, {"watcher", deadlock_check, 0}});

/**
 * @file lab07_kernel.c
 * The poller's back end under concurrency: an event of an earlier use, breaks of a poller that is about to sleep, the set-up.
 */
#include "poll.h"

/* ---- an event of an earlier use ---- */

static void setup_error(void)
{
    kernel.events = EPOLLERR;
    poll_world();
}

static void poller(void)
{
    setg(ms[2]->g0);
    int32_t delta;
    gList list = netpoll(0, &delta);
    poll_deliver(list, delta);
}

static void closes_and_opens(void)
{
    world_as(0);
    pollUnblock(pd);
    pollClose(pd);
    int err;
    pollDesc *next = pollOpen(POLL_FD, &err);
    err = netpollcheckerr(next, 'r');
    EX_CHECK(err == pollNoError, "a descriptor that was just opened has error %d", err);
    pd = next;
}

static void clean(void)
{
    int err = netpollcheckerr(pd, 'r');
    EX_CHECK(err == pollNoError, "an event of the descriptor that was closed became error %d of the one that was opened after it", err);
}

SCENARIO(event_of_earlier_use, .says = "an error of a descriptor that was closed meanwhile is no error of the next one",
         .setup = setup_error, .check = clean, .threads = {{"poller", poller, 0}, {"closer", closes_and_opens, 0}});

/* ---- breaks ---- */

/** Word i is 1 once there is work i; whoever sets it breaks the poller's wait. */
static void work(int i)
{
    world_set(i, 1);
    netpollBreak();
}

static bool done(int n)
{
    for (int i = 0; i < n; i++)
        if (!world_get(i))
            return false;
    return true;
}

/** Sleeps until it has seen n pieces of work. One that is never told of the last sleeps for ever: a deadlock. */
static void sleeper(int n)
{
    setg(ms[2]->g0);
    while (!done(n)) {
        int32_t delta;
        netpoll(-1, &delta);
    }
}

static void sleeper2(void)
{
    sleeper(2);
}

static void sleeper3(void)
{
    sleeper(3);
}

static void breaker1(void)
{
    world_as(0);
    work(0);
}

static void breaker2(void)
{
    world_as(1);
    work(1);
}

static void breaker_twice(void)
{
    world_as(1);
    work(1);
    work(2);
}

static void one_write_in_flight(void)
{
    EX_CHECK(kernel.count <= 1, "the eventfd was written to %d times and not read", (int)kernel.count);
}

SCENARIO(break_two, .says = "a poller that is broken by two at once sees what both did", .setup = poll_world,
         .check = one_write_in_flight,
         .threads = {{"sleeper", sleeper2, 0}, {"breaker1", breaker1, 0}, {"breaker2", breaker2, 0}});
SCENARIO(break_again, .says = "a break that comes while the poller takes the last one is not lost", .setup = poll_world,
         .check = one_write_in_flight,
         .threads = {{"sleeper", sleeper3, 0}, {"breaker1", breaker1, 0}, {"breaker2", breaker_twice, 0}});

/** Looks without waiting, and must leave the break to who sleeps. */
static void looker(void)
{
    world_as(1);
    int32_t delta;
    netpoll(0, &delta);
}

static void sleeper1(void)
{
    sleeper(1);
}

SCENARIO(break_and_look, .says = "a look without waiting does not take a break away from the poller that sleeps", .setup = poll_world,
         .check = one_write_in_flight,
         .threads = {{"sleeper", sleeper1, 0}, {"breaker", breaker1, 0}, {"looker", looker, 0}});

/* ---- the set-up ---- */

static void setup_nothing(void)
{
    world_make(2, 3, 1);
}

static void inits(int m)
{
    world_as(m);
    netpollGenericInit();
    EX_CHECK(netpollinited(), "netpollGenericInit has returned, and netpollinited says no");
}

static void inits0(void)
{
    inits(0);
}

static void inits1(void)
{
    inits(1);
}

/** What an M that looks for work does. */
static void looks_if_inited(void)
{
    world_as(2);
    if (!netpollinited())
        return;
    int32_t delta;
    netpoll(0, &delta);
    netpollBreak();
}

static void inited_once(void)
{
    EX_CHECK(kernel.creates == 1, "%d epoll descriptors were made", (int)kernel.creates);
}

SCENARIO(init_once, .says = "the poller is set up once, and nobody uses it before it is", .setup = setup_nothing, .check = inited_once,
         .threads = {{"first", inits0, 0}, {"second", inits1, 0}, {"user", looks_if_inited, 0}});

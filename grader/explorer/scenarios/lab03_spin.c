/**
 * @file lab03_spin.c
 * The spinning protocol: wake-ups that spread, a note that is answered, injected Gs, two Ms and one G, the poller's one place.
 */
#include "spin.h"

static void seeker1(void)
{
    spin_seek(1);
}

static void seeker2(void)
{
    spin_seek(2);
}

static void spare2(void)
{
    spin_spare(2);
}

static void spare3(void)
{
    spin_spare(3);
}

static void check1(void)
{
    spin_check(1);
}

static void check2(void)
{
    spin_check(2);
}

static void submit(int g)
{
    world_fill(gs[g]);
    runqput(ps[0], gs[g], false);
    wakep();
}

/* ---- where a G may be ---- */

static void setup_spinning(void)
{
    spin_world(2, 3, 1, 1, true);
}

static void readies_one(void)
{
    world_as(0);
    world_fill(gs[0]);
    runqput(ps[0], gs[0], true);
    wakep();
}

SCENARIO(dance_runnext, .says = "a goroutine that is put into runnext while the last spinning M goes to sleep is run", .bound = 2,
         .setup = setup_spinning, .check = check1,
         .threads = {{"submitter", readies_one, 0}, {"seeker", seeker1, 1}, {"spare", spare2, 1}});

/** p2 is idle; m2 is awake and takes it. */
static void setup_fresh_p(void)
{
    spin_world(3, 4, 1, 1, true);
    lock(&sched.lock);
    M *m3 = mget();
    mget();
    mput(m3);
    unlock(&sched.lock);
}

static void submits_on_fresh_p(void)
{
    setg(ms[2]->g0);
    lock(&sched.lock);
    P *pp = pidleget();
    unlock(&sched.lock);
    acquirep(pp);
    world_fill(gs[0]);
    runqput(pp, gs[0], false);
    wakep();
}

SCENARIO(dance_fresh_p, .says = "a goroutine on a P that was idle a moment ago is run, though the last spinning M goes to sleep", .bound = 2,
         .setup = setup_fresh_p, .check = check1,
         .threads = {{"submitter", submits_on_fresh_p, 0}, {"seeker", seeker1, 1}, {"spare", spare3, 1}});

/* ---- wake-ups spread ---- */

static void setup_chain(void)
{
    spin_world(3, 4, 2, 1, true);
}

static void submits_two(void)
{
    world_as(0);
    submit(0);
    submit(1);
}

SCENARIO(chain_of_wakeups, .says = "two goroutines beside two idle Ps are both run: who finds work wakes the next to look", .bound = 1,
         .setup = setup_chain, .check = check2,
         .threads = {{"submitter", submits_two, 0}, {"seeker", seeker1, 1}, {"spare2", spare2, 1}, {"spare3", spare3, 1}});

/* ---- the note ---- */

static void submits_one(void)
{
    world_as(0);
    submit(0);
}

/** A waker found no idle P before, and nobody has given one up since. */
static void setup_noted(void)
{
    spin_world(2, 3, 1, 1, false);
    store_relaxed(&sched.needspinning, 1);
}

SCENARIO(note_is_answered, .says = "a goroutine that is made runnable while the note of an earlier waker is answered is run", .bound = 2,
         .setup = setup_noted, .check = check1,
         .threads = {{"submitter", submits_one, 0}, {"seeker", seeker1, 1}, {"spare", spare2, 1}});

/* ---- injected Gs ---- */

static void setup_inject(void)
{
    spin_world(2, 3, 1, 1, true);
    store_relaxed(&gs[0]->atomicstatus, Gwaiting);
}

static void inject(G *gp)
{
    world_fill(gp);
    gList list = {NULL};
    glist_push(&list, gp);
    injectglist(&list);
}

static void injects(void)
{
    setg(ms[0]->g0);
    inject(gs[0]);
}

SCENARIO(inject_beside_parking, .says = "a goroutine that is injected while the last spinning M goes to sleep is run", .bound = 2,
         .setup = setup_inject, .check = check1,
         .threads = {{"injector", injects, 0}, {"seeker", seeker1, 1}, {"spare", spare2, 1}});

/** m2 comes from the poller and has no P. */
static void setup_inject_without_p(void)
{
    spin_world(2, 4, 1, 1, false);
    lock(&sched.lock);
    M *m3 = mget();
    mget();
    mput(m3);
    unlock(&sched.lock);
    store_relaxed(&gs[0]->atomicstatus, Gwaiting);
}

static void injects_without_p(void)
{
    setg(ms[2]->g0);
    inject(gs[0]);
}

SCENARIO(inject_without_p, .says = "a goroutine that an M without P injects while another M goes to sleep is run", .bound = 2,
         .setup = setup_inject_without_p, .check = check1,
         .threads = {{"injector", injects_without_p, 0}, {"seeker", seeker1, 1}, {"spare", spare3, 1}});

/* ---- two Ms, one G ---- */

static void setup_two_seekers(void)
{
    spin_world(3, 4, 1, 2, true);
    world_fill(gs[0]);
    runqput(ps[0], gs[0], false);
}

SCENARIO(two_seekers_one_g, .says = "two Ms that find one goroutine: one runs it, the other sleeps, and nmspinning is 0", .bound = 2,
         .setup = setup_two_seekers, .check = check1,
         .threads = {{"seeker1", seeker1, 1}, {"seeker2", seeker2, 1}, {"spare", spare3, 1}});

/* ---- the poller ---- */

static void setup_poll(void)
{
    spin_world(3, 3, 0, 2, true);
    spin_poller.inited = true;
}

static void one_polls(void)
{
    EX_CHECK(spin_poller.inside == 1, "all Ms sleep, and %d of them wait in the poller", (int)spin_poller.inside);
    EX_CHECK(load_relaxed(&sched.lastpoll) == 0, "an M waits in the poller, and sched.lastpoll is not 0");
    world_sound();
}

SCENARIO(poll_one_place, .says = "of two Ms that go to sleep one waits in the poller, the other on its note", .bound = 2,
         .setup = setup_poll, .check = one_polls, .threads = {{"seeker1", seeker1, 1}, {"seeker2", seeker2, 1}});

static timer alarm_;
enum { SOON = 1000 };

static void setup_timer(void)
{
    spin_world(2, 3, 0, 1, true);
    spin_poller.inited = true;
}

static void rings(void *arg, uintptr_t seq)
{
    (void)arg, (void)seq;
}

static void sets_timer(void)
{
    world_as(0);
    timer_start(&alarm_, world_clock + SOON, 0, rings, NULL, 0);
}

static void somebody_waits(void)
{
    EX_CHECK(spin_poller.inside == 1, "a timer is set, and no M waits in the poller for it");
    int64_t until = load_relaxed(&sched.pollUntil);
    EX_CHECK(until == world_clock + SOON, "a timer is set, and the M in the poller sleeps %s", until ? "past it" : "for ever");
    world_sound();
}

SCENARIO(dance_timer, .says = "a timer that is set while the last M goes to sleep is not slept past", .bound = 2, .setup = setup_timer,
         .check = somebody_waits,
         .threads = {{"setter", sets_timer, 0}, {"seeker", seeker1, 1}, {"spare", spare2, 1}});

/* ---- GOMAXPROCS grows ---- */

static void setup_grow(void)
{
    spin_world(2, 2, 0, 1, true);
}

/** As if it had stopped the world: the only other P is idle. If it is not yet, nothing happens. */
static void grows(void)
{
    world_as(0);
    lock(&sched.lock);
    if (load_relaxed(&sched.pidle) == ps[1]) {
        store_relaxed(&pidleget()->status, Pgcstop);
        procresize(3);
    }
    unlock(&sched.lock);
}

SCENARIO(ps_are_added, .says = "an M without P that looks once more does so at the Ps that there were while it had one", .bound = 2,
         .setup = setup_grow, .threads = {{"resizer", grows, 0}, {"seeker", seeker1, 1}});

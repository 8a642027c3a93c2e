/**
 * @file sched.c
 * Virtual threads: coroutines of one kernel thread, and the decision who goes on.
 *
 * Every operation that others could notice is preceded by a scheduling point (but see below). There the running thread may go on (the first
 * choice), or, at the price of a preemption, another one that can run. A thread that gives up (blocked, yielded, ended) is
 * left without that price. Choices come from search.c, which goes through all of them in the end. An operation that is ordered
 * with all others which it could disturb needs no scheduling point: see race.c.
 */
#include <stdio.h>
#include <string.h>
#include "engine.h"

void thread_entry(void);
void thread_main(void);

/** Moves the program's thread-local storage along. */
static void swap_tls(int from, int to)
{
    if (eng->tlslen == 0)
        return;
    memcpy(eng->t[from].tls, eng->tlsbase, eng->tlslen);
    memcpy(eng->tlsbase, eng->t[to].tls, eng->tlslen);
}

static void switch_to(int n)
{
    int from = eng->cur;
    if (from == n)
        return;
    eng->cur = n;
    swap_tls(from, n);
    switch_stack(&eng->t[from].sp, eng->t[n].sp);
}

void leave_threads(void)
{
    swap_tls(eng->cur, 0);
    void *unused;
    switch_stack(&unused, eng->mainsp);
    __builtin_unreachable();
}

/** True if t could take a step. */
static bool enabled(const struct vthread *t)
{
    switch (t->state) {
    case T_READY:
        return !(t->spinning && t->spinwrites == eng->writes);
    case T_LOCK:
        return getloc((uintptr_t)t->object)->owner == 0;
    case T_SEM:
        return ((const struct ex_sem *)t->object)->count > 0;
    default:
        return false;
    }
}

/** The hash of the state at a scheduling point. */
static uint64_t statehash(void)
{
    uint64_t h = eng->lochash + eng->schash;
    for (int i = 1; i <= eng->nthreads; i++) {
        const struct vthread *t = &eng->t[i];
        uint64_t bits = (uint64_t)t->state | (uint64_t)t->yielded << 3 | (uint64_t)t->fresh << 4 |
                        (uint64_t)(t->spinning && t->spinwrites == eng->writes) << 5 | (uint64_t)t->timed << 6 |
                        (uint64_t)t->spincount << 8;
        h += mix(mix((uint64_t)i, t->chain), bits);
    }
    h = mix(h, (uint64_t)eng->cur);
    return mix(h, (uint64_t)(eng->stales << 16 | eng->spurious << 8 | eng->timeouts));
}

/** Who could go on, and how. */
struct candidate {
    int thread;
    bool timeout; /* by letting its time-out pass */
};

static int add_others(struct candidate *c, int n)
{
    for (int k = 1; k <= eng->nthreads; k++) {
        int i = 1 + (eng->cur + k - 1) % eng->nthreads;
        if (i != eng->cur && enabled(&eng->t[i]) && !eng->t[i].yielded)
            c[n++] = (struct candidate){i, false};
    }
    return n;
}

/** Nobody can go on but those that have yielded or spin: they get a round for nothing, a few times. */
static int add_spinners(struct candidate *c, int n)
{
    bool spinners = false;
    for (int i = 1; i <= eng->nthreads; i++) {
        spinners |= eng->t[i].spinning || eng->t[i].yielded;
        eng->t[i].yielded = eng->t[i].spinning = false;
    }
    if (!spinners)
        return n;
    if (eng->idlewrites != eng->writes) {
        eng->idlewrites = eng->writes;
        eng->idlerounds = 0;
    } else if (++eng->idlerounds > 6) {
        fail("livelock", "every thread that can run waits in a loop for somebody else: nobody makes progress");
    }
    for (int k = 0; k < eng->nthreads; k++) {
        int i = 1 + (eng->cur + k) % eng->nthreads;
        if (enabled(&eng->t[i]))
            c[n++] = (struct candidate){i, false};
    }
    return n;
}

static int add_timeouts(struct candidate *c, int n)
{
    bool free = n == 0; /* nothing else can happen */
    for (int i = 1; i <= eng->nthreads; i++)
        if (eng->t[i].state == T_FUTEX && eng->t[i].timed && (free || eng->timeouts < eng->maxtimeouts))
            c[n++] = (struct candidate){i, true};
    return n;
}

static const char *const statenames[] = {"can run", "sleeps on", "waits for lock", "waits for", "has ended"};

/** Nobody can go on: all is well if only daemons are left, else it is a deadlock. */
static void standstill(void)
{
    bool over = true;
    char who[512] = "";
    for (int i = 1; i <= eng->nthreads; i++) {
        const struct vthread *t = &eng->t[i];
        over = over && (t->state == T_DONE || t->daemon);
        size_t n = strlen(who);
        char buf[64];
        const char *what = t->state == T_DONE || !t->object ? "" : placename((uintptr_t)t->object, buf);
        snprintf(who + n, sizeof who - n, "%s%s %s%s%s", i > 1 ? ", " : "", t->name, statenames[t->state], *what ? " " : "", what);
    }
    if (!over)
        fail("deadlock", "nobody can go on (a lost wake-up?): %s", who);
    leave_threads();
}

/** Prunes the execution if it has come to a state that was explored. */
static void look_up(void)
{
    if (eng->nocache || eng->pos != eng->nchoices || !cache_seen(statehash(), eng->bound - eng->preemptions))
        return;
    eng->pruned = true;
    eng->npruned++;
    leave_threads();
}

void point(bool giveup)
{
    struct vthread *me = self();
    struct candidate c[2 * MAXT];
    int n = 0;
    for (int i = 1; i <= eng->nthreads; i++)
        if (eng->t[i].spinning && eng->t[i].spinwrites != eng->writes)
            eng->t[i].spinning = false;
    bool stay = enabled(me) && !me->yielded;
    if (stay)
        c[n++] = (struct candidate){eng->cur, false};
    look_up();
    if (!stay || giveup || eng->preemptions < eng->bound)
        n = add_others(c, n);
    if (n == 0)
        n = add_spinners(c, n);
    n = add_timeouts(c, n);
    if (n == 0)
        standstill();
    struct candidate next = c[choose(n, CH_THREAD)];
    struct vthread *t = &eng->t[next.thread];
    if (next.timeout) {
        eng->timeouts++;
        t->state = T_READY;
        t->timedout = true;
    }
    if (stay && !giveup && next.thread != eng->cur) {
        eng->preempting = true; /* until the next step: a thread that begins comes here again before it */
        eng->preemptions++;
    }
    for (int i = 1; i <= eng->nthreads; i++)
        if (i != next.thread)
            eng->t[i].yielded = false; /* somebody else takes a step: they may look again */
    t->yielded = t->spinning = t->passed = t->told = false;
    switch_to(next.thread);
}

/**
 * A replay knows nothing of contested places: to it, everywhere is a choice. So when the choices of a failing execution are
 * taken down for a replay, those that the search did not have are added: the thread stayed.
 */
static void unfold(void)
{
    struct candidate c[2 * MAXT];
    int n = 1;
    if (eng->preemptions < eng->bound)
        n = add_others(c, n);
    note_choice(add_timeouts(c, n), 0, CH_THREAD);
}

void nopoint(void)
{
    struct vthread *me = self();
    if (eng->replay || me->told || !enabled(me)) {
        point(false);
        return;
    }
    if (eng->unfolding)
        unfold();
    for (int i = 1; i <= eng->nthreads; i++)
        if (i != eng->cur)
            eng->t[i].yielded = false;
    me->passed = true;
}

void point_at(uintptr_t addr)
{
    if (contested(addr))
        point(false);
    else
        nopoint();
}

void point_ghost(void)
{
    struct vthread *me = self();
    if (!eng->active)
        return;
    if (enabled(me) && (me->passed || eng->replay))
        point(false);
    else if (enabled(me) && eng->unfolding)
        unfold();
    me->told = true;
}

void spincheck(uintptr_t pc, uintptr_t addr, int64_t store)
{
    struct vthread *t = self();
    bool same = t->spinaddr == addr && t->spinstore == store && t->spinwrites == eng->writes;
    if (same && t->spinpc == pc) {
        if (++t->spincount >= 2)
            t->spinning = t->fresh = true;
    } else if (t->spincount == 0 || t->spinwrites != eng->writes || t->spinstore != store || t->spinpc == pc) {
        t->spinpc = pc;
        t->spinaddr = addr;
        t->spinstore = store;
        t->spincount = 0;
        t->spinwrites = eng->writes;
    }
}

/** The body of every virtual thread; called by thread_entry. */
void thread_main(void)
{
    self()->fn();
    ex_end();
}

void ex_end(void)
{
    struct vthread *t = self();
    t->state = T_DONE;
    t->chain = mix(t->chain, 0xd04e);
    point(true);
    __builtin_unreachable();
}

/** Makes thread i ready to begin. */
static void prepare(int i)
{
    struct vthread *t = &eng->t[i];
    const struct ex_thread *spec = i ? &eng->sc->threads[i - 1] : NULL;
    *t = (struct vthread){.stack = t->stack, .arena = t->arena, .arenaused = i ? 0 : t->arenaused, .tls = t->tls};
    t->name = i ? spec->name : "setup";
    t->fn = i ? spec->fn : NULL;
    t->daemon = i && spec->daemon;
    t->chain = (uint64_t)i;
    t->vc.c[0] = t->seen.c[0] = 1; /* everybody knows the setup */
    t->vc.c[i] = t->seen.c[i] = 1;
    t->spinstore = -1;
    if (t->tls)
        memcpy(t->tls, eng->tlsinit, eng->tlslen);
    if (i == 0)
        return;
    void **sp = (void **)(t->stack + STACKSIZE - 64);
    *--sp = (void *)thread_entry;
    for (int k = 0; k < 6; k++)
        *--sp = NULL;
    t->sp = sp;
}

void run_threads(void)
{
    for (int i = 0; i <= eng->nthreads; i++)
        prepare(i);
    eng->active = true;
    int first = 1 + choose(eng->nthreads, CH_THREAD);
    eng->cur = first;
    swap_tls(0, first);
    switch_stack(&eng->mainsp, eng->t[first].sp);
    eng->active = false;
    eng->cur = 0;
}

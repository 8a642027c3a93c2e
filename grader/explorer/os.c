/**
 * @file os.c
 * What the kernel and the runtime's locks are to the explorer: operations with a meaning, not loops.
 */
#include <string.h>
#include "engine.h"

enum { EAGAIN_ = 11, ETIMEDOUT_ = 110 };

/** The running thread has got something from l: it learns what the giver knew. */
static void take(struct loc *l)
{
    struct vthread *t = self();
    tick(t);
    t->drained = t->vc.c[eng->cur];
    vjoin(&t->vc, &l->vc);
    vjoin(&t->seen, &l->vc);
    t->chain = mix(mix(t->chain, l->hash), l->addr);
    lochash(l, mix(l->hash, t->chain));
    eng->writes++;
}

/** It gives something. */
static void give(struct loc *l)
{
    struct vthread *t = self();
    tick(t);
    t->drained = t->vc.c[eng->cur];
    vjoin(&l->vc, &t->vc);
    t->chain = mix(mix(t->chain, l->hash), l->addr);
    lochash(l, mix(l->hash, t->chain));
    tick(t);
    eng->writes++;
}

/** Blocks until enabled() says that the thread can go on. */
static void block(enum tstate state, const void *object)
{
    struct vthread *t = self();
    t->state = state;
    t->object = object;
    point(true);
    t->state = T_READY;
    t->object = NULL;
}

int ex_self(void)
{
    return eng->active ? eng->cur - 1 : -1;
}

void ex_yield(void)
{
    if (!eng->active)
        return;
    struct vthread *t = self();
    t->yielded = true;
    point(true);
    t->fresh = true;
    t->chain = mix(t->chain, 0x77);
    event(EV_YIELD, CALLER_PC, 0, 0, RELAXED);
}

void ex_lock(void *addr)
{
    if (!eng->active) {
        getloc((uintptr_t)addr)->owner = 1;
        return;
    }
    point(false);
    struct loc *l = getloc((uintptr_t)addr);
    char buf[64];
    if (l->owner == eng->cur + 1)
        fail("assertion", "%s locks %s, which it holds already", self()->name, placename((uintptr_t)addr, buf));
    while (l->owner)
        block(T_LOCK, addr);
    l->owner = eng->cur + 1;
    take(l);
    event(EV_LOCK, CALLER_PC, (uintptr_t)addr, 0, RELAXED);
}

void ex_unlock(void *addr)
{
    struct loc *l = getloc((uintptr_t)addr);
    if (!eng->active) {
        l->owner = 0;
        return;
    }
    nopoint();
    char buf[64];
    if (l->owner != eng->cur + 1)
        fail("assertion", "%s unlocks %s, which it does not hold", self()->name, placename((uintptr_t)addr, buf));
    l->owner = 0;
    give(l);
    event(EV_UNLOCK, CALLER_PC, (uintptr_t)addr, 0, RELAXED);
}

bool ex_holds(void *addr)
{
    return getloc((uintptr_t)addr)->owner == eng->cur + 1;
}

void ex_wait(struct ex_sem *s)
{
    point(false);
    while (s->count == 0)
        block(T_SEM, s);
    s->count--;
    take(getloc((uintptr_t)s));
    event(EV_TAKE, CALLER_PC, (uintptr_t)s, 0, RELAXED);
}

void ex_post(struct ex_sem *s)
{
    if (!eng->active) {
        s->count++;
        return;
    }
    nopoint();
    s->count++;
    give(getloc((uintptr_t)s));
    event(EV_POST, CALLER_PC, (uintptr_t)s, 0, RELAXED);
}

/* The kernel looks at the word under a lock of its own: it sees the newest value. A sleep may end for no reason. */
int ex_futex_wait(volatile void *addr, uint32_t val, int64_t ns)
{
    if (!eng->active)
        return -EAGAIN_;
    point(false);
    struct vthread *t = self();
    tick(t);
    access_memory((uintptr_t)addr, 4, ATOMIC_READ, CALLER_PC);
    t->drained = t->vc.c[eng->cur];
    struct loc *l = getloc((uintptr_t)addr);
    struct store *s = newest(l, 4);
    t->chain = mix(mix(mix(t->chain, CALLER_PC), (uintptr_t)addr), s->hash);
    struct event *e = event((uint32_t)s->val == val ? EV_SLEEP : EV_NOSLEEP, CALLER_PC, (uintptr_t)addr, 4, RELAXED);
    e->a = val;
    e->newest = s->val;
    e->with = (int)s->ev;
    if ((uint32_t)s->val != val) {
        spincheck(CALLER_PC, (uintptr_t)addr, l->last);
        return -EAGAIN_;
    }
    if (eng->spurious < eng->maxspurious && choose(2, CH_SPURIOUS)) {
        eng->spurious++;
        t->chain = mix(t->chain, 99);
        event(EV_WOKEN, CALLER_PC, (uintptr_t)addr, 4, RELAXED)->a = 1;
        return 0;
    }
    t->timed = ns >= 0;
    t->timedout = false;
    block(T_FUTEX, (const void *)addr);
    bool late = t->timedout;
    t->timed = t->timedout = false;
    event(late ? EV_TIMEOUT : EV_WOKEN, CALLER_PC, (uintptr_t)addr, 4, RELAXED);
    t->chain = mix(t->chain, late ? 5 : 6);
    return late ? -ETIMEDOUT_ : 0;
}

int ex_futex_wake(volatile void *addr, int n)
{
    if (!eng->active)
        return 0;
    point(false);
    struct vthread *t = self();
    t->drained = t->vc.c[eng->cur];
    t->chain = mix(mix(t->chain, CALLER_PC), (uintptr_t)addr);
    struct event *e = event(EV_WAKE, CALLER_PC, (uintptr_t)addr, 4, RELAXED);
    int woken = 0;
    while (woken < n) {
        int sleepers[MAXT], k = 0;
        for (int i = 1; i <= eng->nthreads; i++)
            if (eng->t[i].state == T_FUTEX && eng->t[i].object == addr)
                sleepers[k++] = i;
        if (k == 0)
            break;
        struct vthread *u = &eng->t[sleepers[choose(k, CH_WAKE)]];
        u->state = T_READY;
        u->chain = mix(u->chain, t->chain);
        t->chain = mix(t->chain, (uint64_t)(u - eng->t));
        woken++;
        eng->writes++;
    }
    e->a = (word)woken;
    return woken;
}

void ex_ghost_set(int64_t *g, int64_t v)
{
    point_ghost();
    *g = v;
    if (eng->active)
        lochash(getloc((uintptr_t)g), mix(0x6057, (uint64_t)v));
}

int64_t ex_ghost_get(const int64_t *g)
{
    point_ghost();
    if (eng->active)
        self()->chain = mix(self()->chain, (uint64_t)*g);
    return *g;
}

int64_t ex_ghost_add(int64_t *g, int64_t d)
{
    int64_t old = ex_ghost_get(g);
    ex_ghost_set(g, old + d); /* no step between the two: nothing comes in between */
    return old;
}

void *ex_alloc(size_t n, size_t align)
{
    struct vthread *t = self();
    size_t at = (t->arenaused + align - 1) & ~(align - 1);
    if (at + n > ARENASIZE)
        fail("limit", "%s allocates more than %d bytes", t->name, ARENASIZE);
    t->arenaused = at + n;
    return memset(t->arena + at, 0, n);
}

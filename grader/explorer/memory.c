/**
 * @file memory.c
 * Atomic operations: which stores a load may see, and what a thread learns from them.
 *
 * Each place has the list of its stores in the order in which they were executed; that is its modification order. A load may
 * return any of them that is not older than the newest one which the loading thread knows of. Knowledge comes from
 *
 *   - what happened before (vc): the thread's own past, and what release and acquire have passed on;
 *   - what was read: a thread that has read a store, or knows of somebody who has, cannot go behind it (coherence);
 *   - the order of all seq_cst operations (seen, which is vc and that; kept apart, since it makes no plain access safe).
 *
 * On a TSO machine a load may miss another thread's store only while that lies in its writer's store buffer. A buffer is drained by
 * every locked instruction, seq_cst store, mfence or system call of its owner, up to what somebody has seen.
 *
 * What this model leaves out: loads that are delayed behind later stores of their own thread, and modification orders other
 * than the executed one. Everything it shows can happen; not everything that can happen is shown. (The audit in finalread
 * covers the one delayed load that matters for rings: see ex_guard.)
 */
#include <string.h>
#include "engine.h"

static bool acquires(enum order o)
{
    return o != RELAXED && o != RELEASE;
}

static bool releases(enum order o)
{
    return o == RELEASE || o == ACQ_REL || o == SEQ_CST;
}

static uint64_t mixword(uint64_t h, word v)
{
    uint64_t high = (uint64_t)(v >> 64);
    h = mix(h, (uint64_t)v);
    return high ? mix(h, high) : h;
}

word mem_read(uintptr_t addr, int size)
{
    word v = 0;
    memcpy(&v, (void *)addr, (size_t)size);
    return v;
}

void mem_write(uintptr_t addr, int size, word v)
{
    memcpy((void *)addr, &v, (size_t)size);
}

struct loc *getloc(uintptr_t addr)
{
    uint64_t i = ((addr >> 2) * 0x9e3779b97f4a7c15ull >> 40) & (NLOCS - 1);
    for (int probes = 0; probes < NLOCS; probes++, i = (i + 1) & (NLOCS - 1)) {
        struct loc *l = &eng->locs[i];
        if (l->gen != eng->gen) {
            *l = (struct loc){.addr = addr, .gen = eng->gen, .last = -1};
            eng->nlocs++;
            return l;
        }
        if (l->addr == addr)
            return l;
    }
    fail("limit", "more than %d atomic places", NLOCS);
}

void lochash(struct loc *l, uint64_t h)
{
    eng->lochash += mix(l->addr, h) - (l->hash ? mix(l->addr, l->hash) : 0);
    l->hash = h;
}

static struct store *newstore(void)
{
    if (eng->nstores == MAXSTORES)
        fail("limit", "more than %d stores in one execution", MAXSTORES);
    return memset(&eng->stores[eng->nstores++], 0, sizeof(struct store));
}

struct store *newest(struct loc *l, int size)
{
    word v = mem_read(l->addr, size);
    if (l->last >= 0 && eng->stores[l->last].val == v)
        return &eng->stores[l->last];
    struct store *s = newstore(); /* initialised, or changed by an access of another size */
    s->val = v;
    s->prev = -1;
    s->ev = ~0u;
    s->hash = mixword(l->addr, v);
    l->last = (int)(s - eng->stores);
    return s;
}

static struct store *storeat(int i)
{
    return &eng->stores[i];
}

/** What reading s with this order teaches the running thread. */
static void learn(struct vthread *t, const struct store *s, enum order order)
{
    vjoin(acquires(order) ? &t->vc : &t->acqvc, &s->relvc);
    vjoin(acquires(order) ? &t->seen : &t->acqseen, &s->relseen);
}

/** Somebody has seen s: it is in no store buffer any more. */
static void drained(const struct store *s)
{
    struct vthread *writer = &eng->t[s->tid];
    if (s->tid != eng->cur && s->ts > writer->drained)
        writer->drained = s->ts;
}

/** A load of this order by t may not go behind s. */
static bool mustsee(const struct vthread *t, const struct store *s, enum order order)
{
    if (s->ts <= t->seen.c[s->tid])
        return true;
    if (eng->phase == PH_TSO && (s->tid == eng->cur || s->ts <= eng->t[s->tid].drained))
        return true;
    for (int u = 0; u <= eng->nthreads; u++)
        if (s->firstread[u] && s->firstread[u] <= t->seen.c[u])
            return true;
    return order == SEQ_CST && (s->sc || s->ts <= eng->sc_clock.c[s->tid]);
}

/** The stores that a load may see, newest first. */
static int candidates(struct vthread *t, struct loc *l, enum order order, int c[MAXCANDIDATES])
{
    int n = 0;
    bool weak = eng->phase == PH_TSO || eng->phase == PH_C11;
    for (int i = l->last; i >= 0 && n < MAXCANDIDATES; i = storeat(i)->prev) {
        c[n++] = i;
        if (!weak || t->fresh || eng->stales == eng->maxstales || mustsee(t, storeat(i), order))
            break;
    }
    return n;
}

static bool guarded(uintptr_t addr)
{
    for (int i = 0; eng->phase == PH_GUARD && i < eng->nguards; i++)
        if (addr - eng->guards[i].addr < eng->guards[i].n)
            return true;
    return false;
}

/** The beginning of every operation: a choice of thread, a tick, the race check. Returns the running thread. */
static struct vthread *begin(uintptr_t addr, int size, enum access kind, uintptr_t pc)
{
    struct vthread *t = self();
    t->plain = 0;
    point_at(addr);
    tick(t);
    access_memory(addr, (size_t)size, kind, pc);
    return t;
}

word mem_load(uintptr_t addr, int size, enum order order, uintptr_t pc)
{
    if (!eng->active)
        return mem_read(addr, size);
    struct vthread *t = begin(addr, size, ATOMIC_READ, pc);
    struct loc *l = getloc(addr);
    struct store *top = newest(l, size);
    int c[MAXCANDIDATES];
    int n = candidates(t, l, order, c), k = choose(n, CH_STORE);
    struct store *s = storeat(c[k]);
    eng->stales += k > 0;
    drained(s);
    if (!s->firstread[eng->cur])
        s->firstread[eng->cur] = t->vc.c[eng->cur];
    if (guarded(addr) && t->nguardread < 32)
        t->guardread[t->nguardread++] = c[k];
    learn(t, s, order);
    t->chain = mix(mix(mix(t->chain, pc), addr), s->hash);
    struct event *e = event(EV_LOAD, pc, addr, size, order);
    e->a = s->val;
    e->stale = k;
    e->newest = top->val;
    e->with = (int)(k ? top->ev : s->ev);
    t->fresh = false;
    spincheck(pc, addr, c[k]);
    tick(t);
    return s->val;
}

/** Appends a store to l; of: the store that a read-modify-write read, or NULL. */
static void put(struct loc *l, int size, word v, enum order order, uintptr_t pc, const struct store *of, struct event *e)
{
    struct vthread *t = self();
    int previous = l->last;
    struct store *s = newstore();
    if (previous >= 0)
        drained(storeat(previous));
    s->val = v;
    s->prev = previous;
    s->tid = (uint8_t)eng->cur;
    s->sc = order == SEQ_CST;
    s->ts = t->vc.c[eng->cur];
    s->ev = (uint32_t)(e - eng->events);
    s->relvc = releases(order) ? t->vc : t->relvc;
    s->relseen = releases(order) ? t->seen : t->relseen;
    const struct store *head = of; /* the release sequence goes on through read-modify-writes and the thread's own stores */
    if (!head && previous >= 0 && storeat(previous)->ev != ~0u && storeat(previous)->tid == eng->cur)
        head = storeat(previous);
    if (head) {
        vjoin(&s->relvc, &head->relvc);
        vjoin(&s->relseen, &head->relseen);
    }
    t->chain = mixword(mix(mix(t->chain, pc), l->addr), v);
    s->hash = mix(t->chain, (uint64_t)eng->cur);
    l->last = (int)(s - eng->stores);
    lochash(l, mix(l->hash, s->hash));
    if (order == SEQ_CST) {
        eng->sc_clock.c[eng->cur] = s->ts;
        eng->schash += mix(s->hash, 77);
    }
    if (of || order == SEQ_CST)
        t->drained = t->vc.c[eng->cur];
    mem_write(l->addr, size, v);
    eng->writes++;
}

/** The slot at addr is about to be overwritten: is everybody who relied on what it held done with it? */
static void audit(struct vthread *t, const struct store *old, uintptr_t addr)
{
    for (int u = 1; u <= eng->nthreads; u++) {
        if (u == eng->cur || !old->finalread[u] || old->finalread[u] <= t->vc.c[u])
            continue;
        char buf[64];
        fail("missing_order",
             "%s is overwritten, but nothing orders that after the load of it by %s, which %s's successful compare-and-swap made "
             "final. On a CPU that delays loads, or by the compiler, that load may come later and see the new value",
             placename(addr, buf), eng->t[u].name, eng->t[u].name);
    }
}

void mem_store(uintptr_t addr, int size, word v, enum order order, uintptr_t pc)
{
    if (!eng->active) {
        mem_write(addr, size, v);
        return;
    }
    struct vthread *t = begin(addr, size, ATOMIC_WRITE, pc);
    struct loc *l = getloc(addr);
    newest(l, size);
    struct event *e = event(EV_STORE, pc, addr, size, order);
    e->a = v;
    if (guarded(addr))
        audit(t, storeat(l->last), addr);
    put(l, size, v, order, pc, NULL, e);
    tick(t);
}

static word apply(enum rmw op, word old, word v, int size)
{
    word n = op == RMW_ADD ? old + v : op == RMW_SUB ? old - v : op == RMW_AND ? (old & v) : op == RMW_OR ? (old | v) :
             op == RMW_XOR ? (old ^ v) : op == RMW_NAND ? ~(old & v) : v;
    return size < 16 ? n & (((word)1 << 8 * size) - 1) : n;
}

word mem_rmw(uintptr_t addr, int size, word v, enum rmw op, enum order order, uintptr_t pc)
{
    if (!eng->active) {
        word old = mem_read(addr, size);
        mem_write(addr, size, apply(op, old, v, size));
        return old;
    }
    struct vthread *t = begin(addr, size, ATOMIC_WRITE, pc);
    struct loc *l = getloc(addr);
    struct store *s = newest(l, size);
    word old = s->val, n = apply(op, old, v, size);
    if (!s->firstread[eng->cur])
        s->firstread[eng->cur] = t->vc.c[eng->cur];
    drained(s);
    learn(t, s, order);
    t->chain = mix(t->chain, s->hash);
    struct event *e = event(EV_RMW, pc, addr, size, order);
    e->a = old;
    e->b = n;
    e->with = (int)s->ev;
    uint64_t writes = eng->writes;
    put(l, size, n, order, pc, s, e);
    if (n == old) { /* a test-and-set that finds the lock held is no progress */
        eng->writes = writes;
        spincheck(pc, addr, -2 - (int64_t)(old & 0xffff));
    }
    tick(t);
    return old;
}

/** A successful compare-and-swap of t makes the loads before it final. */
static void finalise(struct vthread *t)
{
    for (int i = 0; i < t->nguardread; i++)
        storeat(t->guardread[i])->finalread[eng->cur] = t->vc.c[eng->cur];
}

bool mem_cas(uintptr_t addr, int size, word *expected, word v, enum order success, enum order failure, bool weak, uintptr_t pc)
{
    if (!eng->active) {
        word old = mem_read(addr, size);
        bool same = old == *expected;
        if (same)
            mem_write(addr, size, v);
        *expected = old;
        return same;
    }
    struct vthread *t = begin(addr, size, ATOMIC_WRITE, pc);
    struct loc *l = getloc(addr);
    struct store *s = newest(l, size);
    if (!s->firstread[eng->cur])
        s->firstread[eng->cur] = t->vc.c[eng->cur];
    bool ok = s->val == *expected, spurious = false;
    if (ok && weak && eng->spurious < eng->maxspurious && choose(2, CH_SPURIOUS)) {
        ok = false;
        spurious = true;
        eng->spurious++;
    }
    t->drained = t->vc.c[eng->cur]; /* a locked instruction, also when the comparison fails */
    drained(s);
    enum order order = ok ? success : failure;
    learn(t, s, order);
    t->chain = mix(mix(mix(mix(t->chain, s->hash), pc), addr), ok);
    struct event *e = event(ok ? EV_CAS : spurious ? EV_CASSPURIOUS : EV_CASFAIL, pc, addr, size, order);
    e->a = *expected;
    e->b = v;
    e->newest = s->val;
    e->with = (int)s->ev;
    if (ok) {
        put(l, size, v, order, pc, s, e);
        finalise(t);
    } else {
        *expected = s->val;
        spincheck(pc, addr, s - eng->stores);
    }
    t->nguardread = 0;
    tick(t);
    return ok;
}

void mem_fence(enum order order, uintptr_t pc)
{
    if (!eng->active)
        return;
    if (order == SEQ_CST)
        point(false);
    struct vthread *t = self();
    tick(t);
    if (acquires(order)) {
        vjoin(&t->vc, &t->acqvc);
        vjoin(&t->seen, &t->acqseen);
    }
    if (order == SEQ_CST) {
        t->drained = t->vc.c[eng->cur];
        vjoin(&t->seen, &eng->sc_clock);
        eng->sc_clock = t->seen;
        t->chain = mix(t->chain, eng->schash);
        eng->schash = mix(eng->schash, t->chain);
    }
    if (releases(order)) {
        t->relvc = t->vc;
        t->relseen = t->seen;
    }
    t->chain = mix(mix(t->chain, pc), order);
    event(EV_FENCE, pc, 0, 0, order);
    tick(t);
}

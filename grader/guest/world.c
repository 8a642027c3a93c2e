/**
 * @file world.c
 * The world's Ms as coroutines of one thread, and what they come to: the part of the agent that makes
 * interleavings deterministic.
 *
 * An M of the world is given an operation on its g0 stack, or on the stack of the G that it runs. It goes on
 * until the operation returns, until the fake kernel would sleep, until it comes to a place where the test
 * wants it to stop, or until it begins to run a G of the world. Then the agent has the thread again, and the
 * judge says who goes on.
 */
#include "agent.h"

struct wm *curwm;
struct outcome outcome;
/** The agent's own context while an M runs. */
static uintptr_t agentsp;
static struct wm *wms[MAXWM];
static int nwm;
static struct wg *wgs[MAXWG]; /* by handle; 0 is not used */
static int nwg = 1;

void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);

/* ---- handles ---- */

struct wm *world_m(int64_t h)
{
    for (int i = 0; i < nwm; i++)
        if (wms[i]->m->id == h)
            return wms[i];
    return NULL;
}

struct wm *world_adoptm(M *mp)
{
    for (int i = 0; i < nwm; i++)
        if (wms[i]->m == mp)
            return wms[i];
    if (nwm == MAXWM)
        agent_leave(true, OUT_THREW, "agent: too many Ms");
    struct wm *wm = agent_memory(sizeof *wm);
    wm->m = mp;
    wms[nwm++] = wm;
    return wm;
}

struct wg *world_adoptg(G *gp)
{
    for (int i = 1; i < nwg; i++)
        if (wgs[i]->g == gp)
            return wgs[i];
    if (nwg == MAXWG)
        return NULL;
    static struct wg
        *pool; /* without args they are small; those are big, so in chunks that are touched lazily */
    pool = agent_memory(sizeof *pool);
    pool->g = gp;
    wgs[nwg++] = pool;
    return pool;
}

int world_ng(void)
{
    return nwg - 1;
}

int64_t hg(G *gp)
{
    if (!gp)
        return NIL;
    struct wg *wg = world_adoptg(gp);
    for (int i = 1; i < nwg; i++)
        if (wgs[i] == wg)
            return i;
    return NIL;
}

int64_t hm(M *mp)
{
    return mp ? mp->id : NIL;
}

int64_t hp(P *pp)
{
    return pp ? pp->id : NIL;
}

/** A world operation got a bad handle: back to the agent, which reports misuse. */
static void badhandle(char kind, int64_t h)
{
    if (curwm)
        agent_leave(false, OUT_NONE, "there is no %c%ld", kind, (long)h);
    agent_refuse(MSG_UNKNOWN, "there is no %c%ld", kind, (long)h);
}

G *argg(struct args *a, int i)
{
    if (a->v[i] == NIL)
        return NULL;
    if (a->v[i] < 1 || a->v[i] >= nwg)
        badhandle('g', a->v[i]);
    return wgs[a->v[i]]->g;
}

M *argm(struct args *a, int i)
{
    if (a->v[i] == NIL)
        return NULL;
    struct wm *wm = world_m(a->v[i]);
    if (!wm)
        badhandle('m', a->v[i]);
    return wm->m;
}

P *argp(struct args *a, int i)
{
    if (a->v[i] == NIL)
        return NULL;
    if (a->v[i] < 0 || a->v[i] >= MAXGOMAXPROCS || !allp[a->v[i]])
        badhandle('p', a->v[i]);
    return allp[a->v[i]];
}

/** kind and number in one of a few buffers. */
static const char *handlename(char kind, int64_t h)
{
    static char bufs[8][24];
    static unsigned next;
    char *s = bufs[next++ % 8];
    if (h == NIL)
        return "nil";
    s[0] = kind;
    int k = 1;
    char digits[20];
    int d = 0;
    do
        digits[d++] = (char)('0' + h % 10);
    while (h /= 10);
    while (d > 0)
        s[k++] = digits[--d];
    s[k] = 0;
    return s;
}

const char *gname(G *gp)
{
    for (int i = 0; gp && i < nwm; i++)
        if (wms[i]->m->g0 == gp)
            return "g0";
    return handlename('g', hg(gp));
}

const char *mname(M *mp)
{
    return handlename('m', hm(mp));
}

const char *pname(P *pp)
{
    return handlename('p', hp(pp));
}

/* ---- outcomes ---- */

static void set_outcome(enum outcomekind kind, const char *fmt, va_list ap)
{
    outcome.kind = kind;
    outcome.n = 0;
    outcome.len = agent_format(outcome.text, sizeof outcome.text, fmt, ap);
}

/** Gives the thread back to the agent; returns when this M is resumed. */
static void suspend(uintptr_t *sp)
{
    agent_switch(sp, agentsp);
}

void agent_yield(enum outcomekind kind, const char *fmt, ...)
{
    struct wm *wm = curwm;
    va_list ap;
    va_start(ap, fmt);
    set_outcome(kind, fmt, ap);
    va_end(ap);
    wm->busy = true;
    wm->g = getg();
    suspend(&wm->sp);
}

void agent_leave(bool dead, enum outcomekind kind, const char *fmt, ...)
{
    uintptr_t dropped;
    va_list ap;
    va_start(ap, fmt);
    set_outcome(kind, fmt, ap);
    va_end(ap);
    curwm->busy = false;
    curwm->dead = dead;
    suspend(&dropped);
    __builtin_unreachable();
}

/** The results of an operation that returned. */
static void returned(struct args *a)
{
    outcome.kind = OUT_RETURNED;
    outcome.n = 1 + (a->nout < MSG_VALUES - 1 ? a->nout : MSG_VALUES - 1);
    for (int i = 0; i < MSG_VALUES; i++)
        outcome.v[i] = a->out[i];
    if (a->textout) {
        outcome.len = a->len < MSG_TEXT ? a->len : MSG_TEXT - 1;
        memcpy(outcome.text, a->text, outcome.len);
        outcome.text[outcome.len] = 0;
    } else {
        memcpy(outcome.text, "returned", 9);
        outcome.len = 8;
    }
}

/* ---- bodies of coroutines ---- */

/** On an M's g0 stack: runs its operation once. */
static void m_body(void)
{
    struct wm *wm = curwm;
    uintptr_t dropped;
    wm->args.out[0] = wm->fn(&wm->args);
    wm = curwm;
    returned(&wm->args);
    wm->busy = false;
    suspend(&dropped);
}

/** On the stack of a cloned M: what the clone system call does in the child. */
static void clone_body(void)
{
    struct wm *wm = curwm;
    wm->startfn();
    agent_leave(true, OUT_EXITED, "the thread's function returned");
}

/** Waits for an order on G's stack, as the G that the present M runs. */
static void g_wait(struct wg *wg)
{
    curwm->busy = false;
    suspend(&wg->sp);
    wg->sp = 0;
}

void agent_gmain(void)
{
    struct wg *wg = world_adoptg(getg());
    bool ordered = wg->fn != NULL; /* started by an order, not by gogo */
    if (!ordered) {
        outcome.kind = OUT_RUNNING;
        outcome.n = 1;
        outcome.v[0] = hg(wg->g);
        const char *name = gname(wg->g);
        memcpy(outcome.text, "running ", 8);
        for (outcome.len = 8; *name; name++)
            outcome.text[outcome.len++] = *name;
        outcome.text[outcome.len] = 0;
        g_wait(wg);
    }
    for (;;) {
        wg->args.out[0] = wg->fn(&wg->args);
        wg->fn = NULL;
        returned(&wg->args); /* perhaps on another M than it began on */
        g_wait(wg);
    }
}

/* ---- orders ---- */

/** Hands the thread to wm at context sp with gp as the running G; returns when it yields. */
static void enter(struct wm *wm, uintptr_t sp, G *gp)
{
    curwm = wm;
    setg(gp);
    agent_switch(&agentsp, sp);
    setg(NULL);
    curwm = NULL;
}

/** An operation on the stack of wm's curg. */
static void run_curg(struct wm *wm, const struct op *op, const struct args *a)
{
    G *gp = load_relaxed(&wm->m->curg); /* one thread */
    struct wg *wg = gp ? world_adoptg(gp) : NULL;
    if (!wg)
        agent_refuse(MSG_MISUSE, "%s runs no G", mname(wm->m));
    if (wg->fn)
        agent_refuse(MSG_MISUSE, "%s is in the middle of an operation", gname(gp));
    uintptr_t sp = wg->sp;
    if (!sp && wg->stkhi == 0)
        agent_refuse(MSG_MISUSE, "%s was not made by the test: it cannot be given orders", gname(gp));
    if (!sp)
        sp = agent_prepare(wg->stkhi, agent_gmain);
    wg->fn = op->fn;
    memcpy(&wg->args, a, sizeof *a);
    enter(wm, sp, gp);
}

void world_run(struct wm *wm, enum runmode mode, const struct op *op, const struct args *a)
{
    if (wm->dead || wm->busy)
        agent_refuse(MSG_MISUSE, "%s is %s", mname(wm->m), wm->dead ? "dead" : "busy: resume it");
    if (mode == RUN_CURG) {
        run_curg(wm, op, a);
        return;
    }
    wm->fn = op->fn;
    memcpy(&wm->args, a, sizeof *a);
    enter(wm, agent_prepare(wm->m->g0->stack.hi, m_body), wm->m->g0);
}

void world_resume(struct wm *wm, int64_t ret)
{
    if (wm->dead || !wm->busy)
        agent_refuse(MSG_MISUSE, "%s is %s", mname(wm->m), wm->dead ? "dead" : "not suspended");
    wm->busy = false;
    wm->futex = NULL;
    wm->wakeret = ret;
    if (!wm->started && wm->startfn) {
        wm->started = true;
        wm->sp = agent_prepare(wm->sp, clone_body);
    }
    enter(wm, wm->sp, wm->g);
}

/**
 * @file make.c
 * Making the Ms, Ps and Gs of the world, and putting them plainly where a test wants them: without a call of
 * the runtime.
 */
#include "agent.h"

void *memset(void *p, int c, size_t n);

enum { WORLD_STACK = 64 * 1024, G0_RESERVE = 16 * 1024 };

/**
 * A stack and the context at its top: below what an operation on g0 uses, where mcall and systemstack start
 * anew.
 */
static void g0_stack(G *gp)
{
    gp->stack.lo = (uintptr_t)agent_memory(WORLD_STACK);
    gp->stack.hi = gp->stack.lo + WORLD_STACK;
    store_relaxed(&gp->stackguard0, gp->stack.lo + STACK_GUARD); /* one thread */
    gp->sched.sp = gp->stack.hi - G0_RESERVE;
    gp->sched.g = gp;
    gp->sched.fpcw = GOBUF_FPCW_DEFAULT;
}

static void init_m(M *mp, G *gp0, int64_t id)
{
    mp->id = id;
    mp->g0 = gp0;
    store_relaxed(&gp0->m, mp);
    g0_stack(gp0);
    mp->gsignal = agent_memory(sizeof(G));
    mp->gsignal->stack.lo = (uintptr_t)agent_memory(WORLD_STACK);
    mp->gsignal->stack.hi = mp->gsignal->stack.lo + WORLD_STACK;
    store_relaxed(&mp->gsignal->m, mp);
    store_relaxed(&mp->procid, (uint32_t)(1000 + id));
    mp->rand = 0x9e3779b97f4a7c15ull + (uint64_t)id;
    mp->alllink = load_relaxed(&allm);
    store_relaxed(&allm, mp);
    if (sched.mnext <= id)
        sched.mnext = id + 1;
    world_adoptm(mp);
}

void world_init(void)
{
    init_m(&m0, &g0, 0);
    sched.maxmcount = 10000;
    ncpu = 2;
    kernel_init();
}

/** newm: an M with its own g0 and no thread work; returns its handle. */
AGENT_OP(newm)
{
    M *mp = agent_memory(sizeof *mp);
    init_m(mp, agent_memory(sizeof(G)), sched.mnext);
    return mp->id;
}

/** newp(n = 1): n more idle Ps that are on no list; returns the id of the first. */
AGENT_OP(newp)
{
    int32_t first = load_relaxed(&gomaxprocs);
    for (int64_t i = 0; i < (a->n ? a->v[0] : 1) && first + i < MAXGOMAXPROCS; i++) {
        P *pp = agent_memory(sizeof *pp);
        pp->id = first + (int32_t)i;
        allp[pp->id] = pp;
        store_relaxed(&gomaxprocs, pp->id + 1);
    }
    return first;
}

/** Gives gp the context of a goroutine that has not begun: gogo enters agent_gmain. */
static void fresh_context(struct wg *wg)
{
    memset(&wg->g->sched, 0, sizeof wg->g->sched);
    wg->g->sched.sp = wg->stkhi - 64;
    wg->g->sched.pc = (uintptr_t)agent_gentry;
    wg->g->sched.g = wg->g;
    wg->g->sched.fpcw = GOBUF_FPCW_DEFAULT;
    wg->sp = 0;
    wg->fn = NULL;
}

/**
 * newg(n = 1, status = Grunnable): n Gs with stacks, goid = handle, in allgs, on no queue; returns the
 * first's handle.
 */
AGENT_OP(newg)
{
    int64_t first = world_ng() + 1;
    for (int64_t i = 0; i < (a->n ? a->v[0] : 1); i++) {
        G *gp = agent_memory(sizeof *gp);
        struct wg *wg = world_adoptg(gp);
        if (!wg)
            agent_refuse(MSG_MISUSE, "too many Gs");
        gp->goid = (uint64_t)(first + i);
        gp->stack.lo = (uintptr_t)agent_memory(WORLD_STACK);
        gp->stack.hi = gp->stack.lo + WORLD_STACK;
        store_relaxed(&gp->stackguard0, gp->stack.lo + STACK_GUARD);
        gp->stackwant = WORLD_STACK;
        wg->stkhi = gp->stack.hi;
        store_relaxed(&gp->atomicstatus, a->n > 1 ? (uint32_t)a->v[1] : Grunnable);
        gp->alllink = load_relaxed(&allgs);
        store_relaxed(&allgs, gp);
        store_relaxed(&allglen, load_relaxed(&allglen) + 1);
        fresh_context(wg);
    }
    return first;
}

/** ng: how many Gs have a handle; handles are 1 to ng. */
AGENT_OP(ng)
{
    return world_ng();
}

/** freshg(g): its body starts anew when somebody runs it; its status stays. */
AGENT_OP(freshg)
{
    fresh_context(world_adoptg(argg(a, 0)));
    return 0;
}

/** hold(m, p): plainly ties p to m, as after acquirep: Prunning. */
AGENT_OP(hold)
{
    M *mp = argm(a, 0);
    P *pp = argp(a, 1);
    mp->p = pp;
    store_relaxed(&pp->m, mp);
    store_relaxed(&pp->status, Prunning);
    return 0;
}

/** rung(m, g): plainly makes g the G that m runs, as after execute: Grunning. */
AGENT_OP(rung)
{
    M *mp = argm(a, 0);
    G *gp = argg(a, 1);
    store_relaxed(&mp->curg, gp);
    store_relaxed(&gp->m, mp);
    store_relaxed(&gp->atomicstatus, Grunning);
    return 0;
}

/** idlep(p): plainly puts p on the idle list. */
AGENT_OP(idlep)
{
    P *pp = argp(a, 0);
    store_relaxed(&pp->status, Pidle);
    store_relaxed(&pp->m, NULL);
    pp->link = load_relaxed(&sched.pidle);
    store_relaxed(&sched.pidle, pp);
    store_relaxed(&sched.npidle, load_relaxed(&sched.npidle) + 1);
    pmask_set(idlepMask, (uint32_t)pp->id);
    return 0;
}

/** idlem(m): plainly puts m on the idle list; it does not sleep (run mPark or stopm for that). */
AGENT_OP(idlem)
{
    M *mp = argm(a, 0);
    mp->schedlink = sched.midle;
    sched.midle = mp;
    sched.nmidle++;
    return 0;
}

/** state(m): 0 free, 1 suspended, 2 dead; out[1]: a wake-up has come for its sleep. */
AGENT_OP(mstate)
{
    argm(a, 0);
    struct wm *wm = world_m(a->v[0]);
    a->nout = 1;
    a->out[1] = wm->woken;
    return wm->dead ? 2 : wm->busy ? 1 : 0;
}

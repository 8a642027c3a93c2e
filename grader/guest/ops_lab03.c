/**
 * @file ops_lab03.c
 * Operations of lab 03: queues, idle lists, the scheduler's steps.
 */
#include "agent.h"

/** runqput(p, g, next). */
OP(runqput)
{
    runqput(argp(a, 0), argg(a, 1), a->v[2] != 0);
    return 0;
}

/** runqput_many(p, first, n): n Gs with consecutive handles, to the tail. */
OP(runqput_many)
{
    struct args one = *a;
    for (int64_t i = 0; i < a->v[2]; i++) {
        one.v[1] = a->v[1] + i;
        runqput(argp(a, 0), argg(&one, 1), false);
    }
    return 0;
}

/** runqputslow(p, g, h, t). */
OP(runqputslow)
{
    return runqputslow(argp(a, 0), argg(a, 1), (uint32_t)a->v[2], (uint32_t)a->v[3]);
}

/** A queue of the Gs v[first..n). */
static gQueue queue_of(struct args *a, uint32_t first)
{
    gQueue q = {NULL, NULL};
    for (uint32_t i = first; i < a->n; i++)
        gqueue_pushback(&q, argg(a, (int)i));
    return q;
}

/** runqputbatch_many(p, first, n): a queue of n Gs with consecutive handles. */
OP(runqputbatch_many)
{
    gQueue q = {NULL, NULL};
    struct args one = *a;
    for (int64_t i = 0; i < a->v[2]; i++) {
        one.v[1] = a->v[1] + i;
        gqueue_pushback(&q, argg(&one, 1));
    }
    runqputbatch(argp(a, 0), &q);
    return 0;
}

/** runqget(p): the G or NIL; out 1 inheritTime. */
OP(runqget)
{
    bool inherit = false;
    G *gp = runqget(argp(a, 0), &inherit);
    a->nout = 1;
    a->out[1] = inherit;
    return hg(gp);
}

OP(runqempty)
{
    return runqempty(argp(a, 0));
}

/** runqgrab(p, batchHead, stealRunNextG): how many; text: their handles in the batch. */
OP(runqgrab)
{
    static _Atomic(G *) batch[RUNQ_SIZE];
    uint32_t n = runqgrab(argp(a, 0), batch, (uint32_t)a->v[1], a->v[2] != 0);
    a->len = 0;
    a->textout = true;
    for (uint32_t i = 0; i < n && i < RUNQ_SIZE; i++) {
        const char *s = gname(load_relaxed(&batch[((uint32_t)a->v[1] + i) % RUNQ_SIZE]));
        if (a->len)
            a->text[a->len++] = ' ';
        while (*s)
            a->text[a->len++] = *s++;
    }
    return n;
}

/** runqsteal(p, victim, stealRunNextG). */
OP(runqsteal)
{
    return hg(runqsteal(argp(a, 0), argp(a, 1), a->v[2] != 0));
}

/** The five with sched.lock held. */
OP(globrunqput)
{
    lock(&sched.lock);
    globrunqput(argg(a, 0));
    unlock(&sched.lock);
    return 0;
}

OP(globrunqputhead)
{
    lock(&sched.lock);
    globrunqputhead(argg(a, 0));
    unlock(&sched.lock);
    return 0;
}

/** globrunqputbatch(g...): out 1: the given queue is empty afterwards. */
OP(globrunqputbatch)
{
    gQueue q = queue_of(a, 0);
    lock(&sched.lock);
    globrunqputbatch(&q, (int32_t)a->n);
    unlock(&sched.lock);
    a->nout = 1;
    a->out[1] = !q.head && !q.tail;
    return 0;
}

OP(globrunqget)
{
    lock(&sched.lock);
    G *gp = globrunqget();
    unlock(&sched.lock);
    return hg(gp);
}

/** globrunqgetbatch(n): the G; text: those in the queue, which was not empty before. */
OP(globrunqgetbatch)
{
    static G stale;
    gQueue q = {&stale, &stale};
    lock(&sched.lock);
    G *gp = globrunqgetbatch((int32_t)a->v[0], &q);
    unlock(&sched.lock);
    a->len = 0;
    a->textout = true;
    for (G *x = q.head; x && a->len + 24 < MSG_TEXT; x = x->schedlink) {
        const char *s = gname(x);
        if (a->len)
            a->text[a->len++] = ' ';
        while (*s)
            a->text[a->len++] = *s++;
    }
    return hg(gp);
}

OP(pidleput)
{
    lock(&sched.lock);
    pidleput(argp(a, 0));
    unlock(&sched.lock);
    return 0;
}

OP(pidleget)
{
    lock(&sched.lock);
    P *pp = pidleget();
    unlock(&sched.lock);
    return hp(pp);
}

OP(pidlegetSpinning)
{
    lock(&sched.lock);
    P *pp = pidlegetSpinning();
    unlock(&sched.lock);
    return hp(pp);
}

OP(mget)
{
    lock(&sched.lock);
    M *mp = mget();
    unlock(&sched.lock);
    return hm(mp);
}

OP(mput)
{
    lock(&sched.lock);
    mput(argm(a, 0));
    unlock(&sched.lock);
    return 0;
}

OP(wakep)
{
    wakep();
    return 0;
}

OP(resetspinning)
{
    resetspinning();
    return 0;
}

/** execute(g, inheritTime): "running gN". */
OP(execute)
{
    execute(argg(a, 0), a->v[1] != 0);
}

OP(schedule)
{
    schedule();
}

/** findrunnable(): the G; out 1 inheritTime, out 2 tryWakeP. */
OP(findrunnable)
{
    bool inherit = false, wake = false;
    G *gp = findrunnable(&inherit, &wake);
    a->nout = 2;
    a->out[1] = inherit;
    a->out[2] = wake;
    return hg(gp);
}

/** stealWork(): the G; out 1 inheritTime, 2 newWork, 3 pollUntil, 4 now. */
OP(stealWork)
{
    int64_t now = a->v[0], until = 0;
    bool inherit = false, newwork = false;
    G *gp = stealWork(&now, &until, &inherit, &newwork);
    a->nout = 4;
    a->out[1] = inherit;
    a->out[2] = newwork;
    a->out[3] = until;
    a->out[4] = now;
    return hg(gp);
}

OP(randomOrder_reset)
{
    randomOrder_reset((uint32_t)a->v[0]);
    return 0;
}

/** randomOrder_start(r): out 1 count, 2 pos, 3 inc. */
OP(randomOrder_start)
{
    randomEnum e = randomOrder_start((uint32_t)a->v[0]);
    a->nout = 3;
    a->out[1] = e.count;
    a->out[2] = e.pos;
    a->out[3] = e.inc;
    return e.i;
}

/** injectglist(g...): pushed so that the first argument is the list's first. */
OP(injectglist)
{
    gList l = {NULL};
    for (uint32_t i = a->n; i-- > 0;)
        glist_push(&l, argg(a, (int)i));
    injectglist(&l);
    return 0;
}

/** injectglist_many(first, n): the same with n Gs with consecutive handles. */
OP(injectglist_many)
{
    gList l = {NULL};
    struct args one = *a;
    for (int64_t i = a->v[1]; i-- > 0;) {
        one.v[0] = a->v[0] + i;
        glist_push(&l, argg(&one, 0));
    }
    injectglist(&l);
    return 0;
}

/* What of the given core a scheduler test needs. */

/** setglobal_many(first, n): plainly makes the global queue hold n Gs with consecutive handles. */
AGENT_OP(setglobal_many)
{
    struct args one = *a;
    sched.runq = (gQueue){NULL, NULL};
    for (int64_t i = 0; i < a->v[1]; i++) {
        one.v[0] = a->v[0] + i;
        gqueue_pushback(&sched.runq, argg(&one, 0));
    }
    store_relaxed(&sched.runqsize, (int32_t)a->v[1]);
    return 0;
}

/** What a timer of the world does: readies its G, if it has one. */
static void timer_readies(void *gp, uintptr_t seq)
{
    (void)seq;
    if (gp)
        ready(gp, true);
}

/** timer_start(when, g): a timer on this M's P; it readies g (Gwaiting), or nothing if that is NIL. */
OP(timer_start)
{
    static timer timers[32];
    static int n;
    if (n < 32)
        timer_start(&timers[n++], a->v[0], 0, timer_readies, argg(a, 1), 0);
    return n;
}

OP(acquirep)
{
    acquirep(argp(a, 0));
    return 0;
}

OP(releasep)
{
    return hp(releasep());
}

/** procresize(n): the world is stopped. Returns the first P with local work. */
OP(procresize)
{
    lock(&sched.lock);
    P *pp = procresize((int32_t)a->v[0]);
    unlock(&sched.lock);
    return hp(pp);
}

/** On a G. */
static void gosched_on_g0(G *gp)
{
    gosched_m(gp);
}

OP(gosched)
{
    mcall(gosched_on_g0);
    return 0;
}

/** On a G: parks it; goready wakes it. Returns when it runs again. */
OP(gopark)
{
    gopark(NULL, NULL, waitReasonTest);
    return 0;
}

static void nothing(void *arg)
{
    (void)arg;
}

/** newproc(): a new G of the core's; with a P. */
OP(newproc)
{
    return hg(newproc(nothing, NULL, 0));
}

/** ready(g, next): on g0 with a P. */
OP(ready)
{
    ready(argg(a, 0), a->v[1] != 0);
    return 0;
}

OP(casgstatus)
{
    casgstatus(argg(a, 0), (uint32_t)a->v[1], (uint32_t)a->v[2]);
    return 0;
}

/** lock_sched, unlock_sched: to see who waits for sched.lock. */
OP(lock_sched)
{
    lock(&sched.lock);
    return 0;
}

OP(unlock_sched)
{
    unlock(&sched.lock);
    return 0;
}

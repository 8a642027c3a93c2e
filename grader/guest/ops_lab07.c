/**
 * @file ops_lab07.c
 * Operations of lab 07. Poll descriptors have handles of their own, in the order in which pollOpen returned
 * them, from 0.
 */
#include "agent.h"

enum { MAXPD = 512 };
static pollDesc *pds[MAXPD];
static int npds;

/** Argument i as a poll descriptor. */
static pollDesc *argpd(struct args *a, int i)
{
    if (a->v[i] < 0 || a->v[i] >= npds)
        agent_leave(false, OUT_NONE, "there is no poll descriptor %d", (int)a->v[i]);
    return pds[a->v[i]];
}

/** The handle of pd. */
static int64_t hpd(pollDesc *pd)
{
    if (!pd)
        return NIL;
    for (int i = 0; i < npds; i++)
        if (pds[i] == pd)
            return i;
    pds[npds] = pd;
    return npds < MAXPD - 1 ? npds++ : NIL;
}

OP(netpollGenericInit)
{
    netpollGenericInit();
    return 0;
}

OP(netpollinited)
{
    return netpollinited();
}

/** pollOpen(fd): the descriptor's handle or NIL; out 1 err. */
OP(pollOpen)
{
    int err = 0;
    pollDesc *pd = pollOpen((int)a->v[0], &err);
    a->nout = 1;
    a->out[1] = err;
    return hpd(pd);
}

OP(pollClose)
{
    pollClose(argpd(a, 0));
    return 0;
}

OP(pollReset)
{
    return pollReset(argpd(a, 0), (int)a->v[1]);
}

/** pollWait(pd, mode): on a G. */
OP(pollWait)
{
    return pollWait(argpd(a, 0), (int)a->v[1]);
}

/** pollSetDeadline(pd, d, mode): on a G or g0 with a P. */
OP(pollSetDeadline)
{
    pollSetDeadline(argpd(a, 0), a->v[1], (int)a->v[2]);
    return 0;
}

OP(pollUnblock)
{
    pollUnblock(argpd(a, 0));
    return 0;
}

/** netpollblock(pd, mode, waitio): on a G. */
OP(netpollblock)
{
    return netpollblock(argpd(a, 0), (int)a->v[1], a->v[2] != 0);
}

/** netpollunblock(pd, mode, ioready, nodelta): the G or NIL; out 1 delta. */
OP(netpollunblock)
{
    int32_t delta = 0;
    G *gp = netpollunblock(argpd(a, 0), (int)a->v[1], a->v[2] != 0, a->v[3] ? NULL : &delta);
    a->nout = 1;
    a->out[1] = delta;
    return hg(gp);
}

/** Text: the Gs of l. */
static void list_out(struct args *a, gList l)
{
    a->len = 0;
    a->textout = true;
    for (G *gp = l.head; gp && a->len + 24 < MSG_TEXT; gp = gp->schedlink) {
        if (a->len)
            a->text[a->len++] = ' ';
        for (const char *s = gname(gp); *s; s++)
            a->text[a->len++] = *s;
    }
}

/** netpollready(pd, mode): delta; text: the list. */
OP(netpollready)
{
    gList l = {NULL};
    int32_t delta = netpollready(&l, argpd(a, 0), (int)a->v[1]);
    list_out(a, l);
    return delta;
}

OP(netpollcheckerr)
{
    return netpollcheckerr(argpd(a, 0), (int)a->v[1]);
}

OP(netpollAdjustWaiters)
{
    netpollAdjustWaiters((int32_t)a->v[0]);
    return 0;
}

OP(netpollAnyWaiters)
{
    return netpollAnyWaiters();
}

/** netpolldeadline(pd, seq, read, write): on g0 with a P. */
OP(netpolldeadline)
{
    netpolldeadline(argpd(a, 0), (uintptr_t)a->v[1], a->v[2] != 0, a->v[3] != 0);
    return 0;
}

/** netpoll(delay): delta; text: the list. */
OP(netpoll)
{
    int32_t delta = 0;
    gList l = netpoll(a->v[0], &delta);
    list_out(a, l);
    return delta;
}

OP(netpollBreak)
{
    netpollBreak();
    return 0;
}

/** netpollopen(fd, pd): 0 or errno. */
OP(netpollopen)
{
    return netpollopen((int)a->v[0], argpd(a, 1));
}

OP(netpollclose)
{
    return netpollclose((int)a->v[0]);
}

OP(netpollinit)
{
    netpollinit();
    return 0;
}

/** netpollSetEventErr(pd, err, seq). */
OP(netpollSetEventErr)
{
    netpollSetEventErr(argpd(a, 0), a->v[1] != 0, (uintptr_t)a->v[2]);
    return 0;
}

/** wakeNetPoller(when): on g0 with a P. */
OP(wakeNetPoller)
{
    wakeNetPoller(a->v[0]);
    return 0;
}

/**
 * pd(pd): fd; out 1 fdseq, 2 atomicInfo, 3 rg and 4 wg (0, 1, 2, or 16 + handle of the G), 5 closing, 6
 * rseq, 7 wseq, 8 rd, 9 wd, 10 when the read timer goes off (0: it is not active), 11 likewise the write
 * timer.
 */
OP(pd)
{
    pollDesc *pd = argpd(a, 0);
    uintptr_t rg = load_relaxed(&pd->rg), wg = load_relaxed(&pd->wg); /* one thread */
    a->nout = 11;
    a->out[1] = (int64_t)load_relaxed(&pd->fdseq);
    a->out[2] = load_relaxed(&pd->atomicInfo);
    a->out[3] = rg > pdWait ? 16 + hg((G *)rg) : (int64_t)rg;
    a->out[4] = wg > pdWait ? 16 + hg((G *)wg) : (int64_t)wg;
    a->out[5] = pd->closing;
    a->out[6] = (int64_t)pd->rseq;
    a->out[7] = (int64_t)pd->wseq;
    a->out[8] = pd->rd;
    a->out[9] = pd->wd;
    a->out[10] = pd->rt && load_relaxed(&pd->rt->pp) ? pd->rt->when : 0;
    a->out[11] = pd->wt && load_relaxed(&pd->wt->pp) ? pd->wt->when : 0;
    return pd->fd;
}

/** pdset(pd, mode, value): plainly writes rg or wg: 0, 1, 2, or 16 + handle of a G. */
OP(pdset)
{
    pollDesc *pd = argpd(a, 0);
    uintptr_t v = (uintptr_t)a->v[2];
    if (a->v[2] > 16) {
        a->v[0] = a->v[2] - 16;
        v = (uintptr_t)argg(a, 0);
    }
    store_relaxed(a->v[1] == 'r' ? &pd->rg : &pd->wg, v); /* one thread */
    return 0;
}

/** pdinfo(pd, info): plainly writes atomicInfo. */
OP(pdinfo)
{
    store_relaxed(&argpd(a, 0)->atomicInfo, (uint32_t)a->v[1]); /* one thread */
    return 0;
}

/** pdfdseq(pd, seq): plainly writes fdseq, for uses near the wrap. */
OP(pdfdseq)
{
    store_relaxed(&argpd(a, 0)->fdseq, (uintptr_t)a->v[1]); /* one thread */
    return 0;
}

/** checkTimers(p): runs p's due timers; on g0 with p. Returns when the next is due; out 1: some ran. */
OP(checkTimers)
{
    int64_t now = 0;
    bool ran = false;
    int64_t next = checkTimers(argp(a, 0), &now, &ran);
    a->nout = 1;
    a->out[1] = ran;
    return next;
}

/* ---- descriptors in the guest, made and used by the agent alone ---- */

/** pipe: its reading end, non-blocking; out 1 the writing end. */
AGENT_OP(pipe)
{
    int fds[2];
    int64_t e = agent_syscall(__NR_pipe2, (int64_t)fds, KO_CLOEXEC | KO_NONBLOCK, 0, 0, 0, 0);
    a->nout = 1;
    a->out[1] = e < 0 ? e : fds[1];
    return e < 0 ? e : fds[0];
}

/** dupfd(fd). */
AGENT_OP(dupfd)
{
    return agent_syscall(__NR_dup, a->v[0], 0, 0, 0, 0, 0);
}

/** closefd(fd). */
AGENT_OP(closefd)
{
    return agent_syscall(__NR_close, a->v[0], 0, 0, 0, 0, 0);
}

/** writefd(fd, n): n bytes of scratch memory; how many were written. */
AGENT_OP(writefd)
{
    return agent_syscall(__NR_write, a->v[0], (int64_t)agent_scratch, a->v[1], 0, 0, 0);
}

/** readfd(fd, n): into scratch memory; how many. */
AGENT_OP(readfd)
{
    return agent_syscall(__NR_read, a->v[0], (int64_t)agent_scratch, a->v[1], 0, 0, 0);
}

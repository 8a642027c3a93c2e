/**
 * @file ops_lab06.c
 * Operations of lab 06: notes, threads, handing Ps over.
 */
#include "agent.h"

/**
 * The note that a test names by text: "m1.park", "sched.stopnote", "sched.sysmonnote", or (empty) one of the
 * agent's own.
 */
static note *note_of(struct args *a)
{
    static note own;
    if (a->len == 0)
        return &own;
    if (streq(a->text, "sched.stopnote"))
        return &sched.stopnote;
    if (streq(a->text, "sched.sysmonnote"))
        return &sched.sysmonnote;
    if (streq(a->text, "sched.safePointNote"))
        return &sched.safePointNote;
    if (streq(a->text, "newmHandoff.wake"))
        return &newmHandoff.wake;
    struct args h = {.n = 1};
    for (const char *s = a->text + 1; *s >= '0' && *s <= '9'; s++)
        h.v[0] = h.v[0] * 10 + (*s - '0');
    return &argm(&h, 0)->park;
}

OP(noteclear)
{
    noteclear(note_of(a));
    return 0;
}

OP(notewakeup)
{
    notewakeup(note_of(a));
    return 0;
}

OP(notesleep)
{
    notesleep(note_of(a));
    return 0;
}

/** notetsleep(ns). */
OP(notetsleep)
{
    return notetsleep(note_of(a), a->v[0]);
}

/** notetsleepg(ns): on a G. */
OP(notetsleepg)
{
    return notetsleepg(note_of(a), a->v[0]);
}

OP(mReserveID)
{
    lock(&sched.lock);
    int64_t id = mReserveID();
    unlock(&sched.lock);
    return id;
}

/** What a new M runs first: logs that it does. */
static void logged_start(void)
{
    agent_log("mstartfn %s", mname(getm()));
}

/** allocm(p, id): the new M. */
OP(allocm)
{
    M *mp = allocm(argp(a, 0), logged_start, a->n > 1 ? a->v[1] : -1);
    world_adoptm(mp);
    return hm(mp);
}

/** newm(p, id): its thread is a suspended M of the world: resume starts it, in mstart. */
OP(newm_real)
{
    newm(logged_start, argp(a, 0), a->n > 1 ? a->v[1] : -1);
    return 0;
}

/** startm(p, spinning, lockheld). */
OP(startm)
{
    if (a->v[2])
        lock(&sched.lock);
    startm(argp(a, 0), a->v[1] != 0, a->v[2] != 0);
    if (a->v[2])
        unlock(&sched.lock);
    return 0;
}

OP(stopm)
{
    stopm();
    return 0;
}

OP(mPark)
{
    mPark();
    return 0;
}

OP(gcstopm)
{
    gcstopm();
    return 0;
}

OP(handoffp)
{
    handoffp(argp(a, 0));
    return 0;
}

/** retake_syscall(p, now, sysretake) with the notes in p.sysmontick, and allpLock held as sysmon does. */
OP(retake_syscall)
{
    P *pp = argp(a, 0);
    lock(&allpLock);
    uint32_t n = retake_syscall(pp, &pp->sysmontick, a->v[1], a->v[2] != 0);
    unlock(&allpLock);
    return n;
}

OP(mexit)
{
    mexit();
}

OP(stoplockedm)
{
    stoplockedm();
    return 0;
}

OP(startlockedm)
{
    startlockedm(argg(a, 0));
    return 0;
}

OP(incidlelocked)
{
    incidlelocked((int32_t)a->v[0]);
    return 0;
}

OP(startTemplateThread)
{
    startTemplateThread();
    return 0;
}

OP(templateThread)
{
    templateThread();
    return 0;
}

/** On a G. */
OP(lockOSThread)
{
    lockOSThread();
    return 0;
}

/** On a G. */
OP(unlockOSThread)
{
    unlockOSThread();
    return 0;
}

OP(checkdead)
{
    lock(&sched.lock);
    checkdead();
    unlock(&sched.lock);
    return 0;
}

/** gcwaiting(n): a stop-the-world has begun and waits for n Ps. */
AGENT_OP(gcwaiting)
{
    store_relaxed(&sched.gcwaiting, a->v[0] != 0);
    sched.stopwait = (int32_t)a->v[0];
    return 0;
}

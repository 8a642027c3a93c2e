/**
 * @file fields.c
 * Fields and lists of the world by name: "p0.runqtail", "g5.sched.sp", "sched.nmspinning", list "p0.runq".
 * Fields are read and written plainly: one thread runs, the others are coroutines.
 */
#include "agent.h"

void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);

enum fieldkind { FINT, FUINT, FG, FM, FP };

/** A field of a struct, or of sched. */
struct field {
    char owner;          /**< 'g', 'm', 'p', 's' (sched), 'x' (other globals; offset is an address) */
    const char *name;    /**< as in C, behind the dot */
    size_t offset;       /**< in the struct */
    size_t size;         /**< bytes */
    enum fieldkind kind; /**< what it holds */
};

/**
 * Pointers to Gs, Ms and Ps are reported as handles, signed integers with their sign, all else as unsigned.
 */
#define KIND(lvalue)                                                                                         \
    _Generic((lvalue), G * : FG, M * : FM, P * : FP, int32_t : FINT, int64_t : FINT, default : FUINT)
#define FIELD(owner, T, f)                                                                                   \
    {                                                                                                        \
        owner, #f, offsetof(T, f), sizeof(((T *)0)->f), KIND(((T *)0)->f)                                    \
    }
#define GF(f) FIELD('g', G, f)
#define MF(f) FIELD('m', M, f)
#define PF(f) FIELD('p', P, f)
#define SF(f) FIELD('s', struct schedt, f)
#define XF(f)                                                                                                \
    {                                                                                                        \
        'x', #f, 0, sizeof(f), KIND(f)                                                                       \
    }

static const struct field fields[] = {
    GF(stack.lo),
    GF(stack.hi),
    GF(stackguard0),
    GF(m),
    GF(sched.sp),
    GF(sched.pc),
    GF(sched.bp),
    GF(sched.ctxt),
    GF(sched.g),
    GF(sched.fpcw),
    GF(syscallsp),
    GF(syscallpc),
    GF(syscallbp),
    GF(atomicstatus),
    GF(goid),
    GF(schedlink),
    GF(waitsince),
    GF(waitreason),
    GF(param),
    GF(selectDone),
    GF(waiting),
    GF(defers),
    GF(timer),
    GF(lockedm),
    GF(startfn),
    GF(startarg),
    GF(gopc),
    GF(parentgoid),
    GF(stackwant),
    GF(preempt),
    GF(throwsplit),
    GF(asyncSafePoint),
    GF(issystem),
    GF(paniconfault),
    GF(trackingp),
    GF(alllink),

    MF(g0),
    MF(gsignal),
    MF(curg),
    MF(p),
    MF(nextp),
    MF(oldp),
    MF(id),
    MF(locks),
    MF(syscalltick),
    MF(spinning),
    MF(blocked),
    MF(dying),
    MF(mstartfn),
    MF(rand),
    MF(procid),
    MF(park.key),
    MF(alllink),
    MF(schedlink),
    MF(freelink),
    MF(freeWait),
    MF(lockedg),
    MF(lockedExt),
    MF(lockedInt),
    MF(sigmask),
    MF(signalPending),
    MF(preemptGen),
    MF(vdsoPC),
    MF(vdsoSP),

    PF(id),
    PF(status),
    PF(link),
    PF(m),
    PF(schedtick),
    PF(syscalltick),
    PF(sysmontick.schedtick),
    PF(sysmontick.syscalltick),
    PF(sysmontick.schedwhen),
    PF(sysmontick.syscallwhen),
    PF(preempt),
    PF(runqhead),
    PF(runqtail),
    PF(runnext),
    PF(gFree.n),
    PF(goidcache),
    PF(goidcacheend),
    PF(stackcache.n),
    PF(smallstacks.n),
    PF(timers.len),
    PF(timers.minWhen),
    PF(runSafePointFn),
    PF(n.schedules),
    PF(n.steals),
    PF(n.handoffs),
    PF(n.retakes),
    PF(n.preemptions),
    PF(n.syscalls),
    PF(n.netpolls),
    PF(n.spawns),
    PF(n.exits),

    SF(goidgen),
    SF(lastpoll),
    SF(pollUntil),
    SF(pollingNet),
    SF(lock.key),
    SF(midle),
    SF(nmidle),
    SF(nmidlelocked),
    SF(mnext),
    SF(maxmcount),
    SF(nmsys),
    SF(nmfreed),
    SF(ngsys),
    SF(pidle),
    SF(npidle),
    SF(nmspinning),
    SF(needspinning),
    SF(runqsize),
    SF(gFree.n),
    SF(gcwaiting),
    SF(stopwait),
    SF(stopnote.key),
    SF(sysmonwait),
    SF(sysmonnote.key),
    SF(safePointWait),
    SF(safePointNote.key),
    SF(sysmonlock.key),
    SF(starttime),
    SF(lastgc),
    SF(n.futexsleeps),
    SF(n.futexwakes),
    SF(netpollwakes),

    XF(gomaxprocs),
    XF(ncpu),
    XF(allglen),
    XF(freezing),
    XF(mainStarted),
    XF(allpLock.key),
    XF(newmHandoff.waiting),
    XF(newmHandoff.wake.key),
    XF(newmHandoff.haveTemplateThread),
    XF(newmHandoff.lock.key),
    XF(forcegc.g),
    XF(forcegc.idle),
    XF(forcegcperiod),
    XF(initSigmask),
    XF(debug.schedtrace),
    XF(debug.scheddetail),
    XF(debug.asyncpreemptoff),
    XF(debug.nohandoff),
    XF(debug.syscalltrace),
    XF(debug.forcegcperiodms),
    XF(debug.updatemaxprocs),
    XF(forcegc.lock.key),
    XF(netpollWaiters),
    XF(idlepMask[0]),
    XF(timerpMask[0]),
    XF(runningPanicDefers),
    XF(panicking),
};

/** Where the globals are, in the order of the XF entries. */
static void *const globals[] = {
    &gomaxprocs,
    &ncpu,
    &allglen,
    &freezing,
    &mainStarted,
    &allpLock.key,
    &newmHandoff.waiting,
    &newmHandoff.wake.key,
    &newmHandoff.haveTemplateThread,
    &newmHandoff.lock.key,
    &forcegc.g,
    &forcegc.idle,
    &forcegcperiod,
    &initSigmask,
    &debug.schedtrace,
    &debug.scheddetail,
    &debug.asyncpreemptoff,
    &debug.nohandoff,
    &debug.syscalltrace,
    &debug.forcegcperiodms,
    &debug.updatemaxprocs,
    &forcegc.lock.key,
    &netpollWaiters,
    &idlepMask[0],
    &timerpMask[0],
    &runningPanicDefers,
    &panicking,
};

/** Splits "p12.name": the object's address; *name is what stands behind the dot, *owner the kind. */
static char *object(const char *path, char *owner, const char **name)
{
    struct args h = {.n = 1};
    *name = path;
    *owner = 'x';
    if (path[0] == 's' && path[1] == 'c' && path[2] == 'h' && path[3] == 'e' && path[4] == 'd' &&
        path[5] == '.') {
        *owner = 's';
        *name = path + 6;
        return (char *)&sched;
    }
    if ((path[0] != 'g' && path[0] != 'm' && path[0] != 'p') || path[1] < '0' || path[1] > '9')
        return NULL;
    const char *s = path + 1;
    for (; *s >= '0' && *s <= '9'; s++)
        h.v[0] = h.v[0] * 10 + (*s - '0');
    if (*s != '.')
        agent_refuse(MSG_UNKNOWN, "'%s' is no field", path);
    *name = s + 1;
    *owner = path[0];
    return path[0] == 'g' ? (char *)argg(&h, 0) : path[0] == 'm' ? (char *)argm(&h, 0) : (char *)argp(&h, 0);
}

/** The field that path names, and where it lies. */
static const struct field *find(const char *path, char **at)
{
    char owner;
    const char *name;
    char *obj = object(path, &owner, &name);
    unsigned x = 0;
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i].owner == owner && streq(fields[i].name, name)) {
            *at = owner == 'x' ? globals[x] : obj + fields[i].offset;
            return &fields[i];
        }
        x += fields[i].owner == 'x';
    }
    agent_refuse(MSG_UNKNOWN, "there is no field '%s'", path);
}

/** get: the field that the text names. */
AGENT_OP(get)
{
    char *at;
    const struct field *f = find(a->text, &at);
    int64_t v = 0;
    memcpy(&v, at, f->size);
    switch (f->kind) {
    case FG:
        return hg((G *)v);
    case FM:
        return hm((M *)v);
    case FP:
        return hp((P *)v);
    case FINT:
        return f->size == 4 ? (int32_t)v : v;
    case FUINT:
        break;
    }
    return v;
}

/** set: the field that the text names, to v[0]. */
AGENT_OP(set)
{
    char *at;
    const struct field *f = find(a->text, &at);
    int64_t v = a->v[0];
    if (f->kind == FG)
        v = (int64_t)argg(a, 0);
    else if (f->kind == FM)
        v = (int64_t)argm(a, 0);
    else if (f->kind == FP)
        v = (int64_t)argp(a, 0);
    memcpy(at, &v, f->size);
    return 0;
}

/** address: of the field that the text names; for a system call that reads it, say. */
AGENT_OP(address)
{
    char *at;
    find(a->text, &at);
    return (int64_t)(uintptr_t)at;
}

/* ---- lists ---- */

/** Appends a name and a blank; false when the text is full (a cycle, most likely). */
static bool append(struct args *a, const char *name)
{
    if (a->len + 24 > MSG_TEXT)
        return false;
    if (a->len)
        a->text[a->len++] = ' ';
    while (*name)
        a->text[a->len++] = *name++;
    return true;
}

static void list_g(struct args *a, G *gp)
{
    while (gp && append(a, gname(gp)))
        gp = gp->schedlink;
}

/** A list of Ms through the link at this offset. */
static void list_m(struct args *a, M *mp, size_t link)
{
    while (mp && append(a, mname(mp))) {
        world_adoptm(mp); /* from now on its fields can be looked at */
        mp = *(M **)((char *)mp + link);
    }
}

static void list_p(struct args *a, P *pp)
{
    while (pp && append(a, pname(pp)))
        pp = pp->link;
}

/** The ring from head to tail, without runnext. */
static void list_ring(struct args *a, P *pp)
{
    uint32_t h = load_relaxed(&pp->runqhead), t = load_relaxed(&pp->runqtail);
    for (uint32_t i = h; i != t && append(a, gname(load_relaxed(&pp->runqslots[i % RUNQ_SIZE]))); i++) {
    }
}

/** list: the handles on the list that the text names, first to last, with blanks between. */
AGENT_OP(list)
{
    static char path[64];
    char owner;
    const char *name;
    for (unsigned i = 0; i < sizeof path - 1; i++)
        path[i] = a->text[i];
    char *obj = object(path, &owner, &name);
    a->len = 0;
    a->textout = true;
    if (owner == 'p' && streq(name, "runq"))
        list_ring(a, (P *)obj);
    else if (owner == 'p' && streq(name, "gFree"))
        list_g(a, ((P *)obj)->gFree.list.head);
    else if (owner == 's' && streq(name, "runq"))
        list_g(a, sched.runq.head);
    else if (owner == 's' && streq(name, "gFree.stack"))
        list_g(a, sched.gFree.stack.head);
    else if (owner == 's' && streq(name, "gFree.noStack"))
        list_g(a, sched.gFree.noStack.head);
    else if (owner == 's' && streq(name, "midle"))
        list_m(a, sched.midle, offsetof(M, schedlink));
    else if (owner == 's' && streq(name, "freem"))
        list_m(a, sched.freem, offsetof(M, freelink));
    else if (owner == 's' && streq(name, "pidle"))
        list_p(a, load_relaxed(&sched.pidle));
    else if (owner == 'x' && streq(name, "newmHandoff.newm"))
        list_m(a, newmHandoff.newm, offsetof(M, schedlink));
    else if (owner == 'x' && streq(name, "allm"))
        list_m(a, load_relaxed(&allm), offsetof(M, alllink));
    else
        agent_refuse(MSG_UNKNOWN, "there is no list '%s'", path);
    return 0;
}

/**
 * setring(p, head, g...): plainly fills p's ring with the Gs, head and tail as given; for starts near the
 * wrap.
 */
AGENT_OP(setring)
{
    P *pp = argp(a, 0);
    uint32_t h = (uint32_t)a->v[1];
    store_relaxed(&pp->runqhead, h);
    for (uint32_t i = 2; i < a->n; i++)
        store_relaxed(&pp->runqslots[h++ % RUNQ_SIZE], argg(a, (int)i));
    store_relaxed(&pp->runqtail, h);
    return 0;
}

/** setglobal(g...): plainly makes the global queue hold exactly these. */
AGENT_OP(setglobal)
{
    sched.runq = (gQueue){NULL, NULL};
    for (uint32_t i = 0; i < a->n; i++)
        gqueue_pushback(&sched.runq, argg(a, (int)i));
    store_relaxed(&sched.runqsize, (int32_t)a->n);
    return 0;
}

/* ---- scratch memory ---- */

/** scratch: address of SCRATCH_SIZE bytes that the judge may fill and read. */
AGENT_OP(scratch)
{
    return (int64_t)(uintptr_t)agent_scratch;
}

/** memwrite(offset) + bytes: copies them there. */
AGENT_OP(memwrite)
{
    if (a->v[0] < 0 || a->v[0] + a->len > SCRATCH_SIZE)
        agent_refuse(MSG_MISUSE, "memwrite: outside the scratch memory");
    memcpy(agent_scratch + a->v[0], a->text, a->len);
    return 0;
}

/** memread(offset, n <= MSG_TEXT - 1): the bytes. */
AGENT_OP(memread)
{
    if (a->v[0] < 0 || a->v[1] < 0 || a->v[1] >= MSG_TEXT || a->v[0] + a->v[1] > SCRATCH_SIZE)
        agent_refuse(MSG_MISUSE, "memread: outside the scratch memory");
    a->len = (uint32_t)a->v[1];
    a->textout = true;
    memcpy(a->text, agent_scratch + a->v[0], a->len);
    return 0;
}

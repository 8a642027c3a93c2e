/**
 * @file panic.c
 * The ends of a program that went wrong: throw_, fatal and gopanic.
 *
 *   throw_   a rule of the runtime was broken; shows everything, because the runtime itself is what must be looked at;
 *   fatal    the program broke a rule (deadlock, unlock of an unlocked mutex); shows its goroutines;
 *   gopanic  a goroutine gave up; runs its deferred calls, then shows that goroutine.
 *
 * Whoever reports a death can rely on nothing. Any lock may be held, by this thread or by one that will never run again,
 * so that nothing here takes one: it reads what others may be writing, and bounds every loop. The stack may be nearly
 * used up, so that a user G goes over to its M's g0 stack, which is empty while the G runs. Two Ms may die at once: the
 * first reports, the others wait until its exit takes them along. And the report itself may fault, on a list that is
 * being changed: then it ends there, with a word about that, and still with status 2.
 */
#include "crash.h"

_Atomic uint32_t panicking;
_Atomic uint32_t runningPanicDefers;
death *dying;

/** Stands for the M of a thread that has none. */
static M nom;
/** The M that reports its death, NULL while all is well. */
static _Atomic(M *) reporter;
/** How often the reporter has died: 1, then once more for each fault inside the report. Its own. */
static int deaths;

static M *thism(void)
{
    G *gp = getg();
    M *mp = gp ? load_relaxed(&gp->m) : NULL; /* own G */
    return mp ? mp : &nom;
}

static _Noreturn void waitforend(void)
{
    for (;;)
        linux_usleep(10000);
}

/** Becomes the reporter, or never returns. */
static void startreport(death *d)
{
    M *mp = thism();
    mp->locks++; /* nobody may take this thread away any more */
    fetch_add_seqcst(&panicking, 1); /* before runningPanicDefers goes down: main looks at both, in the other order */
    if (d->kind == deathPanic)
        fetch_add_acqrel(&runningPanicDefers, (uint32_t)-1);
    /* acq_rel: of two Ms that die at once one goes on; what it does afterwards needs no partner */
    if (!cas_acqrel(&reporter, NULL, mp) && load_relaxed(&reporter) != mp)
        waitforend();
    mp->dying = true;
    if (++deaths == 1)
        return;
    if (deaths == 2) {
        if (d->sig)
            print("\n[signal %d at pc=0x%lx while the above was being printed: the rest is missing]\n", d->sig, d->at.pc);
        else
            print("\n[the runtime died again while the above was being printed, of this: %s]\n", d->fmt);
    }
    exitprocess(2);
}

static void report(void *p)
{
    death *d = p;
    startreport(d);
    dying = d;
    d->head(d);
    if (load_relaxed(&gomaxprocs) > 0 && !debug.dontfreezetheworld) /* 0: there is no world yet */
        freezetheworld();
    printgoroutines(d);
    if (d->kind == deathThrow)
        printsched();
    if (d->uc) {
        print("\n");
        sigctxt_print(d->uc);
    }
    exitprocess(2);
}

/** True if sp lies in s. */
static bool within(uintptr_t sp, stack s)
{
    return sp > s.lo && sp <= s.hi;
}

_Noreturn void die(death *d)
{
    G *gp = getg();
    M *mp = gp ? load_relaxed(&gp->m) : NULL; /* own G */
    if (mp && mp->g0 && gp == load_relaxed(&mp->curg) && within(mp->g0->sched.sp, mp->g0->stack)) {
        setg(mp->g0); /* its stack is free while a user G runs */
        arch_callon(mp->g0->sched.sp, report, d);
    }
    report(d);
    exitprocess(2);
}

/** Prints prefix, the message and a new line, in one piece. */
static void printmessage(death *d, const char *prefix)
{
    char text[1024];
    govsnprintf(text, sizeof text, d->fmt, d->ap);
    print("%s%s\n", prefix, text);
}

static void fatalhead(death *d)
{
    printmessage(d, "fatal error: ");
}

/** The runtime's own deaths also say where they happened. */
RACY static void throwhead(death *d)
{
    printmessage(d, "fatal error: ");
    G *gp = d->gp;
    M *mp = thism();
    if (!gp || mp == &nom) {
        print("runtime: on a thread that is not the runtime's\n");
        return;
    }
    G *curg = load_relaxed(&mp->curg);
    print("runtime: g=%p (%s) m=%ld p=%d goid=%ld status=%s locks=%d\n", (void *)gp,
          gp == mp->g0 ? "g0" : gp == mp->gsignal ? "gsignal" : "user", (long)mp->id, mp->p ? mp->p->id : -1,
          curg ? (long)curg->goid : -1L, curg ? gstatusname(readgstatus(curg)) : "none", mp->locks - 1);
}

/** The caller of the function that uses this: where its backtrace begins. */
#define CALLER ((stackpoint){.pc = getcallerpc(), .bp = getcallerbp()})

__attribute__((noinline)) _Noreturn void throw_(const char *fmt, ...)
{
    death d = {.kind = deathThrow, .head = throwhead, .fmt = fmt, .gp = getg(), .at = CALLER};
    va_start(d.ap, fmt);
    die(&d);
}

__attribute__((noinline)) _Noreturn void fatal(const char *fmt, ...)
{
    death d = {.kind = deathFatal, .head = fatalhead, .fmt = fmt, .gp = getg(), .at = CALLER};
    va_start(d.ap, fmt);
    die(&d);
}

static void panichead(death *d)
{
    if (d->first)
        print("panic: %s\n\tpanic: %s\n", d->first, d->fmt);
    else
        print("panic: %s\n", d->fmt);
}

__attribute__((noinline)) _Noreturn void gopanic(const char *msg)
{
    G *gp = getg();
    M *mp = load_relaxed(&gp->m); /* own G */
    if (gp != load_relaxed(&mp->curg))
        throw_("gopanic on a system stack: %s", msg);
    if (mp->locks)
        throw_("gopanic while holding locks (%d): %s", mp->locks, msg);
    death d = {.kind = deathPanic, .head = panichead, .fmt = msg, .gp = gp, .at = CALLER};
    /* A deferred call of a goroutine that panics may panic itself. A goid is never used twice, so that a note which a
     * goexit left behind cannot be taken for one of ours. */
    if (gp->panicgoid == gp->goid)
        d.first = gp->panicmsg;
    else
        gp->panicmsg = msg;
    gp->panicgoid = gp->goid;
    fetch_add_acqrel(&runningPanicDefers, 1); /* main's return waits for us: pairs with its acquire load */
    for (Defer *p; (p = gp->defers) != NULL;) {
        gp->defers = p->link; /* first: whatever p does, it will not run again */
        p->fn(p->arg);
    }
    die(&d);
}

__attribute__((noinline)) _Noreturn void badmcall(void)
{
    throw_("mcall called on m->g0 stack");
}

__attribute__((noinline)) _Noreturn void badmcall2(void)
{
    throw_("mcall function returned");
}

__attribute__((noinline)) _Noreturn void badsystemstack(void)
{
    throw_("systemstack called from unexpected goroutine");
}

static void printstats_g0(void *unused)
{
    (void)unused;
    printstats();
}

_Noreturn void goexitprocess(int status)
{
    if (debug.schedstats > 0)
        systemstack(printstats_g0, NULL); /* print needs room */
    exitprocess(status);
}

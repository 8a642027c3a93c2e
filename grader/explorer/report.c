/**
 * @file report.c
 * Names, events, and the result as JSON. tools/explore makes of it what people read: lines of source, lanes, words.
 */
#include <stdio.h>
#include <string.h>
#include "engine.h"

/** The execution has no end. Names the thread that took most of the last steps, and the place that it came to most often. */
static _Noreturn void endless(void)
{
    enum { LAST = 512 };
    int steps[MAXT] = {0}, who = 0, most = 0;
    const struct event *last = eng->events + eng->nevents - LAST;
    uintptr_t where = 0;
    for (int i = 0; i < LAST; i++)
        if (++steps[last[i].tid] > steps[who])
            who = last[i].tid;
    for (int i = 0; i < LAST; i++) {
        int n = 0;
        for (int k = i; k < LAST; k++)
            n += last[k].tid == who && last[k].addr == last[i].addr && last[k].addr != 0;
        if (n > most)
            most = n, where = last[i].addr;
    }
    char buf[64];
    fail("livelock", "no end after %d steps: %s goes round in circles, and comes to %s again and again", eng->nevents,
         eng->t[who].name, where ? placename(where, buf) : "the same places");
}

struct event *event(enum evkind kind, uintptr_t pc, uintptr_t addr, int size, enum order order)
{
    if (eng->nevents == MAXEVENTS - 1 && kind != EV_RACE)
        endless();
    struct event *e = &eng->events[eng->nevents++];
    *e = (struct event){.tid = (uint8_t)eng->cur, .kind = (uint8_t)kind, .order = (uint8_t)order, .size = (uint8_t)size,
                        .preempts = eng->preempting, .pc = pc, .addr = addr, .with = -1};
    eng->preempting = false;
    eng->nops++;
    return e;
}

/* ---- limits ---- */

void note_used(void)
{
    size_t arena = 0;
    for (int i = 0; i <= eng->nthreads; i++)
        arena = eng->t[i].arenaused > arena ? eng->t[i].arenaused : arena;
    const double parts[] = {
        (double)eng->nchoices / MAXCHOICES, (double)eng->nstores / MAXSTORES, (double)eng->nevents / MAXEVENTS,
        (double)eng->nlocs / NLOCS,         (double)eng->nshadows / NSHADOW,  (double)eng->ncontested / NCONTESTED,
        (double)arena / ARENASIZE,          (double)eng->nexec / (double)eng->maxexec,
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        eng->used = parts[i] > eng->used ? parts[i] : eng->used;
}

/* ---- names ---- */

void ex_name(const volatile void *addr, size_t n, const char *fmt, ...)
{
    if (!eng->naming || eng->nplaces == MAXNAMES)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(eng->places[eng->nplaces].text, sizeof eng->places[0].text, fmt, ap);
    va_end(ap);
    eng->places[eng->nplaces].addr = (uintptr_t)addr;
    eng->places[eng->nplaces++].n = n;
}

void ex_value(uint64_t value, const char *fmt, ...)
{
    if (!eng->naming || eng->nvalues == MAXNAMES)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(eng->values[eng->nvalues].text, sizeof eng->values[0].text, fmt, ap);
    va_end(ap);
    eng->values[eng->nvalues++].v = value;
}

void ex_guard(const volatile void *addr, size_t n)
{
    if (!eng->naming || eng->nguards == MAXGUARDS)
        return;
    eng->guards[eng->nguards].addr = (uintptr_t)addr;
    eng->guards[eng->nguards++].n = n;
}

const char *placename(uintptr_t addr, char buf[64])
{
    int best = -1;
    for (int i = 0; i < eng->nplaces; i++)
        if (addr - eng->places[i].addr < eng->places[i].n && (best < 0 || eng->places[i].n < eng->places[best].n))
            best = i;
    if (best < 0)
        snprintf(buf, 64, "%#lx", (unsigned long)addr);
    else if (addr == eng->places[best].addr)
        snprintf(buf, 64, "%s", eng->places[best].text);
    else
        snprintf(buf, 64, "%s+%lu", eng->places[best].text, (unsigned long)(addr - eng->places[best].addr));
    return buf;
}

static const char *valuename(word v, int size, char buf[64])
{
    for (int i = 0; size == 8 && i < eng->nvalues; i++)
        if (eng->values[i].v == (uint64_t)v)
            return eng->values[i].text;
    if (v >> 64)
        snprintf(buf, 64, "0x%llx%016llx", (unsigned long long)(v >> 64), (unsigned long long)v);
    else if (v > 0xffff)
        snprintf(buf, 64, "%#llx", (unsigned long long)v);
    else
        snprintf(buf, 64, "%llu", (unsigned long long)v);
    return buf;
}

/* ---- JSON ---- */

static void quoted(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < ' ')
            printf("\\u%04x", *s);
        else
            putchar(*s);
    }
    putchar('"');
}

static void field(const char *name, const char *value)
{
    printf(", \"%s\": ", name);
    quoted(value);
}

static const char *const kindnames[] = {"load", "store", "rmw", "cas", "cas_fails", "cas_spurious", "fence", "lock", "unlock",
                                        "futex_sleep", "futex_differs", "futex_woken", "futex_timeout", "futex_wake", "yield",
                                        "wait", "post", "race", "end"};
static const char *const ordernames[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
static const char *const phasenames[] = {"interleaving", "store buffer", "C11 weak memory", "slot audit"};

static void print_event(int i)
{
    const struct event *e = &eng->events[i];
    char b[64];
    bool atomic = e->kind <= EV_FENCE;
    printf("%s{\"t\": %d, \"op\": \"%s\", \"pc\": %lu", i ? ", " : "", e->tid - 1, kindnames[e->kind], (unsigned long)e->pc);
    if (e->addr)
        field("at", placename(e->addr, b));
    if (atomic)
        field("order", ordernames[e->order]);
    if (e->preempts)
        printf(", \"preempts\": true");
    if (e->kind == EV_LOAD || e->kind == EV_STORE || e->kind == EV_SLEEP || e->kind == EV_NOSLEEP || e->kind == EV_WAKE)
        field("value", valuename(e->a, e->size, b));
    if (e->kind == EV_RMW || e->kind == EV_CAS || e->kind == EV_CASFAIL || e->kind == EV_CASSPURIOUS) {
        field("from", valuename(e->a, e->size, b));
        field("to", valuename(e->b, e->size, b));
    }
    if (e->kind == EV_CASFAIL || e->kind == EV_NOSLEEP || e->stale)
        field("found", valuename(e->newest, e->size, b));
    if (e->stale)
        printf(", \"stale\": %d", e->stale);
    if (e->with >= 0)
        printf(", \"with\": %d", e->with);
    putchar('}');
}

void report(bool ok)
{
    static char choices[MAXCHOICES + 1];
    printf("{\"scenario\": ");
    quoted(eng->sc->name);
    field("says", eng->sc->says ? eng->sc->says : "");
    field("verdict", ok ? "ok" : eng->verdict);
    field("expect", eng->sc->expect ? eng->sc->expect : "ok");
    printf(", \"executions\": %llu, \"pruned\": %llu, \"steps\": %llu, \"used\": %.3f", (unsigned long long)eng->nexec,
           (unsigned long long)eng->npruned, (unsigned long long)eng->nops, eng->used);
    if (!ok) {
        search_text(choices, sizeof choices);
        field("message", eng->message);
        field("phase", phasenames[eng->phase]);
        printf(", \"bound\": %d, \"preemptions\": %d, \"stale_reads\": %d", eng->bound, eng->preemptions, eng->stales);
        printf(", \"replay\": \"%d%d.%s\", \"otherpc\": %lu, \"threads\": [", eng->phase, eng->bound, choices, (unsigned long)eng->otherpc);
        for (int i = 1; i <= eng->nthreads; i++) {
            printf("%s", i > 1 ? ", " : "");
            quoted(eng->t[i].name);
        }
        printf("], \"trace\": [");
        for (int i = 0; i < eng->nevents; i++)
            print_event(i);
        printf("]");
    }
    printf("}\n");
    fflush(stdout);
}

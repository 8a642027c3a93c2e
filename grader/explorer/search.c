/**
 * @file search.c
 * Executions one after the other, until all choices have been made.
 *
 * An execution is a sequence of choices, each one of n. The search keeps the present sequence; after an execution it raises
 * the last choice that can be raised, drops what followed, and runs again from the start (depth first, by re-execution).
 * It goes over the memory's phases from strong to weak, and in each from no preemption upwards, so that what it finds first
 * is as simple as can be. Its limit is a number of executions, never a time: a verdict must not depend on the machine's load.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>
#include "engine.h"

ENGINE_DATA struct engine *eng;
extern char __data_start[], _end[];

/** Seconds of CPU time after which executions that should take microseconds are taken to hang. */
enum { HANGTIME = 3 };

/** A hang is counted in CPU time, which the load of the machine does not change. */
static void watchdog(int seconds)
{
    struct itimerval it = {.it_value.tv_sec = seconds};
    setitimer(ITIMER_VIRTUAL, &it, NULL);
}

_Noreturn void fail(const char *verdict, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(eng->message, sizeof eng->message, fmt, ap);
    va_end(ap);
    eng->verdict = verdict;
    eng->failed = true;
    if (eng->active && eng->cur)
        leave_threads();
    siglongjmp(eng->escape, 1);
}

void ex_fail(const char *fmt, ...)
{
    char text[900];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fail("assertion", "%s", text);
}

/* ---- choices ---- */

/** The next choice of the replay string; 0 after its end. */
static int replayed(int n)
{
    int c = *eng->replay;
    if (!c)
        return 0;
    eng->replay++;
    int v = c >= 'a' ? c - 'a' + 10 : c - '0';
    if (v < 0 || v >= n)
        fail("replay", "the replay string does not fit this program: choice '%c' of %d", c, n);
    return v;
}

void note_choice(int n, int taken, enum choicekind kind)
{
    if (n <= 1)
        return;
    if (eng->nchoices == MAXCHOICES)
        fail("limit", "more than %d choices in one execution", MAXCHOICES);
    eng->choices[eng->nchoices++] = (struct choice){(uint8_t)n, (uint8_t)taken, (uint8_t)kind};
    eng->pos = eng->nchoices;
}

/** The choice that was taken here before: it must be one of as many. */
static int again(const struct choice *c, int n, enum choicekind kind)
{
    if (c->n != n || c->kind != kind)
        fail("nondeterminism", "the same choices lead elsewhere: choice %d is one of %d, was one of %d. Does the code use "
                               "memory that it has not set, time, or addresses as numbers?", eng->pos, n, c->n);
    return c->taken;
}

int choose(int n, enum choicekind kind)
{
    if (n <= 1)
        return 0;
    if (eng->pos < eng->nchoices)
        return again(&eng->choices[eng->pos++], n, kind);
    int taken = 0;
    if (eng->unfolding && eng->firstpos < eng->nfirst)
        taken = again(&eng->first[eng->firstpos++], n, kind);
    else if (eng->replay)
        taken = replayed(n);
    note_choice(n, taken, kind);
    return taken;
}

/** The next sequence of choices; false if there is none. */
static bool backtrack(void)
{
    for (; eng->nchoices > 0; eng->nchoices--) {
        struct choice *c = &eng->choices[eng->nchoices - 1];
        if (c->taken + 1 < c->n) {
            c->taken++;
            return true;
        }
    }
    return false;
}

void search_text(char *buf, size_t n)
{
    size_t len = 0;
    for (int i = 0; i < eng->nchoices && len + 1 < n; i++) {
        int v = eng->choices[i].taken;
        buf[len++] = (char)(v < 10 ? '0' + v : 'a' + v - 10);
    }
    while (len > 0 && buf[len - 1] == '0') /* what a replay does by itself */
        len--;
    buf[len] = 0;
}

/* ---- one execution ---- */

static void reset(void)
{
    memcpy(eng->snapbase, eng->snap, eng->snaplen);
    if (eng->tlslen)
        memcpy(eng->tlsbase, eng->tlsinit, eng->tlslen);
    eng->gen++;
    eng->nstores = eng->nevents = eng->nlocs = eng->nshadows = eng->pos = 0;
    eng->preemptions = eng->stales = eng->spurious = eng->timeouts = 0;
    eng->lochash = eng->schash = 0;
    eng->writes = 1;
    eng->idlewrites = 0;
    eng->idlerounds = 0;
    eng->preempting = eng->pruned = eng->failed = eng->active = false;
    eng->otherpc = 0;
    memset(&eng->sc_clock, 0, sizeof eng->sc_clock);
    eng->cur = 0;
    eng->t[0].arenaused = 0;
    eng->nexec++;
}

static void execute(void)
{
    reset();
    eng->executing = true;
    if (sigsetjmp(eng->escape, 0)) {
        eng->active = eng->executing = eng->naming = false;
        eng->cur = 0;
        return;
    }
    if (eng->sc->setup)
        eng->sc->setup();
    run_threads();
    eng->naming = false;
    if (!eng->failed && !eng->pruned && eng->sc->check)
        eng->sc->check();
    eng->executing = false;
}

/** What an execution did, as one number. */
static uint64_t fingerprint(void)
{
    uint64_t h = (uint64_t)eng->nevents;
    for (int i = 0; i < eng->nevents; i++) {
        const struct event *e = &eng->events[i];
        h = mix(mix(mix(mix(h, e->pc), e->addr), (uint64_t)e->a), (uint64_t)e->tid << 8 | e->kind);
    }
    for (const char *s = eng->message; *s; s++)
        h = mix(h, (uint64_t)*s);
    return h;
}

/** A failure must come again, exactly so, when the same choices are made. */
static void confirm(void)
{
    uint64_t was = fingerprint();
    eng->nocache = eng->unfolding = true;
    memcpy(eng->first, eng->choices, (size_t)eng->nchoices * sizeof *eng->choices);
    eng->nfirst = eng->nchoices;
    eng->firstpos = eng->nchoices = 0;
    execute();
    eng->unfolding = false;
    if (!eng->failed || fingerprint() != was) {
        eng->failed = true;
        eng->verdict = "nondeterminism";
        snprintf(eng->message, sizeof eng->message, "the same choices, made again, lead to another execution");
    }
}

/* ---- the search ---- */

static void set_limits(enum phase phase, int bound, int stales)
{
    eng->phase = phase;
    eng->bound = bound;
    eng->maxstales = phase == PH_TSO || phase == PH_C11 ? stales : 0;
    eng->maxspurious = eng->maxtimeouts = 1;
    eng->nchoices = 0;
    cache_clear();
}

/** The execution has found contested places that were not known: all begins anew, with scheduling points there. */
static bool from_the_start(void)
{
    if (eng->ncontested == eng->nsettled)
        return false;
    eng->nsettled = eng->ncontested;
    eng->settled = eng->nexec;
    eng->nchoices = 0;
    cache_clear();
    return true;
}

bool search_phase(enum phase phase, int bound, int stales)
{
    set_limits(phase, bound, stales);
    do {
        if ((eng->nexec & 255) == 0)
            watchdog(HANGTIME);
        execute();
        note_used();
        if (eng->failed) {
            if (strcmp(eng->verdict, "limit") != 0 && strcmp(eng->verdict, "hang") != 0)
                confirm();
            return false;
        }
        if (eng->nexec >= eng->maxexec) {
            eng->verdict = "limit";
            snprintf(eng->message, sizeof eng->message, "not exhausted after %llu executions", (unsigned long long)eng->nexec);
            return false;
        }
    } while (from_the_start() || backtrack());
    return true;
}

void search_begin(const struct ex_scenario *sc)
{
    eng->sc = sc;
    eng->nthreads = 0;
    eng->t[0].name = "setup";
    for (; eng->nthreads < EX_THREADS && sc->threads[eng->nthreads].name; eng->nthreads++)
        eng->t[eng->nthreads + 1].name = sc->threads[eng->nthreads].name;
    eng->used = 0;
    eng->nexec = eng->npruned = eng->nops = eng->settled = 0;
    eng->ncontested = eng->nsettled = 0;
    memset(eng->contested, 0, sizeof eng->contested);
    eng->naming = true;
    eng->nplaces = eng->nvalues = eng->nguards = 0;
    eng->replay = NULL;
    eng->nocache = false;
}

bool search(const struct ex_scenario *sc, int maxbound)
{
    search_begin(sc);
    int most = eng->sc->bound ? eng->sc->bound : maxbound;
    bool ok = true;
    /* The simplest explanation first: few preemptions before weak memory. */
    for (int phase = 0; ok && phase < NPHASES; phase++) {
        if (eng->sc->strong && (phase == PH_TSO || phase == PH_C11))
            continue;
        if (phase == PH_GUARD && eng->nguards == 0)
            continue;
        for (int bound = 0; ok && bound <= most; bound++)
            ok = search_phase((enum phase)phase, bound, 1);
    }
    watchdog(0);
    return ok;
}

bool search_replayable(const char *text)
{
    return *text >= '0' && *text < '0' + NPHASES && text[1] >= '0' && text[1] <= '9' && text[2] == '.';
}

bool search_replay(const struct ex_scenario *sc, const char *text)
{
    search_begin(sc);
    set_limits((enum phase)(*text - '0'), text[1] - '0', 1);
    eng->replay = text + 3;
    eng->nocache = true;
    watchdog(HANGTIME);
    execute();
    watchdog(0);
    return !eng->failed;
}

/* ---- set-up ---- */

static void on_signal(int sig, siginfo_t *info, void *uc)
{
    (void)uc;
    if (!eng->executing) { /* a fault of the explorer itself: it comes again, and ends the process */
        if (sig != SIGVTALRM)
            signal(sig, SIG_DFL);
        return;
    }
    if (sig == SIGVTALRM)
        snprintf(eng->message, sizeof eng->message, "%s does nothing that others could see for %d seconds: an endless loop?",
                 self()->name, HANGTIME);
    else
        snprintf(eng->message, sizeof eng->message, "%s: %s at address %p", self()->name, strsignal(sig),
                 info->si_addr);
    eng->verdict = sig == SIGVTALRM ? "hang" : "crash";
    eng->failed = true;
    siglongjmp(eng->escape, 1);
}

static int find_tls(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; info->dlpi_tls_data && i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_TLS) {
            eng->tlsbase = info->dlpi_tls_data;
            eng->tlslen = info->dlpi_phdr[i].p_memsz;
        }
    return 1; /* the program itself comes first */
}

/** Memory for the engine and the threads, at the same place in each run: an address in a message does not change. */
static void *map(size_t n)
{
    static uintptr_t place = (uintptr_t)1 << 37; /* far from program, heap and libraries; below what any CPU's kernel gives */
    void *p = mmap((void *)place, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    place += (n + 0xffff) & ~(uintptr_t)0xffff;
    if (p == MAP_FAILED) {
        fprintf(stderr, "explorer: no memory: %s\n", strerror(errno));
        exit(2);
    }
    return p;
}

void search_init(void)
{
    eng = map(sizeof *eng);
    eng->mainstack = (uintptr_t)__builtin_frame_address(0);
    for (int i = 0; i < MAXT; i++) {
        char *p = map(4096 + STACKSIZE);
        mprotect(p, 4096, PROT_NONE);
        eng->t[i].stack = p + 4096;
        eng->t[i].arena = map(ARENASIZE);
    }
    eng->maxexec = 3000000;
    stack_t ss = {.ss_sp = map(65536), .ss_size = 65536};
    sigaltstack(&ss, NULL);
    struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    static const int sigs[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGVTALRM};
    for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++)
        sigaction(sigs[i], &sa, NULL);
    dl_iterate_phdr(find_tls, NULL);
    if (eng->tlslen) {
        eng->tlsinit = map(eng->tlslen);
        memcpy(eng->tlsinit, eng->tlsbase, eng->tlslen);
        for (int i = 0; i < MAXT; i++)
            eng->t[i].tls = map(eng->tlslen);
    }
    cache_clear(); /* sets what must survive being put back */
    eng->snapbase = __data_start;
    eng->snaplen = (size_t)(_end - __data_start);
    eng->snap = map(eng->snaplen);
    memcpy(eng->snap, eng->snapbase, eng->snaplen);
}

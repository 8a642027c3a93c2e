/**
 * @file signals.h
 * A storm of signals: an interval timer ticks, and each tick interrupts several threads, wherever they are. The handler asks
 * for no restart, so that every call that sleeps returns EINTR sooner or later.
 */
#ifndef HANDOFF_TEST_SIGNALS_H
#define HANDOFF_TEST_SIGNALS_H

#include "check.h"
#include "core.h"

enum { STORMSIG = 10 /* SIGUSR1 */, THREADS_A_TICK = 8 };

/** Signals that came: of the timer, and those passed on. */
static _Atomic long ticks, hits;

/** A handler may interrupt a sanitizer's own code, so that it must not call it. */
#define HANDLER __attribute__((no_sanitize("thread"), no_sanitize("address"))) static

HANDLER void on_hit(int sig, void *info, void *uc)
{
    (void)sig, (void)info, (void)uc;
    hits++;
}

/** The kernel gives the timer's signal to the main thread whenever it can: pass it on to others, each in turn. */
HANDLER void on_tick(int sig, void *info, void *uc)
{
    (void)sig, (void)info, (void)uc;
    static _Atomic(M *) at;
    ticks++;
    for (int i = 0; i < THREADS_A_TICK; i++) {
        M *mp = at; /* once: two ticks may be handled at the same time, and the other may have come to the list's end */
        mp = mp ? mp->alllink : allm; /* an M's memory is never given back */
        at = mp;
        if (mp && mp->procid)
            linux_tgkill(linux_getpid(), (int)mp->procid, STORMSIG);
    }
}

static inline void handle(int sig, void (*handler)(int, void *, void *))
{
    struct ksigaction sa = {handler, KSA_SIGINFO | KSA_ONSTACK | KSA_RESTORER, arch_sigreturn, sigset_all};
    CHECK(linux_sigaction(sig, &sa, NULL) == 0, "signal %d can be handled", sig);
}

/** A tick each usec microseconds from now on, of every kind of thread; 0: no more. */
static inline void blow(int64_t usec)
{
    struct {
        int64_t isec, iusec, sec, usec;
    } it = {0, usec, 0, usec};
    handle(STORMSIG, on_hit);
    handle(KSIGALRM, on_tick);
    CHECK(RawSyscall(__NR_setitimer, 0, (uintptr_t)&it, 0).err == 0, "an interval timer can be set");
}

#endif

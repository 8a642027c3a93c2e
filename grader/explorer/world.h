/**
 * @file world.h
 * A small world of Gs, Ms and Ps for scenarios, made of the runtime's own structures and named for traces.
 */
#ifndef HANDOFF_EXPLORE_WORLD_H
#define HANDOFF_EXPLORE_WORLD_H

#include "core.h"
#include "explore.h"

/** Most of each. */
enum { WORLD_PS = 4, WORLD_MS = 5, WORLD_GS = 16, WORLD_WORDS = 8 };

/** The structures, by number. */
extern P *ps[WORLD_PS];
extern M *ms[WORLD_MS]; /**< ms[0] is m0 */
extern G *gs[WORLD_GS]; /**< goid is the number + 1 */

/**
 * Makes np Ps (idle, on no list), nm Ms (without P) and ng Gs (runnable, on no queue), and names all that a trace may show.
 * From setup, first. Calls nothing of any lab: what needs the order in which Ps are stolen from calls randomOrder_reset.
 */
void world_make(int np, int nm, int ng);
/** P p belongs to M m and runs. */
void world_hold(int m, int p);
/** M m runs G g, as its user G. */
void world_run(int m, int g);
/** P p lies on the idle list. */
void world_idle(int p);
/** The running virtual thread is M m: on its user G if it has one, else on its g0. First in a thread, or in setup. */
void world_as(int m);

/** A thread was made for mp: linux_clone calls it. */
void world_born(M *mp);
/** How many threads have been made for mp; NULL: for anybody. */
int world_births(M *mp);
/** Waits until a thread is made, and is that thread: mstart. For a virtual thread, as all that it does. */
void world_be_born(void);
/**
 * How many have P p: Ms, Ms that are not born yet and will have it, and the idle list. Anything but 1 is an error at the end.
 * Fails if an M was given p and sleeps. From check.
 */
int world_owners(int p);

/** Puts something plain into gp, before it is queued. Instrumented. */
void world_fill(G *gp);
/** Uses what world_fill has put into gp. Instrumented. */
void world_use(G *gp);
/** Words that threads of a scenario set and look at. */
extern _Atomic int64_t world_words[WORLD_WORDS];
/** Sets word i, without order: who sees it does so through what the code under test orders. Instrumented. */
void world_set(int i, int64_t v);
/** Reads it. Instrumented. */
int64_t world_get(int i);
/** Uses what only the owner of pp may use. Instrumented. */
void world_use_p(P *pp);
/** Fails unless the running M has a P, which belongs to it; uses that. */
void world_own(void);
/** Somebody has G gp in hand: twice is an error ("g3 was handed out twice"), and so is a G that is none. NULL does nothing. */
void world_take(G *gp);
/** How often world_take has seen gs[g]: 0 or 1. */
int world_taken(int g);
/** Takes all that lies on the rings and in runnext of all Ps and on the global queue; from check. */
void world_drain(void);
/** Fails unless Gs 0 to n - 1 have been taken. */
void world_nothing_lost(int n);
/** Fails unless every P has at most one owner, owners and Ps agree, idle Ps are on the list and have no work; from check. */
void world_sound(void);

/** A scenario may define it: gogo has gone to gp, which ends the virtual thread. */
void world_ran(G *gp);
/** A scenario may define it: mp's thread has left its stack, and will say so next (exitThread). */
void world_gone(M *mp);
/** True if the scenario expects this fatal error. */
bool world_fatal(const char *msg);
/** The clock. It stands still but for a sleep that ends by its time-out, which moves it along; from setup as you like. */
extern int64_t world_clock;
/** No sleep ends by its time-out: what would only be late without a wake-up is a deadlock then. From setup. */
extern bool world_patient;
/** The code under test is not written yet: ends the execution with the verdict "unwritten". */
_Noreturn void ex_unwritten(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

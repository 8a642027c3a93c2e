/**
 * @file labs/lab03.h
 * The contracts of lab 03: run queues and the scheduler. Included by labs.h, where the words are explained.
 */
#ifndef HANDOFF_LAB03_H
#define HANDOFF_LAB03_H

#include "runtime2.h"

/** @defgroup lab03 Lab 03: run queues and the scheduler
 * labs/03-runqueue: runq.c, globrunq.c, idle.c, schedule.c, steal.c, findrunnable.c
 *
 * Events (trace_): traceEvGoStart in execute, traceEvGoUnpark where a G from the poller becomes runnable (injectglist,
 * findrunnable), traceEvSteal in stealWork.
 * @{ */

/**
 * Puts a runnable G on the local queue of pp.
 *
 * @param pp    the caller's own P (only its owner may call this)
 * @param gp    a G in Grunnable that is on no other queue
 * @param next  true: gp takes the runnext slot and the G that it displaces goes to the tail; false: gp goes to the tail
 *
 * A full ring overflows: its older half and the displaced G go to the global queue (runqputslow). Takes sched.lock only
 * then. Never blocks, never wakes anybody: the caller decides about wakep(). Mirrors runqput.
 */
void runqput(P *pp, G *gp, bool next);
/**
 * Moves the older half of pp's full ring (RUNQ_SIZE/2 Gs, in order) and then gp to the tail of the global queue, in one
 * hold of sched.lock. h and t are head and tail as runqput saw them; t - h must be RUNQ_SIZE, else it throws
 * "runqputslow: queue is not full".
 * @return false if a thief moved the head meanwhile: nothing was done, try runqput again. Mirrors runqputslow.
 */
bool runqputslow(P *pp, G *gp, uint32_t h, uint32_t t);
/**
 * Puts all of q on pp's ring, in order; what does not fit goes to the tail of the global queue. runnext is left alone.
 * Owner only; sched.lock not held. Mirrors runqputbatch.
 */
void runqputbatch(P *pp, gQueue *q);
/**
 * Takes the next G of pp, or NULL: runnext first (then *inheritTime = true: it runs in the present time slice), then the
 * ring (false). Owner only. Mirrors runqget.
 */
G *runqget(P *pp, bool *inheritTime);
/** True if pp's queue was empty at one instant; never true while a G is always in it. Anybody. Mirrors runqempty. */
bool runqempty(P *pp);
/**
 * Copies the older half (rounded up) of pp's ring to batch, a ring of RUNQ_SIZE slots, from index batchHead on, and
 * takes it out of pp. If the ring is empty and stealRunNextG, takes runnext instead; but if pp is Prunning and has an M,
 * and that M is not in a system call (it runs no G, or one that is not in Gsyscall), it calls usleep_(3) first, and begins
 * anew if runnext is another by then.
 * @return how many. Anybody. Mirrors runqgrab.
 */
uint32_t runqgrab(P *pp, _Atomic(G *) *batch, uint32_t batchHead, bool stealRunNextG);
/**
 * Steals half of p2's queue into pp's ring, which is empty, by runqgrab; returns one of the stolen Gs (the last), or NULL.
 * Throws "runqsteal: runq overflow" if they do not fit behind what the ring has after all. Owner of pp. Mirrors runqsteal.
 */
G *runqsteal(P *pp, P *p2, bool stealRunNextG);

/** Puts gp at the tail of the global queue. sched.lock held. Mirrors globrunqput. */
void globrunqput(G *gp);
/** Puts gp at the head of the global queue. sched.lock held. Mirrors globrunqputhead. */
void globrunqputhead(G *gp);
/** Appends q (n Gs) to the global queue and empties q. sched.lock held. Mirrors globrunqputbatch. */
void globrunqputbatch(gQueue *q, int32_t n);
/** Takes one G from the head of the global queue, or NULL. sched.lock held. Mirrors globrunqget. */
G *globrunqget(void);
/**
 * Takes min(n, runqsize, runqsize/gomaxprocs + 1) Gs from the head of the global queue: returns the first, the others in
 * *q (emptied first). sched.lock held. Mirrors globrunqgetbatch.
 */
G *globrunqgetbatch(int32_t n, gQueue *q);

/**
 * Puts pp on the idle list and counts it (npidle, idlepMask); clears its bit in timerpMask if it has no timers. Throws
 * "pidleput: P has non-empty run queue" if it has Gs, and another text if its status is not Pidle. sched.lock held.
 * Mirrors pidleput.
 */
void pidleput(P *pp);
/**
 * Takes a P off the idle list, the last one put, or NULL; sets its bit in timerpMask. sched.lock held. Mirrors pidleget.
 */
P *pidleget(void);
/** The same for work that waits: if there is none, sets sched.needspinning. sched.lock held. Mirrors pidlegetSpinning. */
P *pidlegetSpinning(void);
/** Takes an M off the idle list (sched.midle), the last one put, or NULL. sched.lock held. Mirrors mget. */
M *mget(void);
/** Puts mp on the idle list, counts it, and looks for a deadlock (checkdead). sched.lock held. Mirrors mput. */
void mput(M *mp);

/**
 * Starts one more spinning M (startm) if there is none and a P is idle. Call after making a G runnable. While it works,
 * the M to be is counted in nmspinning; without an idle P it is not in the end, and sched.needspinning is 1. The caller cannot be preempted while
 * the P belongs to nobody (acquirem). Mirrors wakep.
 */
void wakep(void);
/**
 * The spinning M has found work: stops being counted, and wakes another (wakep). Throws if the M does not spin, and
 * "negative nmspinning" if that is what it would become. Mirrors resetspinning.
 */
void resetspinning(void);
/**
 * Runs gp on this M, never returns: curg and gp.m are set before Grunnable -> Grunning (casgstatus); clears gp.preempt
 * and gp.waitsince and restores the guard; starts a new time slice (schedtick++) unless inheritTime. Counts p.n.schedules.
 * On g0, with a P. Mirrors execute.
 */
_Noreturn void execute(G *gp, bool inheritTime);
/**
 * One round of the scheduler: finds a runnable G and executes it. On g0, with a P. Throws "schedule: holding locks" if
 * m.locks != 0, and "schedule: spinning with local work" if the M spins and its P has Gs. Clears p.preempt. An M that is
 * locked to a G calls stoplockedm() and executes that one, in a new time slice; a G that is locked to another M is given
 * to it by startlockedm(), and the search begins anew. A spinning M stops spinning (resetspinning) before it runs a G.
 * Mirrors schedule.
 */
_Noreturn void schedule(void);
/**
 * Finds a runnable G; parks the M while there is none. On g0, with a P; returns with a (perhaps different) P. Mirrors
 * findRunnable. Each round, from the top:
 *
 * 1.  sched.gcwaiting: gcstopm(), and begin anew. p.runSafePointFn: runSafePointFn(). Due timers: checkTimers().
 * 2.  If p.schedtick is a multiple of 61: one G from the global queue.
 * 3.  The local queue.
 * 4.  The global queue: a batch (globrunqgetbatch of RUNQ_SIZE/2), the rest of it to the local queue.
 * 5.  The network without waiting, netpoll(0), if netpollinited() and netpollAnyWaiters() and sched.lastpoll is not 0,
 *     and nobody else does so at this moment (pollingNet). The first G is returned, the others are injected.
 * 6.  If the M spins, or 2*nmspinning < gomaxprocs - npidle (then it spins from now on): stealWork(). Wherever an M begins
 *     to spin here: m.spinning, nmspinning + 1, and needspinning = 0, for the note is answered.
 * 7.  Under sched.lock: begin anew for gcwaiting or runSafePointFn; the global queue again, as in 4; an M that does not
 *     spin but sees needspinning spins and begins anew. Else the P goes onto the idle list.
 * 8.  An M that spun stops being counted (throws "negative nmspinning" if that is what it would become), and only then
 *     looks once more: at the global queue, and at the local queues of all Ps that are not idle. Is there a G, and an idle P
 *     (pidlegetSpinning)? Then it takes that P and spins again. Then at all timers, for 9. "All Ps" are those that there were
 *     while it held one: as soon as it holds none, their number may change.
 * 9.  If netpollinited(), and somebody waits for the network or there is a timer, and sched.lastpoll was not 0 when this
 *     M set it to 0: netpoll(delay) until the earliest timer (overdue by now: 0; no timer: -1) with sched.pollUntil set to that
 *     (no timer: 0). Afterwards pollUntil is 0, lastpoll the time, and if there is an idle P the M goes on with that: with the
 *     first G, the others injected; or, without any, from the top, spinning if it did before. No idle P: all are injected.
 *     If another M polls, but for longer than the earliest timer: netpollBreak().
 * 10. stopm(), and begin anew.
 *
 * @param inheritTime   set: as runqget says
 * @param tryWakeP      set: wake another M, this G was not taken from a queue that somebody else watches
 */
G *findrunnable(bool *inheritTime, bool *tryWakeP);
/**
 * Steals from the other Ps that are not idle (idlepMask), in four passes, each in an order of its own
 * (randomOrder_start). Only in the last one runnext may be stolen, and the timers of other Ps are run (checkTimers; idle
 * ones too, timerpMask says which may have some): if any ran, *newWork = true and the own queue is looked at first.
 * *pollUntil becomes the earliest of itself and the timers seen (0: none). sched.gcwaiting: returns NULL with *newWork.
 * Counts every G that it takes in the own p.n.steals.
 * @return the G, with *inheritTime as runqget says, or NULL. *now is as in checkTimers. Mirrors stealWork.
 */
G *stealWork(int64_t *now, int64_t *pollUntil, bool *inheritTime, bool *newWork);
/** A walk over count positions that visits each once: from pos on, in steps of inc, modulo count. */
typedef struct randomEnum {
    uint32_t i;     /**< visits so far */
    uint32_t count; /**< how many in all */
    uint32_t pos;   /**< where */
    uint32_t inc;   /**< the step, coprime with count */
} randomEnum;
/** Finds the steps that are coprime with count; procresize calls it. Mirrors randomOrder.reset. */
void randomOrder_reset(uint32_t count);
/** Begins at a place and with a step that follow from r: every pair is chosen for some r. Mirrors randomOrder.start. */
randomEnum randomOrder_start(uint32_t r);
/**
 * Makes every G of the list, which are in Gwaiting, runnable, and after the last of them puts them where an M will find them.
 * Without m.p: all to the global queue, and an M (startm) for each as long as there are idle Ps. With it: the first ones so,
 * one for each idle P; the others on the own ring, or if it is full on the global queue; then wakep(). A P is taken
 * (pidlegetSpinning: a G for which none is left leaves the note) and startm called in one hold of sched.lock, so that no
 * deadlock check sees the P gone and nobody with it. Mirrors injectglist.
 */
void injectglist(gList *list);
/** @} */

#endif

/**
 * @file checkdead.c
 * Deadlock detection, by counting.
 *
 * Each M is in one of these: idle on the list (nmidle), locked to a goroutine and parked (nmidlelocked), the
 * runtime's own (nmsys: sysmon, the template thread), or at work. As long as one is at work (running, in a
 * system call, in a blocking poll), something may still happen. If none is, every goroutine must be waiting.
 * A runnable one with nobody to run it is a bug of the runtime; a timer is hope; otherwise the program will
 * stand still for ever, and says so.
 *
 * So the counts must be right at each moment when sched.lock is free: an M that was asked for counts before
 * it exists, an M that will be woken counts as running before it wakes. The lock is dropped before the fatal
 * message: its dump, or a schedtrace at the same moment, may want it.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** Counts the program's waiting goroutines; throws if one could run. sched.lock held. */
static int64_t countwaiting(void)
{
    int64_t n = 0;
    for (G *gp = load_acquire(&allgs); gp; gp = gp->alllink) { /* pairs with the release in allgadd */
        if (gp->issystem)
            continue;
        uint32_t s = readgstatus(gp);
        if (s == Gwaiting)
            n++;
        if (s == Grunnable || s == Grunning || s == Gsyscall) {
            unlock(&sched.lock);
            print("runtime: checkdead: find g %lu in status %s\n", (unsigned long)gp->goid, gstatusname(s));
            throw_("checkdead: runnable g");
        }
    }
    return n;
}

/** True if a timer will make something happen. No M runs: nobody changes them. */
static bool timerspending(void)
{
    for (int32_t i = 0; i < load_relaxed(&gomaxprocs); i++) /* changes only while somebody runs */
        if (!timers_empty(allp[i]))
            return true;
    return false;
}
/* END SOLUTION */

void checkdead(void)
{
    /* BEGIN SOLUTION
     * Write me: not while a fatal error is being printed. Ms that exist, less the idle, the locked idle
     * and the runtime's: more than none, all is well; fewer, the counts are wrong (throw). None: no
     * goroutine of the program may be able to run (throw). None waits: main has gone (fatal). A timer:
     * wait for it. Else the deadlock (fatal). Unlock before each. */
    if (load_relaxed(&panicking) > 0) /* freezetheworld stops Ms: that is no deadlock */
        return;
    int64_t mcount = sched.mnext - sched.nmfreed;
    int64_t run = mcount - sched.nmidle - sched.nmidlelocked - sched.nmsys;
    if (run > 0)
        return;
    if (run < 0) {
        unlock(&sched.lock);
        print("runtime: checkdead: nmidle=%d nmidlelocked=%d mcount=%ld nmsys=%d\n", sched.nmidle,
              sched.nmidlelocked, (long)mcount, sched.nmsys);
        throw_("checkdead: inconsistent counts");
    }
    if (countwaiting() == 0) {
        unlock(&sched.lock);
        fatal("no goroutines (main called runtime.Goexit) - deadlock!");
    }
    if (timerspending())
        return;
    unlock(&sched.lock);
    fatal("all goroutines are asleep - deadlock!");
    /* END SOLUTION */
}

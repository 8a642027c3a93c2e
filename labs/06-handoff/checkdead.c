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

void checkdead(void)
{
    /* Write me: not while a fatal error is being printed. Ms that exist, less the idle, the locked idle
     * and the runtime's: more than none, all is well; fewer, the counts are wrong (throw). None: no
     * goroutine of the program may be able to run (throw). None waits: main has gone (fatal). A timer:
     * wait for it. Else the deadlock (fatal). Unlock before each. */
    unwritten();
}

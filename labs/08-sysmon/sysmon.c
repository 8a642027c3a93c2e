/**
 * @file sysmon.c
 * The system monitor: a thread that holds no P and sees what nobody else can see.
 *
 * The scheduler acts when somebody calls it. Three things happen without a call: a system call lasts long, a
 * goroutine runs long, and nothing at all happens while something is due. A thread that needs no P, and so
 * cannot be starved of one, looks after these. In each round it
 *
 *   - polls the network if nobody has for 10 ms;
 *   - starts an M if a timer is overdue;
 *   - follows a changed CPU limit, at most once a second;
 *   - gives unused memory back if next to nothing has run since it last looked (scavenge.c);
 *   - takes Ps out of long system calls and asks goroutines to yield after 10 ms (retake.c);
 *   - starts a collection if there was none for two minutes (forcegc.c);
 *   - prints the state of the scheduler (schedtrace.c).
 *
 * How often? Every 20 us while it finds something to do; if 50 rounds were in vain, half as often each time,
 * down to once in 10 ms. While every P is idle, or the world is stopped, there is nothing to look after: it
 * sleeps on a note until somebody needs watching again. An M that enters a system call, or takes an idle P as
 * it leaves one, and the end of a stop-the-world wake it. All of them, and sysmon, touch sched.sysmonwait and
 * the note only under sched.lock, so that no wake-up is lost and none comes twice.
 *
 * Having no P, sysmon must not touch what belongs to one, and must not wait for anything that needs one.
 */
#include "core.h"

uint32_t sysmon_delay(uint32_t idle, uint32_t delay)
{
    /* Write me: something was done just now, or the back-off goes on, or neither; at most 10 ms. */
    (void)idle, (void)delay;
    unwritten();
}

void sysmon(void)
{
    /* Write me: count this M as the runtime's own: was it the last that seemed to run? Then for ever: the
     * delay, the sleep, the long sleep if nothing runs (only a wake-up, not a time-out, starts the back-off
     * anew), and a round of duties under sysmonlock, with the time read anew. */
    unwritten();
}

/**
 * @file forcegc.c
 * A collection every two minutes, if the program asks for none.
 *
 * sysmon notices that it is due but must not do the work, because nobody would watch the system calls
 * meanwhile. So a goroutine of the runtime does: it parks at once, and sysmon puts it on a run queue when it
 * is needed.
 *
 * forcegc.lock makes parking and waking one step each. The helper says that it is idle and then parks, with
 * the lock held until it is parked; sysmon, which takes the lock before it readies the helper, cannot be too
 * early.
 */
#include "core.h"

struct forcegcstate forcegc;

bool gcTriggerTime(int64_t now)
{
    /* Write me: compare with the last collection. What if nobody has noted one yet? */
    (void)now;
    unwritten();
}

void forcegchelper(void *arg)
{
    /* Write me: say who you are. Then for ever: under the lock, be idle (you were not, or it is a phase
     * error) and park with goparkunlock; woken: collect. */
    (void)arg;
    unwritten();
}

void forcegc_start(void)
{
    /* Write me: a goroutine that is not counted as the program's. */
    unwritten();
}

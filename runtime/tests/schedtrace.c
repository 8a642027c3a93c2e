/* The monitor's rounds, by what they leave behind: for programs that are traced, and must not end by a clock before they have been. */
#include "check.h"
#include "core.h"

enum { TRACES = 6 };

/** sysmon has begun a round at this time or later: retake has noted a slice of some P in it. */
static bool looked_since(int64_t from)
{
    bool since = false;
    lock(&allpLock); /* retake writes its notes with it held */
    for (int32_t i = 0; i < load_relaxed(&gomaxprocs); i++)
        since |= allp[i]->sysmontick.schedwhen >= from;
    unlock(&allpLock);
    return since;
}

/*
 * With HANDOFFDEBUG=schedtrace=MS one trace after the other. In each of these turns, which last for a period or more, a
 * trace is due and a round comes, so that one is printed; whole, when a later round has begun.
 */
static void several_traces(void)
{
    int64_t period = (debug.schedtrace > 0 ? debug.schedtrace : 5) * NSEC_PER_MSEC;
    for (int i = 0; i <= TRACES; i++) {
        int64_t from = nanotime() + period;
        UNTIL(looked_since(from), gosched(), "sysmon looks at a P that begins one slice after the other");
    }
}

static const struct test tests[] = {
    {"several_traces", several_traces},
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

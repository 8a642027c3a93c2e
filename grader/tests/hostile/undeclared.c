/*
 * What: uses the agent's entry
 * Status: forbidden_symbol
 * Text: refers to agent_main, which is the grader's own
 */
#include "core.h"

int gomain_(void);
int gomain_(void)
{
    int agent_main(uintptr_t *);
    return agent_main(NULL);
}

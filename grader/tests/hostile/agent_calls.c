/*
 * What: uses the agent
 * Status: forbidden_symbol
 * Text: refers to agent_refuse, which is the grader's own
 */
#include "core.h"

void agent_refuse(int status, const char *fmt, ...);
void hostile(void);
void hostile(void)
{
    agent_refuse(0, "all is well");
}

/*
 * What: an operation of its own in the agent's table
 * Status: forbidden_symbol
 * Text: a section of its own, agent_ops
 */
#include "core.h"

static int64_t forged(void *a)
{
    (void)a;
    return 0;
}
static const struct {
    const char *name;
    int64_t (*fn)(void *);
    bool inworld;
} op = {"get", forged, false};
static const void *const ref __attribute__((used, section("agent_ops"))) = &op;

/* The smallest program: two goroutines that take turns. */
#include "handoff.h"

static _Atomic int turns;

static void other(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        turns++;
        gosched();
    }
}

int gomain(int argc, char **argv)
{
    (void)argc, (void)argv;
    go(other, NULL);
    while (turns < 3)
        gosched();
    goprintf(1, "ok hello\n");
    return 0;
}

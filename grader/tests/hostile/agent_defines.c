/*
 * What: defines what calls are diverted to
 * Status: forbidden_symbol
 * Text: defines __wrap_lock, a name of the grader's
 */
#include "core.h"

void __wrap_lock(Mutex *l);
void __wrap_lock(Mutex *l)
{
    (void)l;
}

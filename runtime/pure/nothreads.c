/**
 * @file pure/nothreads.c
 * The thread library that this build does not have. newm1 and mexit ask ishosted before they call these.
 */
#include "core.h"

int hosted_newosproc(M *mp)
{
    throw_("hosted_newosproc: m%ld in the build without libc", (long)mp->id);
}

void hosted_exitthread(M *mp)
{
    throw_("hosted_exitthread: m%ld in the build without libc", (long)mp->id);
}

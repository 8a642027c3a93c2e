/*
 * What: defines names of the kit and of C libraries: they are its own affair, and the rest of a right solution counts
 * Status: pass
 */
#include "core.h"

void *memcpy(void *d, const void *s, size_t n);
int strcmp(const char *a, const char *b);
intptr_t linux_write(int fd, const void *p, size_t n);
_Noreturn void exitprocess(int status);
bool streq(const char *a, const char *b);

void *memcpy(void *d, const void *s, size_t n)
{
    (void)s, (void)n;
    return d;
}

int strcmp(const char *a, const char *b)
{
    (void)a, (void)b;
    return 0;
}

intptr_t linux_write(int fd, const void *p, size_t n)
{
    (void)fd, (void)p;
    return (intptr_t)n;
}

_Noreturn void exitprocess(int status)
{
    (void)status;
    for (;;) {
    }
}

bool streq(const char *a, const char *b)
{
    (void)a, (void)b;
    return true;
}

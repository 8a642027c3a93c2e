/**
 * @file print.c
 * The runtime's own messages.
 *
 * print works wherever the runtime does: on any stack, with any lock held, in a signal handler. So it takes
 * no memory, no lock and no P; the text is made on the stack and leaves in one write, so that lines of
 * different threads do not mix.
 */
#include "core.h"

/** Longest message; what is longer is cut, and says so. */
#define PRINT_MAX 1024

/* Writes all n bytes to standard error, as far as it takes them. */
static void writeerr(const char *p, size_t n)
{
    while (n > 0) {
        intptr_t w = linux_write(2, p, n);
        if (w == -EINTR)
            continue;
        if (w <= 0)
            return; /* nobody can be told */
        p += w;
        n -= (size_t)w;
    }
}

void print(const char *fmt, ...)
{
    static const char cut[] = "...\n";
    char buf[PRINT_MAX];
    va_list ap;
    va_start(ap, fmt);
    size_t n = (size_t)govsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    if (n >= sizeof buf) {
        n = sizeof buf - 1;
        __builtin_memcpy(buf + n - (sizeof cut - 1), cut, sizeof cut - 1);
    }
    writeerr(buf, n);
}

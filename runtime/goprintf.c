/**
 * @file goprintf.c
 * goprintf: formatted output of programs.
 */
#include "core.h"

/** Texts up to this length are made on the stack. */
#define GOPRINTF_SMALL 512

int goprintf(int fd, const char *fmt, ...)
{
    char small[GOPRINTF_SMALL], *buf = small;
    va_list ap;
    va_start(ap, fmt);
    size_t n = (size_t)govsnprintf(buf, sizeof small, fmt, ap);
    va_end(ap);
    if (n >= sizeof small) {
        buf = gomalloc(n + 1);
        va_start(ap, fmt);
        n = (size_t)govsnprintf(buf, n + 1, fmt, ap);
        va_end(ap);
    }
    intptr_t written = file_write(fd, buf, n); /* may block (a pipe, a terminal): the P goes on without us */
    if (buf != small)
        gofree(buf);
    return (int)written;
}

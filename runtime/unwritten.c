/**
 * @file unwritten.c
 * The report that a function of a lab is not written yet.
 *
 * It calls nothing that a lab asks for, needs no G, no M and hardly any stack: whatever is missing, this works.
 */
#include "core.h"

/** Called with the report, without the new line, before it is printed; NULL: nobody listens. The test guest sets it. */
__attribute__((weak)) void (*unwritten_hook)(const char *text);

enum { UNWRITTEN_STATUS = 70, TEXT = 256 };

/** Appends s to text, of which n bytes are used; returns how many are now. Leaves room for a new line and the end. */
static size_t append(char *text, size_t n, const char *s)
{
    while (*s && n < TEXT - 2)
        text[n++] = *s++;
    return n;
}

static size_t appendint(char *text, size_t n, int v)
{
    char digits[12];
    char *p = digits + sizeof digits;
    *--p = 0;
    do
        *--p = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    return append(text, n, p);
}

static _Noreturn void lastwords(char *text, size_t n)
{
    text[n] = 0;
    if (unwritten_hook)
        unwritten_hook(text);
    text[n] = '\n';
    lastwords_write(2, text, n + 1);
    lastwords_exit(UNWRITTEN_STATUS);
}

_Noreturn void unwritten_at(const char *func, const char *file, int line)
{
    char text[TEXT];
    size_t n = append(text, 0, func);
    n = append(text, n, " is not written yet (");
    n = append(text, n, file);
    n = append(text, n, ":");
    n = appendint(text, n, line);
    n = append(text, n, ")");
    lastwords(text, n);
}

_Noreturn void unwritten_asm(const char *func)
{
    char text[TEXT];
    size_t n = append(text, 0, func);
    n = append(text, n, " is not written yet (assembly)");
    lastwords(text, n);
}

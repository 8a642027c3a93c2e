/**
 * @file text.c
 * Texts, and texts that grow.
 */
#include "text.h"

Text text(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0')
        n++;
    return (Text){s, n};
}

void bytes_copy(char *to, const char *from, size_t n)
{
    if (n > 0) /* nothing may have no address */
        __builtin_memcpy(to, from, n);
}

/** c, or the lower case of it. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool text_is(Text s, const char *lit)
{
    size_t i = 0;
    while (i < s.n && lit[i] != '\0' && s.p[i] == lit[i])
        i++;
    return i == s.n && lit[i] == '\0';
}

bool text_isnocase(Text s, const char *lit)
{
    size_t i = 0;
    while (i < s.n && lit[i] != '\0' && lower(s.p[i]) == lit[i])
        i++;
    return i == s.n && lit[i] == '\0';
}

bool text_begins(Text s, const char *lit)
{
    size_t i = 0;
    while (i < s.n && lit[i] != '\0' && s.p[i] == lit[i])
        i++;
    return lit[i] == '\0';
}

Text text_trim(Text s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

Text text_cut(Text *s, char c)
{
    Text whole = *s;
    for (size_t i = 0; i < whole.n; i++) {
        if (whole.p[i] == c) {
            *s = (Text){whole.p + i + 1, whole.n - i - 1};
            return (Text){whole.p, i};
        }
    }
    *s = (Text){NULL, 0};
    return whole;
}

bool text_number(Text s, int64_t *v)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        int64_t d = s.p[i] - '0';
        n = n > (INT64_MAX - d) / 10 ? INT64_MAX : n * 10 + d;
    }
    *v = n;
    return s.n > 0;
}

/** Sees to it that b has room for n more. */
static void makeroom(Buffer *b, size_t n)
{
    if (b->room - b->n >= n)
        return;
    size_t room = 2 * (b->n + n) + 64;
    char *p = gomalloc(room);
    if (b->n > 0)
        bytes_copy(p, b->p, b->n);
    gofree(b->p);
    b->p = p;
    b->room = room;
}

void buffer_put(Buffer *b, const char *p, size_t n)
{
    makeroom(b, n);
    bytes_copy(b->p + b->n, p, n);
    b->n += n;
}

void buffer_printf(Buffer *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    size_t n = (size_t)govsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    makeroom(b, n + 1);
    va_start(ap, fmt);
    govsnprintf(b->p + b->n, n + 1, fmt, ap);
    va_end(ap);
    b->n += n;
}

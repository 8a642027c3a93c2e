/**
 * @file search.c
 * Looks for a text in one file, by Horspool's algorithm: it compares from the text's last
 * byte backwards, and moves on by as much as the byte that stands there allows, mostly the whole length of
 * the text.
 */
#include <linux/errno.h>
#include "grep.h"

/** Bytes that are read at a time; a longer line makes the buffer grow. */
#define CHUNK 65536

void search_init(Search *s, Text what)
{
    s->what = what;
    for (int i = 0; i < 256; i++)
        s->fold[i] = (uint8_t)(s->nocase && i >= 'A' && i <= 'Z' ? i + 32 : i);
    for (int i = 0; i < 256; i++)
        s->skip[i] = what.n;
    for (size_t i = 0; i + 1 < what.n; i++) {
        for (int c = 0; c < 256; c++) { /* all bytes that count as this one */
            if (s->fold[c] == s->fold[(uint8_t)what.p[i]])
                s->skip[c] = what.n - 1 - i;
        }
    }
}

/** Where the text is in [p, end) for the first time; NULL if it is not. */
static const char *find(const Search *s, const char *p, const char *end)
{
    size_t n = s->what.n;
    if (n == 0)
        return p;
    while ((size_t)(end - p) >= n) {
        size_t i = n;
        while (i > 0 && s->fold[(uint8_t)p[i - 1]] == s->fold[(uint8_t)s->what.p[i - 1]])
            i--;
        if (i == 0)
            return p;
        p += s->skip[(uint8_t)p[n - 1]];
    }
    return NULL;
}

/** A file that is being searched. */
typedef struct Scan {
    const Search *s;
    const char *path;
    Result *r;
    uint64_t line; /* the number of the line that is looked at */
} Scan;

/** One that has it: the line [p, end). */
static void found(Scan *sc, const char *p, const char *end)
{
    sc->r->lines++;
    if (sc->s->count || sc->s->names)
        return;
    buffer_printf(&sc->r->out, "%s:", sc->path);
    if (sc->s->numbers)
        buffer_printf(&sc->r->out, "%llu:", (unsigned long long)sc->line);
    buffer_put(&sc->r->out, p, (size_t)(end - p));
    buffer_put(&sc->r->out, "\n", 1);
}

/** The end of the line that p is in, at most end. */
static const char *lineend(const char *p, const char *end)
{
    while (p < end && *p != '\n')
        p++;
    return p;
}

/** Looks at the whole lines [p, end), the last of which may lack its end. */
static void scan(Scan *sc, const char *p, const char *end)
{
    const char *line = p; /* the beginning of line number sc->line */
    while (p < end) {
        const char *at = find(sc->s, p, end);
        if (!at)
            at = end;
        for (; sc->s->numbers && p < at; p++) { /* lines without */
            if (*p == '\n') {
                line = p + 1;
                sc->line++;
            }
        }
        if (at == end)
            break;
        if (!sc->s->numbers) {
            line = at;
            while (line > p && line[-1] != '\n')
                line--;
        }
        p = lineend(at, end);
        found(sc, line, p);
        line = ++p;
        sc->line++;
    }
}

/** True if there is a 0 among the n bytes. */
static bool isbinary(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\0')
            return true;
    }
    return false;
}

/** Makes room for CHUNK more bytes in b. */
static void makeroom(Buffer *b)
{
    if (b->room - b->n >= CHUNK)
        return;
    char *p = gomalloc(b->n + 2 * CHUNK);
    if (b->n > 0)
        bytes_copy(p, b->p, b->n);
    gofree(b->p);
    b->p = p;
    b->room = b->n + 2 * CHUNK;
}

int search_file(const Search *s, int fd, const char *path, Result *r)
{
    Scan sc = {.s = s, .path = path, .r = r, .line = 1};
    Buffer b = {0}; /* what has been read and not been looked at: a part of a line at most */
    intptr_t n;
    for (;;) {
        makeroom(&b);
        n = file_read(fd, b.p + b.n, b.room - b.n);
        if (n <= 0)
            break;
        if (isbinary(b.p + b.n, (size_t)n)) {
            gofree(r->out.p);
            *r = (Result){0};
            gofree(b.p);
            return 0;
        }
        size_t whole = b.n + (size_t)n;
        b.n = whole;
        while (whole > 0 && b.p[whole - 1] != '\n')
            whole--;
        scan(&sc, b.p, b.p + whole);
        b.n -= whole;
        __builtin_memmove(b.p, b.p + whole, b.n);
    }
    scan(&sc, b.p, b.p + b.n);
    gofree(b.p);
    return n < 0 ? (int)-n : 0;
}

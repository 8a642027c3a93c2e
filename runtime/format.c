/**
 * @file format.c
 * printf's formats, without libc: %d %i %u %x %X %p %s %c %% with the flags 0 and -, a width, .precision
 * for strings (both may be *) and the lengths hh h l ll z j t.
 *
 * Everything happens in the caller's buffer and on the present stack: callable anywhere, signal handlers
 * included.
 */
#include <limits.h>
#include "core.h"

/* Where the text goes: what does not fit is counted only. */
typedef struct sink {
    char *buf;
    size_t room; /* bytes of buf that may be written, the final 0 not counted */
    size_t len;  /* length of the whole text so far */
} sink;

/* One conversion. */
typedef struct spec {
    bool left;     /* - */
    bool zero;     /* 0 */
    int width;
    int precision; /* -1: none */
    int bytes;     /* size of the integer argument */
} spec;

static void putchar_(sink *s, char c)
{
    if (s->len < s->room)
        s->buf[s->len] = c;
    s->len++;
}

static void pad(sink *s, char c, int n)
{
    while (n-- > 0)
        putchar_(s, c);
}

/* Writes n bytes of text within the width. */
static void puttext(sink *s, const spec *f, const char *text, int n)
{
    if (!f->left)
        pad(s, ' ', f->width - n);
    for (int i = 0; i < n; i++)
        putchar_(s, text[i]);
    if (f->left)
        pad(s, ' ', f->width - n);
}

/* Writes prefix and v in base with these digits within the width; zeros go between the two. */
static void putnumber(sink *s, const spec *f, const char *prefix, uint64_t v, unsigned base,
                      const char *digits)
{
    char text[24]; /* 20 decimal digits are the most */
    int n = 0, before = 0;
    do {
        text[n++] = digits[v % base];
        v /= base;
    } while (v);
    while (prefix[before])
        before++;
    int fill = f->width - before - n;
    if (!f->left && !f->zero)
        pad(s, ' ', fill);
    for (int i = 0; i < before; i++)
        putchar_(s, prefix[i]);
    if (!f->left && f->zero)
        pad(s, '0', fill);
    while (n > 0)
        putchar_(s, text[--n]);
    if (f->left)
        pad(s, ' ', fill);
}

/* Length of a string of which at most max bytes (-1: all) may be read. */
static int textlen(const char *text, int max)
{
    int n = 0;
    while ((max < 0 || n < max) && text[n])
        n++;
    return n;
}

/* A decimal number, or * from the arguments. */
static const char *getnumber(const char *p, va_list *ap, int *n)
{
    *n = 0;
    if (*p == '*') {
        *n = va_arg(*ap, int);
        return p + 1;
    }
    while (*p >= '0' && *p <= '9')
        *n = *n * 10 + (*p++ - '0');
    return p;
}

/* Reads flags, width, precision and length; returns where the conversion letter is. */
static const char *getspec(const char *p, va_list *ap, spec *f)
{
    *f = (spec){.precision = -1, .bytes = sizeof(int)};
    for (;; p++) {
        if (*p == '-')
            f->left = true;
        else if (*p == '0')
            f->zero = true;
        else
            break;
    }
    p = getnumber(p, ap, &f->width);
    if (f->width < 0) {
        f->left = true;
        f->width = -f->width;
    }
    if (*p == '.')
        p = getnumber(p + 1, ap, &f->precision);
    if (*p == 'h') {
        f->bytes = sizeof(short);
        if (*++p == 'h') {
            f->bytes = sizeof(char);
            p++;
        }
    } else if (*p == 'z' || *p == 'j' || *p == 't') {
        f->bytes = sizeof(int64_t);
        p++;
    } else {
        while (*p == 'l') {
            f->bytes = sizeof(int64_t); /* long and long long are the same here: Linux on 64-bit machines */
            p++;
        }
    }
    return p;
}

/* The integer argument, sign extended if sign. */
static uint64_t getinteger(const spec *f, va_list *ap, bool sign)
{
    if (f->bytes == sizeof(int64_t))
        return va_arg(*ap, uint64_t);
    int v = va_arg(*ap, int);
    if (f->bytes == sizeof(char))
        return sign ? (uint64_t)(int64_t)(signed char)v : (unsigned char)v;
    if (f->bytes == sizeof(short))
        return sign ? (uint64_t)(int64_t)(short)v : (unsigned short)v;
    return sign ? (uint64_t)(int64_t)v : (unsigned)v;
}

/* Does the conversion with letter c. */
static void convert(sink *s, spec *f, char c, va_list *ap)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    switch (c) {
    case 'd':
    case 'i': {
        int64_t v = (int64_t)getinteger(f, ap, true);
        putnumber(s, f, v < 0 ? "-" : "", v < 0 ? -(uint64_t)v : (uint64_t)v, 10, lower);
        break;
    }
    case 'u':
        putnumber(s, f, "", getinteger(f, ap, false), 10, lower);
        break;
    case 'x':
        putnumber(s, f, "", getinteger(f, ap, false), 16, lower);
        break;
    case 'X':
        putnumber(s, f, "", getinteger(f, ap, false), 16, upper);
        break;
    case 'p':
        putnumber(s, f, "0x", (uintptr_t)va_arg(*ap, void *), 16, lower);
        break;
    case 's': {
        const char *text = va_arg(*ap, const char *);
        if (!text)
            text = "(null)";
        puttext(s, f, text, textlen(text, f->precision));
        break;
    }
    case 'c': {
        char text = (char)va_arg(*ap, int);
        puttext(s, f, &text, 1);
        break;
    }
    case '%':
        putchar_(s, '%');
        break;
    default: /* unknown: shown as it stands; its argument cannot be known */
        putchar_(s, '%');
        putchar_(s, '!');
        putchar_(s, c);
    }
}

int govsnprintf(char *buf, size_t n, const char *fmt, va_list ap)
{
    sink s = {.buf = buf, .room = n ? n - 1 : 0};
    va_list args; /* a copy: a va_list parameter may be an array, whose address has another type */
    va_copy(args, ap);
    for (const char *p = fmt; *p; p++) {
        if (*p != '%') {
            putchar_(&s, *p);
            continue;
        }
        spec f;
        p = getspec(p + 1, &args, &f);
        if (!*p)
            break; /* a lone % at the end */
        convert(&s, &f, *p, &args);
    }
    va_end(args);
    if (n > 0)
        buf[s.len < n ? s.len : n - 1] = 0;
    return s.len > INT_MAX ? INT_MAX : (int)s.len;
}

int gosnprintf(char *buf, size_t n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int len = govsnprintf(buf, n, fmt, ap);
    va_end(ap);
    return len;
}

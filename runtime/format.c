/**
 * @file format.c
 * printf's formats, without libc: %d %i %u %o %x %X %p %s %c %% with the flags - 0 # + and blank, a width and a
 * .precision (both may be *), and the lengths hh h l ll z j t. All is as C says, but that %p of NULL is 0x0. Any other
 * letter, those of floating-point numbers among them, is shown as %!letter.
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
    bool alt;      /* # */
    char plus;     /* what stands before a number that is not negative: '+', ' ' or 0 */
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
    for (; n > 0 && s->len < s->room; n--)
        putchar_(s, c);
    s->len += n > 0 ? (size_t)n : 0;
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

/* Writes prefix and v in base with these digits: at least precision digits, within the width. */
static void putnumber(sink *s, const spec *f, const char *prefix, uint64_t v, unsigned base,
                      const char *digits)
{
    char text[24]; /* 22 octal digits are the most */
    int n = 0, before = 0;
    for (; v; v /= base)
        text[n++] = digits[v % base];
    while (prefix[before])
        before++;
    int zeros = (f->precision < 0 ? 1 : f->precision) - n; /* 0 has no digits of its own */
    if (zeros < 1)
        zeros = f->alt && base == 8;
    int fill = f->width - before - zeros - n;
    if (fill > 0 && f->zero && !f->left && f->precision < 0) {
        zeros += fill;
        fill = 0;
    }
    if (!f->left)
        pad(s, ' ', fill);
    for (int i = 0; i < before; i++)
        putchar_(s, prefix[i]);
    pad(s, '0', zeros);
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

/* The largest width and precision: sums of two of them are still numbers. */
enum { NUMBER_MAX = INT_MAX / 4 };

/* A decimal number, or * from the arguments; a larger one than NUMBER_MAX becomes that. */
static const char *getnumber(const char *p, va_list *ap, int *n)
{
    *n = 0;
    if (*p == '*') {
        *n = va_arg(*ap, int);
        p++;
    }
    for (; *p >= '0' && *p <= '9'; p++)
        *n = *n < NUMBER_MAX / 10 ? *n * 10 + (*p - '0') : NUMBER_MAX;
    if (*n > NUMBER_MAX)
        *n = NUMBER_MAX;
    if (*n < -NUMBER_MAX)
        *n = -NUMBER_MAX;
    return p;
}

static const char *getflags(const char *p, spec *f)
{
    for (;; p++) {
        if (*p == '-')
            f->left = true;
        else if (*p == '0')
            f->zero = true;
        else if (*p == '#')
            f->alt = true;
        else if (*p == '+')
            f->plus = '+';
        else if (*p == ' ')
            f->plus = f->plus ? f->plus : ' ';
        else
            return p;
    }
}

/* Reads flags, width, precision and length; returns where the conversion letter is. */
static const char *getspec(const char *p, va_list *ap, spec *f)
{
    *f = (spec){.precision = -1, .bytes = sizeof(int)};
    p = getnumber(getflags(p, f), ap, &f->width);
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

/* An integer in decimal, with its sign. */
static void putdecimal(sink *s, const spec *f, int64_t v)
{
    const char plus[2] = {f->plus};
    putnumber(s, f, v < 0 ? "-" : plus, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, "0123456789");
}

/* An unsigned integer in hexadecimal; of these, 0 never has a prefix. */
static void puthex(sink *s, const spec *f, uint64_t v, const char *prefix, const char *digits)
{
    putnumber(s, f, f->alt && v ? prefix : "", v, 16, digits);
}

/* Does the conversion with letter c. */
static void convert(sink *s, spec *f, char c, va_list *ap)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    switch (c) {
    case 'd':
    case 'i':
        putdecimal(s, f, (int64_t)getinteger(f, ap, true));
        break;
    case 'u':
        putnumber(s, f, "", getinteger(f, ap, false), 10, lower);
        break;
    case 'o':
        putnumber(s, f, "", getinteger(f, ap, false), 8, lower);
        break;
    case 'x':
        puthex(s, f, getinteger(f, ap, false), "0x", lower);
        break;
    case 'X':
        puthex(s, f, getinteger(f, ap, false), "0X", upper);
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

/**
 * @file tests/format.c
 * goprintf's formats: every conversion with every flag, width, precision and length, at the ends of every type, against the
 * texts that C wants and, in the build with libc, against snprintf.
 */
#include <limits.h>
#include "check.h"

/* libc's, in the build that has it. */
extern int vsnprintf(char *buf, size_t n, const char *fmt, va_list ap) __attribute__((weak));

#define LONG 400

/* Formats by gosnprintf; where there is libc it must say the same. */
static __attribute__((format(printf, 3, 4))) int both(char *buf, size_t n, const char *fmt, ...)
{
    va_list ap, ap2;
    va_start(ap, fmt);
    va_copy(ap2, ap);
    int len = govsnprintf(buf, n, fmt, ap);
    if (vsnprintf) {
        char want[LONG];
        int wantlen = vsnprintf(want, n, fmt, ap2);
        CHECK(wantlen == len && (n == 0 || test_same(want, buf)), "\"%s\" gives \"%s\" (%d), in libc \"%s\" (%d)", fmt, n ? buf : "",
              len, n ? want : "", wantlen);
    }
    va_end(ap2);
    va_end(ap);
    return len;
}

/* A format with its arguments gives this text, and its length. */
#define GIVES(want, ...)                                                                                         \
    do {                                                                                                         \
        char buf_[LONG];                                                                                         \
        int len_ = both(buf_, sizeof buf_, __VA_ARGS__);                                                         \
        CHECK(test_same(buf_, want) && len_ == (int)sizeof want - 1, "should be \"%s\", is \"%s\" (%d)", want, buf_, len_); \
    } while (0)

static void integers(void)
{
    GIVES("0 -1 2147483647 -2147483648", "%d %d %d %i", 0, -1, INT_MAX, INT_MIN);
    GIVES("0 4294967295", "%u %u", 0u, UINT_MAX);
    GIVES("0 377 37777777777", "%o %o %o", 0u, 255u, UINT_MAX);
    GIVES("0 ff FFFFFFFF", "%x %x %X", 0u, 255u, UINT_MAX);
    GIVES("9223372036854775807 -9223372036854775808", "%ld %ld", LONG_MAX, LONG_MIN);
    GIVES("-9223372036854775808 18446744073709551615", "%lld %llu", LLONG_MIN, ULLONG_MAX);
    GIVES("ffffffffffffffff 1777777777777777777777", "%lx %lo", ULONG_MAX, ULONG_MAX);
    GIVES("18446744073709551615 -1 -2", "%zu %jd %td", SIZE_MAX, (intmax_t)-1, (ptrdiff_t)-2);
    GIVES("-1 255 -1 65535", "%hhd %hhu %hd %hu", (signed char)-1, (unsigned char)255, (short)-1, (unsigned short)65535);
    GIVES("-128 0x80 -32768 0x8000", "%hhd %#hhx %hd %#hx", (signed char)-128, (unsigned char)0x80, (short)-32768,
          (unsigned short)0x8000);
}

static void flags_and_width(void)
{
    GIVES("|   42|42   |00042|", "|%5d|%-5d|%05d|", 42, 42, 42);
    GIVES("|  -42|-42  |-0042|", "|%5d|%-5d|%05d|", -42, -42, -42);
    GIVES("|+42| 42| +42|+42 |", "|%+d|% d|%+4d|%-+4d|", 42, 42, 42, 42);
    GIVES("|-42|-42|+0| 0|", "|%+d|% d|%+d|% d|", -42, -42, 0, 0);
    GIVES("|0xff|0XFF|0|  0xff|0x00ff|0xff  |", "|%#x|%#X|%#x|%#6x|%#06x|%-#6x|", 255, 255, 0, 255, 255, 255);
    GIVES("|0xdeadbeefcafe|0|", "|%#lx|%#lx|", 0xdeadbeefcafeul, 0ul);
    GIVES("|010|0|  010|00010|", "|%#o|%#o|%#5o|%#05o|", 8, 0, 8, 8);
    GIVES("|12345|12345|", "|%3d|%-3d|", 12345, 12345);
}

static void precision(void)
{
    GIVES("|007|-007|+007|  007|007  |", "|%.3d|%.3d|%+.3d|%5.3d|%-5.3d|", 7, -7, 7, 7, 7);
    GIVES("|0x007|12345|", "|%#.3x|%.3d|", 7, 12345);
    GIVES("||  ||+|0||", "|%.0d|%2.0d|%.0x|%+.0d|%#.0o|%#.0x|", 0, 0, 0, 0, 0, 0);
    GIVES("|0|07|07|007|", "|%#.1o|%#.1o|%#.2o|%#.3o|", 0, 7, 7, 7);
    GIVES("|  042|042  |42|42   |", "|%*.*d|%-*.*d|%.*d|%*d|", 5, 3, 42, 5, 3, 42, -1, 42, -5, 42);
}

static void texts(void)
{
    GIVES("|abc|  abc|abc  |", "|%s|%5s|%-5s|", "abc", "abc", "abc");
    GIVES("|ab||  ab|abc|", "|%.2s|%.0s|%4.2s|%.9s|", "abc", "abc", "abc", "abc");
    GIVES("|ab|abc|abc  |", "|%.*s|%.*s|%*s|", 2, "abc", -1, "abc", -5, "abc");
    const char open[2] = {'o', 'k'}; /* without a 0: no more than the precision is read */
    GIVES("|ok|", "|%.2s|", open);
    GIVES("|x|  x|x  |", "|%c|%3c|%-3c|", 'x', 'x', 'x');
    GIVES("100%", "100%%");
    GIVES("no conversion", "%s", "no conversion");
    GIVES("|0x1234|  0x1234|0x1234  |", "|%p|%8p|%-8p|", (void *)0x1234, (void *)0x1234, (void *)0x1234);
}

/* Formats that the compiler would not let pass. */
static __attribute__((noinline)) int unchecked(char *buf, size_t n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int len = govsnprintf(buf, n, fmt, ap);
    va_end(ap);
    return len;
}

static void odd_formats(void)
{
    char buf[LONG];
    unchecked(buf, sizeof buf, "|%+ d|% +d|%-05d|%05.3d|%#u|", 42, 42, 42, 42, 42);
    CHECK(test_same(buf, "|+42|+42|42   |  042|42|"), "+ goes before blank, - and a precision before 0: %s", buf);
    const char *nothing = NULL;
    unchecked(buf, sizeof buf, "%p %s %.2s", nothing, nothing, nothing);
    CHECK(test_same(buf, "0x0 (null) (n"), "NULL: %s", buf);
    unchecked(buf, sizeof buf, "%q|%n|%f|%d|%", 7);
    CHECK(test_same(buf, "%!q|%!n|%!f|7|"), "unknown letters, and a lone %% at the end: %s", buf);
    CHECK(unchecked(buf, sizeof buf, "%99999999999999999999d", 1) > 1000000 && buf[0] == ' ', "an endless width: %s", buf);
    CHECK(unchecked(buf, sizeof buf, "%*d", INT_MIN, 1) > 1000000 && buf[0] == '1', "the widest width, to the left: %s", buf);
    int len = unchecked(buf, sizeof buf, "%*d%*d%.*d%*s%-*s|", INT_MAX, 1, INT_MAX, 2, INT_MAX, 3, INT_MAX, "", INT_MAX, "");
    CHECK(len == INT_MAX, "a text that is longer than an int can say: %d", len);
}

/* The result is the length of the whole text; what is written ends with 0, within the buffer. */
static void cut_texts(void)
{
    for (size_t n = 0; n <= 12; n++) {
        char buf[14];
        for (size_t i = 0; i < sizeof buf; i++)
            buf[i] = '#';
        int len = both(buf, n, "%s-%05d", "abc", 42);
        CHECK(len == 9, "the length of the whole text is %d, not 9", len);
        size_t end = n == 0 ? 0 : n > 9 ? 9 : n - 1;
        for (size_t i = 0; i < end; i++)
            CHECK(buf[i] == "abc-00042"[i], "byte %zu of %zu is %c", i, n, buf[i]);
        CHECK(n == 0 || buf[end] == 0, "%zu bytes: no 0 at %zu", n, end);
        for (size_t i = n; i < sizeof buf; i++)
            CHECK(buf[i] == '#', "byte %zu was written, the buffer has %zu", i, n);
    }
    CHECK(both(NULL, 0, "%d", 12345) == 5, "the length alone");
}

/* ---- every combination ---- */

/* The numbers that are tried: around 0, and the ends of every type. */
static const uint64_t values[] = {
    0, 1, 7, 8, 9, 10, 255, 65535, INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX, (uint64_t)INT8_MIN, (uint64_t)INT16_MIN,
    (uint64_t)INT32_MIN, (uint64_t)INT64_MIN, UINT32_MAX, UINT64_MAX, 1234567890123456789u};

/* Appends text. */
static char *add(char *p, const char *text)
{
    while (*text)
        *p++ = *text++;
    return p;
}

/* The format, which is made here, with one value, against libc's. */
static void tried(const char *fmt, bool wide, uint64_t v)
{
    char buf[LONG];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (wide)
        both(buf, sizeof buf, fmt, v);
    else
        both(buf, sizeof buf, fmt, (int)v);
#pragma GCC diagnostic pop
}

/* All flags, widths, precisions, lengths and letters with all values: the texts are libc's. */
static void every_combination(void)
{
    static const char *const widths[] = {"", "1", "5", "24", "40"};
    static const char *const precisions[] = {"", ".", ".0", ".1", ".5", ".30"};
    static const char *const lengths[] = {"", "h", "hh", "l", "ll", "z", "j", "t"};
    static const char *const flags[] = {"-", "0", "#", "+", " "};
    for (int set = 0; set < 1 << 5; set++)
        for (int w = 0; w < 5; w++)
            for (int p = 0; p < 6; p++)
                for (int l = 0; l < 8; l++)
                    for (const char *letter = "diuoxX"; *letter; letter++) {
                        char fmt[24], *end = add(fmt, "%");
                        for (int i = 0; i < 5; i++)
                            end = set >> i & 1 ? add(end, flags[i]) : end;
                        end = add(add(add(end, widths[w]), precisions[p]), lengths[l]);
                        *end++ = *letter;
                        *end = 0;
                        for (size_t v = 0; v < sizeof values / sizeof *values; v++)
                            tried(fmt, l >= 3, values[v]);
                    }
}

static const struct test tests[] = {
    {"integers", integers},   {"flags_and_width", flags_and_width}, {"precision", precision},
    {"texts", texts},         {"odd_formats", odd_formats},         {"cut_texts", cut_texts},
    {"every_combination", every_combination}, /* the last: it needs libc's */
};

int gomain(int argc, char **argv)
{
    return test_main(tests, sizeof tests / sizeof *tests - !vsnprintf, argc, argv);
}

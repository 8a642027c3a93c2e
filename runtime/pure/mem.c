/**
 * @file pure/mem.c
 * memcpy, memmove, memset, memcmp and strlen of the pure build. The compiler calls the first four on its
 * own, for assignments of structures too, and there is no libc.
 *
 * Copies go by 16 bytes: the compiler's vector type becomes one register where the CPU has such. A block
 * that is no multiple of that ends with one that overlaps the one before; it has been loaded before
 * anything was stored, so moves between overlapping places come out right.
 *
 * A compiler that knows these functions well may turn a loop in here into a call of the very function
 * around it. The pragma and the attribute forbid that.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __clang__
#define NO_SELF_CALL __attribute__((no_builtin))
#else
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#define NO_SELF_CALL
#endif

/* Words that may lie anywhere and alias anything. */
typedef uint64_t word __attribute__((aligned(1), may_alias));
typedef uint32_t half __attribute__((aligned(1), may_alias));
typedef uint16_t quarter __attribute__((aligned(1), may_alias));
typedef uint64_t vec __attribute__((vector_size(16), aligned(1), may_alias));

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* Up to 16 bytes: all loads come before all stores. */
static inline void movesmall(unsigned char *d, const unsigned char *s, size_t n)
{
    if (n >= 8) {
        word a = *(const word *)s, b = *(const word *)(s + n - 8);
        *(word *)d = a;
        *(word *)(d + n - 8) = b;
    } else if (n >= 4) {
        half a = *(const half *)s, b = *(const half *)(s + n - 4);
        *(half *)d = a;
        *(half *)(d + n - 4) = b;
    } else if (n >= 2) {
        quarter a = *(const quarter *)s, b = *(const quarter *)(s + n - 2);
        *(quarter *)d = a;
        *(quarter *)(d + n - 2) = b;
    } else if (n == 1) {
        *d = *s;
    }
}

/* More than 32 bytes, from the front: right if dst lies below src, or they do not overlap. */
static inline void moveup(unsigned char *d, const unsigned char *s, size_t n)
{
    vec tail0 = *(const vec *)(s + n - 32), tail1 = *(const vec *)(s + n - 16);
    unsigned char *end = d + n - 32;
    for (; d < end; d += 32, s += 32) {
        vec a = *(const vec *)s, b = *(const vec *)(s + 16);
        *(vec *)d = a;
        *(vec *)(d + 16) = b;
    }
    *(vec *)end = tail0;
    *(vec *)(end + 16) = tail1;
}

/* More than 32 bytes, from the back: right if dst lies above src. */
static inline void movedown(unsigned char *d, const unsigned char *s, size_t n)
{
    vec head0 = *(const vec *)s, head1 = *(const vec *)(s + 16);
    for (; n > 32; n -= 32) {
        vec a = *(const vec *)(s + n - 32), b = *(const vec *)(s + n - 16);
        *(vec *)(d + n - 32) = a;
        *(vec *)(d + n - 16) = b;
    }
    *(vec *)d = head0;
    *(vec *)(d + 16) = head1;
}

NO_SELF_CALL void *memmove(void *dst, const void *src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;
    if (n <= 16) {
        movesmall(d, s, n);
    } else if (n <= 32) {
        vec a = *(const vec *)s, b = *(const vec *)(s + n - 16);
        *(vec *)d = a;
        *(vec *)(d + n - 16) = b;
    } else if ((uintptr_t)d - (uintptr_t)s >= n) { /* unsigned: dst below src, or beyond its end */
        moveup(d, s, n);
    } else {
        movedown(d, s, n);
    }
    return dst;
}

NO_SELF_CALL void *memcpy(void *dst, const void *src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;
    if (n <= 16) {
        movesmall(d, s, n);
    } else if (n <= 32) {
        vec a = *(const vec *)s, b = *(const vec *)(s + n - 16);
        *(vec *)d = a;
        *(vec *)(d + n - 16) = b;
    } else {
        moveup(d, s, n);
    }
    return dst;
}

NO_SELF_CALL void *memset(void *dst, int c, size_t n)
{
    unsigned char *d = dst;
    word w = (unsigned char)c * 0x0101010101010101ull;
    if (n >= 16) {
        vec v = {w, w};
        unsigned char *end = d + n - 16;
        for (; d < end; d += 16)
            *(vec *)d = v;
        *(vec *)end = v;
    } else if (n >= 8) {
        *(word *)d = w;
        *(word *)(d + n - 8) = w;
    } else {
        for (size_t i = 0; i < n; i++)
            d[i] = (unsigned char)c;
    }
    return dst;
}

NO_SELF_CALL int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = a, *q = b;
    while (n >= 8 && *(const word *)p == *(const word *)q) {
        p += 8;
        q += 8;
        n -= 8;
    }
    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

NO_SELF_CALL size_t strlen(const char *s)
{
    const char *p = s;
    while (*p)
        p++;
    return (size_t)(p - s);
}

/**
 * @file net_addr.c
 * Reads socket addresses as people write them. There is no resolver: hosts are numbers or "localhost".
 */
#include "net_fd.h"

/** Length of s. */
static size_t length(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0')
        n++;
    return n;
}

/** True if s[0, n) is the text lit. */
static bool same(const char *s, size_t n, const char *lit)
{
    size_t i = 0;
    while (i < n && lit[i] != '\0' && s[i] == lit[i])
        i++;
    return i == n && lit[i] == '\0';
}

/** The value of a digit, at most 15; -1 if c is none. */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/** The number s[0, n) in this base, one to maxdigits digits; -1 if it is none or above max. */
static int32_t number(const char *s, size_t n, int base, size_t maxdigits, int32_t max)
{
    int32_t v = 0;
    if (n == 0 || n > maxdigits)
        return -1;
    for (size_t i = 0; i < n; i++) {
        int d = digit(s[i]);
        if (d < 0 || d >= base)
            return -1;
        v = v * base + d;
    }
    return v <= max ? v : -1;
}

/** How many of s[0, n) come before the first c; n if there is none. */
static size_t before(const char *s, size_t n, char c)
{
    size_t i = 0;
    while (i < n && s[i] != c)
        i++;
    return i;
}

/** Four decimal numbers with dots between them: "127.0.0.1". */
static bool ipv4(const char *s, size_t n, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        size_t k = i < 3 ? before(s, n, '.') : n;
        int32_t v = number(s, k, 10, 3, 255);
        if (v < 0 || (i < 3 && k == n))
            return false;
        out[i] = (uint8_t)v;
        if (i < 3) {
            s += k + 1;
            n -= k + 1;
        }
    }
    return true;
}

/** Writes the groups of s[0, n) (no "::" in it) to out, at most room bytes; how many bytes, or -1. */
static int ipv6groups(const char *s, size_t n, uint8_t *out, int room)
{
    int len = 0;
    while (n > 0) {
        size_t k = before(s, n, ':');
        if (k == n && before(s, n, '.') < n) /* an IPv4 address at the end */
            return len + 4 <= room && ipv4(s, n, out + len) ? len + 4 : -1;
        int32_t v = number(s, k, 16, 4, 0xffff);
        if (v < 0 || len + 2 > room || k + 1 == n) /* the last: a colon with nothing behind it */
            return -1;
        out[len++] = (uint8_t)(v >> 8);
        out[len++] = (uint8_t)v;
        if (k == n)
            break;
        s += k + 1;
        n -= k + 1;
    }
    return len;
}

/** Eight groups of hexadecimal digits; "::" once stands for as many zero groups as are missing. */
static bool ipv6(const char *s, size_t n, uint8_t out[16])
{
    uint8_t tail[16];
    size_t i = 0;
    while (i + 1 < n && !(s[i] == ':' && s[i + 1] == ':'))
        i++;
    if (i + 1 >= n)
        return ipv6groups(s, n, out, 16) == 16;
    int nhead = ipv6groups(s, i, out, 14);
    int ntail = ipv6groups(s + i + 2, n - i - 2, tail, 14);
    if (nhead < 0 || ntail < 0 || nhead + ntail > 14)
        return false;
    for (int j = nhead; j < 16; j++)
        out[j] = j < 16 - ntail ? 0 : tail[j - (16 - ntail)];
    return true;
}

/** "host:port". */
static int parsetcp(netaddr *a, const char *s, bool listening)
{
    size_t n = length(s), colon = n;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == ':')
            colon = i;
    }
    int32_t port = colon < n ? number(s + colon + 1, n - colon - 1, 10, 5, 65535) : -1;
    if (port < 0)
        return -EINVAL;
    uint8_t *portbytes = (uint8_t *)&a->in.sin_port; /* at the same place in both kinds */
    uint8_t *ip = (uint8_t *)&a->in.sin_addr;
    if (colon >= 2 && s[0] == '[' && s[colon - 1] == ']') {
        if (!ipv6(s + 1, colon - 2, (uint8_t *)&a->in6.sin6_addr))
            return -EINVAL;
        a->family = KAF_INET6;
        a->len = sizeof a->in6;
    } else if (colon == 0 || same(s, colon, "localhost") || ipv4(s, colon, ip)) {
        bool given = colon != 0 && !same(s, colon, "localhost");
        if (!given && !(colon == 0 && listening)) {
            ip[0] = 127;
            ip[3] = 1;
        }
        a->family = KAF_INET;
        a->len = sizeof a->in;
    } else {
        return -EINVAL;
    }
    portbytes[0] = (uint8_t)(port >> 8); /* network byte order */
    portbytes[1] = (uint8_t)port;
    return 0;
}

/** A path, or @name. */
static int parseunix(netaddr *a, const char *s)
{
    size_t n = length(s);
    bool abstract = s[0] == '@';
    if (n == 0 || n >= sizeof a->un.sun_path)
        return -EINVAL;
    a->family = KAF_UNIX;
    for (size_t i = 0; i < n; i++)
        a->un.sun_path[i] = s[i];
    if (abstract)
        a->un.sun_path[0] = '\0';
    /* An abstract name is all of its bytes; a path ends with a 0, which counts. */
    a->len = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + n + (abstract ? 0 : 1));
    return 0;
}

int netaddr_parse(netaddr *a, const char *network, const char *addr, bool listening)
{
    *a = (netaddr){0};
    if (same(network, length(network), "tcp"))
        return parsetcp(a, addr, listening);
    if (same(network, length(network), "unix"))
        return parseunix(a, addr);
    return -EINVAL;
}

int netaddr_port(const netaddr *a)
{
    if (a->family != KAF_INET && a->family != KAF_INET6)
        return 0;
    const uint8_t *p = (const uint8_t *)&a->in.sin_port;
    return p[0] << 8 | p[1];
}

/** Where the longest run of zero groups, two at least, begins (8: there is none); *n: how long it is. */
static int zerorun(const uint16_t group[8], int *n)
{
    int best = 8;
    *n = 1;
    for (int i = 0, run = 0; i < 8; i++) {
        run = group[i] == 0 ? run + 1 : 0;
        if (run > *n) {
            *n = run;
            best = i - run + 1;
        }
    }
    return best;
}

/** An IPv6 address as RFC 5952 wants it, without brackets. Room for 40 bytes. */
static void formatipv6(const uint8_t *ip, char *buf)
{
    uint16_t group[8];
    for (int i = 0; i < 8; i++)
        group[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
    int n, run = zerorun(group, &n);
    size_t len = 0;
    buf[0] = '\0';
    for (int i = 0; i < 8; i++) {
        if (i == run) {
            len += (size_t)gosnprintf(buf + len, 40 - len, i + n == 8 ? "::" : ":");
            i += n - 1;
        } else {
            len += (size_t)gosnprintf(buf + len, 40 - len, "%s%x", i > 0 ? ":" : "", (unsigned)group[i]);
        }
    }
}

void netaddr_format(const netaddr *a, char *buf, size_t n)
{
    const uint8_t *ip = (const uint8_t *)&a->in.sin_addr;
    char text[128];
    size_t path = offsetof(struct sockaddr_un, sun_path);
    if (a->len >= sizeof a->in && a->family == KAF_INET) {
        gosnprintf(buf, n, "%d.%d.%d.%d:%d", ip[0], ip[1], ip[2], ip[3], netaddr_port(a));
    } else if (a->len >= sizeof a->in6 && a->family == KAF_INET6) {
        formatipv6((const uint8_t *)&a->in6.sin6_addr, text);
        gosnprintf(buf, n, "[%s]:%d", text, netaddr_port(a));
    } else if (a->len > path && a->family == KAF_UNIX) { /* a path ends with its 0 or with the address */
        bool abstract = a->un.sun_path[0] == '\0';
        gosnprintf(buf, n, "%s%.*s", abstract ? "@" : "", (int)(a->len - path - abstract), a->un.sun_path + abstract);
    } else {
        gosnprintf(buf, n, "%s", "");
    }
}

/**
 * @file request.c
 * Reads what a client asks for, and trusts none of it.
 */
#include "httpd.h"

/** True if c is a decimal digit. */
static bool isdigit_(char c)
{
    return c >= '0' && c <= '9';
}

/** True if c may stand in a method or a field name. */
static bool istoken(char c)
{
    if (isdigit_(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    for (const char *s = "!#$%&'*+-.^_`|~"; *s != '\0'; s++) {
        if (*s == c)
            return true;
    }
    return false;
}

/** True if s is a token. */
static bool alltoken(Text s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!istoken(s.p[i]))
            return false;
    }
    return s.n > 0;
}

/** Cuts the next line from *s, without its end; false if it holds a byte that no line may hold. */
static bool nextline(Text *s, Text *line)
{
    *line = text_cut(s, '\n');
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    for (size_t i = 0; i < line->n; i++) {
        unsigned char c = (unsigned char)line->p[i];
        if ((c < ' ' && c != '\t') || c == 127)
            return false;
    }
    return true;
}

/** "GET /path HTTP/1.1": 0 or a status. */
static int requestline(Request *r, Text line)
{
    r->method = text_cut(&line, ' ');
    r->target = text_cut(&line, ' ');
    Text version = line;
    r->head = text_is(r->method, "HEAD");
    if (!alltoken(r->method) || r->target.n == 0)
        return 400;
    for (size_t i = 0; i < r->target.n; i++) {
        if (r->target.p[i] <= ' ' || r->target.p[i] == 127) /* with bytes above 127, which are negative */
            return 400;
    }
    if (version.n != 8 || !text_begins(version, "HTTP/") || version.p[6] != '.' || !isdigit_(version.p[5]) ||
        !isdigit_(version.p[7]))
        return 400;
    if (version.p[5] != '1')
        return 505;
    r->http10 = version.p[7] == '0';
    r->keepalive = !r->http10;
    return 0;
}

/** Connection: a list of words. */
static void connectionfield(Request *r, Text value, bool *close)
{
    while (value.p) {
        Text word = text_trim(text_cut(&value, ','));
        if (text_isnocase(word, "close"))
            *close = true;
        else if (text_isnocase(word, "keep-alive"))
            r->keepalive = true;
    }
}

/** One field: 0 or a status. */
static int field(Request *r, Text name, Text value, bool *close)
{
    if (text_isnocase(name, "host")) {
        r->hosts++;
    } else if (text_isnocase(name, "connection")) {
        connectionfield(r, value, close);
    } else if (text_isnocase(name, "content-length")) {
        int64_t n;
        if (!text_number(value, &n) || (r->bodylen >= 0 && r->bodylen != n))
            return 400;
        r->bodylen = n;
    } else if (text_isnocase(name, "transfer-encoding")) {
        r->chunked = true;
    } else if (text_isnocase(name, "expect")) {
        r->expects = true;
    } else if (text_isnocase(name, "range")) {
        r->range = value;
    } else if (text_isnocase(name, "if-range")) {
        r->ifrange = value;
    } else if (text_isnocase(name, "if-match")) {
        r->ifmatch = value;
    } else if (text_isnocase(name, "if-none-match")) {
        r->ifnonematch = value;
    } else if (text_isnocase(name, "if-modified-since")) {
        r->ifmodified = value;
    } else if (text_isnocase(name, "if-unmodified-since")) {
        r->ifunmodified = value;
    }
    return 0;
}

int request_parse(Request *r, Text head)
{
    *r = (Request){.bodylen = -1};
    Text line;
    bool close = false;
    if (!nextline(&head, &line))
        return 400;
    int status = requestline(r, line);
    while (status == 0) {
        if (!nextline(&head, &line))
            return 400;
        if (line.n == 0)
            break;
        Text value = line;
        Text name = text_cut(&value, ':');
        if (!alltoken(name) || !value.p) /* also a line that continues the one before it */
            return 400;
        status = field(r, name, text_trim(value), &close);
    }
    if (close)
        r->keepalive = false;
    if (status != 0)
        return status;
    if (r->hosts > 1 || (r->hosts == 0 && !r->http10))
        return 400;
    if (r->chunked && r->bodylen >= 0) /* two lengths: somebody may be deceiving somebody */
        return 400;
    if (r->bodylen < 0)
        r->bodylen = 0;
    return r->chunked ? 501 : 0;
}

/** The path of an absolute target, "http://host/path"; others are returned as they are. */
static Text withouthost(Text target)
{
    if (!text_begins(target, "http://"))
        return target;
    target.p += 7;
    target.n -= 7;
    while (target.n > 0 && target.p[0] != '/' && target.p[0] != '?') {
        target.p++;
        target.n--;
    }
    return target.n > 0 && target.p[0] == '/' ? target : text("/");
}

/**
 * Decodes the %XX of s to out, which has room for s.n bytes; the length, or -1 if one is malformed or a 0.
 */
static int decode(Text s, char *out)
{
    int n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            int hi = i + 2 < s.n ? hexvalue(s.p[i + 1]) : -1, lo = i + 2 < s.n ? hexvalue(s.p[i + 2]) : -1;
            if (hi < 0 || lo < 0 || hi + lo == 0)
                return -1;
            c = (char)(hi << 4 | lo);
            i += 2;
        }
        out[n++] = c;
    }
    return n;
}

int request_path(const Request *r, char *path)
{
    Text rest = withouthost(r->target);
    Text raw = text_cut(&rest, '?');
    if (raw.n == 0 || raw.p[0] != '/')
        return -400;
    if (raw.n + PATH_EXTRA > PATH_ROOM)
        return -414;
    /* Decoded behind the first byte, and from there moved to the front, part by part: a part and the slash
     * before it are never longer than what has been read. */
    int len = decode(raw, path + 1);
    if (len < 0)
        return -400;
    path[0] = '.';
    size_t n = 1;
    Text left = {path + 1, (size_t)len};
    bool slash = false;
    while (left.p) {
        Text part = text_cut(&left, '/');
        slash = part.n == 0 || text_is(part, ".");
        if (slash)
            continue;
        if (text_is(part, "..")) /* nobody climbs out of the root, and browsers resolve these themselves */
            return -400;
        path[n++] = '/';
        __builtin_memmove(path + n, part.p, part.n);
        n += part.n;
    }
    if (slash)
        path[n++] = '/';
    path[n] = '\0';
    return (int)n;
}

RangeKind range_parse(Text value, int64_t size, int64_t *first, int64_t *last)
{
    Text rest = value;
    Text unit = text_trim(text_cut(&rest, '='));
    if (!rest.p || !text_isnocase(unit, "bytes"))
        return RANGE_NONE;
    Text to = text_trim(rest);
    Text from = text_trim(text_cut(&to, '-'));
    if (!to.p)
        return RANGE_NONE;
    to = text_trim(to);
    if (from.n == 0) { /* the last so many */
        int64_t n;
        if (!text_number(to, &n))
            return RANGE_NONE;
        *first = n < size ? size - n : 0;
        *last = size - 1;
        return n > 0 && size > 0 ? RANGE_OK : RANGE_BAD;
    }
    if (!text_number(from, first))
        return RANGE_NONE;
    *last = INT64_MAX;
    if (to.n > 0 && (!text_number(to, last) || *last < *first)) /* several ranges are no number either */
        return RANGE_NONE;
    if (*first >= size)
        return RANGE_BAD;
    if (*last >= size)
        *last = size - 1;
    return RANGE_OK;
}

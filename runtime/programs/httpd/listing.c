/**
 * @file listing.c
 * What is in a directory, as a page.
 */
#include "httpd.h"

/** Puts s so that a browser shows just that: names may hold what HTML takes for its own. */
static void putescaped(Buffer *b, Text s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&':
            buffer_printf(b, "&amp;");
            break;
        case '<':
            buffer_printf(b, "&lt;");
            break;
        case '>':
            buffer_printf(b, "&gt;");
            break;
        case '"':
            buffer_printf(b, "&quot;");
            break;
        case '\'':
            buffer_printf(b, "&#39;");
            break;
        default:
            buffer_put(b, &s.p[i], 1);
        }
    }
}

/** Puts s as a part of a URL. */
static void putquoted(Buffer *b, Text s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), digit = c >= '0' && c <= '9';
        if (letter || digit || c == '-' || c == '.' || c == '_' || c == '~')
            buffer_put(b, &c, 1);
        else
            buffer_printf(b, "%%%02X", (unsigned char)c);
    }
}

/** One name: a link, and what is known of it. */
static void putentry(Buffer *b, int dirfd, const DirEntry *e)
{
    FileInfo info;
    const char *slash = e->kind == S_IFDIR ? "/" : "";
    buffer_printf(b, "<tr><td><a href=\"./"); /* "a:b" alone would be of the scheme a */
    putquoted(b, text(e->name));
    buffer_printf(b, "%s\">", slash);
    putescaped(b, text(e->name));
    buffer_printf(b, "%s</a></td>", slash);
    if (e->kind == S_IFREG && file_info(dirfd, e->name, &info) == 0) {
        char date[DATE_ROOM];
        date_format(date, info.mtime > 0 ? info.mtime / NSEC_PER_SEC : 0);
        buffer_printf(b, "<td align=\"right\">%lld</td><td>%s</td>", (long long)info.size, date);
    }
    buffer_printf(b, "</tr>\n");
}

/** The page. */
static Buffer listing(int fd, const char *path, const DirEntry *e, size_t n)
{
    Buffer b = {0};
    Text shown = text(path + 1); /* without the dot: as the client knows it */
    buffer_printf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>");
    putescaped(&b, shown);
    buffer_printf(&b, "</title></head>\n<body>\n<h1>");
    putescaped(&b, shown);
    buffer_printf(&b, "</h1>\n<table>\n");
    if (!text_is(shown, "/"))
        buffer_printf(&b, "<tr><td><a href=\"../\">../</a></td></tr>\n");
    for (size_t i = 0; i < n; i++)
        putentry(&b, fd, &e[i]);
    buffer_printf(&b, "</table>\n</body>\n</html>\n");
    return b;
}

void respond_listing(Http *h, const Request *r, int fd, const char *path)
{
    size_t n;
    int err;
    DirEntry *e = file_readdir(fd, &n, &err);
    if (!e) {
        respond_status(h, r, 500, r->keepalive, "");
        return;
    }
    Buffer page = listing(fd, path, e, n);
    gofree(e);
    respond_begin(h, r, 200, (int64_t)page.n, r->keepalive);
    http_printf(h, "Content-Type: text/html; charset=utf-8\r\n");
    respond_endhead(h);
    if (!r->head)
        http_put(h, page.p, page.n);
    gofree(page.p);
}

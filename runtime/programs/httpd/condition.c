/**
 * @file condition.c
 * Requests with an "if": RFC 9110, section 13.
 */
#include "httpd.h"

void etag_format(char buf[ETAG_ROOM], int64_t size, int64_t mtime)
{
    /* A file that keeps its size and changes twice within a tick of the kernel's clock, some milliseconds,
     * has one tag. */
    gosnprintf(buf, ETAG_ROOM, "\"%llx-%llx\"", (long long)mtime, (long long)size);
}

/**
 * Cuts the next tag from a list of them: *tag with its quotes, *weak if it says that it is. false: there is
 * no further one, or what follows is none.
 */
static bool nexttag(Text *list, Text *tag, bool *weak)
{
    Text s = *list;
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == ','))
        s = (Text){s.p + 1, s.n - 1};
    *weak = text_begins(s, "W/");
    if (*weak)
        s = (Text){s.p + 2, s.n - 2};
    size_t end = 1; /* of the tag: a comma within the quotes is part of it */
    while (end < s.n && s.p[end] != '"')
        end++;
    if (s.n == 0 || s.p[0] != '"' || end == s.n)
        return false;
    *tag = (Text){s.p, end + 1};
    *list = (Text){s.p + end + 1, s.n - end - 1};
    return true;
}

/** True if etag is in the list, or the list is "*". strong: a weak tag is equal to none. */
static bool listed(Text list, const char *etag, bool strong)
{
    Text tag;
    bool weak;
    if (text_is(list, "*"))
        return true;
    while (nexttag(&list, &tag, &weak)) {
        if (text_is(tag, etag) && !(weak && strong))
            return true;
    }
    return false;
}

int conditions(const Request *r, const File *f)
{
    if (r->ifmatch.p) {
        if (!listed(r->ifmatch, f->etag, true))
            return 412;
    } else if (r->ifunmodified.p) {
        int64_t t = date_parse(r->ifunmodified); /* -1: a date that is none is as no condition */
        if (t >= 0 && f->mtime > t)
            return 412;
    }
    if (r->ifnonematch.p)
        return listed(r->ifnonematch, f->etag, false) ? 304 : 0;
    if (r->ifmodified.p && date_parse(r->ifmodified) >= f->mtime)
        return 304;
    return 0;
}

bool rangeapplies(const Request *r, const File *f)
{
    char modified[DATE_ROOM];
    if (!r->ifrange.p)
        return true;
    date_format(modified, f->mtime);
    return text_is(r->ifrange, f->etag) || text_is(r->ifrange, modified);
}

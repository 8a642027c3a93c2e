/**
 * @file respond.c
 * Answers: files, parts of files, and errors.
 */
#include "httpd.h"

/** The most bytes of an answer's head. */
#define ANSWER_MAX 9500

/** The words for a status. */
static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {200, "OK"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return "Unknown";
}

/**
 * Puts the head of an answer. extra: further fields. length < 0: there is no body, and nothing is said of
 * it.
 */
static void puthead(Http *h, const Request *r, int status, int64_t length, bool keepalive, const char *extra)
{
    char head[ANSWER_MAX], date[DATE_ROOM], lengthfield[48] = "";
    date_format(date, walltime() / NSEC_PER_SEC);
    if (length >= 0)
        gosnprintf(lengthfield, sizeof lengthfield, "Content-Length: %lld\r\n", (long long)length);
    const char *connection = "";
    if (!keepalive)
        connection = "Connection: close\r\n";
    else if (r->http10)
        connection = "Connection: keep-alive\r\n";
    int n = gosnprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%s\r\n", status, reason(status),
                       date, lengthfield, connection, extra);
    http_put(h, head, (size_t)n);
}

void respond_status(Http *h, const Request *r, int status, bool keepalive, const char *extra)
{
    char body[64], fields[ANSWER_MAX - 400];
    int n = gosnprintf(body, sizeof body, "%d %s\n", status, reason(status));
    gosnprintf(fields, sizeof fields, "Content-Type: text/plain; charset=utf-8\r\n%s", extra);
    puthead(h, r, status, n, keepalive, fields);
    if (!r->head)
        http_put(h, body, (size_t)n);
}

/** The status for an error of open. */
static int statusof(int err)
{
    switch (err) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return 404;
    case EACCES:
    case EPERM:
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    default:
        return 500;
    }
}

/** Sends the client to the same directory with a slash behind it. */
static void redirect(Http *h, const Request *r)
{
    Text query = r->target;
    Text path = text_cut(&query, '?');
    if (text_begins(path, "http://")) { /* only a proxy asks so */
        respond_status(h, r, 404, r->keepalive, "");
        return;
    }
    while (path.n > 1 && path.p[1] == '/') { /* "//host/" would be another server */
        path.p++;
        path.n--;
    }
    char location[HEAD_MAX + 32];
    gosnprintf(location, sizeof location, "Location: %.*s/%s%.*s\r\n", (int)path.n, path.p,
               query.p ? "?" : "", (int)query.n, query.p ? query.p : "");
    respond_status(h, r, 301, r->keepalive, location);
}

/**
 * Puts bytes first to last of the file. If they are not there any more, the connection is of no use: the
 * length was said.
 */
static void putbytes(Http *h, int fd, int64_t first, int64_t last)
{
    while (first <= last && !h->failed) {
        size_t room = http_room(h);
        int64_t want = last - first + 1;
        if (want > (int64_t)room)
            want = (int64_t)room;
        intptr_t n = file_pread(fd, h->out + h->outlen, (size_t)want, first);
        if (n <= 0) {
            http_flush(h);
            h->failed = true;
            return;
        }
        h->outlen += (size_t)n;
        first += n;
    }
}

/** A regular file, as it was when it was opened. */
typedef struct File {
    int fd;             /**< open for reading */
    int64_t size;       /**< bytes */
    int64_t mtime;      /**< seconds since 1970 */
    const char *type;   /**< content type */
} File;

/** Answers with f, or with the part of it that r asks for, or with the news that there is no news. */
static void putfile(Http *h, const Request *r, const File *f)
{
    char modified[DATE_ROOM], fields[512], range[80] = "";
    date_format(modified, f->mtime);
    int64_t first = 0, last = f->size - 1;
    RangeKind kind = RANGE_NONE;
    bool same = !r->ifrange.p || text_is(r->ifrange, modified); /* else the parts would be of two files */
    if (r->range.p && !r->head && same)
        kind = range_parse(r->range, f->size, &first, &last);
    if (kind == RANGE_BAD) {
        gosnprintf(range, sizeof range, "Content-Range: bytes */%lld\r\n", (long long)f->size);
        respond_status(h, r, 416, r->keepalive, range);
        return;
    }
    if (kind == RANGE_OK)
        gosnprintf(range, sizeof range, "Content-Range: bytes %lld-%lld/%lld\r\n", (long long)first,
                   (long long)last, (long long)f->size);
    else
        first = 0, last = f->size - 1;
    gosnprintf(fields, sizeof fields, "Content-Type: %s\r\nLast-Modified: %s\r\nAccept-Ranges: bytes\r\n%s",
               f->type, modified, range);
    if (r->ifmodified.p && date_parse(r->ifmodified) >= f->mtime) {
        puthead(h, r, 304, -1, r->keepalive, fields);
        return;
    }
    puthead(h, r, kind == RANGE_OK ? 206 : 200, last - first + 1, r->keepalive, fields);
    if (!r->head)
        putbytes(h, f->fd, first, last);
}

/**
 * Opens path; if it is a directory, its index instead. 0, or the status to answer with. path has room for
 * the index.
 */
static int openfile(File *f, char *path, size_t len)
{
    for (int attempt = 0;; attempt++) {
        /* Without waiting: a named pipe that nobody writes to would hold us for ever. */
        f->fd = file_open(path, O_RDONLY | O_NONBLOCK, 0);
        if (f->fd < 0)
            return attempt > 0 && f->fd == -ENOENT ? 403 : statusof(-f->fd);
        bool isdir;
        int64_t mtime;
        f->size = file_stat(f->fd, &isdir, &mtime);
        f->mtime = mtime >= 0 ? mtime / NSEC_PER_SEC : 0;
        f->type = content_type((Text){path, len});
        if (f->size >= 0 && !isdir)
            return 0;
        file_close(f->fd);
        if (f->size < 0)
            return 500;
        if (attempt > 0)
            return 403;
        if (path[len - 1] != '/')
            return 301;
        bytes_copy(path + len, "index.html", sizeof "index.html");
        len += sizeof "index.html" - 1;
    }
}

void respond_file(Http *h, const Request *r)
{
    char path[PATH_ROOM];
    int len = request_path(r, h->site->root, path);
    if (len < 0) {
        respond_status(h, r, -len, r->keepalive, "");
        return;
    }
    File f;
    int status = openfile(&f, path, (size_t)len);
    if (status == 301) {
        redirect(h, r);
    } else if (status != 0) {
        respond_status(h, r, status, r->keepalive, "");
    } else {
        putfile(h, r, &f);
        file_close(f.fd);
    }
}

/**
 * @file respond.c
 * Answers: files, parts of files, and errors.
 */
#include "httpd.h"

void respond_begin(Http *h, const Request *r, int status, int64_t length, bool keepalive)
{
    char date[DATE_ROOM];
    h->status = status;
    h->sent = r->head || length < 0 ? 0 : length;
    date_format(date, walltime() / NSEC_PER_SEC);
    http_printf(h, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, reason(status), date);
    if (length >= 0)
        http_printf(h, "Content-Length: %lld\r\n", (long long)length);
    if (!keepalive)
        http_printf(h, "Connection: close\r\n");
    else if (r->http10)
        http_printf(h, "Connection: keep-alive\r\n");
}

void respond_endhead(Http *h)
{
    http_put(h, "\r\n", 2);
}

void respond_status(Http *h, const Request *r, int status, bool keepalive, const char *extra)
{
    char body[64];
    int n = gosnprintf(body, sizeof body, "%d %s\n", status, reason(status));
    respond_begin(h, r, status, n, keepalive);
    http_printf(h, "Content-Type: text/plain; charset=utf-8\r\n%s", extra);
    respond_endhead(h);
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
    case EXDEV: /* a link that leads out of the root */
    case ENXIO: /* a socket */
        return 403;
    case EAGAIN:
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
    respond_begin(h, r, 301, 0, r->keepalive);
    http_printf(h, "Location: %.*s/%s%.*s\r\n", (int)path.n, path.p, query.p ? "?" : "", (int)query.n,
                query.p ? query.p : "");
    respond_endhead(h);
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

/** The fields that say which version of which file this is. */
static void putversion(Http *h, const File *f)
{
    char modified[DATE_ROOM];
    date_format(modified, f->mtime);
    http_printf(h, "Content-Type: %s\r\nLast-Modified: %s\r\n", f->type, modified);
    http_printf(h, "ETag: %s\r\nAccept-Ranges: bytes\r\n", f->etag);
}

/** Answers with f, or with the part of it that r asks for, or with the news that there is no news. */
static void putfile(Http *h, const Request *r, const File *f)
{
    int status = conditions(r, f);
    if (status == 412) {
        respond_status(h, r, 412, r->keepalive, "");
        return;
    }
    if (status == 304) {
        respond_begin(h, r, 304, -1, r->keepalive);
        putversion(h, f);
        respond_endhead(h);
        return;
    }
    int64_t first = 0, last = f->size - 1;
    RangeKind kind = RANGE_NONE;
    if (r->range.p && !r->head && rangeapplies(r, f))
        kind = range_parse(r->range, f->size, &first, &last);
    if (kind == RANGE_BAD) {
        char range[64];
        gosnprintf(range, sizeof range, "Content-Range: bytes */%lld\r\n", (long long)f->size);
        respond_status(h, r, 416, r->keepalive, range);
        return;
    }
    if (kind == RANGE_NONE)
        first = 0, last = f->size - 1;
    respond_begin(h, r, kind == RANGE_OK ? 206 : 200, last - first + 1, r->keepalive);
    putversion(h, f);
    if (kind == RANGE_OK)
        http_printf(h, "Content-Range: bytes %lld-%lld/%lld\r\n", (long long)first, (long long)last,
                    (long long)f->size);
    respond_endhead(h);
    if (!r->head)
        putbytes(h, f->fd, first, last);
}

/**
 * Opens path, which never leads out of the root: see file_openin(). Sets *isdir. 0, or the status to answer
 * with.
 */
static int openfile(const Site *site, File *f, const char *path, bool *isdir)
{
    /* Without waiting: a named pipe that nobody writes to would hold us for ever. */
    f->fd = file_openin(site->rootfd, path, O_RDONLY | O_NONBLOCK);
    if (f->fd < 0)
        return statusof(-f->fd);
    FileInfo info;
    int err = file_info(f->fd, "", &info);
    *isdir = err == 0 && S_ISDIR(info.mode);
    if (err < 0 || (!*isdir && !S_ISREG(info.mode))) { /* pipes, devices */
        file_close(f->fd);
        return err < 0 ? 500 : 403;
    }
    f->size = info.size;
    f->mtime = info.mtime >= 0 ? info.mtime / NSEC_PER_SEC : 0;
    f->type = content_type(text(path));
    etag_format(f->etag, info.size, info.mtime);
    return 0;
}

/**
 * Answers with the directory that is open as fd: its index, or what is in it. path has room for the index.
 */
static void putdirectory(Http *h, const Request *r, int fd, char *path, size_t len)
{
    File index;
    bool isdir;
    bytes_copy(path + len, "index.html", sizeof "index.html");
    int status = openfile(h->site, &index, path, &isdir);
    path[len] = '\0';
    if (status == 0 && !isdir)
        putfile(h, r, &index);
    else if (status == 404 && !h->site->nolist)
        respond_listing(h, r, fd, path);
    else
        respond_status(h, r, status == 0 || status == 404 ? 403 : status, r->keepalive, "");
    if (status == 0)
        file_close(index.fd);
}

/** Answers with what is at path, which has room for an index. */
static void putpath(Http *h, const Request *r, char *path, size_t len)
{
    File f;
    bool isdir;
    int status = openfile(h->site, &f, path, &isdir);
    if (status != 0) {
        respond_status(h, r, status, r->keepalive, "");
        return;
    }
    if (!isdir)
        putfile(h, r, &f);
    else if (path[len - 1] != '/')
        redirect(h, r);
    else
        putdirectory(h, r, f.fd, path, len);
    file_close(f.fd);
}

void respond_file(Http *h, const Request *r)
{
    /* Not on the stack: a page of it that was used once is the goroutine's until it ends, and it may wait for long. */
    char *path = gomalloc(r->target.n + PATH_EXTRA);
    int len = request_path(r, path);
    if (len < 0)
        respond_status(h, r, -len, r->keepalive, "");
    else
        putpath(h, r, path, (size_t)len);
    gofree(path);
}

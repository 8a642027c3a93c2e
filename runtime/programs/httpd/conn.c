/**
 * @file conn.c
 * The life of a connection: requests one after another, buffered input and output, time-outs, an orderly end.
 *
 * Responses gather in the output buffer while further requests are there already (pipelining); they go out
 * before the connection waits for the client. Setting a deadline costs a timer: it is moved only when it has
 * become noticeably old, so the time allowed varies by an eighth.
 */
#include "httpd.h"

/** Bytes that the end of a connection still takes from a client that goes on sending. */
#define LINGER_MAX (4 * BODY_MAX)
/** And for how long. */
#define LINGER_TIME (2 * NSEC_PER_SEC)

/** Sees to it that a read fails if the client is silent for the site's time. */
static void readsoon(Http *h)
{
    int64_t now = nanotime();
    if (h->readset == 0 || now - h->readset > h->site->idle / 8) {
        net_readdeadline(h->conn, now + h->site->idle);
        h->readset = now;
    }
}

void http_flush(Http *h)
{
    if (h->failed || h->outlen == 0)
        return;
    int64_t now = nanotime();
    if (h->writeset == 0 || now - h->writeset > h->site->idle / 8) {
        net_writedeadline(h->conn, now + h->site->idle);
        h->writeset = now;
    }
    if (net_write(h->conn, h->out, h->outlen) < 0)
        h->failed = true;
    h->outlen = 0;
}

size_t http_room(Http *h)
{
    if (h->outlen == OUT_MAX)
        http_flush(h);
    if (h->failed)
        h->outlen = 0;
    return OUT_MAX - h->outlen;
}

void http_put(Http *h, const char *p, size_t n)
{
    while (n > 0 && !h->failed) {
        size_t k = http_room(h);
        if (k > n)
            k = n;
        bytes_copy(h->out + h->outlen, p, k);
        h->outlen += k;
        p += k;
        n -= k;
    }
}

/** Takes the first n bytes out of the input. */
static void consume(Http *h, size_t n)
{
    h->inlen -= n;
    if (h->inlen > 0)
        __builtin_memmove(h->in, h->in + n, h->inlen);
}

/** Reads more into the input, which has room; false if nothing came: *err is 0 at the end, or -errno. */
static bool more(Http *h, intptr_t *err)
{
    http_flush(h);
    readsoon(h);
    intptr_t n = net_read(h->conn, h->in + h->inlen, sizeof h->in - h->inlen);
    *err = n;
    if (n <= 0)
        return false;
    h->inlen += (size_t)n;
    return true;
}

/**
 * Where the head of the first request ends: behind its empty line. 0 if that has not come. from: looked at
 * before.
 */
static size_t headend(const Http *h, size_t from)
{
    for (size_t i = from; i < h->inlen; i++) {
        if (h->in[i] != '\n')
            continue;
        if (i > 0 && h->in[i - 1] == '\n')
            return i + 1;
        if (i > 1 && h->in[i - 1] == '\r' && h->in[i - 2] == '\n')
            return i + 1;
    }
    return 0;
}

/** Takes empty lines off the beginning: some clients send one behind a body. */
static void skipempty(Http *h)
{
    size_t n = 0;
    while (n < h->inlen && (h->in[n] == '\r' || h->in[n] == '\n'))
        n++;
    if (n > 0)
        consume(h, n);
}

/**
 * Waits for the head of a request; its length, or 0 if the connection is to end (answered, if there was a
 * question).
 */
static size_t readhead(Http *h)
{
    Request none = {.keepalive = false};
    size_t seen = 0;
    skipempty(h);
    for (;;) {
        size_t end = headend(h, seen);
        if (end > 0)
            return end;
        seen = h->inlen;
        if (h->inlen == sizeof h->in) {
            bool line = false; /* is at least the first line complete? */
            for (size_t i = 0; i < h->inlen; i++)
                line = line || h->in[i] == '\n';
            respond_status(h, &none, line ? 431 : 414, false, "");
            return 0;
        }
        intptr_t err;
        if (!more(h, &err)) {
            if (err == -NET_ETIMEOUT && h->inlen > 0)
                respond_status(h, &none, 408, false, "");
            return 0;
        }
        if (seen == 0)
            skipempty(h);
    }
}

/** Reads the n bytes of a body and throws them away; false if they do not come. */
static bool drain(Http *h, int64_t n)
{
    for (;;) {
        size_t k = (int64_t)h->inlen < n ? h->inlen : (size_t)n;
        consume(h, k);
        n -= (int64_t)k;
        if (n == 0)
            return true;
        intptr_t err;
        if (!more(h, &err))
            return false;
    }
}

/** Answers one request; true if the connection goes on. */
static bool answer(Http *h, size_t headlen)
{
    Request r;
    int status = request_parse(&r, (Text){h->in, headlen});
    if (status == 0 && r.bodylen > BODY_MAX)
        status = 413;
    /* nothing that is served needs it: do not ask for the body */
    if (status == 0 && r.expects && r.bodylen > 0)
        status = 417;
    if (status != 0) { /* where the next request begins is not known */
        respond_status(h, &r, status, false, "");
        return false;
    }
    int64_t bodylen = r.bodylen;
    bool keepalive = r.keepalive;
    if (r.head || text_is(r.method, "GET"))
        respond_file(h, &r);
    else if (text_is(r.method, "POST") || text_is(r.method, "PUT") || text_is(r.method, "DELETE") ||
             text_is(r.method, "PATCH") || text_is(r.method, "OPTIONS") || text_is(r.method, "TRACE") ||
             text_is(r.method, "CONNECT"))
        respond_status(h, &r, 405, keepalive, "Allow: GET, HEAD\r\n");
    else
        respond_status(h, &r, 501, keepalive, "");
    consume(h, headlen); /* r points into it */
    return keepalive && !h->failed && drain(h, bodylen);
}

/**
 * Ends the sending half, and takes what is still coming: closing on unread input would destroy the last
 * answer.
 */
static void linger(Http *h)
{
    http_flush(h);
    if (h->failed || net_closewrite(h->conn) < 0)
        return;
    net_readdeadline(h->conn, nanotime() + LINGER_TIME);
    size_t taken = 0;
    intptr_t n;
    while (taken < LINGER_MAX && (n = net_read(h->conn, h->in, sizeof h->in)) > 0)
        taken += (size_t)n;
}

/** The goroutine of a connection. */
static void serve(void *arg)
{
    Http *h = arg;
    size_t n;
    while ((n = readhead(h)) > 0) {
        if (!answer(h, n))
            break;
    }
    linger(h);
    net_close(h->conn);
    gofree(h);
}

void http_serve(Conn *c, const Site *site)
{
    Http *h = gomalloc(sizeof *h);
    h->conn = c;
    h->site = site;
    go(serve, h);
}

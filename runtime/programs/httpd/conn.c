/**
 * @file conn.c
 * The life of a connection: requests one after another, buffered input and output, time-outs, an orderly end.
 *
 * Responses gather in the output buffer while further requests are there already (pipelining); they go out
 * before the connection waits for the client. A connection that waits holds as little memory as it can: ten
 * thousand of them may.
 *
 * Deadlines. A client may be silent for the site's idle time between requests; a request that has begun must
 * be complete after the site's headtime, however many bytes come in between (a client that sends one byte a
 * second is not silent, and would hold its place for ever). Setting a deadline costs a timer: the idle one
 * is moved only when it has become noticeably old, so the time allowed varies by an eighth.
 */
#include "httpd.h"

/** Bytes that the end of a connection still takes from a client that goes on sending. */
#define LINGER_MAX (4 * BODY_MAX)
/** And for how long. */
#define LINGER_TIME (2 * NSEC_PER_SEC)
/** When the server ends: how long a request may be on its way to a connection that has none. */
#define LAST_CALL (500 * NSEC_PER_MSEC)

/* ---- output ---- */

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

/** Sends what there is, and gives the output buffer back. */
static void endoutput(Http *h)
{
    http_flush(h);
    gofree(h->out);
    h->out = NULL;
    h->outroom = 0;
}

size_t http_room(Http *h)
{
    if (h->outlen == h->outroom && h->outroom == OUT_MAX)
        http_flush(h);
    if (h->failed)
        h->outlen = 0;
    if (h->outlen == h->outroom) { /* small at first: most answers are */
        size_t room = h->outroom == 0 ? OUT_SMALL : OUT_MAX;
        char *out = gomalloc(room);
        if (h->outlen > 0)
            bytes_copy(out, h->out, h->outlen);
        gofree(h->out);
        h->out = out;
        h->outroom = room;
    }
    return h->outroom - h->outlen;
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

void http_printf(Http *h, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    size_t room = http_room(h);
    size_t n = (size_t)govsnprintf(h->out + h->outlen, room, fmt, ap);
    if (n < room) {
        h->outlen += n;
    } else { /* long, or at the end of the buffer */
        char *text = gomalloc(n + 1);
        govsnprintf(text, n + 1, fmt, again);
        http_put(h, text, n);
        gofree(text);
    }
    va_end(again);
    va_end(ap);
}

/* ---- deadlines ---- */

/** A read fails if the client is silent for the site's time, or if the server ends. */
static void idledeadline(Http *h)
{
    int64_t now = nanotime();
    bool recent = h->readset != 0 && now - h->readset <= h->site->idle / 8;
    if (h->closed || (recent && !h->server->stopping))
        return;
    mutex_lock(&h->lock);
    h->idle = true;
    h->readset = now;
    net_readdeadline(h->conn, now + (h->server->stopping ? LAST_CALL : h->site->idle));
    mutex_unlock(&h->lock);
}

/** A read fails after ns, whatever comes until then. The end of the server is no matter now. */
static void busydeadline(Http *h, int64_t ns)
{
    mutex_lock(&h->lock);
    h->idle = false;
    h->readset = 0;
    net_readdeadline(h->conn, nanotime() + ns);
    mutex_unlock(&h->lock);
}

void http_hurry(Peer *p)
{
    Http *h = p->state;
    mutex_lock(&h->lock);
    if (h->idle) /* a request that is on its way is answered, and told that it is the last */
        net_readdeadline(h->conn, nanotime() + LAST_CALL);
    mutex_unlock(&h->lock);
}

/* ---- input ---- */

/** Gives the input buffer another size; what is in it fits. */
static void resize(Http *h, size_t room)
{
    char *in = gomalloc(room);
    if (h->inlen > 0)
        bytes_copy(in, h->in, h->inlen);
    gofree(h->in);
    h->in = in;
    h->inroom = room;
}

/** Takes the first n bytes out of the input. */
static void consume(Http *h, size_t n)
{
    h->inlen -= n;
    if (h->inlen > 0)
        __builtin_memmove(h->in, h->in + n, h->inlen);
    else if (h->inroom > IN_SMALL)
        resize(h, IN_SMALL);
}

/** Reads more into the input, which has room; false if nothing came: *err is 0 at the end, or -errno. */
static bool more(Http *h, intptr_t *err)
{
    endoutput(h);
    intptr_t n = net_read(h->conn, h->in + h->inlen, h->inroom - h->inlen);
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

/** The first line of what has come, without its end. */
static Text firstline(const Http *h)
{
    Text rest = {h->in, h->inlen};
    Text line = text_cut(&rest, '\n');
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

/** Counts the answer, and logs it. */
static void answered(Http *h, Text line)
{
    h->site->requests++;
    if (h->site->log) {
        char peer[NET_ADDRLEN];
        net_remoteaddr(h->conn, peer, sizeof peer);
        log_request(peer, line, h->status, h->sent);
    }
}

/** Answers a request that is not complete, and never will be. */
static void refuse(Http *h, int status)
{
    Request none = {.keepalive = false};
    respond_status(h, &none, status, false, "");
    answered(h, firstline(h));
}

/**
 * The server ends, and no request has come in time. But we may have been slower than the client: looks once more at
 * what has come until now, without waiting.
 */
static bool lastlook(Http *h, intptr_t err)
{
    if (err != -NET_ETIMEOUT || h->inlen > 0 || !h->server->stopping || h->closed)
        return false;
    h->closed = true;
    mutex_lock(&h->lock); /* hurry() has no say any more */
    h->idle = false;
    net_readdeadline(h->conn, 0);
    mutex_unlock(&h->lock);
    return net_closeread(h->conn) == 0;
}

/** No more of the head comes: err is what the read said. Answers if there was a question. */
static void headfailed(Http *h, intptr_t err)
{
    if (h->inlen > 0 && err == -NET_ETIMEOUT) {
        refuse(h, 408);
        return;
    }
    h->silent = true;
    if (h->inlen > 0 && err == 0) /* it has closed its half only: perhaps it still listens */
        refuse(h, 400);
}

/**
 * Waits for the head of a request; its length, or 0 if the connection is to end (answered, if there was a
 * question).
 */
static size_t readhead(Http *h)
{
    size_t seen = 0;
    bool begun = false;
    skipempty(h);
    for (;;) {
        size_t end = headend(h, seen);
        if (end > 0)
            return end;
        seen = h->inlen;
        if (seen == HEAD_MAX) {
            bool line = firstline(h).n < HEAD_MAX; /* is at least the first line complete? */
            refuse(h, line ? 431 : 414);
            return 0;
        }
        if (seen == h->inroom)
            resize(h, HEAD_MAX);
        if (seen == 0)
            idledeadline(h);
        else if (!begun)
            busydeadline(h, h->site->headtime);
        begun = seen > 0;
        intptr_t err;
        if (!more(h, &err) && !lastlook(h, err)) {
            headfailed(h, err);
            return 0;
        }
        if (seen == 0)
            skipempty(h);
    }
}

/** Reads the n bytes of a body and throws them away; false if they do not come. */
static bool drain(Http *h, int64_t n)
{
    bool begun = false;
    for (;;) {
        size_t k = (int64_t)h->inlen < n ? h->inlen : (size_t)n;
        consume(h, k);
        n -= (int64_t)k;
        if (n == 0)
            return true;
        if (!begun)
            busydeadline(h, h->site->idle);
        begun = true;
        intptr_t err;
        if (!more(h, &err))
            return false;
    }
}

/* ---- requests ---- */

/** Answers a request whose head is in order. */
static void serverequest(Http *h, const Request *r)
{
    if (r->head || text_is(r->method, "GET"))
        respond_file(h, r);
    else if (text_is(r->method, "POST") || text_is(r->method, "PUT") || text_is(r->method, "DELETE") ||
             text_is(r->method, "PATCH") || text_is(r->method, "OPTIONS") || text_is(r->method, "TRACE") ||
             text_is(r->method, "CONNECT"))
        respond_status(h, r, 405, r->keepalive, "Allow: GET, HEAD\r\n");
    else
        respond_status(h, r, 501, r->keepalive, "");
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
        answered(h, firstline(h));
        return false;
    }
    r.keepalive = r.keepalive && !h->server->stopping;
    int64_t bodylen = r.bodylen;
    bool keepalive = r.keepalive;
    serverequest(h, &r);
    answered(h, firstline(h));
    consume(h, headlen); /* r points into it */
    return keepalive && !h->failed && drain(h, bodylen);
}

/**
 * Ends the sending half, and takes what is still coming: closing on unread input would destroy the last
 * answer.
 */
static void linger(Http *h)
{
    endoutput(h);
    if (h->failed || h->silent || net_closewrite(h->conn) < 0)
        return;
    busydeadline(h, LINGER_TIME);
    size_t taken = 0;
    intptr_t n;
    while (taken < LINGER_MAX && (n = net_read(h->conn, h->in, h->inroom)) > 0)
        taken += (size_t)n;
}

void http_serve(Peer *p)
{
    Http *h = gomalloc(sizeof *h);
    h->conn = p->conn;
    h->server = p->server;
    h->site = p->server->data;
    resize(h, IN_SMALL);
    server_setstate(p, h);
    size_t n;
    while ((n = readhead(h)) > 0) {
        if (!answer(h, n))
            break;
    }
    linger(h);
    server_setstate(p, NULL);
    gofree(h->in);
    gofree(h);
}

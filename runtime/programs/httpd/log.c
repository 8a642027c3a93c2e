/**
 * @file log.c
 * The access log. Connections send their lines to one goroutine, which writes as many as there
 * are with one system call: lines do not mix, and who serves a client does not wait for the disk. If whoever
 * reads the log is slower than the clients the channel becomes full, and then the connections wait: no line
 * is lost.
 */
#include "httpd.h"

/** Lines that may wait. */
#define LINES 1024
/** What is written at a time, about. */
#define BATCH 16384
/** The most bytes of a request line that are logged. */
#define LINE_MAX 1024

static Chan *lines; /* of Buffers */
static Chan *ended; /* closed when all has been written */

/** Puts what one line may hold without being taken for something else: the client chose it. */
static void putescaped(Buffer *b, Text s)
{
    for (size_t i = 0; i < s.n && i < LINE_MAX; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c >= 127 || c == '"' || c == '\\')
            buffer_printf(b, "\\x%02x", c);
        else
            buffer_put(b, &s.p[i], 1);
    }
}

void log_request(const char *peer, Text line, int status, int64_t bytes)
{
    char date[DATE_ROOM];
    Buffer b = {0};
    Text host = text(peer);
    while (host.n > 0 && host.p[host.n - 1] != ':')
        host.n--;
    if (host.n > 0)
        host.n--;
    date_format(date, walltime() / NSEC_PER_SEC); /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    buffer_printf(&b, "%.*s - - [%.2s/%.3s/%.4s:%.8s +0000] \"", (int)host.n, host.p, date + 5, date + 8,
                  date + 12, date + 17);
    if (line.n == 0)
        buffer_put(&b, "-", 1);
    putescaped(&b, line);
    buffer_printf(&b, "\" %d %lld\n", status, (long long)bytes);
    chan_send(lines, &b);
}

/** Writes lines until there will be no more. */
static void logger(void *unused)
{
    (void)unused;
    Buffer line, batch = {0};
    while (chan_recv(lines, &line)) {
        bool more = true;
        do {
            buffer_put(&batch, line.p, line.n);
            gofree(line.p);
        } while (batch.n < BATCH && chan_tryrecv(lines, &line, &more) && more);
        file_write(1, batch.p, batch.n); /* nobody reads it any more? Then nobody will miss it */
        batch.n = 0;
    }
    gofree(batch.p);
    chan_close(ended);
}

void log_start(void)
{
    lines = chan_make(sizeof(Buffer), LINES);
    ended = chan_make(1, 0);
    go(logger, NULL);
}

void log_end(void)
{
    chan_close(lines);
    chan_recv(ended, NULL);
}

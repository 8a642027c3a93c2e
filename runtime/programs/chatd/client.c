/**
 * @file client.c
 * A client has two goroutines: the reader, which is the connection's own, and the writer. So
 * a client that does not read is heard, and one that does not write is told.
 */
#include "chatd.h"

/** How long a write may take. */
#define WRITE_TIME (10 * NSEC_PER_SEC)

/** The reader's side of a client. */
typedef struct Reader {
    Client *c;
    Chan *hub;            /* where events go */
    Chan *answered;       /* the hub has used our text; room for one, so that it does not wait */
    size_t have;          /* bytes in buf */
    char buf[LINE_ROOM];
} Reader;

bool isname(Text s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return s.n > 0 && s.n < NAME_ROOM;
}

/** Writes what the hub sends, until it closes the channel. After an error it only throws away. */
static void writer(void *arg)
{
    Client *c = arg;
    Line l;
    bool failed = false;
    while (chan_recv(c->out, &l)) {
        if (!failed) {
            net_writedeadline(c->conn, nanotime() + WRITE_TIME);
            failed = net_write(c->conn, l.p, l.n) < 0;
        }
        gofree(l.p);
    }
    chan_close(c->written);
}

/**
 * The first line of what has come, without its end, as long as its length says; false if there is none yet.
 */
static bool nextline(Reader *r, Text *line)
{
    Text rest = {r->buf, r->have};
    *line = text_cut(&rest, '\n');
    if (!rest.p)
        return false;
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

/** Waits for a line; false at the end, and if one is too long. The line is valid until consume(). */
static bool readline(Reader *r, Text *line)
{
    while (!nextline(r, line)) {
        if (r->have == sizeof r->buf)
            return false;
        intptr_t n = net_read(r->c->conn, r->buf + r->have, sizeof r->buf - r->have);
        if (n <= 0)
            return false;
        r->have += (size_t)n;
    }
    return true;
}

/** Takes the first line out of the buffer. */
static void consume(Reader *r)
{
    Text rest = {r->buf, r->have};
    text_cut(&rest, '\n');
    r->have = rest.n;
    __builtin_memmove(r->buf, rest.p, rest.n);
}

/** Makes everything that is not text harmless: a terminal obeys such bytes. */
static void clean(Text line)
{
    for (size_t i = 0; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        if (c < ' ' || c == 127)
            ((char *)line.p)[i] = '?'; /* it is in our own buffer */
    }
}

/** The conversation: a name, then lines. */
static void converse(Reader *r)
{
    Text line;
    static const char wanted[] = "* your first line is your name, of letters and digits\n";
    if (!readline(r, &line))
        return;
    if (!isname(line)) { /* the writer has nothing to write yet */
        net_write(r->c->conn, wanted, sizeof wanted - 1);
        return;
    }
    gosnprintf(r->c->name, NAME_ROOM, "%.*s", (int)line.n, line.p);
    consume(r);
    chan_send(r->hub, &(Event){.kind = CHAT_ENTER, .from = r->c});
    while (readline(r, &line) && !text_is(line, "/quit")) {
        clean(line);
        if (line.n > 0) {
            Event e = {.kind = CHAT_SAY, .from = r->c, .text = line, .answered = r->answered};
            chan_send(r->hub, &e);
            chan_recv(r->answered, NULL);
        }
        consume(r);
    }
}

void client_serve(Peer *p)
{
    Client *c = gomalloc(sizeof *c);
    *c = (Client){.conn = p->conn,
                  .out = chan_make(sizeof(Line), UNREAD),
                  .written = chan_make(1, 0),
                  .left = chan_make(1, 0)};
    Reader r = {.c = c, .hub = p->server->data, .answered = chan_make(1, 1)};
    go(writer, c);
    server_setstate(p, c);
    converse(&r);
    chan_send(r.hub, &(Event){.kind = CHAT_LEAVE, .from = c});
    chan_recv(c->left, NULL);
    chan_recv(c->written, NULL);
    server_setstate(p, NULL);
    chan_free(c->out);
    chan_free(c->written);
    chan_free(c->left);
    chan_free(r.answered);
    gofree(c);
}

void client_hurry(Peer *p)
{
    net_closeread(p->conn);
}

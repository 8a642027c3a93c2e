/**
 * @file hub.c
 * The one goroutine that knows who is here and in which room. All others send to it, so that
 * there is no lock: what only one goroutine has needs none.
 *
 * The hub never waits for a client. It sends to a client's channel only if there is room; if there is none,
 * the client has not read UNREAD lines besides what the kernel holds for him, and is dropped.
 */
#include "chatd.h"

static Server *server;
static Chan *events; /* of Event */
static Client *clients;

/** Nothing more is said to c: its writer ends when it has written what is there. */
static void closeout(Client *c)
{
    if (!c->closed)
        chan_close(c->out);
    c->closed = true;
}

/** A line for c. If it has no room for it, it will be dropped: see dropslow(). */
static void tell(Client *c, const char *p, size_t n)
{
    Line l = {gomalloc(n), n};
    bytes_copy(l.p, p, n);
    if (!c->closed && chan_trysend(c->out, &l))
        return;
    gofree(l.p);
    c->slow = !c->closed;
}

static void broadcast(const char *room, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Takes c off the list; the others in the room hear why. */
static void forget(Client *c, const char *why)
{
    Client **at = &clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->present = false;
    if (!server->stopping)
        broadcast(c->room, "* %s %s\n", c->name, why);
}

/** Drops those who were too slow: their readers and writers fail from now on, wherever they wait. */
static void dropslow(void)
{
    for (Client *c = clients; c;) {
        if (!c->slow) {
            c = c->next;
            continue;
        }
        c->slow = false;
        closeout(c);
        net_deadline(c->conn, 1);
        forget(c, "is too slow, and was dropped"); /* which may be too much for somebody else */
        c = clients;
    }
}

/** Says the same to all in a room. */
static void broadcast(const char *room, const char *fmt, ...)
{
    char line[LINE_ROOM + 2 * NAME_ROOM];
    va_list ap;
    va_start(ap, fmt);
    size_t n = (size_t)govsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    for (Client *c = clients; c; c = c->next) {
        if (text_is(text(c->room), room))
            tell(c, line, n);
    }
}

/** An answer to c alone. */
__attribute__((format(printf, 2, 3))) static void answer(Client *c, const char *fmt, ...)
{
    char line[LINE_ROOM];
    va_list ap;
    va_start(ap, fmt);
    size_t n = (size_t)govsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    tell(c, line, n);
}

/** Somebody called name; NULL if nobody is. */
static Client *lookup(const char *name)
{
    Client *c = clients;
    while (c && !text_is(text(c->name), name))
        c = c->next;
    return c;
}

static void enter(Client *c)
{
    if (lookup(c->name)) {
        answer(c, "* there is a %s already\n", c->name);
        closeout(c);
        net_closeread(c->conn); /* the reader comes to its end */
        return;
    }
    c->next = clients;
    c->present = true;
    clients = c;
    gosnprintf(c->room, sizeof c->room, "lobby");
    broadcast(c->room, "* %s is here\n", c->name);
}

static void changeroom(Client *c, Text room)
{
    if (!isname(room)) {
        answer(c, "* a room has a name of letters and digits\n");
        return;
    }
    broadcast(c->room, "* %s goes to %.*s\n", c->name, (int)room.n, room.p);
    gosnprintf(c->room, sizeof c->room, "%.*s", (int)room.n, room.p);
    broadcast(c->room, "* %s is here\n", c->name);
}

static void who(Client *asks)
{
    Buffer b = {0};
    buffer_printf(&b, "* in %s:", asks->room);
    for (Client *c = clients; c; c = c->next) {
        if (text_is(text(c->room), asks->room))
            buffer_printf(&b, " %s", c->name);
    }
    buffer_put(&b, "\n", 1);
    tell(asks, b.p, b.n);
    gofree(b.p);
}

/** A line of c's: a command, or something for the room. */
static void say(Client *c, Text line)
{
    Text rest = line;
    Text command = text_cut(&rest, ' ');
    if (text_is(command, "/join"))
        changeroom(c, text_trim(rest));
    else if (text_is(command, "/who"))
        who(c);
    else if (text_begins(command, "/"))
        answer(c, "* /join ROOM, /who, /quit\n");
    else
        broadcast(c->room, "%s: %.*s\n", c->name, (int)line.n, line.p);
}

/** The last that is heard of c. */
static void leave(Client *c)
{
    if (c->present)
        forget(c, "has left");
    c->slow = false;
    if (server->stopping && !c->closed)
        tell(c, "* the server ends\n", sizeof "* the server ends\n" - 1);
    closeout(c);
    chan_close(c->left); /* c is its reader's alone now */
}

static void hub(void *unused)
{
    (void)unused;
    Event e;
    char done = 1;
    while (chan_recv(events, &e)) {
        if (e.kind == CHAT_ENTER)
            enter(e.from);
        else if (e.kind == CHAT_LEAVE)
            leave(e.from);
        else if (e.from->present)
            say(e.from, e.text);
        dropslow();
        if (e.kind == CHAT_SAY)
            chan_send(e.answered, &done);
    }
}

Chan *hub_start(Server *s)
{
    server = s;
    events = chan_make(sizeof(Event), 0);
    go(hub, NULL);
    return events;
}

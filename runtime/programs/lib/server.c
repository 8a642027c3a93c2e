/**
 * @file server.c
 * The life of a server, from its first connection to its last.
 */
#include <asm/signal.h>
#include <linux/errno.h>
#include "server.h"
#include "text.h"

/** How long to wait when the process has no file descriptor left for a connection. */
#define ACCEPT_PAUSE (10 * NSEC_PER_MSEC)
/** A deadline that has passed. */
#define PAST 1

/* ---- the end ---- */

/** The server is to end: nobody waits for connections any more. Once, or again without effect. */
static void stopserver(Server *s)
{
    mutex_lock(&s->lock);
    if (!s->stopping) {
        s->stopping = true;
        net_acceptdeadline(s->listener, PAST);
        chan_close(s->stop);
    }
    mutex_unlock(&s->lock);
}

/** Closes done if nothing is left. Locked. */
static void checkdone(Server *s)
{
    if (s->stopping && !s->accepting && s->npeers == 0)
        chan_close(s->done);
}

/** Asks p to end. Locked. */
static void hurry(Peer *p)
{
    if (p->server->hurry && p->state)
        p->server->hurry(p);
}

/* ---- connections ---- */

/** The goroutine of a connection. */
static void peermain(void *arg)
{
    Peer *p = arg;
    Server *s = p->server;
    s->serve(p);
    mutex_lock(&s->lock); /* first: nobody may hurry a connection that is being closed */
    if (p->next)
        p->next->prev = p->prev;
    if (p->prev)
        p->prev->next = p->next;
    else
        s->peers = p->next;
    mutex_unlock(&s->lock);
    net_close(p->conn);
    gofree(p);
    chan_recv(s->slots, NULL);
    mutex_lock(&s->lock);
    s->npeers--;
    checkdone(s);
    mutex_unlock(&s->lock);
}

/** Begins to serve c, which has a slot. */
static void begin(Server *s, Conn *c)
{
    Peer *p = gomalloc(sizeof *p);
    p->server = s;
    p->conn = c;
    mutex_lock(&s->lock);
    p->next = s->peers;
    if (p->next)
        p->next->prev = p;
    s->peers = p;
    s->npeers++;
    s->accepted++;
    mutex_unlock(&s->lock);
    go(peermain, p);
}

void server_setstate(Peer *p, void *state)
{
    mutex_lock(&p->server->lock);
    p->state = state;
    if (p->server->stopping)
        hurry(p); /* it was not there yet when the others were hurried */
    mutex_unlock(&p->server->lock);
}

/* ---- accepting ---- */

/** Waits for a free slot and takes it; false if the server is to end. */
static bool takeslot(Server *s)
{
    char one = 1;
    SelectCase cases[] = {{.c = s->slots, .elem = &one, .send = true}, {.c = s->stop}};
    return chan_select(cases, 2, true) == 0;
}

/** Accepts until the server is to end (true), or an error that waiting does not cure. */
static bool acceptall(Server *s)
{
    while (takeslot(s)) {
        int err;
        Conn *c = net_accept(s->listener, &err);
        if (c) {
            begin(s, c);
            continue;
        }
        chan_recv(s->slots, NULL);
        if (err == NET_ETIMEOUT) /* stopserver's deadline */
            return true;
        if (err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM) {
            gosleep(ACCEPT_PAUSE); /* connections that end give theirs back */
        } else {
            goprintf(2, "accept: error %d\n", err);
            return false;
        }
    }
    return true;
}

/** Serves those who are in the kernel's queue: they have connected, and their requests may be on the way. */
static void emptyqueue(Server *s)
{
    char one = 1;
    int64_t end = nanotime() + s->patience;
    while (nanotime() < end) {
        if (!chan_trysend(s->slots, &one)) { /* all are in a hurry: a slot will be free soon */
            gosleep(NSEC_PER_MSEC);
            continue;
        }
        Conn *c = net_tryaccept(s->listener, NULL);
        if (!c) {
            chan_recv(s->slots, NULL);
            return;
        }
        begin(s, c);
    }
}

/** The accepting goroutine. */
static void acceptor(void *arg)
{
    Server *s = arg;
    s->failed = !acceptall(s);
    stopserver(s);
    emptyqueue(s);
    net_closelistener(s->listener);
    mutex_lock(&s->lock);
    s->accepting = false;
    checkdone(s);
    mutex_unlock(&s->lock);
}

/* ---- the whole ---- */

/** Of the timer that ends the patience. */
static void closechan(void *c)
{
    chan_close(c);
}

bool server_run(Server *s)
{
    Chan *signals = chan_make(sizeof(int), 2), *late = chan_make(1, 0);
    signal_notify(signals, SIGTERM);
    signal_notify(signals, SIGINT);
    s->slots = chan_make(1, (size_t)s->max);
    s->stop = chan_make(1, 0);
    s->done = chan_make(1, 0);
    s->accepting = true;
    go(acceptor, s);
    SelectCase first[] = {{.c = signals}, {.c = s->stop}};
    chan_select(first, 2, true);
    stopserver(s);
    mutex_lock(&s->lock);
    for (Peer *p = s->peers; p; p = p->next)
        hurry(p);
    mutex_unlock(&s->lock);
    timer_after(s->patience, closechan, late);
    SelectCase second[] = {{.c = s->done}, {.c = signals}, {.c = late}};
    /* Otherwise the process ends now, and the kernel cuts off what is left. */
    return chan_select(second, 3, true) == 0 && !s->failed;
}

Listener *server_listen(const char *program, const char *network, const char *addr)
{
    int err;
    Listener *l = net_listen(network, addr, &err);
    if (!l)
        goprintf(2, "%s: cannot listen on %s: error %d\n", program, addr, err);
    return l;
}

void server_announce(Listener *l, const char *addr)
{
    Text host = text(addr);
    while (host.n > 0 && host.p[host.n - 1] != ':')
        host.n--;
    goprintf(1, "listening on %.*s%d\n", (int)host.n, host.p, net_port(l));
}

int server_limit(void)
{
    int n = file_raiselimit();
    if (n > 1 << 20)
        n = 1 << 20;
    return n < 256 ? n / 2 : n - n / 8; /* the rest for files */
}

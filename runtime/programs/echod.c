/**
 * @file echod.c
 * A TCP server that says what it is told: echod [-addr HOST:PORT] [-idle SECONDS]
 *
 *     make run LAB=07 PROG=echod
 *
 * The least that a server can be: a goroutine for each connection, a read, a write, and again. It looks as
 * if each had a thread that blocks, and ten thousand of them need a handful. HANDOFFDEBUG=schedtrace=1000
 * shows how many.
 */
#include "handoff.h"
#include "lib/server.h"
#include "lib/text.h"

/** Bytes that are taken at a time. */
#define ROOM 4096

static int64_t idle = 60; /* seconds that a client may be silent */

/** Bytes that have been echoed. */
static _Atomic uint64_t echoed;

/** Moves the deadline on; a timer costs more than an echo, so not each time. */
static void moveon(Conn *c, int64_t *set)
{
    int64_t now = nanotime();
    if (*set != 0 && now - *set < idle * NSEC_PER_SEC / 8)
        return;
    net_deadline(c, now + idle * NSEC_PER_SEC);
    *set = now;
}

static void serve(Peer *p)
{
    char buf[ROOM];
    intptr_t n;
    int64_t deadlineset = 0;
    server_setstate(p, p);
    for (;;) {
        moveon(p->conn, &deadlineset);
        n = net_read(p->conn, buf, sizeof buf);
        if (n <= 0 || net_write(p->conn, buf, (size_t)n) < 0)
            break;
        echoed += (uint64_t)n;
    }
    server_setstate(p, NULL);
}

/** What the client has sent is still read and echoed; then comes the end. */
static void hurry(Peer *p)
{
    net_closeread(p->conn);
}

int gomain(int argc, char **argv)
{
    const char *addr = "127.0.0.1:7007";
    const Option o[] = {
        {.name = "-addr", .string = &addr, .help = "HOST:PORT to listen on (127.0.0.1:7007)"},
        {.name = "-idle", .number = &idle, .min = 1, .max = 9999, .help = "seconds that a client may be silent (60)"},
    };
    if (options(o, sizeof o / sizeof *o, argc, argv, "") != argc)
        return 2;
    Server s = {.max = server_limit(), .serve = serve, .hurry = hurry, .patience = 10 * NSEC_PER_SEC};
    s.listener = server_listen("echod", "tcp", addr);
    if (!s.listener)
        return 1;
    server_announce(s.listener, addr);
    bool clean = server_run(&s);
    goprintf(2, "echod: %llu bytes on %llu connections\n", (unsigned long long)echoed,
             (unsigned long long)s.accepted);
    return clean ? 0 : 1;
}

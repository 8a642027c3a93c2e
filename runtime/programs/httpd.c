/**
 * @file httpd.c
 * An HTTP/1.1 server for the files of one directory: `httpd [-addr HOST:PORT] [-root DIR] [-idle SECONDS]`.
 *
 * Each connection is a goroutine that is written as if it had a thread of its own. On sockets it parks in the
 * network poller; on files it makes real system calls that block, and its P goes to another thread if they
 * take long. Prints "listening on HOST:PORT"; port 0 takes a free one.
 */
#include <linux/errno.h>
#include "handoff.h"
#include "httpd/httpd.h"

/** Nanoseconds to wait when the process has no file descriptor left for a connection. */
#define ACCEPT_PAUSE (10 * NSEC_PER_MSEC)

/** The command line. */
static Site site = {.root = ".", .idle = 60 * NSEC_PER_SEC};
static const char *addr = "127.0.0.1:8080";

/** Says how to call the program. */
static int usage(const char *program)
{
    goprintf(2, "usage: %s [-addr HOST:PORT] [-root DIR] [-idle SECONDS]\n", program);
    return 2;
}

/** Reads the command line; false if it is wrong. */
static bool options(int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        Text name = text(argv[i]);
        if (i + 1 == argc)
            return false;
        int64_t seconds;
        if (text_is(name, "-addr"))
            addr = argv[i + 1];
        else if (text_is(name, "-root"))
            site.root = argv[i + 1];
        else if (text_is(name, "-idle") && text_number(text(argv[i + 1]), &seconds) && seconds > 0 &&
                 seconds <= 86400)
            site.idle = seconds * NSEC_PER_SEC;
        else
            return false;
    }
    return true;
}

/** What comes before the port in addr. */
static Text hostpart(void)
{
    Text host = text(addr);
    while (host.n > 0 && host.p[host.n - 1] != ':')
        host.n--;
    if (host.n > 0)
        host.n--;
    return host;
}

/** Accepts connections until the process ends; returns only after an error that waiting does not cure. */
static int acceptall(Listener *l)
{
    for (;;) {
        int err;
        Conn *c = net_accept(l, &err);
        if (c) {
            http_serve(c, &site);
        } else if (err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM) {
            gosleep(ACCEPT_PAUSE); /* connections that end give theirs back */
        } else {
            goprintf(2, "httpd: accept: error %d\n", err);
            return 1;
        }
    }
}

int gomain(int argc, char **argv)
{
    if (!options(argc, argv))
        return usage(argv[0]);
    int fd = file_open(site.root, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) {
        goprintf(2, "httpd: %s: error %d\n", site.root, -fd);
        return 1;
    }
    file_close(fd);
    int err;
    Listener *l = net_listen("tcp", addr, &err);
    if (!l) {
        goprintf(2, "httpd: cannot listen on %s: error %d\n", addr, err);
        return 1;
    }
    Text host = hostpart();
    goprintf(1, "listening on %.*s:%d\n", (int)host.n, host.p, net_port(l));
    return acceptall(l);
}

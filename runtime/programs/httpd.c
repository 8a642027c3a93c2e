/**
 * @file httpd.c
 * An HTTP/1.1 server for the files below one directory.
 *
 *     make run LAB=06 PROG=httpd ARGS="-root handouts -log"
 *
 * Each connection is a goroutine that is written as if it had a thread of its own. On sockets it parks in
 * the network poller, and costs no thread; on files it makes real system calls that block, and its P goes to
 * another thread if they take long. Prints "listening on HOST:PORT"; port 0 takes a free one. SIGTERM or
 * SIGINT ends it when the requests that it has got are answered (lib/server.h).
 *
 * Nothing outside of the root is served: neither by ".." nor by a link that leads there.
 */
#include "httpd/httpd.h"

/** The most seconds of a time limit. */
#define DAY 86400

/** Seconds to nanoseconds. */
static int64_t seconds(int64_t s)
{
    return s * NSEC_PER_SEC;
}

int gomain(int argc, char **argv)
{
    static Site site = {.root = "."};
    const char *addr = "127.0.0.1:8080";
    int64_t idle = 60, head = 10, drain = 30, max = server_limit();
    const Option o[] = {
        {.name = "-addr", .string = &addr, .help = "HOST:PORT to listen on (127.0.0.1:8080)"},
        {.name = "-root", .string = &site.root, .help = "the directory (the present one)"},
        {.name = "-idle", .number = &idle, .min = 1, .max = DAY, .help = "seconds that a client may be silent (60)"},
        {.name = "-head", .number = &head, .min = 1, .max = DAY, .help = "seconds for a request's head (10)"},
        {.name = "-drain", .number = &drain, .min = 1, .max = DAY, .help = "seconds that the end may take (30)"},
        {.name = "-max", .number = &max, .min = 1, .max = 1 << 20, .help = "connections at a time (as many as can be)"},
        {.name = "-nolist", .flag = &site.nolist, .help = "do not show directories"},
        {.name = "-log", .flag = &site.log, .help = "write an access log to standard output"},
    };
    if (options(o, sizeof o / sizeof *o, argc, argv, "") != argc)
        return 2;
    site.idle = seconds(idle);
    site.headtime = seconds(head);
    site.rootfd = file_open(site.root, O_RDONLY | O_DIRECTORY, 0);
    if (site.rootfd < 0) {
        goprintf(2, "httpd: %s: error %d\n", site.root, -site.rootfd);
        return 1;
    }
    Server s = {.max = (int)max, .serve = http_serve, .hurry = http_hurry};
    s.patience = seconds(drain);
    s.data = &site;
    s.listener = server_listen("httpd", "tcp", addr);
    if (!s.listener)
        return 1;
    server_announce(s.listener, addr);
    if (site.log)
        log_start();
    bool clean = server_run(&s);
    if (site.log && clean)
        log_end();
    goprintf(2, "httpd: %llu requests on %llu connections; %s\n", (unsigned long long)site.requests,
             (unsigned long long)s.accepted, clean ? "all answered" : "some were cut off");
    return clean ? 0 : 1;
}

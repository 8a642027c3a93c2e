/**
 * @file chat.c
 * A client of chatd: chat [-addr PATH] NAME. What it reads goes to the room, what is said there is written.
 *
 * Two goroutines copy, one in each direction, and each waits for its own side only. The terminal is waited
 * for in the network poller like a socket; a file cannot be, and is read by calls that block.
 */
#include <linux/errno.h>
#include "handoff.h"
#include "lib/text.h"

/** From here to the room. */
static void upward(void *arg)
{
    Conn *server = arg;
    Conn *input = net_fd(0, NULL); /* NULL: a file */
    char buf[1024];
    intptr_t n;
    while ((n = input ? net_read(input, buf, sizeof buf) : file_read(0, buf, sizeof buf)) > 0) {
        if (net_write(server, buf, (size_t)n) < 0)
            return;
    }
    net_closewrite(server); /* the server says goodbye, and main ends */
}

int gomain(int argc, char **argv)
{
    const char *addr = "/tmp/handoff-chat";
    const Option o[] = {
        {.name = "-addr", .string = &addr, .help = "where chatd listens (/tmp/handoff-chat)"},
    };
    int first = options(o, 1, argc, argv, "NAME");
    if (first < 0 || first != argc - 1) {
        if (first >= 0)
            goprintf(2, "chat: what is your name?\n");
        return 2;
    }
    int err;
    Conn *c = net_dial("unix", addr, &err);
    char buf[1024];
    int len = gosnprintf(buf, sizeof buf, "%s\n", argv[first]);
    if (!c || net_write(c, buf, (size_t)len < sizeof buf ? (size_t)len : 0) <= 0) {
        goprintf(2, "chat: nobody answers at %s\n", addr);
        return 1;
    }
    go(upward, c);
    intptr_t n;
    while ((n = net_read(c, buf, sizeof buf)) > 0)
        file_write(1, buf, (size_t)n);
    return n < 0;
}

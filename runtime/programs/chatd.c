/**
 * @file chatd.c
 * A chat over a Unix socket: chatd [-addr PATH]; its clients are `chat`, or anything that sends lines.
 *
 *     make run LAB=07 PROG=chatd &
 *     make run LAB=07 PROG=chat ARGS=alice
 *
 * A client's first line is his name. What he says goes to all in his room, himself included; /join ROOM
 * changes it, /who lists who is there, /quit leaves. One who does not read what others say is dropped.
 *
 * Three kinds of goroutine, and channels between them: a reader and a writer for each client, and one hub,
 * which alone knows who is where (chatd/hub.c). Nothing is shared, so nothing is locked.
 */
#include <linux/errno.h>
#include "chatd/chatd.h"

/** Removes the socket of a server that has died: nobody answers there. */
static void removestale(const char *addr)
{
    int err;
    Conn *c = addr[0] == '@' ? NULL : net_dial("unix", addr, &err);
    if (c)
        net_close(c);
    else if (addr[0] != '@' && err == ECONNREFUSED)
        file_remove(addr);
}

int gomain(int argc, char **argv)
{
    const char *addr = "/tmp/handoff-chat";
    const Option o[] = {
        {.name = "-addr", .string = &addr, .help = "the socket's path, or @NAME (/tmp/handoff-chat)"},
    };
    if (options(o, 1, argc, argv, "") != argc)
        return 2;
    removestale(addr);
    Server s = {.max = server_limit(), .serve = client_serve, .hurry = client_hurry};
    s.patience = 5 * NSEC_PER_SEC;
    s.listener = server_listen("chatd", "unix", addr);
    if (!s.listener)
        return 1;
    goprintf(1, "listening on %s\n", addr);
    s.data = hub_start(&s);
    return server_run(&s) ? 0 : 1;
}

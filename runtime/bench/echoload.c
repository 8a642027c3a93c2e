/*
 * The load of the echo rows: echoload PORT CONNECTIONS REQUESTS. Each connection has one request of 64 bytes under way at any
 * time, REQUESTS in all. It prints how long that took and ends with 1 if an answer is wrong, or none comes for ten seconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include "host.h"
#include "listen.h"

enum { SIZE = 64 };

typedef struct conn {
    int fd;
    int got;   /* bytes of the answer that are here */
    char mark; /* what the request consists of */
} conn;

static long unsent, answered;

static void ask(conn *c)
{
    char buf[SIZE];
    if (unsent == 0)
        return;
    unsent--;
    memset(buf, ++c->mark, sizeof buf);
    c->got = 0;
    if (send(c->fd, buf, sizeof buf, MSG_NOSIGNAL) != sizeof buf)
        bench_wrong("send");
}

static void hear(conn *c)
{
    char buf[SIZE];
    ssize_t n = recv(c->fd, buf, sizeof buf - (size_t)c->got, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        bench_wrong("a connection was closed");
    for (ssize_t i = 0; i < n; i++)
        if (buf[i] != c->mark)
            bench_wrong("an answer that was never asked for");
    c->got += (int)n;
    if (c->got < SIZE)
        return;
    answered++;
    ask(c);
}

static void connect_to(conn *c, int port, int ep)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a) != 0)
        bench_wrong("connect");
    send_at_once(c->fd);
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e) != 0)
        bench_wrong("epoll_ctl");
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int port = atoi(argv[1]), n = atoi(argv[2]), ep = epoll_create1(0);
    long requests = unsent = atol(argv[3]);
    conn *conns = calloc((size_t)n, sizeof *conns);
    for (int i = 0; i < n; i++)
        connect_to(&conns[i], port, ep);
    int64_t began = bench_now();
    for (int i = 0; i < n; i++)
        ask(&conns[i]);
    while (answered < requests) {
        struct epoll_event ev[256];
        int k = epoll_wait(ep, ev, 256, 10000);
        if (k == 0)
            bench_wrong("no answer for ten seconds");
        for (int i = 0; i < k; i++)
            hear(ev[i].data.ptr);
    }
    bench_put("wall", bench_now() - began, requests);
    return 0;
}

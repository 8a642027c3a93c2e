/* An echo server of one thread and one epoll set: what the kernel alone costs. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include "host.h"
#include "listen.h"

static void watch(int ep, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) != 0)
        bench_wrong("epoll_ctl");
}

static void answer(int fd)
{
    char buf[4096];
    ssize_t n = read(fd, buf, sizeof buf);
    if (n <= 0 || write(fd, buf, (size_t)n) != n)
        close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 4 || strcmp(argv[1], "echo") != 0 || atoi(argv[2]) != 1)
        return 2;
    int l = listen_somewhere(), ep = epoll_create1(0);
    watch(ep, l);
    for (;;) {
        struct epoll_event ev[256];
        int n = epoll_wait(ep, ev, 256, -1);
        for (int i = 0; i < n; i++) {
            if (ev[i].data.fd != l) {
                answer(ev[i].data.fd);
                continue;
            }
            int c = accept4(l, NULL, NULL, SOCK_NONBLOCK);
            if (c < 0)
                continue;
            send_at_once(c);
            watch(ep, c);
        }
    }
}

/**
 * @file listen.h
 * The listening socket of the echo servers that use libc.
 */
#ifndef HANDOFF_BENCH_LISTEN_H
#define HANDOFF_BENCH_LISTEN_H

/** Sends what is written at once, small as it is. */
static inline void send_at_once(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/** A socket that listens on a free port of this machine, which is printed. */
static inline int listen_somewhere(void)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) || listen(fd, 1024) || getsockname(fd, (struct sockaddr *)&a, &len))
        bench_wrong("listen");
    printf("port %d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

#endif

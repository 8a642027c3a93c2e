/**
 * @file net.c
 * TCP and Unix sockets and pipes for programs: Conn and Listener, over netfd.
 */
#include <asm/socket.h>
#include <linux/fcntl.h>
#include <linux/tcp.h>
#include "net_fd.h"

/** Connections that may wait for accept; the kernel has a limit of its own below or above it. */
#define BACKLOG 4096

struct Conn {
    netfd fd; /**< the socket or pipe end */
};

struct Listener {
    netfd fd;       /**< the socket */
    netaddr addr;   /**< what it is bound to */
    bool unlink;    /**< addr is a path in the file system: remove it when closing */
};

/** Stores e (0 or -errno) to *err as a positive number, if err is not NULL. */
static void seterr(int *err, intptr_t e)
{
    if (err)
        *err = (int)-e;
}

/** Sets an integer socket option; 0 or -errno. */
static int setoption(int sysfd, int level, int name, int value)
{
    sysret r = RawSyscall6(__NR_setsockopt, (uintptr_t)sysfd, (uintptr_t)level, (uintptr_t)name,
                           (uintptr_t)&value, sizeof value, 0);
    return -(int)r.err;
}

/** A non-blocking stream socket for a; or -errno. */
static int opensocket(const netaddr *a)
{
    sysret r = RawSyscall(__NR_socket, a->family, KSOCK_STREAM | KO_NONBLOCK | KO_CLOEXEC, 0);
    return r.err ? -(int)r.err : (int)r.r1;
}

/** A Conn on sysfd; NULL and *err if it cannot be polled: then sysfd is still open. */
static Conn *newconn(int sysfd, int *err)
{
    Conn *c = gomalloc(sizeof *c);
    int e = netfd_init(&c->fd, sysfd);
    seterr(err, -e);
    if (e == 0)
        return c;
    gofree(c);
    return NULL;
}

/** newconn, or closes sysfd. */
static Conn *newconn_own(int sysfd, int *err)
{
    Conn *c = newconn(sysfd, err);
    if (!c)
        linux_close(sysfd);
    return c;
}

/** Binds the socket to a and makes it listen; a becomes the address that it has. 0 or -errno. */
static int bindlisten(int sysfd, netaddr *a)
{
    /* A server that was just restarted must not wait until its old connections are forgotten. */
    if (a->family != KAF_UNIX)
        setoption(sysfd, SOL_SOCKET, SO_REUSEADDR, 1);
    sysret r = RawSyscall(__NR_bind, (uintptr_t)sysfd, (uintptr_t)a, a->len);
    if (r.err == 0)
        r = RawSyscall(__NR_listen, (uintptr_t)sysfd, BACKLOG, 0);
    if (r.err == 0 && a->family != KAF_UNIX)
        r = RawSyscall(__NR_getsockname, (uintptr_t)sysfd, (uintptr_t)a, (uintptr_t)&a->len);
    return -(int)r.err;
}

/** Removes the file of a Unix socket's path: a blocking call, as for any file. */
static void removepath(const netaddr *a)
{
    Syscall(__NR_unlinkat, (uintptr_t)AT_FDCWD, (uintptr_t)a->un.sun_path, 0);
}

Listener *net_listen(const char *network, const char *addr, int *err)
{
    preemptcheck();
    netaddr a;
    int e = netaddr_parse(&a, network, addr, true);
    int sysfd = e == 0 ? opensocket(&a) : e;
    if (sysfd < 0) {
        seterr(err, sysfd);
        return NULL;
    }
    Listener *l = gomalloc(sizeof *l);
    l->addr = a;
    l->unlink = a.family == KAF_UNIX && a.un.sun_path[0] != '\0';
    e = bindlisten(sysfd, &l->addr);
    bool bound = e == 0;
    if (bound)
        e = -netfd_init(&l->fd, sysfd);
    seterr(err, e);
    if (e == 0)
        return l;
    if (bound && l->unlink)
        removepath(&l->addr);
    linux_close(sysfd);
    gofree(l);
    return NULL;
}

int net_port(Listener *l)
{
    return netaddr_port(&l->addr);
}

/** A Conn on what an accept has returned: a descriptor, or -errno. */
static Conn *accepted(intptr_t sysfd, bool tcp, int *err)
{
    if (sysfd < 0) {
        seterr(err, sysfd);
        return NULL;
    }
    if (tcp)
        setoption((int)sysfd, IPPROTO_TCP, TCP_NODELAY, 1); /* answers must not wait for acknowledgements */
    Conn *c = newconn_own((int)sysfd, err);
    if (c)
        c->fd.stream = tcp;
    return c;
}

Conn *net_accept(Listener *l, int *err)
{
    bool tcp = l->addr.family != KAF_UNIX; /* the listener may be gone when accept returns */
    return accepted(netfd_accept(&l->fd), tcp, err);
}

Conn *net_tryaccept(Listener *l, int *err)
{
    bool tcp = l->addr.family != KAF_UNIX;
    return accepted(netfd_tryaccept(&l->fd), tcp, err);
}

void net_closelistener(Listener *l)
{
    if (l->unlink)
        removepath(&l->addr);
    if (netfd_close(&l->fd) == 0)
        gofree(l);
}

void net_acceptdeadline(Listener *l, int64_t t)
{
    netfd_deadline(&l->fd, t, 'r');
}

Conn *net_dial(const char *network, const char *addr, int *err)
{
    return net_dialdeadline(network, addr, 0, err);
}

Conn *net_dialdeadline(const char *network, const char *addr, int64_t t, int *err)
{
    preemptcheck();
    netaddr a;
    int e = netaddr_parse(&a, network, addr, false);
    int sysfd = e == 0 ? opensocket(&a) : e;
    if (sysfd < 0) {
        seterr(err, sysfd);
        return NULL;
    }
    Conn *c = newconn_own(sysfd, err);
    if (!c)
        return NULL;
    if (t != 0)
        net_writedeadline(c, t);
    e = netfd_connect(&c->fd, &a, a.len);
    seterr(err, e);
    if (e != 0) {
        net_close(c);
        return NULL;
    }
    if (t != 0)
        net_writedeadline(c, 0); /* it was for the connecting, not for the connection */
    c->fd.stream = a.family != KAF_UNIX;
    if (c->fd.stream)
        setoption(sysfd, IPPROTO_TCP, TCP_NODELAY, 1);
    return c;
}

int net_pipe(Conn **r, Conn **w)
{
    preemptcheck();
    int fds[2], e = linux_pipe(fds, KO_CLOEXEC | KO_NONBLOCK);
    if (e < 0)
        return e;
    Conn *rc = newconn_own(fds[0], &e);
    if (!rc) {
        linux_close(fds[1]);
        return -e;
    }
    Conn *wc = newconn_own(fds[1], &e);
    if (!wc) {
        net_close(rc);
        return -e;
    }
    *r = rc;
    *w = wc;
    return 0;
}

Conn *net_fd(int fd, int *err)
{
    preemptcheck();
    Conn *c = newconn(fd, err); /* first: a file that cannot be polled keeps its flags */
    if (!c)
        return NULL;
    int flags = linux_fcntl(fd, KF_GETFL, 0);
    int e = flags < 0 ? flags : linux_fcntl(fd, KF_SETFL, (uintptr_t)flags | KO_NONBLOCK);
    if (e >= 0)
        return c;
    seterr(err, e);
    pollUnblock(c->fd.pd);
    pollClose(c->fd.pd);
    gofree(c);
    return NULL;
}

intptr_t net_read(Conn *c, void *buf, size_t n)
{
    return netfd_read(&c->fd, buf, n);
}

intptr_t net_write(Conn *c, const void *buf, size_t n)
{
    return netfd_write(&c->fd, buf, n);
}

void net_readdeadline(Conn *c, int64_t t)
{
    netfd_deadline(&c->fd, t, 'r');
}

void net_writedeadline(Conn *c, int64_t t)
{
    netfd_deadline(&c->fd, t, 'w');
}

void net_deadline(Conn *c, int64_t t)
{
    netfd_deadline(&c->fd, t, 'r' + 'w');
}

int net_closewrite(Conn *c)
{
    return netfd_shutdown(&c->fd, KSHUT_WR);
}

int net_closeread(Conn *c)
{
    return netfd_shutdown(&c->fd, KSHUT_RD);
}

int net_close(Conn *c)
{
    int e = netfd_close(&c->fd);
    if (e == 0)
        gofree(c);
    return e;
}

void net_remoteaddr(Conn *c, char *buf, size_t n)
{
    netaddr a = {.len = sizeof a.un};
    if (RawSyscall(__NR_getpeername, (uintptr_t)c->fd.sysfd, (uintptr_t)&a, (uintptr_t)&a.len).err != 0)
        a = (netaddr){.len = 0};
    netaddr_format(&a, buf, n);
}

int net_rawfd(Conn *c)
{
    return c->fd.sysfd;
}

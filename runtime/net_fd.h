/**
 * @file net_fd.h
 * File descriptors that goroutines wait on, and network addresses: what net.c is made of. Internal.
 */
#ifndef HANDOFF_NET_FD_H
#define HANDOFF_NET_FD_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/un.h>
#include "core.h"

/**
 * A non-blocking file descriptor that the poller watches. Each operation holds a reference while it runs; the
 * descriptor is closed when netfd_close was called and the last operation has left, never under one.
 */
typedef struct netfd {
    _Atomic uint32_t state; /**< bit 0: closing; above it the references, of which the owner's is one */
    int sysfd;              /**< constant after netfd_init */
    bool stream;            /**< constant: TCP, where a read that is not filled has emptied the socket (urgent data aside) */
    bool drained;           /**< rmu: the last read was such a one */
    pollDesc *pd;           /**< likewise */
    Mutex rmu;              /**< held by the reader (or accept): one waits at a time */
    Mutex wmu;              /**< held by the writer */
    _Atomic uint32_t csema; /**< where netfd_close waits for the last reference */
} netfd;

/**
 * Begins to watch sysfd, which is non-blocking or will be made so by the caller. 0 or errno; on an error
 * sysfd is still open.
 */
int netfd_init(netfd *fd, int sysfd);
/** Reads at most n bytes: 0 at end of file; or -errno. */
intptr_t netfd_read(netfd *fd, void *buf, size_t n);
/** Writes all n bytes: n, or -errno. */
intptr_t netfd_write(netfd *fd, const void *buf, size_t n);
/** Accepts a connection: a non-blocking file descriptor, or -errno. */
intptr_t netfd_accept(netfd *fd);
/** The same without waiting, whatever the deadline: -EAGAIN if nobody is in the queue. */
intptr_t netfd_tryaccept(netfd *fd);
/** Connects to addr, len bytes: 0 or -errno. Before anybody else uses fd. */
int netfd_connect(netfd *fd, const void *addr, uint32_t len);
/** Sets the deadline of 'r', 'w' or both ('r' + 'w') to t: nanotime, 0 none. */
void netfd_deadline(netfd *fd, int64_t t, int mode);
/** shutdown(2): 0 or -errno. */
int netfd_shutdown(netfd *fd, int how);
/**
 * Wakes all that wait on fd, waits until they have left, closes the descriptor. 0, or -NET_ECLOSED if
 * somebody else closes it. After 0 nobody uses *fd any more.
 */
int netfd_close(netfd *fd);

/**
 * Numbers of the socket interface that the kernel's headers for programs leave to libc; the same on all
 * Linux CPUs here.
 */
enum { KAF_UNIX = 1, KAF_INET = 2, KAF_INET6 = 10, KSOCK_STREAM = 1, KSHUT_RD = 0, KSHUT_WR = 1 };

/** A socket address. */
typedef struct netaddr {
    union {
        struct sockaddr_un un;   /**< Unix; the largest, so that an initialiser clears all */
        struct sockaddr_in in;   /**< IPv4 */
        struct sockaddr_in6 in6; /**< IPv6 */
        uint16_t family;         /**< KAF_*; the first member of each of the others */
    };
    uint32_t len; /**< bytes that count */
} netaddr;

/**
 * Parses addr. Network "tcp": "host:port", where host is an IPv4 address, an IPv6 address in brackets,
 * "localhost", or nothing (every address if listening, else this machine). Network "unix": a path; a leading
 * @ means the abstract name space. No names are looked up. 0 or -EINVAL.
 */
int netaddr_parse(netaddr *a, const char *network, const char *addr, bool listening);
/** The port of a; 0 if it has none. */
int netaddr_port(const netaddr *a);
/** Writes a as netaddr_parse reads it; "" if it is no address (the unnamed end of a Unix socket). */
void netaddr_format(const netaddr *a, char *buf, size_t n);

#endif

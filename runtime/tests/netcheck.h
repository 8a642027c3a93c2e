/**
 * @file netcheck.h
 * What the tests of sockets and pipes have in common.
 */
#ifndef HANDOFF_TEST_NETCHECK_H
#define HANDOFF_TEST_NETCHECK_H

#include "check.h"
#include "core.h"

/** Goroutines of one test that have come to their end. */
static _Atomic int ended;

/** A pipe. */
static inline void pipe_pair(Conn **r, Conn **w)
{
    int e = net_pipe(r, w);
    CHECK(e == 0, "a pipe, not error %d", -e);
}

/** A listener on a free TCP port; addr receives its address. */
static inline Listener *tcp_listener(char *addr, size_t n)
{
    int err;
    Listener *l = net_listen("tcp", "127.0.0.1:0", &err);
    CHECK(l, "a listener, not error %d", err);
    gosnprintf(addr, n, "127.0.0.1:%d", net_port(l));
    return l;
}

/** The two ends of a connection to l, which is closed. */
static inline void connect_and_close(Listener *l, const char *network, const char *addr, Conn **a, Conn **b)
{
    int err;
    *a = net_dial(network, addr, &err);
    CHECK(*a, "a connection to %s, not error %d", addr, err);
    *b = net_accept(l, &err);
    CHECK(*b, "its other end, not error %d", err);
    net_closelistener(l);
}

/** Waits until n goroutines are parked in the poller. */
static inline void await_waiters(uint32_t n)
{
    int64_t end = nanotime() + PATIENCE;
    while (load_seqcst(&netpollWaiters) != n) {
        CHECK(nanotime() < end, "%u goroutines wait in the poller, and %u will", load_seqcst(&netpollWaiters),
              n);
        gosched();
    }
}

#endif

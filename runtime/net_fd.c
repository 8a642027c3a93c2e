/**
 * @file net_fd.c
 * A file descriptor on which goroutines wait: the loop "try; if it would block, park until the poller says ready".
 *
 * The descriptor is non-blocking, so each attempt is a raw system call that keeps the P. Closing is the hard
 * part: a descriptor's number must not be given back to the kernel while somebody is about to use it, because
 * another goroutine might get the same number for another file. Hence the reference count: every operation
 * holds one, the closer marks the descriptor and evicts waiters, and whoever drops the last reference closes
 * it.
 *
 * Mirrors FD and fdMutex in internal/poll.
 */
#include <asm/socket.h>
#include "net_fd.h"

/** state: closing. */
#define FD_CLOSING 1u
/** state: one reference. */
#define FD_REF 2u
/** The most bytes that one read or write asks for. */
#define MAX_RW ((size_t)1 << 30)

int netfd_init(netfd *fd, int sysfd)
{
    int err;
    store_relaxed(&fd->state, FD_REF); /* nobody else knows fd yet */
    fd->sysfd = sysfd;
    fd->pd = pollOpen(sysfd, &err);
    return err;
}

/** Drops a reference; true if it was the last one. Then the descriptor has been closed. */
static bool netfd_decref(netfd *fd)
{
    /* Release what we did with fd; acquire what the others did, if we are the last. Pairs with itself. */
    uint32_t old = fetch_add_acqrel(&fd->state, -FD_REF);
    if (old != (FD_REF | FD_CLOSING))
        return false;
    pollClose(fd->pd);
    /* It may wait: for data to be sent, if the program asked for that. Never retried: the number is free. */
    Syscall(__NR_close, (uintptr_t)fd->sysfd, 0, 0);
    return true;
}

/** Drops a reference that is not the closer's. */
static void netfd_leave(netfd *fd)
{
    if (netfd_decref(fd))
        semrelease(&fd->csema, false); /* the closer may free *fd from here on */
}

/** Takes a reference; false if fd is closing. */
static bool netfd_enter(netfd *fd)
{
    preemptcheck();
    uint32_t old = fetch_add_acqrel(&fd->state, FD_REF); /* pairs with netfd_close's fetch_or */
    if (!(old & FD_CLOSING))
        return true;
    netfd_leave(fd);
    return false;
}

/** What a pollErr value means to the caller of an operation: 0 or -errno. */
static int pollerror(int err)
{
    switch (err) {
    case pollNoError:
        return 0;
    case pollErrClosing:
        return -NET_ECLOSED;
    case pollErrTimeout:
        return -NET_ETIMEOUT;
    default:
        return -EIO;
    }
}

/**
 * System call num(sysfd, a2, a3, a4) until it neither is interrupted nor would block. The result, or
 * -errno.
 */
static intptr_t netfd_try(netfd *fd, int mode, uintptr_t num, uintptr_t a2, uintptr_t a3, uintptr_t a4)
{
    for (;;) {
        sysret r = RawSyscall6(num, (uintptr_t)fd->sysfd, a2, a3, a4, 0, 0);
        if (r.err == 0)
            return (intptr_t)r.r1;
        if (r.err == EINTR)
            continue;
        if (r.err != EAGAIN)
            return -(intptr_t)r.err;
        int err = pollerror(pollWait(fd->pd, mode));
        if (err != 0)
            return err;
    }
}

/**
 * There is nothing to read, and an event will tell when there is: the last read has emptied the socket. A try would only say
 * so once more, and costs a server that answers requests a third of its system calls. But the end of the stream may have come
 * together with the data, in one event, and no other will tell of it. The poller notes that in pd->seen, or, if a lab does
 * without, notes nothing, and then we try. What comes later is an event of its own. fd->rmu held.
 */
static bool nothingtoread(netfd *fd)
{
    uint32_t seen = load_relaxed(&fd->pd->seen); /* set before the event woke us, or it wakes us yet: pollWait looks */
    return fd->drained && (seen & EPOLLIN) && !(seen & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
}

/** Takes a reference and the lock of mode, and prepares the poller: 0, or -errno with nothing held. */
static int netfd_begin(netfd *fd, int mode)
{
    if (!netfd_enter(fd))
        return -NET_ECLOSED;
    Mutex *mu = mode == 'r' ? &fd->rmu : &fd->wmu;
    mutex_lock(mu);
    int err = pollerror(mode == 'r' && nothingtoread(fd) ? pollWait(fd->pd, mode) : pollReset(fd->pd, mode));
    if (err != 0) {
        mutex_unlock(mu);
        netfd_leave(fd);
    }
    return err;
}

/** Undoes netfd_begin. */
static void netfd_end(netfd *fd, int mode)
{
    mutex_unlock(mode == 'r' ? &fd->rmu : &fd->wmu);
    netfd_leave(fd);
}

intptr_t netfd_read(netfd *fd, void *buf, size_t n)
{
    if (n == 0)
        return 0;
    intptr_t r = netfd_begin(fd, 'r');
    if (r != 0)
        return r;
    n = n < MAX_RW ? n : MAX_RW;
    r = netfd_try(fd, 'r', __NR_read, (uintptr_t)buf, n, 0);
    fd->drained = fd->stream && r > 0 && (size_t)r < n;
    netfd_end(fd, 'r');
    return r;
}

intptr_t netfd_write(netfd *fd, const void *buf, size_t n)
{
    intptr_t r = netfd_begin(fd, 'w');
    if (r != 0)
        return r;
    size_t done = 0;
    while (done < n) {
        size_t want = n - done < MAX_RW ? n - done : MAX_RW;
        r = netfd_try(fd, 'w', __NR_write, (uintptr_t)buf + done, want, 0);
        if (r <= 0)
            break;
        done += (size_t)r;
    }
    netfd_end(fd, 'w');
    if (done == n)
        return (intptr_t)n;
    return r < 0 ? r : -EIO; /* a write of nothing would go on for ever */
}

intptr_t netfd_accept(netfd *fd)
{
    intptr_t r = netfd_begin(fd, 'r');
    if (r != 0)
        return r;
    do {
        r = netfd_try(fd, 'r', __NR_accept4, 0, 0, KO_NONBLOCK | KO_CLOEXEC);
    } while (r == -ECONNABORTED); /* the peer left the queue before its turn: take the next */
    netfd_end(fd, 'r');
    return r;
}

intptr_t netfd_tryaccept(netfd *fd)
{
    if (!netfd_enter(fd))
        return -NET_ECLOSED;
    sysret r;
    do { /* the kernel takes one out at a time: who waits in netfd_accept is not in the way */
        r = RawSyscall6(__NR_accept4, (uintptr_t)fd->sysfd, 0, 0, KO_NONBLOCK | KO_CLOEXEC, 0, 0);
    } while (r.err == EINTR || r.err == ECONNABORTED);
    netfd_leave(fd);
    return r.err ? -(intptr_t)r.err : (intptr_t)r.r1;
}

/** The error that a connection attempt ended with (SO_ERROR); 0 if it has none. */
static int socketerror(int sysfd)
{
    int value = 0;
    uint32_t len = sizeof value;
    sysret r = RawSyscall6(__NR_getsockopt, (uintptr_t)sysfd, SOL_SOCKET, SO_ERROR, (uintptr_t)&value,
                           (uintptr_t)&len, 0);
    return r.err ? (int)r.err : value;
}

/** True if the socket has a peer. */
static bool connected(int sysfd)
{
    struct __kernel_sockaddr_storage peer;
    uint32_t len = sizeof peer;
    return RawSyscall(__NR_getpeername, (uintptr_t)sysfd, (uintptr_t)&peer, (uintptr_t)&len).err == 0;
}

int netfd_connect(netfd *fd, const void *addr, uint32_t len)
{
    /* A deadline may have passed already. And a fresh socket is "hung up", which made it ready. */
    int e = pollerror(pollReset(fd->pd, 'w'));
    if (e != 0)
        return e;
    sysret c = RawSyscall(__NR_connect, (uintptr_t)fd->sysfd, (uintptr_t)addr, len);
    if (c.err == 0 || c.err == EISCONN)
        return 0;
    /* Interrupted or in progress, the kernel goes on connecting, and says "writable" when it has done. */
    if (c.err != EINPROGRESS && c.err != EALREADY && c.err != EINTR)
        return -(int)c.err;
    for (;;) {
        int err = pollerror(pollWait(fd->pd, 'w'));
        if (err != 0)
            return err;
        err = socketerror(fd->sysfd);
        if (err == EISCONN || (err == 0 && connected(fd->sysfd)))
            return 0;
        if (err != 0 && err != EINPROGRESS && err != EALREADY && err != EINTR)
            return -err;
        /* Woken by a late event of the time before connect: wait again. */
    }
}

void netfd_deadline(netfd *fd, int64_t t, int mode)
{
    if (!netfd_enter(fd))
        return;
    int64_t d = 0;
    if (t != 0 && __builtin_sub_overflow(t, timeseam.nanotime(), &d))
        d = -1; /* so far in the past that it has no difference from now */
    if (t != 0 && d == 0)
        d = -1; /* now: 0 would mean no deadline */
    pollSetDeadline(fd->pd, d, mode);
    netfd_leave(fd);
}

int netfd_shutdown(netfd *fd, int how)
{
    if (!netfd_enter(fd))
        return -NET_ECLOSED;
    sysret r = RawSyscall(__NR_shutdown, (uintptr_t)fd->sysfd, (uintptr_t)how, 0);
    netfd_leave(fd);
    return -(int)r.err;
}

int netfd_close(netfd *fd)
{
    preemptcheck();
    /* Pairs with netfd_enter: whoever comes later sees the bit, whoever came before holds a reference. */
    uint32_t old = atomic_fetch_or_explicit(&fd->state, FD_CLOSING, memory_order_acq_rel);
    if (old & FD_CLOSING)
        return -NET_ECLOSED;
    pollUnblock(fd->pd);
    if (!netfd_decref(fd))
        semacquire(&fd->csema, false, waitReasonSemacquire);
    return 0;
}

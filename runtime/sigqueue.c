/**
 * @file sigqueue.c
 * Signals for programs: the way from the handler, which may do next to nothing, to a channel.
 *
 *   handler    sigsend: marks the signal as pending and writes to an eventfd. Any thread, any moment.
 *   goroutine  sigreceive: parks in the network poller until that is readable, takes the marks, sends on.
 *
 * A signal that arrives again before its mark was taken is one signal, as in the kernel. Go's runtime wakes
 * its receiver by a note, which costs a thread that sleeps on it; a descriptor in the poller costs none.
 * Mirrors sigqueue.go and the package os/signal.
 */
#include "core.h"

/** Signals have the numbers 1 to 64. */
enum { NSIG_ = 64 };

/** A channel that wants signals. */
typedef struct listener {
    struct listener *next; /* protected by signals.lock */
    Chan *c;               /* constant */
    uint64_t wants;        /* bit sig - 1; protected by signals.lock */
} listener;

static struct {
    Mutex lock;          /* a goroutine's: protects what follows */
    listener *listeners; /* who wants what */
    bool started;        /* sigreceive runs */
    struct ksigaction before[NSIG_ + 1]; /* what held before the first one who wanted the signal came */
} signals;

static uint64_t bit(int sig)
{
    return (uint64_t)1 << (sig - 1);
}

/** Sends what has arrived to those who want it. */
static void sigdeliver(uint64_t arrived)
{
    mutex_lock(&signals.lock);
    for (int sig = 1; sig <= NSIG_; sig++) {
        for (listener *l = signals.listeners; l && (arrived & bit(sig)); l = l->next) {
            if (l->wants & bit(sig))
                chan_trysend(l->c, &sig);
        }
    }
    mutex_unlock(&signals.lock);
}

/** The receiving goroutine. It never ends. */
static void sigreceive(void *conn)
{
    uint64_t wakeups;
    while (net_read(conn, &wakeups, sizeof wakeups) > 0)
        sigdeliver(swap_acqrel(&sigq.pending, 0)); /* pairs with sigsend's fetch_or */
    throw_("sigreceive: the eventfd cannot be read");
}

/** Makes the eventfd and the goroutine, once. Locked. 0 or -errno. */
static int sigstart(void)
{
    int err, fd = linux_eventfd(0, KO_NONBLOCK | KO_CLOEXEC);
    if (fd < 0)
        return fd;
    Conn *c = net_fd(fd, &err);
    if (!c) {
        linux_close(fd);
        return -err;
    }
    sigq.wakefd = fd; /* published by the store to wanted */
    newproc_system(sigreceive, c);
    signals.started = true;
    return 0;
}

/** True if a program may wait for sig. */
static bool canwait(int sig)
{
    switch (sig) {
    case KSIGKILL:
    case KSIGSTOP: /* the kernel's */
    case KSIGURG:  /* the scheduler's, and it sends many */
    case KSIGSEGV:
    case KSIGBUS:
    case KSIGFPE:
    case KSIGILL: /* who returns from the handler of a fault has the fault again */
        return false;
    default:
        return sig >= 1 && sig <= NSIG_;
    }
}

/** The union of what the listeners want. Locked. */
static uint64_t wantedbyall(void)
{
    uint64_t set = 0;
    for (listener *l = signals.listeners; l; l = l->next)
        set |= l->wants;
    return set;
}

/** Sees to it that sig comes to us. Locked. 0 or -errno. */
static int sigenable(int sig)
{
    /* Published before the handler is there: a signal that comes then finds all that it needs. */
    store_release(&sigq.wanted, load_relaxed(&sigq.wanted) | bit(sig)); /* pairs with sigsend; locked */
    int err = sigcatch(sig, &signals.before[sig]);
    if (err < 0)
        store_release(&sigq.wanted, load_relaxed(&sigq.wanted) & ~bit(sig)); /* as before */
    return err;
}

/** The listener of c, made if there is none. Locked. */
static listener *listenerof(Chan *c)
{
    for (listener *l = signals.listeners; l; l = l->next) {
        if (l->c == c)
            return l;
    }
    listener *l = gomalloc(sizeof *l);
    *l = (listener){.c = c, .next = signals.listeners};
    signals.listeners = l;
    return l;
}

int signal_notify(Chan *c, int sig)
{
    preemptcheck();
    if (!c || !canwait(sig))
        return -EINVAL;
    mutex_lock(&signals.lock);
    int err = signals.started ? 0 : sigstart();
    if (err == 0 && !(wantedbyall() & bit(sig)))
        err = sigenable(sig);
    if (err == 0)
        listenerof(c)->wants |= bit(sig);
    mutex_unlock(&signals.lock);
    return err;
}

/** Gives up the signals of gone that nobody else wants. Locked, the listener unlinked. */
static void sigdisable(uint64_t gone)
{
    gone &= ~wantedbyall();
    for (int sig = 1; sig <= NSIG_; sig++) {
        if (gone & bit(sig))
            linux_sigaction(sig, &signals.before[sig], NULL);
    }
    /* Last: a handler that has begun finds its signal wanted, or what was there before in place. */
    store_release(&sigq.wanted, load_relaxed(&sigq.wanted) & ~gone); /* pairs with sigsend; locked */
}

void signal_stop(Chan *c)
{
    preemptcheck();
    mutex_lock(&signals.lock);
    listener **at = &signals.listeners;
    while (*at && (*at)->c != c)
        at = &(*at)->next;
    listener *l = *at;
    if (l) {
        *at = l->next;
        sigdisable(l->wants);
        gofree(l);
    }
    mutex_unlock(&signals.lock);
}

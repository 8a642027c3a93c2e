/**
 * @file hosted/hosted.c
 * Threads and the entry point of the build with libc.
 *
 * Here a thread must be one that libc knows: it has libc's thread-local storage, and a sanitizer has seen it
 * begin. So Ms are made by pthread_create, as Go makes them when it is linked with C, and an M's g0 stack is
 * the stack that pthread_create gave. The scheduler does not notice the difference.
 *
 * The running G is a thread-local variable as in the other build. Its place must be known to assembly at link
 * time (the local-exec model): these objects belong into an executable, not into a shared library.
 */
#define _GNU_SOURCE /* pthread_getattr_np */
#include <pthread.h>
#include <signal.h>
#include "core.h"

const bool ishosted = true;

/** The running G. Read by getg() and by assembly only. */
__thread G *tls_g __attribute__((tls_model("local-exec")));

/** Stack of a new thread: g0 alone needs less, but libc and a sanitizer run on it too. */
enum { THREAD_STACK = 1024 * 1024 };

/** gp is the g0 of the calling thread: its stack is the thread's. */
static void claimstack(G *gp)
{
    pthread_attr_t attr;
    void *lo;
    size_t size;
    int err = pthread_getattr_np(pthread_self(), &attr);
    if (!err)
        err = pthread_attr_getstack(&attr, &lo, &size);
    if (err)
        throw_("hosted: the thread's stack is unknown (errno %d)", err);
    pthread_attr_destroy(&attr);
    gp->stack.lo = (uintptr_t)lo;
    gp->stack.hi = (uintptr_t)lo + size;
    store_relaxed(&gp->stackguard0, gp->stack.lo + STACK_GUARD); /* own word, not seen by others yet */
}

/** First function of an M's thread. */
static void *threadstart(void *arg)
{
    M *mp = arg;
    setg(mp->g0);
    claimstack(mp->g0);
    mp->thread = (void *)pthread_self();
    store_release(&mp->procid, (uint32_t)linux_gettid()); /* pairs with preemptM's acquire */
    mstart();
    throw_("hosted: mstart returned");
}

int hosted_newosproc(M *mp)
{
    pthread_attr_t attr;
    int err = pthread_attr_init(&attr);
    if (err)
        return err;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    /* The thread inherits the mask: no handler may run before minit. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_t t;
    err = pthread_create(&t, &attr, threadstart, mp);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return err;
}

void hosted_exitthread(M *mp)
{
    setg(NULL); /* from the next line on mp and its g0 may serve another thread */
    store_release(&mp->freeWait, freeMStack); /* pairs with the acquire in allocm */
    pthread_exit(NULL);
}

/* The thread library keeps the TLS blocks here. */

void *tls_alloc(M *mp, G *g)
{
    (void)mp, (void)g;
    return NULL;
}

void tls_free(M *mp)
{
    (void)mp;
}

int main(int argc, char **argv, char **envp)
{
    goenvp = envp;
    rt0_go(argc, argv);
}

/**
 * @file sudog.c
 * Where sudogs come from.
 *
 * A goroutine that waits on a channel or a semaphore needs a sudog for each queue that it stands in, and
 * gives it back when it goes on. That happens at every park, so it must cost next to nothing: each P keeps
 * a list of free ones that only its owner touches. Lists that run empty or full exchange a batch with a
 * central list under a lock, so that sudogs which are taken on one P and given back on another find their
 * way home.
 *
 * A sudog is taken before a park and given back after it, perhaps on another P: each function looks up the
 * running P afresh, and never keeps it over anything that parks.
 */
#include "chan.h"

/** A P's list holds at most this many. */
#define SUDOG_CACHE 128
/** How many move to or from the central list at a time. */
#define SUDOG_BATCH (SUDOG_CACHE / 2)

static struct {
    mutex lock;  /* protects what follows */
    sudog *free; /* free sudogs, linked by waitlink */
    int64_t made, n; /* sudogs that exist, and those on the list */
} sudogcentral;

/* Fills pp's empty list: from the central one, else with new ones. Owner of pp. */
static void refill(P *pp)
{
    lock(&sudogcentral.lock);
    while (pp->sudogcachen < SUDOG_BATCH && sudogcentral.free) {
        sudog *s = sudogcentral.free;
        sudogcentral.free = s->waitlink;
        s->waitlink = pp->sudogcache;
        pp->sudogcache = s;
        pp->sudogcachen++;
        sudogcentral.n--;
    }
    if (!pp->sudogcache)
        sudogcentral.made += SUDOG_BATCH;
    unlock(&sudogcentral.lock);
    if (pp->sudogcache)
        return;
    sudog *block = persistentalloc(SUDOG_BATCH * sizeof(sudog), ARCH_CACHE_LINE);
    for (int i = 0; i < SUDOG_BATCH; i++) {
        block[i].waitlink = pp->sudogcache;
        pp->sudogcache = &block[i];
    }
    pp->sudogcachen = SUDOG_BATCH;
}

/* Moves a batch from pp's full list to the central one. Owner of pp. */
static void flush(P *pp)
{
    sudog *first = pp->sudogcache, *last = first;
    for (int i = 1; i < SUDOG_BATCH; i++)
        last = last->waitlink;
    pp->sudogcache = last->waitlink;
    pp->sudogcachen -= SUDOG_BATCH;
    lock(&sudogcentral.lock);
    last->waitlink = sudogcentral.free;
    sudogcentral.free = first;
    sudogcentral.n += SUDOG_BATCH;
    unlock(&sudogcentral.lock);
}

sudog *acquireSudog(void)
{
    P *pp = getp();
    if (!pp->sudogcache)
        refill(pp);
    sudog *s = pp->sudogcache;
    pp->sudogcache = s->waitlink;
    pp->sudogcachen--;
    s->waitlink = NULL;
    if (s->elem || s->next || s->prev)
        throw_("acquireSudog: found a sudog that is still in use");
    return s;
}

void releaseSudog(sudog *s)
{
    if (s->next || s->prev || s->waittail)
        throw_("releaseSudog: sudog is still on a queue");
    s->g = NULL;
    s->elem = NULL;
    s->c = NULL;
    s->ticket = 0;
    s->isSelect = false;
    s->success = false;
    P *pp = getp();
    if (pp->sudogcachen >= SUDOG_CACHE)
        flush(pp);
    s->waitlink = pp->sudogcache;
    pp->sudogcache = s;
    pp->sudogcachen++;
}

RACY int64_t sudogsinuse(void)
{
    lock(&sudogcentral.lock);
    int64_t n = sudogcentral.made - sudogcentral.n;
    for (int i = 0; i < MAXGOMAXPROCS && allp[i]; i++) /* Ps beyond gomaxprocs keep theirs */
        n -= allp[i]->sudogcachen;
    unlock(&sudogcentral.lock);
    return n;
}

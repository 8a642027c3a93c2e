/**
 * @file sema.c
 * Semaphores that goroutines sleep on, the ground on which sync.c stands.
 *
 * A semaphore is just a counter in somebody's structure: taking a unit that is there, and giving one that
 * nobody waits for, is one atomic operation. Those who must wait are found through a hash table keyed by
 * the counter's address, like the kernel's futexes: a bucket has a lock and a list of the addresses on
 * which somebody waits, and each address has its waiters in order. (The kernel parks threads, this parks
 * goroutines.)
 *
 * No wake-up is lost because each side writes first and looks then: the waiter counts itself in the
 * bucket's nwait and then looks for a unit; the giver adds the unit and then looks at nwait. Both use
 * sequentially consistent operations, so at least one of them sees the other.
 *
 * A woken waiter finds its unit gone if somebody quicker took it; then it waits again, at the tail. With
 * hand-off the giver takes the unit in the waiter's name (ticket) and lets it run at once: that is how a
 * starving Mutex waiter gets its turn.
 */
#include "chan.h"

/** Buckets; a prime, so that regular address strides do not collide. */
#define SEMTAB_SIZE 251

/* A bucket. */
typedef struct semaRoot {
    _Alignas(ARCH_CACHE_LINE) mutex lock; /* protects addrs */
    _Atomic uint32_t nwait;               /* waiters of all addresses; written under the lock, read without */
    sudog *addrs;                         /* first waiter of each address, linked by next and prev */
} semaRoot;

static semaRoot semtable[SEMTAB_SIZE];

/* addr's bucket. */
static semaRoot *semroot(_Atomic uint32_t *addr)
{
    return &semtable[((uintptr_t)addr >> 3) % SEMTAB_SIZE];
}

/* Takes one unit if there is one. */
static bool cansemacquire(_Atomic uint32_t *addr)
{
    for (;;) {
        /* with nwait: see the file comment; pairs with the add in semrelease */
        uint32_t v = load_seqcst(addr);
        if (v == 0)
            return false;
        if (cas(addr, v, v - 1)) /* acquires what the giver did before its add */
            return true;
    }
}

/* The first waiter on addr, or NULL. Locked. */
static sudog *semfind(semaRoot *root, _Atomic uint32_t *addr)
{
    sudog *s = root->addrs;
    while (s && s->elem != addr)
        s = s->next;
    return s;
}

/* Puts s in old's place in the bucket's list; s NULL: takes old out. Locked. */
static void semreplace(semaRoot *root, sudog *old, sudog *s)
{
    sudog *next = old->next, *prev = old->prev;
    old->next = old->prev = NULL;
    if (s) {
        s->next = next;
        s->prev = prev;
    }
    if (prev)
        prev->next = s ? s : next;
    else
        root->addrs = s ? s : next;
    if (next)
        next->prev = s ? s : prev;
}

/* Adds s to the waiters of addr, at the head if lifo. Locked. */
static void semqueue(semaRoot *root, _Atomic uint32_t *addr, sudog *s, bool lifo)
{
    s->elem = addr;
    s->waitlink = NULL;
    sudog *head = semfind(root, addr);
    if (!head) {
        s->waittail = s;
        s->next = root->addrs;
        if (s->next)
            s->next->prev = s;
        root->addrs = s;
    } else if (lifo) {
        semreplace(root, head, s);
        s->waitlink = head;
        s->waittail = head->waittail;
        head->waittail = NULL;
    } else {
        head->waittail->waitlink = s;
        head->waittail = s;
    }
}

/* Takes the first waiter of addr, or NULL. Locked. */
static sudog *semdequeue(semaRoot *root, _Atomic uint32_t *addr)
{
    sudog *s = semfind(root, addr);
    if (!s)
        return NULL;
    sudog *next = s->waitlink;
    if (next)
        next->waittail = s->waittail;
    semreplace(root, s, next);
    s->waitlink = s->waittail = NULL;
    s->elem = NULL;
    return s;
}

void semacquire(_Atomic uint32_t *addr, bool lifo, waitReason reason)
{
    if (cansemacquire(addr))
        return;
    semaRoot *root = semroot(addr);
    sudog *s = acquireSudog();
    s->g = getg();
    do {
        lock(&root->lock);
        fetch_add_seqcst(&root->nwait, 1u); /* before the look at *addr; pairs with the load in semrelease */
        if (cansemacquire(addr)) {
            fetch_add_relaxed(&root->nwait, (uint32_t)-1); /* too many is harmless */
            unlock(&root->lock);
            break;
        }
        semqueue(root, addr, s, lifo);
        goparkunlock(&root->lock, reason);
    } while (!s->ticket && !cansemacquire(addr));
    s->elem = NULL;
    releaseSudog(s);
}

void semrelease(_Atomic uint32_t *addr, bool handoff)
{
    semaRoot *root = semroot(addr);
    fetch_add_seqcst(addr, 1u); /* before the look at nwait; pairs with cansemacquire */
    if (load_seqcst(&root->nwait) == 0) /* pairs with the add in semacquire */
        return;
    lock(&root->lock);
    sudog *s = semdequeue(root, addr);
    if (s)
        /* too many is harmless: the reader takes the lock then */
        fetch_add_relaxed(&root->nwait, (uint32_t)-1);
    unlock(&root->lock);
    if (!s)
        return;
    bool direct = handoff && cansemacquire(addr);
    if (direct)
        s->ticket = 1;
    goready(s->g); /* s is its G's again */
    if (direct && getm()->locks == 0)
        goyield(); /* the G is in runnext: it runs now, in the rest of this time slice */
}

/**
 * @file steal.c
 * Work stealing: the other Ps, visited in an order that no two thieves share.
 *
 * Every other P is visited four times. Thieves that all began with P 0 would fight for its ring while the
 * rest went unvisited; so each pass begins at a random P and goes on in random steps. A step that has no
 * common divisor with the number of Ps visits each of them exactly once before it comes back: no list of
 * visited ones is kept, and none is forgotten.
 *
 * Timers and runnext are left alone until the last pass. Their owner is about to get to them, and a runnext
 * that is stolen from a busy P is most likely the other half of a conversation.
 *
 * Idle Ps have no Gs (idle.c) and are passed over, but they may have timers: an M that set one may have given
 * its P up since.
 */
#include "core.h"

/* BEGIN SOLUTION */
/** Steps that are coprime with the number of Ps: walking a ring with one of them visits each place once. */
static struct {
    uint32_t count;                   /**< Ps; all of this changes only while the world is stopped */
    uint32_t n;                       /**< how many steps there are */
    uint16_t coprimes[MAXGOMAXPROCS]; /**< them */
} stealOrder;

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/** The place after this one. */
static void randomOrder_next(randomEnum *e)
{
    e->i++;
    e->pos = (e->pos + e->inc) % e->count;
}
/* END SOLUTION */

void randomOrder_reset(uint32_t count)
{
    /* BEGIN SOLUTION
     * Write me: which numbers up to count have no common divisor with it? */
    stealOrder.count = count;
    stealOrder.n = 0;
    for (uint32_t i = 1; i <= count; i++)
        if (gcd(i, count) == 1)
            stealOrder.coprimes[stealOrder.n++] = (uint16_t)i;
    /* END SOLUTION */
}

randomEnum randomOrder_start(uint32_t r)
{
    /* BEGIN SOLUTION
     * Write me: r chooses the place and, independently, the step. */
    uint32_t count = stealOrder.count;
    uint32_t inc = stealOrder.coprimes[r / count % stealOrder.n];
    return (randomEnum){.count = count, .pos = r % count, .inc = inc};
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** The earlier of two times, of which 0 means never. */
static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/** Steals from p2, and keeps the accounts. */
static G *stealfrom(P *pp, P *p2, bool stealRunNextG)
{
    uint32_t t = load_relaxed(&pp->runqtail); /* own */
    G *gp = runqsteal(pp, p2, stealRunNextG);
    if (gp) {
        uint32_t n = load_relaxed(&pp->runqtail) - t + 1; /* those that it published, and the one in hand */
        store_relaxed(&pp->n.steals, load_relaxed(&pp->n.steals) + n); /* one writer */
        trace_(pp, traceEvSteal, (uint64_t)p2->id, n);
    }
    return gp;
}
/* END SOLUTION */

G *stealWork(int64_t *now, int64_t *pollUntil, bool *inheritTime, bool *newWork)
{
    /* BEGIN SOLUTION
     * Write me: four passes over all Ps but yourself and the idle ones. If the world is to stop, say that
     * there is something new and leave. In the last pass run other Ps' timers too (an idle P may have some):
     * what they ready lands in your own queue. *pollUntil becomes the earliest timer that you saw. */
    enum { tries = 4 };
    P *pp = getp();
    *inheritTime = false;
    *newWork = false;
    for (int try = 0; try < tries; try++) {
        bool last = try == tries - 1;
        for (randomEnum e = randomOrder_start(cheaprand()); e.i < e.count; randomOrder_next(&e)) {
            /* pairs with the store in stopTheWorld: it waits for our P */
            if (load_seqcst(&sched.gcwaiting)) {
                *newWork = true;
                return NULL;
            }
            P *p2 = allp[e.pos];
            if (p2 == pp)
                continue;
            if (last && pmask_read(timerpMask, e.pos)) {
                bool ran = false;
                *pollUntil = earlier(*pollUntil, checkTimers(p2, now, &ran));
                if (ran) {
                    *newWork = true; /* Gs that they readied may have been stolen from us already */
                    G *gp = runqget(pp, inheritTime);
                    if (gp)
                        return gp;
                }
            }
            G *gp = pmask_read(idlepMask, e.pos) ? NULL : stealfrom(pp, p2, last);
            if (gp)
                return gp;
        }
    }
    return NULL;
    /* END SOLUTION */
}

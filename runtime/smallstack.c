/**
 * @file smallstack.c
 * Small stacks: for goroutines that do little but wait, of which a program may have a million.
 *
 * A stack with memory of its own costs at least a page. So small ones share pages: 32 of them fill a stack of the
 * default size, a block, which comes from stackalloc(). All pages of a block have memory soon, those of a default
 * stack mostly have not: so a block of which no stack is in use stays one, and goes back (smallstack_trim) only when
 * memory is to go to the system, or each stack of the program would sooner or later have been a block.
 *
 * The guard page of the block is the only one: who runs over the end of a small stack runs into the next one. That is
 * found out, but late. A word at the end of each holds a pattern, which is looked at when the goroutine parks and when
 * it ends; and like every stack it has stackguard0, which the runtime's entry points compare with the stack pointer
 * (preemptcheck).
 *
 *     P's list      up to 64, without a lock; filled and drained by 32
 *     the blocks    all others, each on its block's list, under a lock
 *
 * A free small stack is linked through its topmost word, as a free stack of the default size is.
 */
#include "core.h"

enum {
    PER_BLOCK = STACK_DEFAULT / STACK_SMALL, /**< small stacks in a block */
    CACHEMAX = 64,                           /**< small stacks on a P's list, at most */
    BATCH = 32,                              /**< small stacks that go to and from the blocks at once */
};

/** A block. Its structure is never freed: it waits for another block. */
typedef struct block {
    stack mem;                 /* the default stack that was cut up */
    uintptr_t free;            /* free small stacks, linked through their topmost words */
    int32_t nfree;             /* how many */
    struct block *next, *prev; /* among those with a free stack; next: among those without memory */
} block;

static struct {
    mutex lock;     /* protects what follows, and all blocks */
    block *partial; /* blocks with a free stack and one in use */
    block *idle;    /* blocks with free stacks only, linked by next */
    block *unused;  /* structures without memory */
} blocks;

/** What stands at the low end of a small stack: whose block it is, and a pattern over that. */
typedef struct stackend {
    block *b;           /**< its block */
    uintptr_t pattern;  /**< PATTERN ^ b, as long as nobody has come so far */
} stackend;

#define PATTERN ((uintptr_t)0x5ac4a57a11b07706)

static uintptr_t *linkword(uintptr_t hi)
{
    return (uintptr_t *)hi - 1;
}

static void push(uintptr_t *list, uintptr_t hi)
{
    *linkword(hi) = *list;
    *list = hi;
}

static uintptr_t pop(uintptr_t *list)
{
    uintptr_t hi = *list;
    *list = *linkword(hi);
    return hi;
}

/** The end of the small stack whose upper end is hi. */
static stackend *endof(uintptr_t hi)
{
    return (stackend *)(hi - STACK_SMALL);
}

bool smallstackintact(stack s)
{
    stackend *e = endof(s.hi);
    return ((uintptr_t)e->b ^ e->pattern) == PATTERN;
}

/* ---- blocks; blocks.lock held ---- */

static void blocklink(block *b)
{
    b->prev = NULL;
    b->next = blocks.partial;
    if (b->next)
        b->next->prev = b;
    blocks.partial = b;
}

static void blockunlink(block *b)
{
    if (b->prev)
        b->prev->next = b->next;
    else
        blocks.partial = b->next;
    if (b->next)
        b->next->prev = b->prev;
}

/** Moves up to n free stacks onto list; returns how many. */
static int32_t blockstake(uintptr_t *list, int32_t n)
{
    int32_t got = 0;
    while (got < n && (blocks.partial || blocks.idle)) {
        block *b = blocks.partial;
        if (!b) {
            b = blocks.idle;
            blocks.idle = b->next;
            blocklink(b);
        }
        for (; got < n && b->nfree > 0; got++, b->nfree--)
            push(list, pop(&b->free));
        if (b->nfree == 0)
            blockunlink(b);
    }
    return got;
}

/** Gives back the small stack that ends at hi. */
static void blockgive(uintptr_t hi)
{
    block *b = endof(hi)->b;
    push(&b->free, hi);
    if (b->nfree++ == 0)
        blocklink(b);
    if (b->nfree < PER_BLOCK)
        return;
    blockunlink(b);
    b->next = blocks.idle;
    blocks.idle = b;
}

/** Cuts up mem. */
static void blockadd(stack mem)
{
    block *b = blocks.unused;
    if (b)
        blocks.unused = b->next;
    else
        b = persistentalloc(sizeof *b, ARCH_CACHE_LINE);
    *b = (block){.mem = mem, .nfree = PER_BLOCK};
    for (uintptr_t hi = mem.lo + STACK_SMALL; hi <= mem.hi; hi += STACK_SMALL) {
        *endof(hi) = (stackend){.b = b, .pattern = PATTERN ^ (uintptr_t)b};
        push(&b->free, hi);
    }
    blocklink(b);
}

/* ---- a P's list ---- */

/** Fills list, with one stack at least; returns how many. */
static int32_t refill(uintptr_t *list, int32_t n)
{
    lock(&blocks.lock);
    int32_t got = blockstake(list, n);
    unlock(&blocks.lock);
    if (got > 0)
        return got;
    stack mem = stackalloc(STACK_DEFAULT); /* takes locks of its own */
    lock(&blocks.lock);
    blockadd(mem);
    got = blockstake(list, n);
    unlock(&blocks.lock);
    return got;
}

/** Gives n stacks of list to their blocks. */
static void drain(uintptr_t *list, int32_t n)
{
    lock(&blocks.lock);
    for (; n > 0; n--)
        blockgive(pop(list));
    unlock(&blocks.lock);
}

stack smallstackalloc(void)
{
    P *pp = getp();
    uintptr_t one = 0, *list = pp ? &pp->smallstacks.list : &one;
    if (!pp) {
        refill(list, 1);
    } else {
        if (pp->smallstacks.n == 0)
            pp->smallstacks.n = refill(list, BATCH);
        pp->smallstacks.n--;
    }
    uintptr_t hi = pop(list);
    return (stack){.lo = hi - STACK_SMALL, .hi = hi};
}

void smallstackfree(stack s)
{
    if (!smallstackintact(s))
        throw_("smallstackfree: the end of stack [%p, %p] was written over", (void *)s.lo, (void *)s.hi);
    P *pp = getp();
    if (!pp) {
        uintptr_t one = 0;
        push(&one, s.hi);
        drain(&one, 1);
        return;
    }
    if (pp->smallstacks.n == CACHEMAX) {
        drain(&pp->smallstacks.list, BATCH);
        pp->smallstacks.n -= BATCH;
    }
    push(&pp->smallstacks.list, s.hi);
    pp->smallstacks.n++;
}

void smallstack_flush(P *pp)
{
    drain(&pp->smallstacks.list, pp->smallstacks.n);
    pp->smallstacks.n = 0;
}

bool smallstack_trim(void)
{
    block *first, *last = NULL;
    lock(&blocks.lock);
    first = blocks.idle;
    for (int i = 0; i < BATCH && blocks.idle; i++) {
        last = blocks.idle;
        blocks.idle = last->next;
    }
    unlock(&blocks.lock);
    if (!last)
        return false;
    last->next = NULL;
    for (block *b = first; b; b = b->next)
        stackfree(b->mem); /* takes locks of its own */
    lock(&blocks.lock);
    last->next = blocks.unused;
    blocks.unused = first;
    unlock(&blocks.lock);
    return true;
}

/**
 * @file pure/malloc.c
 * gomalloc and gofree of the pure build: a small allocator by size classes.
 *
 * Memory comes from the system in chunks, which are cut into spans of 64 KiB, aligned to their size. A span
 * holds objects of one size class behind a header; so the header of the span, and by it the class, is found
 * from an object's address by clearing its low bits, and objects need no headers of their own. An object is
 * free memory that was never used (beyond the span's fresh mark, known to be zero) or on the span's free
 * list, linked through its first word.
 *
 * Sizes up to 128 go in steps of 16, larger ones in four steps per power of two, so that at most a fifth of
 * an object is lost. Beyond the largest class a request gets a mapping of its own, with the same header in
 * front.
 *
 * Each class has a lock. Allocation takes the first span of the class that has room. Spans without a free
 * object are on no list; the first object freed brings them back. A span without a used object goes back to
 * the pool, with its pages returned to the system, unless it is the only one with room: a program that
 * allocates and frees one object would ask for it again at once.
 */
#include "core.h"

/** Bytes of a span, and its alignment. */
#define SPAN_SIZE ((size_t)64 * 1024)
/** What is asked from the system at a time. */
#define CHUNK_SIZE ((size_t)4 * 1024 * 1024)
/** Alignment of every object; the smallest size. */
#define ALIGN ((size_t)16)
/** Classes of 16, 32 .. 128 bytes. */
#define NSMALL 8
/** The largest class is 2^14 * 7/4. */
#define MAX_CLASS_SIZE ((size_t)28672)
/** 8 up to 128; four for each power of two from 2^7 to 2^14; 2^15 itself is too large. */
#define NCLASSES (NSMALL + 4 * 8 - 1)
/** Marks the header of a large object. */
#define LARGE_CLASS 0xffffu
/** Says that a header is one. */
#define SPAN_MAGIC 0x5ba4c0deu

/* An object on a free list. */
typedef struct freeobj {
    struct freeobj *next;
} freeobj;

/* Header of a span. Its class's lock protects it; size and class are constant while the span is in use. */
typedef struct span {
    uint32_t magic;             /* SPAN_MAGIC while in use */
    uint32_t class;             /* index into classes, or LARGE_CLASS */
    size_t size;                /* of an object; LARGE_CLASS: of the whole mapping */
    freeobj *free;              /* freed objects */
    unsigned char *fresh;       /* first object that was never used */
    uint32_t used;              /* objects in use */
    uint32_t room;              /* objects that fit */
    struct span *next, *prev;   /* on the class's list; next: in the pool */
} span;
_Static_assert(sizeof(span) <= 64, "the objects begin 64 bytes into the span");
/** Where the first object is. */
#define SPAN_HEADER ((size_t)64)

/* A size class. */
typedef struct sizeclass {
    _Alignas(ARCH_CACHE_LINE) mutex lock; /* protects the list and its spans, and full spans of the class */
    span *spans;                          /* those with room */
} sizeclass;

static sizeclass classes[NCLASSES];

/* Spans that no class uses; all their bytes but the header are zero. */
static struct {
    mutex lock;                /* protects what follows; taken with a class's lock held */
    span *spans;               /* linked by next */
    unsigned char *chunk, *end; /* the rest of the last chunk */
} pool;

/* The class for objects of size bytes, 0 < size <= MAX_CLASS_SIZE. */
static inline uint32_t classof(size_t size)
{
    if (size <= 128)
        return (uint32_t)((size - 1) / ALIGN);
    uint32_t log = 63 - (uint32_t)__builtin_clzll(size - 1); /* 2^log < size <= 2^(log+1) */
    return NSMALL + (log - 7) * 4 + (uint32_t)((size - 1) >> (log - 2) & 3);
}

/* Bytes of an object of class c. */
static inline size_t classsize(uint32_t c)
{
    if (c < NSMALL)
        return (c + 1) * ALIGN;
    return (size_t)(4 + (c - NSMALL) % 4 + 1) << ((c - NSMALL) / 4 + 5);
}

/* A span from the pool. A class's lock is held. */
static span *takespan(uint32_t c)
{
    lock(&pool.lock);
    span *s = pool.spans;
    if (s) {
        pool.spans = s->next;
    } else {
        if (pool.chunk == pool.end) {
            /* aligned here: SPAN_SIZE of addresses go unused */
            uintptr_t p = (uintptr_t)sysAlloc(CHUNK_SIZE + SPAN_SIZE);
            pool.chunk = (unsigned char *)((p + SPAN_SIZE - 1) & ~(SPAN_SIZE - 1));
            pool.end = pool.chunk + CHUNK_SIZE;
        }
        s = (span *)pool.chunk;
        pool.chunk += SPAN_SIZE;
    }
    unlock(&pool.lock);
    size_t size = classsize(c);
    *s = (span){.magic = SPAN_MAGIC, .class = c, .size = size,
          .room = (uint32_t)((SPAN_SIZE - SPAN_HEADER) / size)};
    s->fresh = (unsigned char *)s + SPAN_HEADER;
    return s;
}

/* Gives the span, which is empty and on no list, to the pool. A class's lock is held. */
static void givespan(span *s)
{
    /* Gives the pages back, which zeroes them; refused for locked memory. */
    if (linux_madvise(s, SPAN_SIZE, KMADV_DONTNEED) < 0)
        __builtin_memset(s, 0, SPAN_SIZE);
    lock(&pool.lock);
    s->next = pool.spans;
    pool.spans = s;
    unlock(&pool.lock);
}

/* Puts s at the head of its class's list. Locked. */
static void linkspan(sizeclass *k, span *s)
{
    s->prev = NULL;
    s->next = k->spans;
    if (s->next)
        s->next->prev = s;
    k->spans = s;
}

/* Takes s off the list. Locked. */
static void unlinkspan(sizeclass *k, span *s)
{
    if (s->prev)
        s->prev->next = s->next;
    else
        k->spans = s->next;
    if (s->next)
        s->next->prev = s->prev;
}

/* An object with a mapping of its own. */
static void *largealloc(size_t size)
{
    size_t need;
    if (__builtin_add_overflow(size, SPAN_HEADER + SPAN_SIZE + ARCH_PAGE_SIZE, &need))
        fatal("runtime: out of memory: cannot allocate %zu bytes", size);
    size_t total = (SPAN_HEADER + size + ARCH_PAGE_SIZE - 1) & ~(size_t)(ARCH_PAGE_SIZE - 1);
    unsigned char *p = sysAlloc(total + SPAN_SIZE);
    unsigned char *base = (unsigned char *)(((uintptr_t)p + SPAN_SIZE - 1) & ~(SPAN_SIZE - 1));
    size_t before = (size_t)(base - p), after = SPAN_SIZE - before;
    if (before > 0)
        sysFree(p, before);
    if (after > 0)
        sysFree(base + total, after);
    *(span *)base = (span){.magic = SPAN_MAGIC, .class = LARGE_CLASS, .size = total};
    return base + SPAN_HEADER;
}

void *gomalloc(size_t size)
{
    if (size == 0)
        size = 1;
    if (size > MAX_CLASS_SIZE)
        return largealloc(size);
    uint32_t c = classof(size);
    sizeclass *k = &classes[c];
    lock(&k->lock);
    span *s = k->spans;
    if (!s) {
        s = takespan(c);
        linkspan(k, s);
    }
    freeobj *o = s->free;
    void *p = o;
    if (o) {
        s->free = o->next;
    } else {
        p = s->fresh;
        s->fresh += s->size;
    }
    if (++s->used == s->room)
        unlinkspan(k, s);
    unlock(&k->lock);
    if (o)
        __builtin_memset(p, 0, size);
    return p;
}

void gofree(void *p)
{
    if (!p)
        return;
    span *s = (span *)((uintptr_t)p & ~(SPAN_SIZE - 1));
    if (s->magic != SPAN_MAGIC || (uintptr_t)p % ALIGN != 0)
        throw_("gofree: %p was not allocated by gomalloc", p);
    if (s->class == LARGE_CLASS) {
        sysFree(s, s->size);
        return;
    }
    sizeclass *k = &classes[s->class];
    lock(&k->lock);
    if (s->used == 0)
        throw_("gofree: %p is free already", p);
    freeobj *o = p;
    o->next = s->free;
    s->free = o;
    if (s->used-- == s->room)
        linkspan(k, s);
    bool surplus = s->used == 0 && (s->next || s->prev);
    if (surplus)
        unlinkspan(k, s);
    unlock(&k->lock);
    if (surplus)
        givespan(s);
}

/**
 * @file cache.c
 * States that have been explored, by their hash, each with the most preemptions that were left there.
 *
 * A state is what every thread has done and seen, and what has happened at every place, in that order. Two executions that
 * come to the same one have the same future, so that the second may stop there, unless it has more preemptions left. That
 * is sound together with a bound on preemptions, which simple partial-order reduction is not.
 */
#include <stdlib.h>
#include <string.h>
#include "engine.h"

struct entry {
    uint64_t hash; /* 0: free */
    int left;
};

static struct {
    struct entry *e;
    uint64_t size, n; /* size: a power of two */
} *cache ENGINE_DATA;

enum { FIRSTSIZE = 1 << 14 };

static void insert(struct entry *e, uint64_t size, struct entry x)
{
    uint64_t i = x.hash & (size - 1);
    while (e[i].hash)
        i = (i + 1) & (size - 1);
    e[i] = x;
}

static void grow(void)
{
    uint64_t size = cache->size * 2;
    struct entry *e = calloc(size, sizeof *e);
    if (!e)
        fail("limit", "no memory for %llu states", (unsigned long long)size);
    for (uint64_t i = 0; i < cache->size; i++)
        if (cache->e[i].hash)
            insert(e, size, cache->e[i]);
    free(cache->e);
    cache->e = e;
    cache->size = size;
}

bool cache_seen(uint64_t hash, int left)
{
    if (hash == 0)
        hash = 1;
    uint64_t i = hash & (cache->size - 1);
    for (; cache->e[i].hash; i = (i + 1) & (cache->size - 1)) {
        if (cache->e[i].hash != hash)
            continue;
        if (cache->e[i].left >= left)
            return true;
        cache->e[i].left = left;
        return false;
    }
    if (++cache->n * 2 > cache->size)
        grow();
    insert(cache->e, cache->size, (struct entry){hash, left});
    return false;
}

void cache_clear(void)
{
    static void *memory ENGINE_DATA; /* set before the program's data are copied: survives being put back */
    if (!memory)
        cache = memory = calloc(1, sizeof *cache);
    if (cache->size > FIRSTSIZE || !cache->e) {
        free(cache->e);
        cache->size = FIRSTSIZE;
        cache->e = malloc(FIRSTSIZE * sizeof(struct entry));
    }
    memset(cache->e, 0, cache->size * sizeof(struct entry));
    cache->n = 0;
}

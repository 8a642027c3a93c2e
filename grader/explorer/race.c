/**
 * @file race.c
 * Memory that is not atomic: data races, and addresses that nobody may touch.
 *
 * Plain accesses are no scheduling points. That is sound as long as there is no data race, and a data race is reported: two
 * accesses to the same bytes by different threads, one of them a write and one of them not atomic, neither of which happened
 * before the other. For each 8-byte word it is kept who accessed which bytes when, on the accessing thread's clock; an access
 * by u at time ts happened before all that t does now if and only if t's clock knows u up to ts.
 *
 * Atomic accesses for which that is true of each pair that conflicts are like plain ones: it does not matter where a thread is
 * left between them. Most are of this kind (an M's own fields, what a lock protects). So a place gets scheduling points only when
 * two accesses to it have been found unordered in some execution: it is contested. The search then begins anew, so that in the
 * end it has gone through everything with all contested places known.
 */
#include <string.h>
#include "engine.h"

extern char __executable_start[], __data_start[], _end[], __start_engine_data[], __stop_engine_data[];

enum { MAINSTACK = 4 << 20 /**< as much of the search's own stack as setup and check may use */ };

/** True if a write of one kind and another access of the other kind race when unordered. */
static bool conflict(enum access now, enum access then)
{
    static const bool table[NACCESS][NACCESS] = {
        [WRITE] = {true, true, true, true},
        [READ] = {true, false, true, false},
        [ATOMIC_WRITE] = {true, true, false, false},
        [ATOMIC_READ] = {true, false, false, false},
    };
    return table[now][then];
}

static struct shadow *shadowof(uintptr_t key)
{
    uint64_t i = (key * 0x9e3779b97f4a7c15ull >> 40) & (NSHADOW - 1);
    for (int probes = 0; probes < NSHADOW; probes++, i = (i + 1) & (NSHADOW - 1)) {
        struct shadow *s = &eng->shadows[i];
        if (s->gen != eng->gen) {
            memset(s, 0, sizeof *s);
            eng->nshadows++;
            s->gen = eng->gen;
            s->key = key;
            return s;
        }
        if (s->key == key)
            return s;
    }
    fail("limit", "more than %d words of memory", NSHADOW);
}

static const char *const accessnames[] = {"write", "read", "atomic write", "atomic read"};

static _Noreturn void race(uintptr_t addr, int n, enum access kind, uintptr_t pc, int other, enum access otherkind, uintptr_t otherpc)
{
    char buf[64];
    struct event *e = event(EV_RACE, pc, addr, n, RELAXED);
    e->a = kind;
    eng->otherpc = otherpc;
    fail("data_race", "%s: a %s by %s and a %s by %s, and nothing says which comes first", placename(addr, buf), accessnames[kind],
         self()->name, accessnames[otherkind], eng->t[other].name);
}

/** Where key stands in the table of contested words, or where it belongs. */
static uint64_t contestedslot(uintptr_t key)
{
    uint64_t i = key * 0x9e3779b97f4a7c15ull >> 40 & (NCONTESTED - 1);
    while (eng->contested[i].key && eng->contested[i].key != key)
        i = (i + 1) & (NCONTESTED - 1);
    return i;
}

/** Two atomic accesses to this word are not ordered. */
static void contend(uintptr_t key)
{
    uint64_t i = contestedslot(key);
    if (eng->contested[i].key)
        return;
    if (++eng->ncontested == NCONTESTED)
        fail("limit", "threads contend for more than %d words", NCONTESTED);
    eng->contested[i].key = key;
    eng->contested[i].since = eng->nexec;
}

/** One 8-byte word's share of an access: the bytes in mask. */
static void check_word(struct shadow *s, uint8_t mask, uintptr_t addr, int n, enum access kind, uintptr_t pc)
{
    int me = eng->cur;
    uint32_t now = self()->vc.c[me];
    for (int u = 0; u <= eng->nthreads; u++)
        for (int j = 0; u != me && j < NACCESS; j++)
            if (s->mask[j][u] && s->ts[j][u] > self()->vc.c[u]) {
                if (s->mask[j][u] & mask && conflict(kind, (enum access)j))
                    race(addr, n, kind, pc, u, (enum access)j, s->pc[j][u]);
                if ((kind == ATOMIC_WRITE && j >= ATOMIC_WRITE) || (kind == ATOMIC_READ && j == ATOMIC_WRITE))
                    contend(s->key);
            }
    s->mask[kind][me] = (uint8_t)((s->ts[kind][me] == now ? s->mask[kind][me] : 0) | mask);
    s->ts[kind][me] = now;
    s->pc[kind][me] = pc;
}

static bool within(uintptr_t addr, size_t n, const char *lo, size_t len)
{
    return addr >= (uintptr_t)lo && addr - (uintptr_t)lo < len && n <= len - (addr - (uintptr_t)lo);
}

bool contested(uintptr_t addr)
{
    uint64_t i = contestedslot(addr >> 3);
    if (eng->contested[i].key && eng->contested[i].since <= eng->settled)
        return true;
    for (int t = 1; t <= eng->nthreads; t++) /* a thread's accesses to its own stack are not followed */
        if (within(addr, 1, eng->t[t].stack, STACKSIZE))
            return true;
    return false;
}

/** True for what belongs to the program: its image, what its threads have allocated, their stacks. */
static bool known(uintptr_t addr, size_t n, enum access kind)
{
    const char *lo = kind == READ || kind == ATOMIC_READ ? __executable_start : __data_start;
    if (addr < (uintptr_t)__stop_engine_data && addr + n > (uintptr_t)__start_engine_data)
        return false;
    if (!eng->active && within(addr, n, (const char *)eng->mainstack - MAINSTACK, 2 * MAINSTACK))
        return true;
    if (within(addr, n, lo, (size_t)(_end - lo)))
        return true;
    for (int i = 0; i <= eng->nthreads; i++)
        if (within(addr, n, eng->t[i].arena, eng->t[i].arenaused) || (i && within(addr, n, eng->t[i].stack, STACKSIZE)))
            return true;
    return false;
}

void access_memory(uintptr_t addr, size_t n, enum access kind, uintptr_t pc)
{
    if (!eng || !eng->executing)
        return;
    if (within(addr, n, self()->stack, STACKSIZE) || within(addr, n, eng->tlsbase, eng->tlslen))
        return;
    if (!known(addr, n, kind)) {
        char buf[64];
        event(EV_RACE, pc, addr, (int)n, RELAXED)->a = kind;
        fail("wild_access", "%s of %zu bytes at %s, where the program has nothing%s", accessnames[kind], n, placename(addr, buf),
             addr < 4096 ? ": through a NULL pointer" : "");
    }
    if (!eng->active) /* setup and check run alone */
        return;
    for (size_t left = n; left > 0;) {
        int off = (int)(addr & 7), k = 8 - off < (int)left ? 8 - off : (int)left;
        check_word(shadowof(addr >> 3), (uint8_t)(((1u << k) - 1) << off), addr, k, kind, pc);
        addr += (uintptr_t)k;
        left -= (size_t)k;
    }
    /* A loop over plain memory alone would never end: let others run once in a while. */
    if ((kind == WRITE || kind == READ) && ++self()->plain > 20000) {
        self()->plain = 0;
        ex_yield();
    }
}

/**
 * @file mutexes.c
 * The runtime's lock. To everything else that is explored lock is one step (rt.c); here it is what it is, three states and a
 * futex, right and broken. Instrumented.
 */
#include "core.h"
#include "bugs.h"

int broken;
static mutex l;

/* The floor: nobody has an M, there is one CPU, so that nobody spins before it sleeps. */
__thread G *tls_g __attribute__((tls_model("local-exec")));
struct schedt sched;
int32_t ncpu = 1;

void osyield(void)
{
    ex_yield();
}

void countany(size_t counter) /* with nobody's P to count on */
{
    (void)counter;
}

_Noreturn void throw_(const char *fmt, ...)
{
    ex_fail("throw: %s", fmt);
}

int linux_futex(_Atomic uint32_t *addr, int op, uint32_t val, const struct ktimespec *ts)
{
    (void)ts;
    if (op == FUTEX_WAIT_PRIVATE)
        return ex_futex_wait(addr, val, -1);
    return broken == WAKES_NOBODY ? 0 : ex_futex_wake(addr, (int)val);
}

/* Its atomics, as the breaks have them. */
static uint32_t swap(_Atomic uint32_t *addr, uint32_t v)
{
    if (broken == SWAP_RELAXED)
        return atomic_exchange_explicit(addr, v, memory_order_relaxed);
    return atomic_exchange_explicit(addr, v, memory_order_acq_rel);
}

static bool take(_Atomic uint32_t *addr, uint32_t old, uint32_t v)
{
    if (broken == WAKES_ONE) /* forgets that others may sleep */
        v = 1;
    if (broken == CAS_RELAXED)
        return cas_order(addr, old, v, memory_order_relaxed);
    return cas_order(addr, old, v, memory_order_acquire);
}

#undef swap_acqrel
#undef cas_acquire
#define swap_acqrel swap
#define cas_acquire take
#include "lock_futex.c"

void mutex_adds(void)
{
    lock(&l);
    counter++;
    unlock(&l);
}

void mutex_adds_twice(void)
{
    mutex_adds();
    mutex_adds();
}

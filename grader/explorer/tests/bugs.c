/**
 * @file bugs.c
 * Small programs, right and wrong in every way that the explorer can tell apart. Instrumented; selftest.c says what the verdict
 * must be.
 */
#include <stdatomic.h>
#include <stddef.h>
#include "bugs.h"

#define LOAD(v, o)     atomic_load_explicit(&v, memory_order_##o)
#define STORE(v, n, o) atomic_store_explicit(&v, n, memory_order_##o)

_Atomic int flag, turn, word;
int data, counter;
static _Atomic int wanting[2];

/* ---- a message, with and without an order ---- */

void send_release(void)
{
    data = 42;
    STORE(flag, 1, release);
}

void send_relaxed(void)
{
    data = 42;
    STORE(flag, 1, relaxed);
}

void receive_acquire(void)
{
    if (LOAD(flag, acquire))
        counter = data;
}

/* ---- a lock by test-and-set, and one that only tests ---- */

void spinlock_adds(void)
{
    while (atomic_exchange_explicit(&word, 1, memory_order_acquire))
        ex_yield();
    counter++;
    STORE(word, 0, release);
}

void tested_adds(void)
{
    while (LOAD(word, acquire))
        ex_yield();
    STORE(word, 1, relaxed);
    counter++;
    STORE(word, 0, release);
}

/* ---- Dekker's entry, which needs the single order ---- */

static void dekker(int me, int sc)
{
    if (sc)
        STORE(wanting[me], 1, seq_cst);
    else
        STORE(wanting[me], 1, release);
    if (sc ? LOAD(wanting[!me], seq_cst) : LOAD(wanting[!me], acquire))
        return;
    ex_ghost_add(&inside, 1);
}

void dekker_sc_0(void) { dekker(0, 1); }
void dekker_sc_1(void) { dekker(1, 1); }
void dekker_ra_0(void) { dekker(0, 0); }
void dekker_ra_1(void) { dekker(1, 0); }

/* ---- sleeping and waking ---- */

void sleeper(void)
{
    while (LOAD(word, acquire) == 0)
        ex_futex_wait(&word, 0, -1);
}

void sleeper_without_a_look(void)
{
    ex_futex_wait(&word, 0, -1);
    if (LOAD(word, acquire) == 0)
        ex_fail("woken although nothing has happened");
}

void sleeper_with_a_limit(void)
{
    if (ex_futex_wait(&word, 0, 1000) == -110)
        STORE(flag, 1, relaxed);
}

void waker(void)
{
    STORE(word, 1, release);
    ex_futex_wake(&word, 1);
}

void waker_that_wakes_first(void)
{
    ex_futex_wake(&word, 1);
    STORE(word, 1, release);
}

/* ---- locks in two orders ---- */

void locks_ab(void)
{
    ex_lock(&flag);
    ex_lock(&turn);
    ex_unlock(&turn);
    ex_unlock(&flag);
}

void locks_ba(void)
{
    ex_lock(&turn);
    ex_lock(&flag);
    ex_unlock(&flag);
    ex_unlock(&turn);
}

void locked_adds(void)
{
    ex_lock(&flag);
    counter++;
    ex_unlock(&flag);
}

void locks_twice(void)
{
    ex_lock(&flag);
    ex_lock(&flag);
}

/* ---- weak compare-and-swap fails for no reason ---- */

void weak_once(void)
{
    int e = 0;
    if (!atomic_compare_exchange_weak(&word, &e, 1))
        ex_fail("a weak compare-and-swap without a loop");
}

void weak_loop(void)
{
    int e = 0;
    while (!atomic_compare_exchange_weak(&word, &e, 1) && e == 0) {
    }
}

/* ---- ends that are none ---- */

void waits_for_ever(void)
{
    while (LOAD(flag, acquire) == 0)
        ex_yield();
}

void circles(void)
{
    for (;;)
        atomic_fetch_add(&word, 1);
}

void hangs(void)
{
    for (;;)
        __asm__ volatile("");
}

void crashes(void)
{
    *(volatile int *)8 = 1;
}

void wild(void)
{
    static char *volatile p = (char *)0x600000000000;
    *p = 1;
}

void mixes(void)
{
    data++;
    atomic_fetch_add((_Atomic int *)&data, 1);
}

void copies(void)
{
    struct big {
        int a[12];
    };
    static struct big from, to;
    to = from;
    STORE(flag, to.a[3], relaxed);
}

/** For a moment word is 1. That the two contend is only known when both have run once, one after the other. */
void blinks(void)
{
    STORE(word, 1, relaxed);
    STORE(word, 0, relaxed);
}

void looks(void)
{
    if (LOAD(word, relaxed) == 1)
        ex_fail("seen");
}

/** Is inside for the length of a step that is nobody else's business. */
void comes_and_goes(void)
{
    ex_ghost_set(&inside, 1);
    STORE(turn, 1, relaxed);
    ex_ghost_set(&inside, 0);
}

void looks_inside(void)
{
    if (ex_ghost_get(&inside))
        ex_fail("seen inside");
}

/** Many steps, none of which another thread can notice before the lock is free. */
void keeps_to_itself(void)
{
    ex_lock(&word);
    for (int i = 0; i < 20; i++)
        STORE(turn, LOAD(turn, relaxed) + 1, relaxed);
    ex_unlock(&word);
}

/** Depends on something that is not put back before each execution. */
void depends_on_outside(void)
{
    int n = outside();
    STORE(turn, n, relaxed);
    if (n == 5)
        ex_fail("the fifth execution");
}

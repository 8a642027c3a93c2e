/**
 * @file explore.h
 * What the author of a scenario uses: systematic exploration of a few threads over plain C11 code.
 *
 * A scenario is a setup, up to seven threads, and a check. The explorer runs it again and again, each time with another
 * interleaving, until there is none left within its bounds: at every atomic operation, lock, futex call and yield it decides
 * who goes on; in the weak phases also which store a load sees. The code under test is compiled with -fsanitize=thread and
 * linked with the explorer in place of the sanitizer's library. See the handout page "The explorer".
 *
 * Scenario code itself is not instrumented. What several of its threads share must be kept in ghosts (ex_ghost_*), or in
 * what the code under test protects; setup and check run alone and may do as they like.
 */
#ifndef HANDOFF_EXPLORE_H
#define HANDOFF_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Most threads of a scenario. */
enum { EX_THREADS = 7 };

/** A thread of a scenario. */
struct ex_thread {
    const char *name; /**< as traces call it */
    void (*fn)(void); /**< what it does; its end is the thread's end */
    bool daemon;      /**< it may still be blocked when all others have ended */
};

/** A scenario. */
struct ex_scenario {
    const char *name;                        /**< an identifier */
    const char *says;                        /**< in a sentence: what must hold */
    void (*setup)(void);                     /**< before the threads; NULL: nothing */
    void (*check)(void);                     /**< after them; NULL: nothing */
    struct ex_thread threads[EX_THREADS];    /**< those with a name exist */
    bool (*fatal)(const char *msg);          /**< a fatal error of the runtime: true if it was expected (its thread ends) */
    bool strong;                             /**< only interleavings: what it claims is about real time */
    int bound;                               /**< most preemptions; 0: the explorer's default */
    const char *expect;                      /**< for tests of the explorer: the verdict that it must come to; NULL: ok */
};

/** Declares a scenario and puts it on the list: SCENARIO(name, .says = "...", .setup = f, .threads = {{"owner", g}}); */
#define SCENARIO(id, ...)                                                                                     \
    static const struct ex_scenario id##_scenario = {.name = #id, __VA_ARGS__};                               \
    static const struct ex_scenario *const id##_listed __attribute__((used, section("ex_scenarios"))) = &id##_scenario

/** Ends the execution: the scenario fails with this message. */
_Noreturn void ex_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Fails unless cond holds. */
#define EX_CHECK(cond, ...)        \
    do {                           \
        if (!(cond))               \
            ex_fail(__VA_ARGS__);  \
    } while (0)

/**
 * Names n bytes at addr for traces; from setup, or from a thread in the first execution. A longer range named later is used
 * where no shorter one fits.
 */
void ex_name(const volatile void *addr, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/** Names an 8-byte value (a pointer) for traces; from setup. */
void ex_value(uint64_t value, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/**
 * Asks for an audit of n bytes of atomic slots that are used again: a slot may be overwritten only after the loads that a
 * successful compare-and-swap made final. Finds orders that are missing only on CPUs which delay loads. From setup.
 */
void ex_guard(const volatile void *addr, size_t n);

/** The running thread: 0, 1, ...; -1 in setup and check. */
int ex_self(void);
/** Ends the running thread. */
_Noreturn void ex_end(void);
/** Lets others run: the thread can do nothing useful until somebody has done something. */
void ex_yield(void);

/** Bookkeeping that threads of a scenario share: sets *g. */
void ex_ghost_set(int64_t *g, int64_t v);
/** Reads it. */
int64_t ex_ghost_get(const int64_t *g);
/** Adds d; returns what it was. */
int64_t ex_ghost_add(int64_t *g, int64_t d);

/** A counter to wait for: the scenario's own way to order its threads. Zero: nothing posted. */
struct ex_sem {
    int count; /**< posts not yet taken */
};
/** Waits for a post and takes it. */
void ex_wait(struct ex_sem *s);
/** Posts; what happened before it is seen by who takes it. */
void ex_post(struct ex_sem *s);

/** A lock that the explorer knows: enabled when free, never spins. The word at addr only gives it its identity. */
void ex_lock(void *addr);
/** Frees it. */
void ex_unlock(void *addr);
/** True if the running thread holds it. */
bool ex_holds(void *addr);
/** futex(2): sleeps while *addr == val; ns < 0: no time-out. 0 woken or for no reason, -11 (EAGAIN), -110 (ETIMEDOUT). */
int ex_futex_wait(volatile void *addr, uint32_t val, int64_t ns);
/** Wakes up to n sleepers on addr; how many. */
int ex_futex_wake(volatile void *addr, int n);

/** n bytes for the running thread, zeroed; all of them are gone when the execution ends. Addresses repeat in a replay. */
void *ex_alloc(size_t n, size_t align);

#endif

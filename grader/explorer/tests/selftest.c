/**
 * @file selftest.c
 * The explorer against programs whose faults are known: the verdict must be the expected one.
 */
#include <sys/mman.h>
#include "bugs.h"

int64_t inside;

static void names(void)
{
    ex_name(&flag, sizeof flag, "flag");
    ex_name(&turn, sizeof turn, "turn");
    ex_name(&word, sizeof word, "word");
    ex_name(&data, sizeof data, "data");
    ex_name(&counter, sizeof counter, "counter");
}

static void twice(void)
{
    EX_CHECK(counter == 2, "two additions make %d", counter);
}

static void alone(void)
{
    EX_CHECK(inside <= 1, "%d threads are inside", (int)inside);
}

static void set(void)
{
    EX_CHECK(flag == 1, "the time-out never passed");
}

#define TWO(a, b) .setup = names, .threads = {{"one", a, 0}, {"two", b, 0}}

SCENARIO(release_acquire, TWO(send_release, receive_acquire));
SCENARIO(relaxed_message, TWO(send_relaxed, receive_acquire), .expect = "data_race");
SCENARIO(spinlock, TWO(spinlock_adds, spinlock_adds), .check = twice);
SCENARIO(spinlock_that_only_tests, TWO(tested_adds, tested_adds), .check = twice, .expect = "data_race");
SCENARIO(dekker_seq_cst, TWO(dekker_sc_0, dekker_sc_1), .check = alone);
SCENARIO(dekker_release_acquire, TWO(dekker_ra_0, dekker_ra_1), .check = alone, .expect = "assertion");
SCENARIO(dekker_release_acquire_strong, TWO(dekker_ra_0, dekker_ra_1), .check = alone, .strong = true);
SCENARIO(futex, TWO(sleeper, waker));
SCENARIO(futex_woken_first, TWO(sleeper, waker_that_wakes_first), .expect = "deadlock");
SCENARIO(futex_wakes_for_no_reason, TWO(sleeper_without_a_look, waker), .expect = "assertion");
SCENARIO(futex_daemon, .setup = names, .threads = {{"sleeper", sleeper, 1}, {"other", weak_loop, 0}});
SCENARIO(futex_time_out, .setup = names, .threads = {{"sleeper", sleeper_with_a_limit, 0}}, .check = set, .expect = "assertion");
SCENARIO(lock, TWO(locked_adds, locked_adds), .check = twice);
SCENARIO(lock_order, TWO(locks_ab, locks_ba), .expect = "deadlock");
SCENARIO(lock_twice, .setup = names, .threads = {{"one", locks_twice, 0}}, .expect = "assertion");
SCENARIO(weak_cas_in_a_loop, TWO(weak_loop, weak_loop));
SCENARIO(weak_cas_without, .setup = names, .threads = {{"one", weak_once, 0}}, .expect = "assertion");
SCENARIO(all_wait, TWO(waits_for_ever, waits_for_ever), .expect = "livelock");
SCENARIO(one_waits_for_the_other, TWO(waits_for_ever, send_release));
SCENARIO(goes_in_circles, .setup = names, .threads = {{"one", circles, 0}}, .expect = "livelock");
SCENARIO(endless_loop, .setup = names, .threads = {{"one", hangs, 0}}, .expect = "hang");
SCENARIO(null_pointer, .setup = names, .threads = {{"one", crashes, 0}}, .expect = "wild_access");
SCENARIO(wild_pointer, .setup = names, .threads = {{"one", wild, 0}}, .expect = "wild_access");
SCENARIO(atomic_and_plain, TWO(mixes, mixes), .expect = "data_race");
SCENARIO(struct_copies, TWO(copies, weak_loop));
SCENARIO(struct_copies_race, TWO(copies, copies), .expect = "data_race");

/* ---- which steps are scheduling points ---- */

static void forty(void)
{
    EX_CHECK(turn == 40, "forty additions make %d", turn);
}

SCENARIO(contended_for_a_moment, TWO(blinks, looks), .expect = "assertion");
SCENARIO(a_ghost_beside_own_steps, TWO(comes_and_goes, looks_inside), .expect = "assertion");
SCENARIO(steps_under_a_lock, TWO(keeps_to_itself, keeps_to_itself), .check = forty, .bound = 5);

/* ---- the runtime's lock ---- */

static void four(void)
{
    EX_CHECK(counter == 4, "four additions make %d", counter);
}

static void three(void)
{
    EX_CHECK(counter == 3, "three additions make %d", counter);
}

#define THREE(how, verdict)                                             \
    static void setup_##how(void)                                       \
    {                                                                   \
        names();                                                        \
        broken = how;                                                   \
    }                                                                   \
    SCENARIO(mutex_##how, .setup = setup_##how, .check = three,         \
             .threads = {{"one", mutex_adds, 0}, {"two", mutex_adds, 0}, {"three", mutex_adds, 0}}, .expect = verdict)
THREE(RIGHT, "ok");
THREE(WAKES_NOBODY, "deadlock");
THREE(WAKES_ONE, "deadlock");
THREE(CAS_RELAXED, "data_race");
THREE(SWAP_RELAXED, "data_race");
SCENARIO(mutex_again, TWO(mutex_adds_twice, mutex_adds_twice), .check = four);

int outside(void)
{
    static const uintptr_t place = 0x10000000; /* a mapping of its own: the program's data are put back */
    int *count = mmap((void *)place, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (count == MAP_FAILED) /* it is there already */
        count = (int *)place;
    return ++*count;
}

SCENARIO(not_deterministic, .setup = names, .threads = {{"one", depends_on_outside, 0}, {"two", weak_loop, 0}},
         .expect = "nondeterminism");

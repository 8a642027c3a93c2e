/**
 * @file judge.h
 * What a test author uses. A test is a Check test in the judge, which holds the expected values; the code
 * under test runs in a guest, a process of its own that lives as long as the test. See grader/README.md.
 */
#ifndef HANDOFF_JUDGE_H
#define HANDOFF_JUDGE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include "../proto.h"

/** @name Declaring tests
 * @{ */

/** A test as the judge's list knows it. */
struct judge_test {
    const TTest *test; /**< Check's */
    double seconds;    /**< its time limit */
};
/** Declares a test and puts it on the judge's list; the body follows in braces. Time limit: 10 seconds. */
#define TEST(name) TEST_WITHIN(name, 10)
/** The same with another time limit, in seconds. On a busy machine both are longer: see JUDGE_PATIENCE. */
#define TEST_WITHIN(name, seconds)                                                                           \
    static void name##_fn(int _i);                                                                           \
    static const TTest name##_ttest = {#name, name##_fn, __FILE__, __LINE__};                                \
    static const struct judge_test name##_judged = {&name##_ttest, seconds};                                 \
    static const struct judge_test *const name##_listed __attribute__((used, section("judge_tests"))) =      \
        &name##_judged;                                                                                      \
    static void name##_fn(int _i __attribute__((unused)))
/** Fails the test; printf-like. (Check has an old macro of this name.) */
#undef fail
#define fail(...) judge_fail(__FILE__, __LINE__, __VA_ARGS__)
/**
 * Says in the student's terms why what follows must hold; printf-like. Until the next because() it is put, in
 * parentheses, behind every failure's message, a crash's and a time-out's included. NULL: nothing any more.
 * because("a bucket without symbols is 0, no index"); expect_call(0, "vdso_lookup", ...);
 */
void because(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Implementation of fail. */
_Noreturn void judge_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** A random number; the sequence follows from the seed (HANDOFF_SEED) and the test's name. */
uint64_t rnd(void);
/** Random in [0, n). */
uint64_t rndn(uint64_t n);
/** @} */

/** @name Calling the guest
 * @{ */

/** The arguments of a call as count and array; all are int64_t. */
#define VALUES(...)                                                                                          \
    (uint32_t)(sizeof((int64_t[]){0, ##__VA_ARGS__}) / sizeof(int64_t) - 1), (int64_t[]){0, ##__VA_ARGS__} + 1

/**
 * Runs operation op on g0 of the current M (m0 unless on(m) said otherwise), or in the agent, and returns
 * its value. The test fails with a sentence if it does not return: not written yet, crash, throw, blocked,
 * no answer in time. int64_t g = call("newg"); call("runqput", p, g, true);
 */
#define call(op, ...)            judge_call(__FILE__, __LINE__, op, NULL, 0, RUN_G0, VALUES(__VA_ARGS__))
/** call with a text (zero-terminated) for the operations that take one. */
#define call_text(op, text, ...) judge_call(__FILE__, __LINE__, op, text, -1, RUN_G0, VALUES(__VA_ARGS__))
/** call with n bytes. */
#define call_bytes(op, bytes, n, ...)                                                                        \
    judge_call(__FILE__, __LINE__, op, bytes, n, RUN_G0, VALUES(__VA_ARGS__))
/** call on the stack of the G that the current M runs (getg() is that G). */
#define call_g(op, ...) judge_call(__FILE__, __LINE__, op, NULL, 0, RUN_CURG, VALUES(__VA_ARGS__))
/**
 * call, and fails unless the value is this: expect_call(g, "runqget", p). Prefer these to
 * ck_assert_int_eq(call(...), ...): Check prints its arguments as the preprocessor left them.
 */
#define expect_call(value, op, ...)                                                                          \
    judge_expect_call(__FILE__, __LINE__, value, op, RUN_G0, VALUES(__VA_ARGS__))
/** The same on the current M's G. */
#define expect_call_g(value, op, ...)                                                                        \
    judge_expect_call(__FILE__, __LINE__, value, op, RUN_CURG, VALUES(__VA_ARGS__))
/** Fails unless result i of the last call is this; what: its name, for the message. */
#define expect_result(i, value, what) judge_expect_result(__FILE__, __LINE__, i, value, what)
/** Fails unless the text of the last call is this. */
#define expect_text(wanted)           judge_expect_text(__FILE__, __LINE__, wanted)
/** The name of register i of those that the operation `regs` tells of. */
const char *register_name(uint32_t i);
/** Result i of the last call, run or resume (0 is the returned value). */
int64_t result(unsigned i);
/** Its text. */
const char *result_text(void);
/** The end of what the guest has written to its standard output and error so far (2000 bytes at most). */
const char *guest_output(void);
/** Later calls are made on this M. */
void on(int64_t m);
/**
 * How long the guest may take for one answer; 2000 milliseconds unless changed. Those in which it gets no CPU do not count.
 */
void answer_within(int milliseconds);
/**
 * Passes a copy of fd to the guest, which sees it as file descriptor 4. Before the first call of the test.
 */
void give_fd(int fd);
/**
 * From now on every system call of the code under test is seen, and can be answered: operations trap_play, trapped,
 * trap_io and trap_leave of guest/trap.c.
 */
#define catch_calls()                judge_catch_calls(__FILE__, __LINE__)
/** Fails unless the operation throws (throw or fatal) and its message contains text. */
#define call_throws(text, op, ...)   judge_throws(__FILE__, __LINE__, text, op, RUN_G0, VALUES(__VA_ARGS__))
/** The same on the current M's G. */
#define call_g_throws(text, op, ...) judge_throws(__FILE__, __LINE__, text, op, RUN_CURG, VALUES(__VA_ARGS__))
/**
 * Fails unless the guest ends during the operation: status as by waitpid (WIFSIGNALED or exit code << 8),
 * and its standard error contains text (NULL: anything). The guest is gone afterwards; the test makes no
 * further call.
 */
#define call_dies(status, text, op, ...)                                                                     \
    judge_dies(__FILE__, __LINE__, status, text, op, RUN_G0, VALUES(__VA_ARGS__))
/** The same on the current M's G. */
#define call_g_dies(status, text, op, ...)                                                                   \
    judge_dies(__FILE__, __LINE__, status, text, op, RUN_CURG, VALUES(__VA_ARGS__))
/** @} */

/** @name The world, step by step
 * @{ */

/** What an M came to. */
struct outcome {
    enum outcomekind kind; /**< see proto.h */
    uint32_t n;            /**< values */
    int64_t v[MSG_VALUES]; /**< v[0]: what the operation returned */
    char who[64];          /**< "exitsyscall on m0": what was started there last */
    char
        text[512]; /**< "returned", "running g5", "blocked: futex m1.park", "stopped: at ...", "threw: ..." */
};
/** Starts op on m's g0 and returns as soon as m comes to something. Other Ms stand still. */
#define run(m, op, ...)                 judge_run(__FILE__, __LINE__, m, RUN_G0, op, VALUES(__VA_ARGS__))
/** The same on the stack of the G that m runs. */
#define run_g(m, op, ...)               judge_run(__FILE__, __LINE__, m, RUN_CURG, op, VALUES(__VA_ARGS__))
/** m, blocked or stopped, goes on: a sleep in the kernel returns as if it had been woken. */
#define resume(m)                       judge_resume(__FILE__, __LINE__, m, INT64_MIN)
/** The same, the system call in which it is blocked returns ret (-ETIMEDOUT, -EINTR). */
#define resume_ret(m, ret)              judge_resume(__FILE__, __LINE__, m, ret)
/** Fails unless the outcome's text is exactly this. */
#define expect(outcome, wanted)         judge_expect(__FILE__, __LINE__, outcome, wanted)
/** Fails unless the operation returned this value. */
#define expect_returned(outcome, value) judge_expect_returned(__FILE__, __LINE__, outcome, value)

/**
 * The value of a field: get("p0.runqtail"), get("g5.m"), get("sched.npidle"). Pointers to G, M, P are
 * handles or NIL.
 */
#define get(...)                        judge_get(__FILE__, __LINE__, __VA_ARGS__)
/** Sets a field; the name is a printf format: set(value, "p%d.status", p). */
#define set(value, ...)                 judge_set(__FILE__, __LINE__, value, __VA_ARGS__)
/** Fails unless the field has this value. */
#define expect_field(value, ...)        judge_expect_field(__FILE__, __LINE__, value, __VA_ARGS__)
/**
 * The handles on a list: list("p0.runq") is "g1 g2". Also sched.runq, sched.pidle, sched.midle, sched.freem,
 * p0.gFree, sched.gFree.stack, sched.gFree.noStack, newmHandoff.newm, allm. In one of four static buffers.
 */
#define list(...)                       judge_list(__FILE__, __LINE__, __VA_ARGS__)
/** Fails unless the list is this. */
#define expect_list(wanted, ...)        judge_expect_list(__FILE__, __LINE__, wanted, __VA_ARGS__)
/** "g3 g4 g5" for range('g', 3, 5); empty if last < first. In one of four static buffers. */
const char *range(char kind, int64_t first, int64_t last);
/** a and b with a blank between, either may be empty. In one of four static buffers. */
const char *join(const char *a, const char *b);

/** At function or stall point name: nothing; log and call; log instead of calling; stop the M there. */
void pass(const char *name);
void spy(const char *name);     /**< see pass */
void record(const char *name);  /**< see pass */
void stop_at(const char *name); /**< see pass */
/** What the next calls of a recorded function, or of a played system call, return. */
#define script(name, ...) judge_script(name, VALUES(__VA_ARGS__))
/** The log since the last events(): one line a call. */
const char *events(void);
/** Fails unless the log since the last time is exactly these lines, each ended by \n. */
#define expect_events(wanted) judge_expect_events(__FILE__, __LINE__, wanted)

/**
 * Walks the world and fails if an invariant of the lists does not hold: each runnable G of the world on
 * exactly one queue, no other on any; counts equal lengths (npidle, nmidle, runqsize) and mask bits; idle Ps
 * have empty queues and no M; each M and its P point to each other, each M and its curg; nmspinning counts
 * the spinning Ms.
 */
#define check_world()         judge_check_world(__FILE__, __LINE__)
/** Gs that check_world shall expect on no queue though runnable (held by the test). */
void off_queue(int64_t g);
/** @} */

/** @name Whole programs
 * @{ */

/** How a program is to be run. Zero fields: the defaults. */
struct limits {
    int wall_ms;    /**< wall clock in which it has a CPU, default 8 s; then it is killed with SIGKILL */
    int cpu_s;      /**< RLIMIT_CPU, default 20 s */
    size_t out_max; /**< bytes kept of each output, default 64 KiB */
    bool threads;   /**< sample /proc/PID/task for the most threads seen */
};
/** What came of it. */
struct run_result {
    int status;            /**< as by waitpid */
    bool timed_out;        /**< it was killed at wall_ms */
    bool hog;              /**< it was killed at JUDGE_PEAK_KB */
    bool flooded;          /**< it was killed for its output */
    bool ended;            /**< it came to the end of its main function, by the judge's token */
    double wall;           /**< seconds */
    double cpu;            /**< seconds of CPU, user and system */
    long maxrss_kb;        /**< peak memory */
    int max_threads;       /**< most seen at once, if limits.threads */
    char *out, *err;       /**< what it wrote, zero-terminated, freed at the end of the test */
    size_t outlen, errlen; /**< lengths, cut at out_max */
    char *reports;         /**< report() lines "key value\n" in order */
};
/**
 * Runs a program and waits for it. argv[0] is the path; without a '/' it is one of the programs built with the
 * lab's modules (HANDOFF_PROGRAMS, -p, or progNN beside guestNN). env is NULL or NAME=value strings,
 * NULL-terminated: the program gets no others. Never fails the test by itself.
 */
void run_program(const char *const argv[], const char *const env[], const struct limits *l,
                 struct run_result *res);
/** Fails, with its last output, unless the program exited with this code. */
#define expect_exit(res, code) judge_expect_exit(__FILE__, __LINE__, res, code)
/** The value of the last report with this key; *found (may be NULL) says if there was one. */
int64_t reported(const struct run_result *res, const char *key, bool *found);
/** @} */

/* Implementations of the macros above. */
int64_t judge_call(const char *file, int line, const char *op, const void *text, int64_t len,
                   enum runmode mode, uint32_t n, const int64_t *v);
void judge_expect_call(const char *file, int line, int64_t value, const char *op, enum runmode mode,
                       uint32_t n, const int64_t *v);
void judge_expect_result(const char *file, int line, unsigned i, int64_t value, const char *what);
void judge_catch_calls(const char *file, int line);
void judge_expect_text(const char *file, int line, const char *wanted);
void judge_throws(const char *file, int line, const char *text, const char *op, enum runmode mode, uint32_t n,
                  const int64_t *v);
void judge_dies(const char *file, int line, int status, const char *text, const char *op, enum runmode mode,
                uint32_t n, const int64_t *v);
struct outcome judge_run(const char *file, int line, int64_t m, enum runmode mode, const char *op, uint32_t n,
                         const int64_t *v);
struct outcome judge_resume(const char *file, int line, int64_t m, int64_t ret);
void judge_expect(const char *file, int line, struct outcome o, const char *wanted);
void judge_expect_returned(const char *file, int line, struct outcome o, int64_t value);
int64_t judge_get(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void judge_set(const char *file, int line, int64_t value, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void judge_expect_field(const char *file, int line, int64_t value, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
const char *judge_list(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void judge_expect_list(const char *file, int line, const char *wanted, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void judge_script(const char *name, uint32_t n, const int64_t *v);
void judge_expect_events(const char *file, int line, const char *wanted);
void judge_check_world(const char *file, int line);
void judge_expect_exit(const char *file, int line, const struct run_result *res, int code);

/* Between judge.c, world.c, program.c and main.c. */

/** The guest's path and the launcher before it, from options or the environment. */
extern const char *judge_guest, *judge_launcher, *judge_programs;
/**
 * Sends op and returns the answer; every fault of the guest fails the test. Starts the guest if there is
 * none.
 */
const struct msg *judge_ask(const char *file, int line, const char *op, const void *text, size_t len,
                            uint32_t n, const int64_t *v);
/** The exchange alone; false: the guest ended meanwhile (judge_guest_status). */
bool judge_exchange(const char *file, int line, const char *op, const void *text, size_t len, uint32_t n,
                    const int64_t *v);
/** The last answer. */
extern struct msg judge_last;
/** How the guest ended, as by waitpid. */
int judge_guest_status(void);
/** "; last output: ..." or nothing. */
const char *judge_last_output(void);
/** Sets and unsets what a test needs; Check fixtures. */
void judge_setup(void);
void judge_teardown(void); /**< see judge_setup */
/** The judge's own process: the parent of the tests'. */
extern pid_t judge_pid;
/** Kills and reaps all that is left below this process; 0 if there was nothing. */
int judge_sweep(void);
/** Kills the children of process pid, except this process and one more; how many there were. *living: true if one had not ended. */
int judge_kill_children(pid_t pid, pid_t except, bool *living);
/** Marks that the test has looked at something. */
void judge_used(void);
/** The signal that ended a guest, also if a launcher says so in its place; 0: none did. */
int judge_signal(int status);
/** "exited with status 3", "crashed (SIGSEGV)". */
const char *judge_status(int status);
/** The grader's word for an end that nobody asked for: "[crash] ", "[timeout_cpu] ", "[early_exit] ". */
const char *judge_tag(int status);
/** Most resident memory of a guest or a program, in KiB; JUDGE_MEMORY in words. */
#define JUDGE_PEAK_KB (1l << 20)
#define JUDGE_MEMORY "1 GiB" /**< see JUDGE_PEAK_KB */
/**
 * For how long, in seconds, the tests of one judge may run together, without the time in which their guests got no CPU: what
 * is left then fails without being run.
 */
enum { JUDGE_BUDGET = 400 };
/** By how much limits of time may grow on a machine that is busy with other things. */
enum { JUDGE_PATIENCE = 10 };
/** When main began, as seconds of CLOCK_MONOTONIC. */
extern double judge_began;
/** Shared by the tests' processes: seconds in which their guests got no CPU. */
extern double *judge_delayed;
/** Seconds of CLOCK_MONOTONIC. */
double judge_seconds(void);
/**
 * In a child, before it becomes a guest without a launcher: takes from it all capabilities, and where the kernel can
 * (Landlock), signals to any process that is not its own descendant. No more ptrace of the judge then, no kill.
 */
void judge_confine(void);
/**
 * In a child, before it becomes a guest or a program: limits on CPU time, open files and the size of each file that it writes; no
 * core dumps.
 */
void judge_limit(int cpu_s, int files, int file_kb);
/** Reads a file of /proc/PID as text; false: there is no such process, or it is not ours to see. */
bool judge_proc(pid_t pid, const char *name, char *buf, size_t size);
/** Threads of a process now; 0: there is no such process. */
int judge_threads(pid_t pid);

/** For how long, in milliseconds, that thread of a process which fared worst could have run and got no CPU. */
long judge_delay_ms(pid_t pid);
/**
 * True if a process that had been delayed by `delayed` when this began has taken more than `limit` milliseconds, now
 * that so many have passed. Time in which it got no CPU does not count, up to JUDGE_PATIENCE: a busy machine is no fault
 * of the submission's.
 */
bool judge_overdue(pid_t pid, int64_t passed, int64_t limit, long delayed);

/** @name What a test's guests and programs have used
 * Kept by usage.c, told to the grader when the test ends.
 * @{ */
/** Looks at a process that runs: its threads, its peak memory. */
void judge_look(pid_t pid);
/** One has ended, and used this. */
void judge_ended(const struct rusage *ru);
/** The peak memory of all so far, in KiB. */
long judge_peak_kb(void);
/** Where main shall have each test's use written (-f), a line "NAME CPU-MICROSECONDS PEAK-KIB THREADS"; -1: nowhere. */
extern int judge_usage_fd;
/** Writes the line of this test's process; at its exit, however it fails. */
void judge_tell_usage(void);
/** @} */

#endif

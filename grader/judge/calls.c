/**
 * @file calls.c
 * Operations on the Ms of the guest's world, and what a test expects of them.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include "judge.h"

/** The M that calls are made on. */
static int64_t current_m;

void on(int64_t m)
{
    current_m = m;
}

/** What `run` started last on each M. */
static char started[256][32];

/** "exitsyscall on m0", or "m5" if that began as a thread. */
static void who(char *text, size_t size, int64_t m)
{
    const char *op = m >= 0 && m < (int64_t)(sizeof started / sizeof *started) ? started[m] : "";
    snprintf(text, size, "%s%sm%lld", op, *op ? " on " : "", (long long)m);
}

/** Sends a run request. */
static void send_run(const char *file, int line, int64_t m, enum runmode mode, const char *op,
                     const void *text, size_t len, uint32_t n, const int64_t *v, bool *died)
{
    int64_t w[MSG_VALUES] = {m, mode};
    char buf[MSG_TEXT];
    size_t k = strlen(op) + 1;
    if (n + 2 > MSG_VALUES || k + len >= MSG_TEXT)
        judge_fail(file, line, "test: too many arguments, or too long a text, for '%s'", op);
    if (n)
        memcpy(w + 2, v, n * sizeof *v);
    memcpy(buf, op, k);
    if (len)
        memcpy(buf + k, text, len);
    if (!died)
        judge_ask(file, line, "run", buf, k + len, n + 2, w);
    else
        *died = !judge_exchange(file, line, "run", buf, k + len, n + 2, w);
}

/** The last answer as an outcome of M m. */
static struct outcome outcome_of(const char *file, int line, int64_t m)
{
    static const char *const prefix[] = {"", "", "", "blocked: ", "stopped: ", "", "ended: ", "exited: "};
    struct outcome o = {.kind = (enum outcomekind)judge_last.outcome, .n = judge_last.n};
    if (judge_last.outcome <= OUT_NONE || judge_last.outcome > OUT_EXITED)
        judge_fail(file, line, "test: %s", judge_last.text);
    memcpy(o.v, judge_last.v, sizeof o.v);
    who(o.who, sizeof o.who, m);
    snprintf(o.text, sizeof o.text, "%s%.480s", prefix[o.kind],
             o.kind == OUT_RETURNED ? "returned" : judge_last.text);
    return o;
}

int64_t judge_call(const char *file, int line, const char *op, const void *text, int64_t len,
                   enum runmode mode, uint32_t n, const int64_t *v)
{
    size_t bytes = !text ? 0 : len >= 0 ? (size_t)len : strlen(text);
    send_run(file, line, current_m, mode, op, text, bytes, n, v, NULL);
    struct outcome o = outcome_of(file, line, current_m);
    if (o.kind != OUT_RETURNED)
        judge_fail(file, line, "%s did not return: %s", op, o.text);
    return judge_last.v[0];
}

void judge_throws(const char *file, int line, const char *text, const char *op, enum runmode mode, uint32_t n,
                  const int64_t *v)
{
    send_run(file, line, current_m, mode, op, NULL, 0, n, v, NULL);
    struct outcome o = outcome_of(file, line, current_m);
    if (o.kind != OUT_THREW)
        judge_fail(file, line, *text ? "%s should have thrown \"%s\"; instead: %s" : "%s should have thrown%s; instead: %s", op,
                   text, o.text);
    if (!strstr(o.text, text))
        judge_fail(file, line, "%s should have thrown \"%s\"; it threw another: %s", op, text, o.text);
}

void judge_catch_calls(const char *file, int line)
{
    int64_t r = judge_call(file, line, "trap", NULL, 0, RUN_G0, 0, NULL);
    if (r != 0)
        judge_fail(file, line, "judge: the guest may set no seccomp filter: error %lld", (long long)-r);
}

void judge_dies(const char *file, int line, int status, const char *text, const char *op, enum runmode mode,
                uint32_t n, const int64_t *v)
{
    bool died = false;
    send_run(file, line, current_m, mode, op, NULL, 0, n, v, &died);
    if (!died && judge_last.status == MSG_UNWRITTEN)
        judge_fail(file, line, "[unwritten] %s", judge_last.text);
    if (!died)
        judge_fail(file, line, "%s should have ended the process; instead: %s", op, judge_last.text);
    if (judge_guest_status() != status) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "%s", judge_status(status));
        judge_fail(file, line, "the guest %s during %s, wanted: %s%s", judge_status(judge_guest_status()), op,
                   wanted, judge_last_output());
    }
    if (text && !strstr(guest_output(), text))
        judge_fail(file, line, "%s should have said \"%s\"%s", op, text, judge_last_output());
}

/** "runqput(0, 3, 1)" in a static buffer. */
static const char *callname(const char *op, uint32_t n, const int64_t *v)
{
    static char buf[512];
    size_t k = (size_t)snprintf(buf, sizeof buf, "%s(", op);
    for (uint32_t i = 0; i < n && k < sizeof buf; i++)
        k += (size_t)snprintf(buf + k, sizeof buf - k, "%s%lld", i ? ", " : "", (long long)v[i]);
    if (k < sizeof buf)
        snprintf(buf + k, sizeof buf - k, ")");
    return buf;
}

/** What op returned, for a message: for operations that return a G, an M or a P its name, for others the number. */
static const char *valuename(const char *op, int64_t value, char *buf, size_t size)
{
    static const char *const kinds[] = {
        "g findrunnable", "g gfget", "g globrunqget", "g globrunqgetbatch", "g netpollunblock", "g newproc1", "g runqget",
        "g runqsteal", "g stealWork", "m mget", "p pidleget", "p pidlegetSpinning", "p releasep",
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(op, kinds[i] + 2) == 0) {
            snprintf(buf, size, value == NIL ? "nil" : "%c%lld", kinds[i][0], (long long)value);
            return buf;
        }
    snprintf(buf, size, "%lld", (long long)value);
    return buf;
}

void judge_expect_call(const char *file, int line, int64_t value, const char *op, enum runmode mode,
                       uint32_t n, const int64_t *v)
{
    int64_t r = judge_call(file, line, op, NULL, 0, mode, n, v);
    char is[32], wanted[32];
    if (r != value)
        judge_fail(file, line, "%s returned %s, it should be %s", callname(op, n, v), valuename(op, r, is, sizeof is),
                   valuename(op, value, wanted, sizeof wanted));
}

void judge_expect_result(const char *file, int line, unsigned i, int64_t value, const char *what)
{
    if (result(i) != value)
        judge_fail(file, line, "%s: it is %lld, it should be %lld", what, (long long)result(i),
                   (long long)value);
}

const char *register_name(uint32_t i)
{
    static const char *const names[] = {"rbx", "rbp",   "r12",              "r13", "r14",
                                        "r15", "mxcsr", "x87 control word", "rsp", "direction flag"};
    return i < sizeof names / sizeof *names ? names[i] : "?";
}

void judge_expect_text(const char *file, int line, const char *wanted)
{
    if (strcmp(result_text(), wanted) != 0)
        judge_fail(file, line, "it says \"%s\", it should say \"%s\"", result_text(), wanted);
}

struct outcome judge_run(const char *file, int line, int64_t m, enum runmode mode, const char *op, uint32_t n,
                         const int64_t *v)
{
    if (m >= 0 && m < (int64_t)(sizeof started / sizeof *started))
        snprintf(started[m], sizeof started[m], "%s", op);
    send_run(file, line, m, mode, op, NULL, 0, n, v, NULL);
    return outcome_of(file, line, m);
}

struct outcome judge_resume(const char *file, int line, int64_t m, int64_t ret)
{
    judge_ask(file, line, "resume", NULL, 0, 2, (int64_t[]){m, ret});
    return outcome_of(file, line, m);
}

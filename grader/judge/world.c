/**
 * @file world.c
 * Looking at the guest's world by name, and the walk over it that checks the invariants of its lists.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "judge.h"

enum { TEXT = 8192, NBUF = 4, MAXG = 4096 };

/** One of four buffers, in turn. */
static char *nextbuf(void)
{
    static char bufs[NBUF][TEXT];
    static unsigned next;
    return bufs[next++ % NBUF];
}

const char *range(char kind, int64_t first, int64_t last)
{
    char *s = nextbuf();
    size_t k = 0;
    s[0] = 0;
    for (int64_t i = first; i <= last && k + 24 < TEXT; i++)
        k += (size_t)snprintf(s + k, TEXT - k, "%s%c%lld", k ? " " : "", kind, (long long)i);
    return s;
}

const char *join(const char *a, const char *b)
{
    char *s = nextbuf();
    snprintf(s, TEXT, "%s%s%s", a, *a && *b ? " " : "", b);
    return s;
}

/* ---- fields and lists ---- */

int64_t judge_get(const char *file, int line, const char *fmt, ...)
{
    char name[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    return judge_call(file, line, "get", name, -1, RUN_G0, 0, NULL);
}

void judge_set(const char *file, int line, int64_t value, const char *fmt, ...)
{
    char name[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    judge_call(file, line, "set", name, -1, RUN_G0, 1, &value);
}

/** The name of state v in a list of names with blanks between, or "status 7". */
static const char *statename(const char *names, int64_t v)
{
    char *s = nextbuf();
    snprintf(s, TEXT, "status %lld", (long long)v);
    for (int64_t i = 0; *names; i++, names += strcspn(names, " "), names += strspn(names, " "))
        if (i == v)
            snprintf(s, TEXT, "%.*s", (int)strcspn(names, " "), names);
    return s;
}

/** "m1", "no P": field names that hold a handle, and of what. */
static const char *handlename(const char *field, int64_t v)
{
    static const char *const of[] = {"m m lockedm", "p p oldp nextp", "g curg lockedg runnext"};
    for (unsigned k = 0; k < sizeof of / sizeof *of; k++)
        for (const char *s = of[k] + 2; *s; s += strcspn(s, " "), s += strspn(s, " "))
            if (strlen(field) == strcspn(s, " ") && strncmp(field, s, strlen(field)) == 0) {
                char *b = nextbuf();
                snprintf(b, TEXT, v == NIL ? "no %c" : "%c%lld", v == NIL ? of[k][0] - 'a' + 'A' : of[k][0],
                         (long long)v);
                return b;
            }
    return NULL;
}

/** The fields of a G that hold addresses. */
static bool isaddress(const char *field)
{
    static const char *const fields[] = {"stack.lo", "stack.hi", "stackguard0", "sched.pc", "sched.sp",
                                         "sched.bp", "syscallpc", "syscallsp", "syscallbp"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(field, fields[i]) == 0)
            return true;
    return false;
}

/** A field's value as people call it: addresses in hexadecimal, states and handles by their names. */
static const char *valuename(const char *name, int64_t v)
{
    const char *field = strchr(name, '.');
    field = field && strchr("gmp", name[0]) && name[1] >= '0' && name[1] <= '9' ? field + 1 : "";
    if (strcmp(field, "atomicstatus") == 0)
        return statename("Gidle Grunnable Grunning Gsyscall Gwaiting ? Gdead", v);
    if (name[0] == 'p' && strcmp(field, "status") == 0)
        return statename("Pidle Prunning Psyscall Pgcstop Pdead", v);
    if (strcmp(field, "stackguard0") == 0 && v == -1314)
        return "stackPreempt";
    const char *handle = handlename(field, v);
    if (handle)
        return handle;
    char *s = nextbuf();
    snprintf(s, TEXT, isaddress(field) ? "%#llx" : "%lld", (long long)v);
    return s;
}

void judge_expect_field(const char *file, int line, int64_t value, const char *fmt, ...)
{
    char name[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    int64_t v = judge_call(file, line, "get", name, -1, RUN_G0, 0, NULL);
    if (v != value)
        judge_fail(file, line, "%s is %s, it should be %s", name, valuename(name, v), valuename(name, value));
}

/** A list for people: three or more handles in a row become "g1..g128". */
static const char *shorter(const char *handles)
{
    char *out = nextbuf();
    size_t k = 0;
    out[0] = 0;
    for (const char *s = handles; *s && k + 64 < TEXT;) {
        char *end, kind = *s;
        long first = strtol(s + 1, &end, 10), last = first;
        const char *next = end + strspn(end, " ");
        while (*next == kind && strtol(next + 1, &end, 10) == last + 1) {
            last++;
            next = end + strspn(end, " ");
        }
        k += (size_t)snprintf(out + k, TEXT - k, "%s%c%ld", k ? " " : "", kind, first);
        if (last > first)
            k += (size_t)snprintf(out + k, TEXT - k, "%s%c%ld", last > first + 1 ? ".." : " ", kind, last);
        s = next > s ? next : s + strlen(s);
    }
    return out;
}

static const char *list_by_name(const char *file, int line, const char *name)
{
    char *s = nextbuf();
    judge_call(file, line, "list", name, -1, RUN_G0, 0, NULL);
    snprintf(s, TEXT, "%s", result_text());
    return s;
}

const char *judge_list(const char *file, int line, const char *fmt, ...)
{
    char name[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    return list_by_name(file, line, name);
}

void judge_expect_list(const char *file, int line, const char *wanted, const char *fmt, ...)
{
    char name[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    const char *is = list_by_name(file, line, name);
    if (strcmp(is, wanted) != 0)
        judge_fail(file, line, "list %s is \"%s\", it should be \"%s\"", name, shorter(is), shorter(wanted));
}

/* ---- wrapped functions and the log ---- */

static void wrap(const char *name, enum wrapmode mode)
{
    judge_call(__FILE__, __LINE__, "wrap", name, -1, RUN_G0, 1, (int64_t[]){mode});
}

void pass(const char *name)
{
    wrap(name, WRAP_PASS);
}

void spy(const char *name)
{
    wrap(name, WRAP_SPY);
}

void record(const char *name)
{
    wrap(name, WRAP_RECORD);
}

void stop_at(const char *name)
{
    wrap(name, WRAP_STOP);
}

void judge_script(const char *name, uint32_t n, const int64_t *v)
{
    judge_call(__FILE__, __LINE__, "script", name, -1, RUN_G0, n, v);
}

const char *events(void)
{
    static char log[64 * 1024 + 1];
    size_t len = 0;
    int64_t whole;
    do {
        whole = call("events", (int64_t)len);
        size_t n = strlen(result_text());
        if (len + n >= sizeof log || (n == 0 && (int64_t)len < whole))
            break;
        memcpy(log + len, result_text(), n);
        len += n;
    } while ((int64_t)len < whole);
    log[len] = 0;
    call("clearevents");
    return log;
}

/** The lines of a log for a message: equal ones in a row are one, with their number; and no more than fit in out. */
static const char *folded(const char *log, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%s", *log ? "" : "(none)\n");
    for (const char *s = log, *next; *s; s = next) {
        size_t len = strcspn(s, "\n"), times = 1;
        for (next = s + len + (s[len] != 0); strncmp(s, next, len + 1) == 0; next += len + 1)
            times++;
        char often[40] = "";
        if (times > 1)
            snprintf(often, sizeof often, "   (%zu times)", times);
        if (n + len + strlen(often) + 8 > size) {
            snprintf(out + n, size - n, "...\n");
            break;
        }
        n += (size_t)snprintf(out + n, size - n, "%.*s%s\n", (int)len, s, often);
    }
    return out;
}

/** The first difference between two logs, in a sentence. */
static void difference(const char *is, const char *wanted, char *out, size_t size)
{
    size_t n = 1, i = strcspn(is, "\n"), w = strcspn(wanted, "\n");
    for (; i && i == w && strncmp(is, wanted, i) == 0; n++) {
        is += i + 1, wanted += w + 1;
        i = strcspn(is, "\n"), w = strcspn(wanted, "\n");
    }
    if (!i)
        snprintf(out, size, "a call is missing: %.*s", (int)w, wanted);
    else if (!w)
        snprintf(out, size, "a call too many: %.*s", (int)i, is);
    else
        snprintf(out, size, "call %zu is %.*s, it should be %.*s", n, (int)i, is, (int)w, wanted);
}

/** True if a log has more than one line. */
static bool several(const char *log)
{
    return strchr(log, '\n') != strrchr(log, '\n');
}

void judge_expect_events(const char *file, int line, const char *wanted)
{
    const char *is = events();
    char a[1600], b[1600], first[800];
    if (strcmp(is, wanted) == 0)
        return;
    difference(is, wanted, first, sizeof first);
    if (!several(is) && !several(wanted))
        judge_fail(file, line, "%s", first);
    judge_fail(file, line, "%s; the calls were:\n%sthey should have been:\n%s", first, folded(is, a, sizeof a),
               folded(wanted, b, sizeof b));
}

/* ---- outcomes ---- */

void judge_expect(const char *file, int line, struct outcome o, const char *wanted)
{
    if (strcmp(o.text, wanted) != 0)
        judge_fail(file, line, "%s: %s; it should be: %s", o.who, o.text, wanted);
}

void judge_expect_returned(const char *file, int line, struct outcome o, int64_t value)
{
    if (o.kind != OUT_RETURNED)
        judge_fail(file, line, "%s should have returned %lld; instead: %s", o.who, (long long)value, o.text);
    if (o.v[0] != value)
        judge_fail(file, line, "%s returned %lld, it should be %lld", o.who, (long long)o.v[0],
                   (long long)value);
}

/* ---- the walk ---- */

/** How often each G was seen on a queue, and where first. */
static struct {
    const char *file; /**< the caller, for messages */
    int line;
    int seen[MAXG];       /**< times */
    char where[MAXG][24]; /**< the first queue */
} walk;
static bool offqueue[MAXG];

void off_queue(int64_t g)
{
    if (g > 0 && g < MAXG)
        offqueue[g] = true;
}

#define walkget(...)  judge_get(walk.file, walk.line, __VA_ARGS__)
#define walkfail(...) judge_fail(walk.file, walk.line, "the world is inconsistent: " __VA_ARGS__)

/** Notes that g is on this queue. */
static void see(int64_t g, const char *queue)
{
    if (g <= 0 || g >= MAXG)
        walkfail("%s holds something that is no G of the world", queue);
    if (walk.seen[g]++)
        walkfail("g%lld is on two queues, or twice on one: %s and %s", (long long)g, walk.where[g], queue);
    snprintf(walk.where[g], sizeof walk.where[g], "%s", queue);
}

/** Counts the entries of a list; each is given to see if gs. */
static int64_t entries(const char *name, bool gs)
{
    const char *s = list_by_name(walk.file, walk.line, name);
    int64_t n = 0;
    while (*s) {
        long h = strtol(s + 1, NULL, 10);
        if (gs)
            see(h, name);
        n++;
        s += strcspn(s, " ");
        s += strspn(s, " ");
    }
    return n;
}

/** A count field against the list that it counts. */
static void same(const char *field, int64_t n, const char *listname)
{
    int64_t v = walkget("%s", field);
    if (v != n)
        walkfail("%s is %lld, but %s has %lld entries", field, (long long)v, listname, (long long)n);
}

/** P p: its queue, its M, its place on the idle list. */
static void walk_p(int64_t p, bool idle)
{
    char name[32];
    snprintf(name, sizeof name, "p%lld.runq", (long long)p);
    int64_t n = entries(name, true);
    int64_t next = walkget("p%lld.runnext", (long long)p);
    if (next != NIL) {
        snprintf(name, sizeof name, "p%lld.runnext", (long long)p);
        see(next, name);
        n++;
    }
    int64_t m = walkget("p%lld.m", (long long)p);
    int64_t status = walkget("p%lld.status", (long long)p);
    if (idle && (n != 0 || m != NIL || status != 0))
        walkfail("p%lld is on the idle list with status %s, %lld Gs and %s", (long long)p,
                 valuename("p0.status", status), (long long)n, valuename("p0.m", m));
    if (m != NIL && walkget("m%lld.p", (long long)m) != p)
        walkfail("p%lld belongs to m%lld, but that M has another P", (long long)p, (long long)m);
    if (m == NIL && status == 1)
        walkfail("p%lld is running, but no M has it", (long long)p);
    if (p < 32) {
        bool bit = walkget("idlepMask[0]") >> p & 1;
        if (bit != idle)
            walkfail("p%lld's bit in idlepMask is %d, but it is%s on the idle list", (long long)p, bit,
                     idle ? "" : " not");
    }
}

/** True if the handle is among those of the list. */
static bool on_list(const char *handles, char kind, int64_t h)
{
    char name[32];
    size_t k = (size_t)snprintf(name, sizeof name, "%c%lld", kind, (long long)h);
    for (const char *s = handles; (s = strstr(s, name)) != NULL; s += k)
        if ((s == handles || s[-1] == ' ') && (s[k] == ' ' || s[k] == 0))
            return true;
    return false;
}

/** M m: its P and its G point back. Returns 1 if it spins. */
static int walk_m(int64_t m)
{
    int64_t p = walkget("m%lld.p", (long long)m);
    int64_t g = walkget("m%lld.curg", (long long)m);
    if (p != NIL && walkget("p%lld.m", (long long)p) != m)
        walkfail("m%lld has p%lld, but that P has another M", (long long)m, (long long)p);
    if (g != NIL && walkget("g%lld.m", (long long)g) != m)
        walkfail("m%lld runs g%lld, but that G has another M", (long long)m, (long long)g);
    return walkget("m%lld.spinning", (long long)m) != 0;
}

void judge_check_world(const char *file, int line)
{
    memset(&walk, 0, sizeof walk);
    walk.file = file;
    walk.line = line;
    same("sched.runqsize", entries("sched.runq", true), "sched.runq");
    same("sched.npidle", entries("sched.pidle", false), "sched.pidle");
    same("sched.nmidle", entries("sched.midle", false), "sched.midle");
    char idle[TEXT], ms[TEXT];
    snprintf(idle, sizeof idle, "%s", list_by_name(file, line, "sched.pidle"));
    snprintf(ms, sizeof ms, "%s", list_by_name(file, line, "allm"));
    int64_t np = walkget("gomaxprocs"), spinning = 0;
    for (int64_t p = 0; p < np; p++)
        walk_p(p, on_list(idle, 'p', p));
    for (const char *s = ms; *s; s += strcspn(s, " "), s += strspn(s, " "))
        spinning += walk_m(strtol(s + 1, NULL, 10));
    same("sched.nmspinning", spinning, "the set of spinning Ms");
    int64_t ng = call("ng");
    for (int64_t g = 1; g <= ng && g < MAXG; g++) {
        int64_t status = walkget("g%lld.atomicstatus", (long long)g);
        if (status == 1 && !walk.seen[g] && !offqueue[g])
            walkfail("g%lld is runnable, but on no queue: it is lost", (long long)g);
        if (status != 1 && walk.seen[g])
            walkfail("g%lld is on %s, but its status is %s", (long long)g, walk.where[g],
                     valuename("g0.atomicstatus", status));
    }
}

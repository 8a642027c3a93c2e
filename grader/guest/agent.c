/**
 * @file agent.c
 * The guest's main loop: one request, one answer, until the judge says END or closes the channel.
 */
#include "agent.h"

extern const struct op *const __start_agent_ops[];
extern const struct op *const __stop_agent_ops[];

char agent_scratch[SCRATCH_SIZE] __attribute__((aligned(4096)));
/** The request that is being answered. */
static struct msg request;
/** The loop runs on this stack, so that a refused request can simply be dropped. */
static char *loopstack;
enum { LOOPSTACK = 256 * 1024 };

void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);

bool streq(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

void *agent_memory(size_t n)
{
    n = (n + ARCH_PAGE_SIZE - 1) & ~(size_t)(ARCH_PAGE_SIZE - 1);
    int64_t p = agent_syscall(__NR_mmap, 0, (int64_t)n + ARCH_PAGE_SIZE, KPROT_READ | KPROT_WRITE,
                              KMAP_PRIVATE | KMAP_ANON | KMAP_NORESERVE, -1, 0);
    if (p < 0 && p > -4096)
        agent_syscall(__NR_exit_group, 71, 0, 0, 0, 0, 0);
    agent_syscall(__NR_mprotect, p, ARCH_PAGE_SIZE, KPROT_NONE, 0, 0, 0);
    return (char *)p + ARCH_PAGE_SIZE;
}

/** Appends c if there is room; counts it in any case. */
static void putc_(char *buf, size_t n, uint32_t *at, char c)
{
    if (*at + 1 < n)
        buf[*at] = c;
    ++*at;
}

/** Appends v in base, with a sign if neg. */
static void putnum(char *buf, size_t n, uint32_t *at, uint64_t v, unsigned base, bool neg)
{
    char digits[24];
    int i = 0;
    do
        digits[i++] = "0123456789abcdef"[v % base];
    while (v /= base);
    if (neg)
        putc_(buf, n, at, '-');
    while (i > 0)
        putc_(buf, n, at, digits[--i]);
}

/** One conversion of agent_format: fmt is behind the %, the last character read is returned. */
static const char *putconv(char *buf, size_t n, uint32_t *at, const char *fmt, va_list *ap)
{
    int longs = 0;
    while (*fmt == 'l' || *fmt == 'z')
        longs++, fmt++;
    if (*fmt == 'd') {
        int64_t v = longs ? va_arg(*ap, int64_t) : va_arg(*ap, int);
        putnum(buf, n, at, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0);
    } else if (*fmt == 'u' || *fmt == 'x') {
        uint64_t v = longs ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned);
        putnum(buf, n, at, v, *fmt == 'u' ? 10 : 16, false);
    } else if (*fmt == 'p') {
        putnum(buf, n, at, (uintptr_t)va_arg(*ap, void *), 16, false);
    } else if (*fmt == 'c') {
        putc_(buf, n, at, (char)va_arg(*ap, int));
    } else if (*fmt == 's') {
        const char *s = va_arg(*ap, const char *);
        for (s = s ? s : "(null)"; *s; s++)
            putc_(buf, n, at, *s);
    } else if (*fmt == '%') {
        putc_(buf, n, at, '%');
    }
    return fmt;
}

uint32_t agent_format(char *buf, size_t n, const char *fmt, va_list ap)
{
    uint32_t at = 0;
    va_list aq;
    va_copy(aq, ap);
    for (; *fmt; fmt++) {
        if (*fmt == '%')
            fmt = putconv(buf, n, &at, fmt + 1, &aq);
        else
            putc_(buf, n, &at, *fmt);
    }
    va_end(aq);
    if (n)
        buf[at < n ? at : n - 1] = 0;
    return at < n ? at : (uint32_t)n - 1;
}

/** Sends the answer to the present request. */
static void answer(struct msg *m)
{
    m->nonce = request.nonce;
    memcpy(m->op, request.op, sizeof m->op);
    if (agent_syscall(__NR_write, GUEST_FD, (int64_t)m, sizeof *m, 0, 0, 0) != sizeof *m)
        agent_syscall(__NR_exit_group, 72, 0, 0, 0, 0, 0);
}

static struct msg reply;
static void loop(void);

/** Enters the loop, on an empty stack; what was on that is dropped. */
static _Noreturn void enter_loop(void)
{
    uintptr_t dropped;
    agent_switch(&dropped, agent_prepare((uintptr_t)loopstack + LOOPSTACK, loop));
    __builtin_unreachable();
}

void agent_refuse(enum msgstatus status, const char *fmt, ...)
{
    va_list ap;
    memset(&reply, 0, sizeof reply);
    reply.status = (int32_t)status;
    va_start(ap, fmt);
    reply.len = agent_format(reply.text, sizeof reply.text, fmt, ap);
    va_end(ap);
    answer(&reply);
    enter_loop();
}

void agent_unwritten(const char *fmt, ...)
{
    va_list ap;
    memset(&reply, 0, sizeof reply);
    reply.status = MSG_UNWRITTEN;
    va_start(ap, fmt);
    reply.len = agent_format(reply.text, sizeof reply.text, fmt, ap);
    va_end(ap);
    answer(&reply);
    for (;;)
        agent_syscall(__NR_exit_group, 70, 0, 0, 0, 0, 0);
}

const struct op *agent_findop(const char *name)
{
    for (const struct op *const *p = __start_agent_ops; p < __stop_agent_ops; p++)
        if (streq((*p)->name, name))
            return *p;
    return NULL;
}

/** Copies the values and the text of the request from the first'th value on. */
static void toargs(struct args *a, const struct msg *m, uint32_t first)
{
    memset(a, 0, sizeof *a);
    a->n = m->n > first && m->n <= MSG_VALUES ? m->n - first : 0;
    for (uint32_t i = 0; i < a->n; i++)
        a->v[i] = m->v[first + i];
    a->len = m->len < MSG_TEXT ? m->len : MSG_TEXT - 1;
    memcpy(a->text, m->text, a->len);
    a->text[a->len] = 0;
}

/** Answers with what the M that ran last has come to. */
static void answer_outcome(void)
{
    reply.outcome = (int32_t)outcome.kind;
    reply.n = outcome.n;
    memcpy(reply.v, outcome.v, sizeof reply.v);
    reply.len = outcome.len;
    memcpy(reply.text, outcome.text, outcome.len);
    answer(&reply);
}

/** An operation of the agent itself, on this stack. */
static void agent_op(const struct op *op, struct args *a)
{
    a->out[0] = op->fn(a);
    reply.outcome = OUT_RETURNED;
    reply.n = 1 + (a->nout < MSG_VALUES - 1 ? a->nout : MSG_VALUES - 1);
    memcpy(reply.v, a->out, sizeof reply.v);
    if (a->textout) {
        reply.len = a->len < MSG_TEXT ? a->len : MSG_TEXT - 1;
        memcpy(reply.text, a->text, reply.len);
    }
    answer(&reply);
}

/**
 * "run": v[0] the M, v[1] the mode, the rest and the text for the operation, whose name stands before a 0 in
 * the text.
 */
static void do_run(void)
{
    static struct args a;
    struct wm *wm = world_m(request.v[0]);
    toargs(&a, &request, 2);
    char opname[24] = {0};
    uint32_t k = 0;
    for (; k < sizeof opname - 1 && k < a.len && a.text[k]; k++)
        opname[k] = a.text[k];
    const struct op *op = agent_findop(opname);
    if (!wm)
        agent_refuse(MSG_UNKNOWN, "there is no m%ld", (long)request.v[0]);
    if (!op)
        agent_refuse(MSG_UNKNOWN, "there is no operation '%s'", opname);
    k++; /* behind the 0 */
    a.len = a.len > k ? a.len - k : 0;
    for (uint32_t i = 0; i <= a.len && i + k < MSG_TEXT; i++)
        a.text[i] = a.text[i + k];
    a.text[a.len] = 0;
    if (!op->inworld) {
        agent_op(op, &a);
        return;
    }
    world_run(wm, request.v[1] == RUN_CURG ? RUN_CURG : RUN_G0, op, &a);
    answer_outcome();
}

/** One request. */
static void serve(void)
{
    memset(&reply, 0, sizeof reply);
    request.op[sizeof request.op - 1] = 0;
    if (streq(request.op, "run")) {
        do_run();
        return;
    }
    if (streq(request.op, "resume")) {
        struct wm *wm = world_m(request.v[0]);
        if (!wm)
            agent_refuse(MSG_UNKNOWN, "there is no m%ld", (long)request.v[0]);
        world_resume(wm, request.n > 1 ? request.v[1] : INT64_MIN);
        answer_outcome();
        return;
    }
    agent_refuse(MSG_UNKNOWN, "there is no request '%s'", request.op);
}

/** The loop, on its own stack; entered anew after each refused request. */
static void loop(void)
{
    for (;;) {
        int64_t n = agent_syscall(__NR_read, GUEST_FD, (int64_t)&request, sizeof request, 0, 0, 0);
        if (n != sizeof request)
            agent_syscall(__NR_exit_group, n == 0 ? 0 : 73, 0, 0, 0, 0, 0);
        if (streq(request.op, "END")) {
            memset(&reply, 0, sizeof reply);
            answer(&reply);
            agent_syscall(__NR_exit_group, 0, 0, 0, 0, 0, 0);
        }
        curwm = NULL;
        serve();
    }
}

/** sp: the initial stack: argc, argv, 0, envp, 0, auxv. */
void agent_main(uintptr_t *sp);
void agent_main(uintptr_t *sp)
{
    char *tls = agent_memory(ARCH_PAGE_SIZE);
    void **tp = (void **)(tls + ARCH_PAGE_SIZE / 2);
    *tp = tp; /* the ABI's self pointer; thread-local variables lie below and start at 0 */
    agent_settp(tp);
    goargc = (int)sp[0];
    goargv = (char **)(sp + 1);
    goenvp = goargv + goargc + 1;
    world_init();
    loopstack = agent_memory(LOOPSTACK);
    enter_loop();
}

/** The runtime's main package calls it; a guest of this kind never gets there. */
int gomain(int argc, char **argv)
{
    (void)argc, (void)argv;
    return 1;
}

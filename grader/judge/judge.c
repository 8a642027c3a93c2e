/**
 * @file judge.c
 * The channel to the guest, seen from the trusted side: start it, ask it, and turn everything that can go
 * wrong with it into a sentence. The phrases are stable: the grader classifies a failure by them (see
 * README.md).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "judge.h"

const char *judge_guest, *judge_launcher, *judge_programs;
pid_t judge_pid;

enum { TAIL = 2000, OUTPUT_MAX = 1 << 20, SLICE = 50 };

/** The guest of this test; Check runs each test in a process of its own, so there is one. */
static struct {
    pid_t pid;           /**< 0: not started */
    int fd;              /**< the channel */
    int errfd;           /**< its standard output and error */
    bool gone;           /**< it has ended and was waited for */
    int status;          /**< then: how */
    char tail[TAIL + 1]; /**< the last of its output */
    size_t taillen;      /**< bytes in it */
    size_t output;       /**< bytes that it wrote in all */
} guest;

static int extrafd = -1;
static int answer_ms = 2000;
static bool used;
static char reason[512]; /**< what because() said last */
struct msg judge_last;

void judge_used(void)
{
    used = true;
}

void because(const char *fmt, ...)
{
    va_list ap;
    reason[0] = 0;
    if (!fmt)
        return;
    va_start(ap, fmt);
    vsnprintf(reason, sizeof reason, fmt, ap);
    va_end(ap);
}

double judge_seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int64_t now_ms(void)
{
    return (int64_t)(judge_seconds() * 1e3);
}

int judge_signal(int status)
{
    if (judge_launcher && WIFEXITED(status) && WEXITSTATUS(status) > 128 && WEXITSTATUS(status) < 128 + 65)
        return WEXITSTATUS(status) - 128; /* a launcher reports its child's signal so */
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

const char *judge_status(int status)
{
    static char buf[64];
    int sig = judge_signal(status);
    if (sig) {
        const char *name = sigabbrev_np(sig);
        snprintf(buf, sizeof buf, "crashed (SIG%s)", name ? name : "?");
    } else {
        snprintf(buf, sizeof buf, "exited with status %d", WEXITSTATUS(status));
    }
    return buf;
}

const char *judge_tag(int status)
{
    const char *how = judge_status(status);
    static const char *const limits[][2] = {
        {"crashed (SIGXCPU)", "[timeout_cpu] "},
        {"crashed (SIGXFSZ)", "[limit_fsize] "},
        {"crashed (SIGSYS)", "[limit_syscall] "},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (strcmp(how, limits[i][0]) == 0)
            return limits[i][1];
    return strncmp(how, "crashed", 7) == 0 ? "[crash] " : "[early_exit] ";
}

/* ---- starting and ending ---- */

/** In the child: descriptors 0 to 3 (and 4), limits, exec. */
static _Noreturn void become_guest(int channel, int errfd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    int null = open("/dev/null", O_RDWR);
    int ch = fcntl(channel, F_DUPFD, 20), er = fcntl(errfd, F_DUPFD, 20),
        ex = extrafd >= 0 ? fcntl(extrafd, F_DUPFD, 20) : -1;
    dup2(null, 0);
    dup2(er, 1);
    dup2(er, 2);
    dup2(ch, GUEST_FD);
    if (ex >= 0)
        dup2(ex, GUEST_EXTRA_FD);
    close_range(ex >= 0 ? 5 : 4, ~0u, 0);
    judge_limit(10, 256, 1 << 10);
    char *const env[] = {NULL};
    if (judge_launcher)
        execle(judge_launcher, judge_launcher, judge_guest, NULL, env);
    judge_confine();
    if (!judge_launcher)
        execle(judge_guest, judge_guest, NULL, env);
    dprintf(2, "cannot start %s: %s\n", judge_guest, strerror(errno));
    _exit(126);
}

static void start_guest(const char *file, int line)
{
    int sv[2], ep[2];
    if (!judge_guest)
        judge_fail(file, line, "no guest: set HANDOFF_GUEST or give -g PATH");
    if (access(judge_guest, X_OK) || (judge_launcher && access(judge_launcher, X_OK)))
        judge_fail(file, line, "judge: cannot start %s: %s", judge_guest, strerror(errno));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) || pipe2(ep, O_CLOEXEC))
        judge_fail(file, line, "judge: no channel: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        judge_fail(file, line, "judge: cannot fork: %s", strerror(errno));
    if (pid == 0)
        become_guest(sv[1], ep[1]);
    close(sv[1]);
    close(ep[1]);
    fcntl(ep[0], F_SETFL, O_NONBLOCK);
    guest.pid = pid;
    guest.fd = sv[0];
    guest.errfd = ep[0];
}

/** Takes what the guest has written to its output. */
static void drain(void)
{
    char buf[4096];
    ssize_t n;
    while (guest.output < OUTPUT_MAX && (n = read(guest.errfd, buf, sizeof buf)) > 0) {
        guest.output += (size_t)n;
        size_t keep = (size_t)n > TAIL ? TAIL : (size_t)n;
        if (guest.taillen + keep > TAIL) {
            size_t drop = guest.taillen + keep - TAIL;
            memmove(guest.tail, guest.tail + drop, guest.taillen - drop);
            guest.taillen -= drop;
        }
        memcpy(guest.tail + guest.taillen, buf + n - keep, keep);
        guest.taillen += keep;
    }
    guest.tail[guest.taillen] = 0;
}

/** True once the guest has ended: takes its status and what it used. */
static bool ended(void)
{
    struct rusage ru;
    if (guest.gone)
        return true;
    pid_t r = wait4(guest.pid, &guest.status, WNOHANG, &ru);
    if (r > 0)
        judge_ended(&ru);
    return guest.gone = r > 0 || (r < 0 && errno == ECHILD);
}

/** Waits for the guest's end for up to ms; kills it then. */
static void reap(int ms)
{
    int64_t end = now_ms() + ms;
    while (!ended()) {
        if (now_ms() >= end)
            kill(guest.pid, SIGKILL);
        struct pollfd pf = {guest.errfd, POLLIN, 0};
        poll(&pf, 1, 2); /* its output, or 2 ms: SIGCHLD is Check's */
        drain();
    }
    drain();
}

/** At the end of the test's process, which may be a failure with the guest still there. */
static void end_of_test(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    if (guest.pid && !guest.gone) {
        judge_look(guest.pid);
        *judge_delayed += (double)judge_delay_ms(guest.pid) / 1e3;
        reap(0);
    }
    judge_sweep();
    judge_tell_usage();
}

/** True if a message is about the code under test: not about what is unwritten, the test or the machine. */
static bool about_the_code(const char *text)
{
    return strncmp(text, "[unwritten]", 11) != 0 && strncmp(text, "test:", 5) != 0 && strncmp(text, "judge:", 6) != 0;
}

void judge_fail(const char *file, int line, const char *fmt, ...)
{
    enum { MOST = 3400 }; /* Check gives up the test, without a word, if message and reason are above 4096 */
    char text[MOST + sizeof reason + 4];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, MOST, fmt, ap);
    va_end(ap);
    if (*reason && about_the_code(text))
        snprintf(text + (n < MOST ? n : MOST - 1), sizeof reason + 4, " (%s)", reason);
    for (char *s = text; *s; s++) /* keep Check's XML well-formed */
        if ((unsigned char)*s < 32 && *s != '\n' && *s != '\t')
            *s = '?';
    end_of_test();
    _ck_assert_failed(file, line, "", "%s", text);
    abort();
}

/** "; last output: ..." or nothing. */
const char *judge_last_output(void)
{
    static char buf[TAIL + 32];
    drain();
    while (guest.taillen > 0 && guest.tail[guest.taillen - 1] == '\n')
        guest.tail[--guest.taillen] = 0;
    if (guest.taillen == 0)
        return "";
    snprintf(buf, sizeof buf, "; last output: %s", guest.tail);
    return buf;
}

/* ---- one exchange ---- */

/** What the operation in this request is called in messages. */
static const char *opname(const char *op, const void *text)
{
    return strcmp(op, "run") == 0 && text ? text : op;
}

/** Waits for the answer; false: the guest closed the channel. */
static bool await(const char *file, int line, const char *name, struct msg *m)
{
    int64_t start = now_ms();
    long delayed = judge_delay_ms(guest.pid);
    for (;;) {
        struct pollfd pf[2] = {{guest.fd, POLLIN, 0}, {guest.errfd, POLLIN, 0}};
        if (poll(pf, 2, answer_ms < SLICE ? answer_ms : SLICE) == 0)
            judge_look(guest.pid);
        if (!pf[0].revents && judge_overdue(guest.pid, now_ms() - start, answer_ms, delayed))
            judge_fail(file, line,
                       "[timeout_wall] no answer to '%s' in %g s: it hangs, spins or waits for somebody%s",
                       name, answer_ms / 1000.0, judge_last_output());
        if (judge_peak_kb() > JUDGE_PEAK_KB)
            judge_fail(file, line, "[limit_mem] more than " JUDGE_MEMORY " of memory during %s%s", name,
                       judge_last_output());
        drain();
        if (guest.output >= OUTPUT_MAX)
            judge_fail(file, line, "[limit_output] too much output during %s%s", name, judge_last_output());
        if (!(pf[0].revents & (POLLIN | POLLHUP))) {
            if (pf[1].revents & POLLHUP && !(pf[1].revents & POLLIN))
                usleep(1000); /* it has closed its output: do not spin on that */
            continue;
        }
        ssize_t n = recv(guest.fd, m, sizeof *m, MSG_TRUNC);
        if (n <= 0)
            return false;
        if (n != sizeof *m)
            judge_fail(file, line, "[protocol_violation] a message of %zd bytes during %s", n, name);
        return true;
    }
}

/** Fails if the guest has said something without being asked. */
static void silence(const char *file, int line, const char *name)
{
    static struct msg m;
    if (recv(guest.fd, &m, sizeof m, MSG_DONTWAIT | MSG_TRUNC) > 0)
        judge_fail(file, line, "[protocol_violation] a message that nobody asked for, before %s", name);
}

/** The exchange; false: the guest ended meanwhile (guest.status). */
bool judge_exchange(const char *file, int line, const char *op, const void *text, size_t len, uint32_t n,
                    const int64_t *v)
{
    struct msg m = {.n = n, .len = (uint32_t)len};
    const char *name = opname(op, text);
    if (guest.gone)
        judge_fail(file, line, "test: '%s' was called after the end of the guest", name);
    if (!guest.pid)
        start_guest(file, line);
    if (n > MSG_VALUES || len >= MSG_TEXT)
        judge_fail(file, line, "test: too many arguments, or too long a text, for '%s'", name);
    if (getrandom(&m.nonce, sizeof m.nonce, 0) != sizeof m.nonce)
        judge_fail(file, line, "judge: no random numbers");
    snprintf(m.op, sizeof m.op, "%s", op);
    if (n)
        memcpy(m.v, v, n * sizeof *v);
    if (len)
        memcpy(m.text, text, len);
    used = true;
    silence(file, line, name);
    if (send(guest.fd, &m, sizeof m, MSG_NOSIGNAL) != sizeof m || !await(file, line, name, &judge_last)) {
        reap(answer_ms);
        return false;
    }
    if (judge_last.nonce != m.nonce || memcmp(judge_last.op, m.op, sizeof m.op) != 0 ||
        judge_last.n > MSG_VALUES || judge_last.len >= MSG_TEXT)
        judge_fail(file, line, "[protocol_violation] an answer that belongs to no question, during %s", name);
    judge_last.text[judge_last.len] = 0;
    return true;
}

const struct msg *judge_ask(const char *file, int line, const char *op, const void *text, size_t len,
                            uint32_t n, const int64_t *v)
{
    if (!judge_exchange(file, line, op, text, len, n, v))
        judge_fail(file, line, "%sthe guest %s during %s%s", judge_tag(guest.status), judge_status(guest.status),
                   opname(op, text), judge_last_output());
    switch (judge_last.status) {
    case MSG_OK:
    case MSG_THREW:
        break;
    case MSG_UNWRITTEN:
        judge_fail(file, line, "[unwritten] %s", judge_last.text);
    default:
        judge_fail(file, line, "test: %s", judge_last.text);
    }
    return &judge_last;
}

/* ---- what a test may ask and set ---- */

int judge_guest_status(void)
{
    return guest.status;
}

int64_t result(unsigned i)
{
    return i < MSG_VALUES ? judge_last.v[i] : 0;
}

const char *result_text(void)
{
    return judge_last.text;
}

const char *guest_output(void)
{
    if (guest.pid)
        drain();
    return guest.tail;
}

void answer_within(int milliseconds)
{
    answer_ms = milliseconds;
}

void give_fd(int fd)
{
    extrafd = fd;
}

/* ---- fixtures ---- */

void judge_setup(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 0); /* nobody of the same user may look into this process, or change it */
    atexit(end_of_test);
    if (judge_seconds() - judge_began - *judge_delayed > JUDGE_BUDGET)
        fail("[timeout_wall] the tests before this one took %d s together: it was not run", JUDGE_BUDGET);
    /* What a test left behind that was ended by a signal has become the judge's, or will when its parent has died. */
    for (bool living = getppid() == judge_pid; living;) {
        living = false;
        judge_kill_children(judge_pid, getpid(), &living);
        if (living)
            usleep(500);
    }
}

/** Says END, and requires its echo: an end that came before cannot know the nonce. */
static void say_end(const char *file, int line)
{
    struct msg m = {.op = "END"};
    int threads = judge_launcher ? 1 : judge_threads(guest.pid);
    judge_look(guest.pid);
    if (threads > 1)
        judge_fail(file, line, "[limit_nproc] the guest has %d threads at the end of the test, it should have one",
                   threads);
    if (getrandom(&m.nonce, sizeof m.nonce, 0) != sizeof m.nonce)
        judge_fail(file, line, "judge: no random numbers");
    silence(file, line, "END");
    if (send(guest.fd, &m, sizeof m, MSG_NOSIGNAL) != sizeof m || !await(file, line, "END", &judge_last)) {
        reap(answer_ms);
        judge_fail(file, line, "%sthe guest %s before the end of the test%s", judge_tag(guest.status),
                   judge_status(guest.status), judge_last_output());
    }
    if (judge_last.nonce != m.nonce || memcmp(judge_last.op, m.op, sizeof m.op) != 0)
        judge_fail(file, line, "[protocol_violation] not the answer to END at the end of the test");
}

/** Ends the guest: it must echo END, say nothing more, close the channel and exit with 0. */
static void end_guest(const char *file, int line)
{
    int64_t start = now_ms();
    long delayed = judge_delay_ms(guest.pid);
    say_end(file, line);
    while (!ended()) {
        struct pollfd pf = {guest.errfd, POLLIN, 0};
        poll(&pf, 1, 2);
        drain();
        if (judge_overdue(guest.pid, now_ms() - start, answer_ms, delayed))
            judge_fail(file, line, "[timeout_wall] the guest does not end%s", judge_last_output());
    }
    if (guest.status != 0)
        judge_fail(file, line, "%sthe guest %s at the end of the test%s", judge_tag(guest.status),
                   judge_status(guest.status), judge_last_output());
    ssize_t n = recv(guest.fd, &judge_last, sizeof judge_last, MSG_DONTWAIT);
    if (n > 0)
        judge_fail(file, line, "[protocol_violation] a message after the end of the test");
    if (n < 0 && errno == EAGAIN) /* somebody else holds the channel */
        judge_fail(file, line, judge_sweep() > 0 ? "[limit_nproc] the guest left a process behind"
                                                 : "[protocol_violation] the guest has ended, but not its channel");
}

void judge_teardown(void)
{
    if (guest.pid && !guest.gone)
        end_guest(__FILE__, __LINE__);
    if (judge_sweep() > 0)
        judge_fail(__FILE__, __LINE__, "[limit_nproc] the guest left a process behind");
    if (!used)
        judge_fail(__FILE__, __LINE__, "test: it asked the guest nothing");
}

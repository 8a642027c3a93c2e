/* What it means to tell the scheduler of a system call, and what not to: one P, a call that waits for another goroutine. */
#include "check.h"
#include "labs.h"
#include "zsyscall.h"

struct kpollfd {
    int fd;
    int16_t events, revents;
};

/** A pipe, and the goroutine that writes to it. */
struct pipe {
    int fds[2];
    WaitGroup *wg;
};

static void write_byte(void *arg)
{
    struct pipe *p = arg;
    sysret r = RawSyscall(__NR_write, (uintptr_t)p->fds[1], (uintptr_t)"x", 1);
    CHECK(r.err == 0 && r.r1 == 1, "a byte is written, errno %lu", (unsigned long)r.err);
    wg_done(p->wg);
}

/** The thread takes no signal that would preempt its goroutine, or takes them again. */
static void hold_preemption(bool hold)
{
    uint64_t set = 1ull << (KSIGURG - 1);
    RawSyscall6(__NR_rt_sigprocmask, hold ? KSIG_BLOCK : KSIG_UNBLOCK, (uintptr_t)&set, 0, sizeof set, 0, 0);
}

/**
 * Waits for the pipe with ppoll, at most ms milliseconds, while on the same P another goroutine is ready to write to it. raw:
 * by RawSyscall6, and without preemption on the way there; else by Syscall6. What ppoll said: 1 the goroutine ran meanwhile,
 * 0 it did not.
 */
static uintptr_t wait_for_byte(bool raw, int64_t ms)
{
    WaitGroup wg = {0};
    struct pipe p = {.wg = &wg};
    struct ktimespec ts = {ms / 1000, ms % 1000 * 1000000};
    sysret r = RawSyscall(__NR_pipe2, (uintptr_t)p.fds, KO_CLOEXEC, 0);
    CHECK(r.err == 0, "a pipe can be made, errno %lu", (unsigned long)r.err);
    struct kpollfd pf = {p.fds[0], 1 /* POLLIN */, 0};
    wg_add(&wg, 1);
    if (raw)
        hold_preemption(true);
    go(write_byte, &p);
    do
        r = (raw ? RawSyscall6 : Syscall6)(__NR_ppoll, (uintptr_t)&pf, 1, (uintptr_t)&ts, 0, 0, 0);
    while (r.err == EINTR); /* ts is what remains */
    if (raw)
        hold_preemption(false);
    CHECK(r.err == 0, "ppoll succeeds, errno %lu", (unsigned long)r.err);
    wg_wait(&wg);
    file_close(p.fds[0]);
    file_close(p.fds[1]);
    return r.r1;
}

static void raw_call_keeps_the_p(void)
{
    for (int i = 0; i < 3; i++) {
        uintptr_t n = wait_for_byte(true, 30);
        CHECK(n == 0, "with one P nobody runs while a goroutine is in RawSyscall6; ppoll says %lu", (unsigned long)n);
    }
}

static void told_call_gives_it_away(void)
{
    for (int i = 0; i < 3; i++) {
        uintptr_t n = wait_for_byte(false, 6000);
        CHECK(n == 1, "the other goroutine runs while this one is in Syscall6; ppoll says %lu", (unsigned long)n);
    }
}

static void generated_read_gives_it_away(void)
{
    WaitGroup wg = {0};
    struct pipe p = {.wg = &wg};
    char c = 0;
    intptr_t n = 0;
    sysret r = RawSyscall(__NR_pipe2, (uintptr_t)p.fds, KO_CLOEXEC, 0);
    CHECK(r.err == 0, "a pipe can be made, errno %lu", (unsigned long)r.err);
    wg_add(&wg, 1);
    go(write_byte, &p);
    Errno err = sys_read(p.fds[0], (Slice){&c, 1}, &n);
    CHECK(err == 0 && n == 1 && c == 'x', "a byte is read: errno %d, n %ld, byte %d", err, (long)n, c);
    wg_wait(&wg);
    file_close(p.fds[0]);
    file_close(p.fds[1]);
}

static const struct test tests[] = {
    {"raw_call_keeps_the_p", raw_call_keeps_the_p},
    {"told_call_gives_it_away", told_call_gives_it_away},
    {"generated_read_gives_it_away", generated_read_gives_it_away},
};

int gomain(int argc, char **argv)
{
    gomaxprocs_set(1);
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}

/* Everything at once, for as long as SOAK_SECONDS says (2 if nothing): goroutines that come and go, channels, selects, timers,
 * files, pipes, sockets, locked threads, mutexes, a GOMAXPROCS that changes, collections, and a thousand signals a second.
 *
 * The time is cut into rounds. At the end of each all workers have ended, and what they had must be there again: goroutines,
 * threads, descriptors, timers, sudogs. From the second round on the program must not grow any more. */
#include "soakwork.h"

/* ---- what must be there again ---- */

/** Descriptors that are open. */
static int descriptors(void)
{
    int n = 0;
    for (uintptr_t fd = 0; fd < 4096; fd++)
        n += RawSyscall(__NR_fcntl, fd, 1 /* F_GETFD */, 0).err == 0;
    return n;
}

static int64_t resident(void)
{
    char text[128] = {0};
    int fd = file_open("/proc/self/statm", 0, 0);
    CHECK(file_read(fd, text, sizeof text - 1) > 0, "statm can be read");
    file_close(fd);
    const char *s = text;
    while (*s != ' ')
        s++;
    int64_t pages = 0;
    for (s++; *s >= '0' && *s <= '9'; s++)
        pages = pages * 10 + (*s - '0');
    return pages * ARCH_PAGE_SIZE;
}

static uint32_t timersleft(void)
{
    uint32_t n = 0;
    for (int i = 0; i < MAXGOMAXPROCS && allp[i]; i++)
        n += __atomic_load_n(&allp[i]->timers.len, __ATOMIC_RELAXED); /* nobody adds any now */
    return n;
}

/** Ms that do not sleep, but for one a P, and one that polls. */
static bool threadsrest(void)
{
    lock(&sched.lock);
    int64_t live = sched.mnext - sched.nmfreed;
    int64_t awake = live - sched.nmidle - sched.nmidlelocked - sched.nmsys;
    unlock(&sched.lock);
    return awake <= load_relaxed(&gomaxprocs) + 1; /* changes only while the world is stopped */
}

/** Goroutines that are neither dead nor the runtime's. */
static int64_t living(void)
{
    int64_t n = 0;
    for (G *gp = load_acquire(&allgs); gp; gp = gp->alllink) /* pairs with allgadd */
        n += readgstatus(gp) != Gdead && !gp->issystem;
    return n;
}

/** Fails if a worker left something behind. Main is alone. */
static void account(void)
{
    UNTIL(numgoroutine() == 1 && living() == 1, gosched(), "only main is left");
    UNTIL(threadsrest(), gosleep(NSEC_PER_MSEC), "the threads lie down");
    UNTIL(timersleft() == 0, gosleep(NSEC_PER_MSEC), "no timer is left");
    SchedStats st;
    schedstats(&st);
    int64_t live = (int64_t)(st.spawns - st.exits) - load_relaxed(&sched.ngsys); /* nobody starts any now */
    CHECK(live == 1, "goroutines started - ended is 1, not %ld", (long)live);
    CHECK(st.asyncpreempts <= st.preemptions && st.retakes <= st.handoffs && st.exits <= st.schedules,
          "preemptions by signal, retakes and exits are no more than all");
    CHECK(load_seqcst(&netpollWaiters) == 0, "nobody waits in the poller");
    CHECK(sudogsinuse() == 0, "no sudog is in use, not %ld", (long)sudogsinuse());
    CHECK(under_mu == added, "a counter under a mutex is exact: %ld is %ld", under_mu, added);
}

/* ---- rounds ---- */

static void run_round(int64_t ns)
{
    stop = false;
    for (size_t i = 0; i < sizeof work / sizeof *work; i++) {
        wg_add(&workers, work[i].n);
        for (int k = 0; k < work[i].n; k++)
            go(work[i].fn, (void *)(intptr_t)k);
    }
    gosleep(ns);
    stop = true;
    wg_wait(&workers);
    gogc();
    account();
}

/** What a program may grow by after its second round: a few caches more in which something lies. */
enum { SLACK_MEMORY = 4 << 20, SLACK_SYSTEM = 1 << 20, SLACK_THREADS = 64 };
#ifdef HANDOFF_FIBERS
enum { MEASURED = false }; /* a sanitizer's own memory grows */
#else
enum { MEASURED = true };
#endif

/** What the program had after a round. */
struct have {
    int fds;
    int64_t rss;
    SchedStats st;
};

static struct have look(int round)
{
    struct have h = {.fds = descriptors(), .rss = resident()};
    schedstats(&h.st);
    goprintf(1, "%s libc, round %d: %ld turns, %ld signals, %lu goroutines, %lu Gs, %lu threads (%lu live), %d descriptors, "
             "%ld KiB resident, %lu KiB of the runtime\n",
             ishosted ? "with" : "without", round, (long)turns, (long)hits, (unsigned long)h.st.spawns,
             (unsigned long)h.st.gs, (unsigned long)h.st.threads, (unsigned long)(h.st.threads - h.st.threadsended),
             h.fds, (long)(h.rss >> 10), (unsigned long)(h.st.sysbytes >> 10));
    return h;
}

int gomain(int argc, char **argv)
{
    (void)argc, (void)argv;
    int64_t seconds = 0;
    const char *s = gogetenv("SOAK_SECONDS");
    for (s = s ? s : "2"; *s >= '0' && *s <= '9'; s++)
        seconds = seconds * 10 + (*s - '0');
    int rounds = seconds < 40 ? 4 : (int)(seconds / 10), procs = gomaxprocs_set(0);
    blow(1000);
    struct have first = {0}, now = {0};
    for (int i = 1; i <= rounds; i++) {
        run_round(seconds * NSEC_PER_SEC / rounds);
        gomaxprocs_set(procs);
        now = look(i);
        if (i == 2)
            first = now;
    }
    blow(0);
    CHECK(hits > 0, "the storm reached threads");
    CHECK(now.fds == first.fds, "%d descriptors are open, as after the second round, not %d", first.fds, now.fds);
    CHECK(!MEASURED || now.rss <= first.rss + SLACK_MEMORY, "memory does not grow: %ld and %ld KiB", (long)(first.rss >> 10), (long)(now.rss >> 10));
    CHECK(now.st.sysbytes <= first.st.sysbytes + SLACK_SYSTEM, "nor does the runtime's: %lu and %lu KiB",
          (unsigned long)(first.st.sysbytes >> 10), (unsigned long)(now.st.sysbytes >> 10));
    CHECK(now.st.threads - now.st.threadsended <= first.st.threads - first.st.threadsended + SLACK_THREADS, "nor do the threads");
    goprintf(1, "ok soak %s libc: %ld s, %ld turns, nothing is left behind\n", ishosted ? "with" : "without", (long)seconds, (long)turns);
    return 0;
}

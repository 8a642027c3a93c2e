/**
 * @file sysmon.c
 * The system monitor: a thread that holds no P and sees what nobody else can see.
 *
 * The scheduler acts when somebody calls it. Three things happen without a call: a system call lasts long, a
 * goroutine runs long, and nothing at all happens while something is due. A thread that needs no P, and so
 * cannot be starved of one, looks after these. In each round it
 *
 *   - polls the network if nobody has for 10 ms;
 *   - starts an M if a timer is overdue;
 *   - follows a changed CPU limit, at most once a second;
 *   - gives unused memory back if next to nothing has run since it last looked (scavenge.c);
 *   - takes Ps out of long system calls and asks goroutines to yield after 10 ms (retake.c);
 *   - starts a collection if there was none for two minutes (forcegc.c);
 *   - prints the state of the scheduler (schedtrace.c).
 *
 * How often? Every 20 us while it finds something to do; if 50 rounds were in vain, half as often each time,
 * down to once in 10 ms. While every P is idle, or the world is stopped, there is nothing to look after: it
 * sleeps on a note until somebody needs watching again. An M that enters a system call, or takes an idle P as
 * it leaves one, and the end of a stop-the-world wake it. All of them, and sysmon, touch sched.sysmonwait and
 * the note only under sched.lock, so that no wake-up is lost and none comes twice.
 *
 * Having no P, sysmon must not touch what belongs to one, and must not wait for anything that needs one.
 */
#include "core.h"

uint32_t sysmon_delay(uint32_t idle, uint32_t delay)
{
    /* BEGIN SOLUTION
     * Write me: something was done just now, or the back-off goes on, or neither; at most 10 ms. */
    if (idle == 0)
        delay = 20;
    else if (idle > 50)
        delay *= 2;
    return delay > 10 * 1000 ? 10 * 1000 : delay;
    /* END SOLUTION */
}

/* BEGIN SOLUTION */
/** A program with fewer time slices a second is quiet: goroutines of the runtime look around now and then. */
enum { QUIET = 8 };

/** What sysmon remembers from round to round. */
typedef struct sysmonstate {
    uint32_t idle;        /**< rounds in a row that took no P */
    uint32_t delay;       /**< how long it slept, microseconds */
    int64_t lasttrace;    /**< when schedtrace printed */
    int64_t lastmaxprocs; /**< when the CPU limit was looked at */
    int64_t lastquiet;    /**< when it was looked whether the program is quiet */
    uint64_t schedticks;  /**< the sum of all Ps' schedtick then */
    bool scavenged;       /**< in this quiet time there is nothing left to give back */
} sysmonstate;

/** Nobody needs watching. A hint without sched.lock. */
static bool nothingruns(void)
{
    return load_seqcst(&sched.gcwaiting) || load_relaxed(&sched.npidle) == load_relaxed(&gomaxprocs);
}

/**
 * Sleeps on the note if nothing runs, until somebody wakes it, the next timer is due, or half the
 * collection's period is over. @return true: somebody did wake it
 */
static bool deepsleep(int64_t now)
{
    if (debug.schedtrace > 0 || !nothingruns()) /* a trace is to show idle times too */
        return false;
    bool woken = false;
    lock(&sched.lock);
    if (nothingruns()) { /* for certain: Ps leave the idle list, and gcwaiting changes, under the lock */
        int64_t next = timeSleepUntil(); /* takes no lock that a timer's function might hold (issue 35375) */
        if (next > now) {
            int64_t sleep = forcegcperiod / 2;
            if (next - now < sleep)
                sleep = next - now;
            store_relaxed(&sched.sysmonwait, 1); /* sched.lock */
            unlock(&sched.lock);
            woken = notetsleep(&sched.sysmonnote, sleep);
            lock(&sched.lock);
            /* a waker has done so already; after a time-out nobody has */
            store_relaxed(&sched.sysmonwait, 0);
            noteclear(&sched.sysmonnote);
        }
    }
    unlock(&sched.lock);
    return woken;
}

/** Polls the network if nobody has for 10 ms. lastpoll is 0 while an M waits there: it needs no help. */
static void pollnetwork(int64_t now)
{
    int64_t last = load_seqcst(&sched.lastpoll); /* pairs with findrunnable's swap */
    if (!netpollinited() || last == 0 || last + 10 * NSEC_PER_MSEC >= now)
        return;
    if (!cas(&sched.lastpoll, last, now)) /* somebody polls, or just did */
        return;
    int32_t delta;
    gList list = netpoll(0, &delta);
    if (!list.head)
        return;
    /* While the Gs are on no queue all other Ms may park: for checkdead one more is running (issue 6070). */
    incidlelocked(-1);
    injectglist(&list);
    incidlelocked(1);
    netpollAdjustWaiters(delta); /* after the Gs are runnable */
}

/**
 * Starts an M for a timer that should have run: its P may be stuck, or a wake-up of the poller was lost
 * (issue 42515). A poller that is on its way is up to 1 ms late, because epoll counts in milliseconds: that
 * is left to it.
 */
static void overduetimers(int64_t now)
{
    /* a hint; startm looks again */
    if (load_relaxed(&sched.npidle) > 0 && timeSleepUntil() < now - NSEC_PER_MSEC)
        startm(NULL, false, false);
}

/** Looks once a second whether all Ps are idle and next to nothing ran since: then gives memory back. */
static void scavengeifquiet(sysmonstate *st, int64_t now)
{
    if (st->lastquiet + NSEC_PER_SEC > now)
        return;
    st->lastquiet = now;
    /* hints, all of these: nothing is wrong with memory given back too soon */
    int32_t n = load_relaxed(&gomaxprocs);
    uint64_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += load_relaxed(&allp[i]->schedtick);
    uint64_t ran = sum - st->schedticks;
    st->schedticks = sum;
    if (ran >= QUIET || load_relaxed(&sched.npidle) != n) {
        st->scavenged = false;
    } else if (!st->scavenged) {
        st->scavenged = scavenge() == 0; /* if it found something it may have been cut short: go on next time */
    }
}

/**
 * Hands the forced collection's goroutine to the scheduler if it is due. sysmon itself must not collect: it
 * would not watch meanwhile.
 */
static void startforcegc(int64_t now)
{
    if (!gcTriggerTime(now) || !load_acquire(&forcegc.idle)) /* pairs with forcegchelper's store: g is set */
        return;
    lock(&forcegc.lock); /* free only after the helper has parked */
    store_relaxed(&forcegc.idle, false);
    gList list = {NULL};
    glist_push(&list, forcegc.g);
    injectglist(&list);
    unlock(&forcegc.lock);
}

/** One round of duties. sysmonlock held. */
static void sysmon_round(sysmonstate *st, int64_t now)
{
    pollnetwork(now);
    scavengeifquiet(st, now); /* before what may wake a goroutine: it looks whether any runs */
    if (debug.updatemaxprocs != 0 && st->lastmaxprocs + NSEC_PER_SEC <= now) {
        st->lastmaxprocs = now;
        sysmonUpdateGOMAXPROCS(now);
    }
    overduetimers(now);
    if (retake(now) != 0)
        st->idle = 0;
    else
        st->idle++;
    startforcegc(now);
    /* 64 bits: no wrap */
    if (debug.schedtrace > 0 && st->lasttrace + debug.schedtrace * NSEC_PER_MSEC <= now) {
        st->lasttrace = now;
        schedtrace(debug.scheddetail > 0);
    }
}
/* END SOLUTION */

void sysmon(void)
{
    /* BEGIN SOLUTION
     * Write me: count this M as the runtime's own: was it the last that seemed to run? Then for ever: the
     * delay, the sleep, the long sleep if nothing runs (only a wake-up, not a time-out, starts the back-off
     * anew), and a round of duties under sysmonlock, with the time read anew. */
    /* this thread's: a sleep of 20 us takes 55 us in place of 90 (the default: 50) */
    linux_prctl(KPR_SET_TIMERSLACK, 1);
    lock(&sched.lock);
    sched.nmsys++;
    checkdead();
    unlock(&sched.lock);
    sysmonstate st = {0};
    for (;;) {
        st.delay = sysmon_delay(st.idle, st.delay);
        usleep_(st.delay);
        if (deepsleep(nanotime())) {
            st.idle = 0;
            st.delay = 20;
        }
        lock(&sched.sysmonlock);
        sysmon_round(&st, nanotime());
        unlock(&sched.sysmonlock);
    }
    /* END SOLUTION */
}

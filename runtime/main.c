/**
 * @file main.c
 * How a program comes to life: rt0_go, schedinit, the main goroutine.
 *
 *   entry     the first thread becomes m0, on whose g0 (the kernel's stack) the rest happens
 *   schedinit arguments, CPUs, switches, signals' masks, GOMAXPROCS Ps; m0 gets the first P
 *   newproc   the main goroutine (goid 1), which nobody runs yet
 *   mstart    m0 becomes a scheduler like any other M, and finds the main goroutine
 *
 * The main goroutine starts sysmon before anything else, runs goinit() locked to the main thread, then gomain().
 */
#include "core.h"
#include "cgroup.h"
#include "fiber.h"

struct schedt sched;
struct debugvars debug;
_Atomic uint32_t freezing;
_Atomic bool mainStarted;
int goargc;
char **goargv;
char **goenvp;
#ifdef HANDOFF_STALL
void (*stall_hook)(const char *name);
#endif

__attribute__((weak)) void goinit(void)
{
}

const char *gogetenv(const char *name)
{
    size_t n = 0;
    while (name[n])
        n++;
    for (char **e = goenvp; e && *e; e++) {
        size_t i = 0;
        while (i < n && (*e)[i] == name[i])
            i++;
        if (i == n && (*e)[i] == '=')
            return *e + n + 1;
    }
    return NULL;
}

void schedinit(void)
{
    sched.maxmcount = 10000;
    m0.g0 = &g0;
    store_relaxed(&m0.procid, (uint32_t)linux_gettid());
    linux_sigprocmask(KSIG_SETMASK, NULL, &initSigmask);
    m0.sigmask = initSigmask;
    sched.starttime = nanotime();
    store_relaxed(&sched.lastgc, sched.starttime); /* one thread; the first forced collection is a period from now */
    mcommoninit(&m0, -1);
    parsedebugvars();
    store_relaxed(&noguardmarkers, debug.noguardmadvise > 0); /* one thread */
    asyncpreempt_init();
    ncpu = getCPUCount();
    store_relaxed(&sched.lastpoll, nanotime());
    if (debug.forcegcperiodms > 0)
        forcegcperiod = debug.forcegcperiodms * NSEC_PER_MSEC;
    lock(&sched.lock);
    if (procresize(defaultGOMAXPROCS()))
        throw_("schedinit: runnable Ps at boot");
    unlock(&sched.lock);
    if (debug.trace)
        trace_start(1 << 14);
}

static void newm_sysmon(void *unused)
{
    (void)unused;
    newm(sysmon, NULL, -1);
}

static void unlock_main(void *needed)
{
    if (*(bool *)needed)
        unlockOSThread();
}

void runtime_main(void *unused)
{
    (void)unused;
    store_seqcst(&mainStarted, true); /* from here on newproc may start Ms */
    systemstack(newm_sysmon, NULL);
    lockOSThread();
    if (getm() != &m0)
        throw_("runtime_main: not on m0");
    forcegc_start();
    updatemaxprocs_start();
    {
        bool needunlock = true; /* so that a goexit in goinit does not leave the main thread locked */
        defer(unlock_main, &needunlock);
        goinit();
        needunlock = false;
        unlockOSThread();
    }
    int status = gomain(goargc, goargv);
    /* A goroutine may be dying with a message: let it finish rather than cut it off. */
    for (int i = 0; i < 1000 && load_acquire(&runningPanicDefers); i++)
        gosched();
    if (load_acquire(&panicking))
        gopark(NULL, NULL, waitReasonPanicWait);
    systemstack(fiber_exit, NULL); /* nothing but in a build that looks for leaks */
    goexitprocess(status);
}

void rt0_go(int argc, char **argv)
{
    goargc = argc;
    goargv = argv;
    goenvp = argv + argc + 1;
    char **aux = goenvp;
    while (*aux)
        aux++;
    if (g0.stack.hi == 0)
        g0.stack.hi = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)15;
    g0.stack.lo = g0.stack.hi - STACK_G0;
    store_relaxed(&g0.stackguard0, g0.stack.lo + STACK_GUARD);
    store_relaxed(&g0.m, &m0);
    setg(&g0);
    vdsoauxv((const uintptr_t *)(aux + 1));
    schedinit();
    newproc(runtime_main, NULL, 0);
    mstart();
    throw_("rt0_go: mstart returned");
}

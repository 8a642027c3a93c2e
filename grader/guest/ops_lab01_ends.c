/**
 * @file ops_lab01_ends.c
 * Operations of lab 01: how threads and processes end.
 */
#include "agent.h"

_Noreturn void __real_exitprocess(int code);

/** The real one: the guest ends (call_dies), or comes to trap_leave. */
OP(exitprocess)
{
    __real_exitprocess((int)a->v[0]);
}

_Noreturn void __real_exitThread(_Atomic uint32_t *wait);

/** The word that exitThread is to clear, alone on its page. */
static _Atomic uint32_t *waitword;
/** The stack that goes away with the store to that word. */
static uintptr_t stacklo, stackhi;

/**
 * The handler of SIGSEGV while exitThread runs. The page of the word is read-only, so the store comes here.
 * It is let through, and at the same instant the stack is taken away, as another thread might do that was
 * waiting for the store. Whoever touches the stack afterwards comes here again.
 */
static void on_fault(int sig, void *info, void *uc)
{
    uintptr_t addr = sigctxt_fault(info);
    (void)sig;
    if (addr == (uintptr_t)waitword && stacklo) {
        agent_syscall(__NR_mprotect, (int64_t)waitword, ARCH_PAGE_SIZE, KPROT_READ | KPROT_WRITE, 0, 0, 0);
        agent_syscall(__NR_mprotect, (int64_t)stacklo, (int64_t)(stackhi - stacklo), KPROT_NONE, 0, 0, 0);
        return;
    }
    if (addr >= stacklo && addr < stackhi)
        agent_leave(true, OUT_THREW, "the thread uses its stack after the store");
    trap_handle(KSIGSEGV, NULL); /* then it is a crash like any other */
    (void)uc;
}

/** exitThread: on a stack that is gone as soon as *wait is 0. Use trap_leave to see how it ends. */
OP(exitThread)
{
    G *gp = curwm->m->g0;
    waitword = agent_memory(ARCH_PAGE_SIZE);
    store_relaxed(waitword, 0x12345678); /* one thread */
    agent_syscall(__NR_mprotect, (int64_t)waitword, ARCH_PAGE_SIZE, KPROT_READ, 0, 0, 0);
    stacklo = gp->stack.lo;
    stackhi = gp->stack.hi;
    trap_handle(KSIGSEGV, on_fault);
    __real_exitThread(waitword);
}

/** waitword: what the word of exitThread holds now. */
AGENT_OP(waitword)
{
    return waitword ? (int64_t)load_relaxed(waitword) : NIL; /* one thread */
}

/**
 * @file sigctxt.c
 * What the kernel pushed for a signal handler, read and changed: amd64.
 *
 * Before it calls a handler, the kernel stores every register of the interrupted code in a ucontext on the
 * signal stack; sigreturn loads them back. A handler that changes the stored stack pointer and program
 * counter therefore decides where the thread goes on. That is how a goroutine in a loop without calls is
 * preempted: sigctxt_pushcall makes it look as if the interrupted instruction had been preceded by a call
 * of asyncPreempt.
 *
 * Two things must not be lost on that way. The 128 bytes below the stack pointer belong to the interrupted
 * function (the red zone of the System V ABI), so that the return address goes below them; asyncPreempt
 * gives them back with `ret $128`. And the stack pointer may have any alignment there: asyncPreempt aligns
 * for itself.
 */
#include "core.h"

/** struct sigcontext of the kernel, by its own names. */
struct ksigcontext {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t di, si, bp, bx, dx, ax, cx, sp, ip, flags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2;
    void *fpstate;
    uint64_t reserved[8];
};

/** struct ucontext of the kernel, as far as it is used here. */
struct kucontext {
    uint64_t flags;
    struct kucontext *link;
    struct kstack stack;
    struct ksigcontext mc;
};

_Static_assert(offsetof(struct kucontext, mc) == 40, "the kernel's ucontext");
_Static_assert(offsetof(struct ksigcontext, fpstate) == 184, "the kernel's sigcontext");

/** Where the floating-point area says what follows it (struct _fpx_sw_bytes), and what it says if that
 * is an xsave area. */
enum { FPX_SW_BYTES = 464, FP_XSTATE_MAGIC1 = 0x46505853, XSTATE_BV = 512 };

static struct ksigcontext *mcontext(void *uc)
{
    return &((struct kucontext *)uc)->mc;
}

uintptr_t sigctxt_pc(void *uc)
{
    return mcontext(uc)->ip;
}

uintptr_t sigctxt_sp(void *uc)
{
    return mcontext(uc)->sp;
}

uintptr_t sigctxt_bp(void *uc)
{
    return mcontext(uc)->bp;
}

int sigctxt_code(void *info)
{
    return ((int *)info)[2];
}

uintptr_t sigctxt_fault(void *info)
{
    return ((uintptr_t *)info)[2];
}

uint64_t sigctxt_xstate(void *uc)
{
    const char *fp = mcontext(uc)->fpstate;
    if (!fp || *(const uint32_t *)(fp + FPX_SW_BYTES) != FP_XSTATE_MAGIC1)
        return 0;
    return *(const uint64_t *)(fp + XSTATE_BV);
}

void sigctxt_pushcall(void *uc, uintptr_t target, uintptr_t pc)
{
    struct ksigcontext *mc = mcontext(uc);
    mc->sp -= ARCH_RED_ZONE + sizeof(uintptr_t);
    __builtin_memcpy((void *)mc->sp, &pc, sizeof pc); /* it may have any alignment */
    mc->ip = target;
}

void sigctxt_print(void *uc)
{
    struct ksigcontext *mc = mcontext(uc);
    print("rax    0x%016lx  rbx    0x%016lx\n", mc->ax, mc->bx);
    print("rcx    0x%016lx  rdx    0x%016lx\n", mc->cx, mc->dx);
    print("rdi    0x%016lx  rsi    0x%016lx\n", mc->di, mc->si);
    print("rbp    0x%016lx  rsp    0x%016lx\n", mc->bp, mc->sp);
    print("r8     0x%016lx  r9     0x%016lx\n", mc->r8, mc->r9);
    print("r10    0x%016lx  r11    0x%016lx\n", mc->r10, mc->r11);
    print("r12    0x%016lx  r13    0x%016lx\n", mc->r12, mc->r13);
    print("r14    0x%016lx  r15    0x%016lx\n", mc->r14, mc->r15);
    print("rip    0x%016lx  rflags 0x%lx\n", mc->ip, mc->flags);
}

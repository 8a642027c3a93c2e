/**
 * @file arch.h
 * What C code may know of the CPU: amd64 on Linux.
 *
 * Each directory under arch/ has this file with the same names in it; no C file outside arch/ tests or names a CPU.
 */
#ifndef HANDOFF_ARCH_H
#define HANDOFF_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct G;

/** Callee-saved integer registers that a gobuf keeps besides sp, pc and bp: rbx, r12, r13, r14, r15. */
#define GOBUF_NREGS 5
/** MXCSR (low 32 bits) and x87 control word (next 16) as every goroutine starts: all exceptions masked, nearest. */
#define GOBUF_FPCW_DEFAULT 0x0000037f00001f80ull
/** The same control words, but rounding up or down: for tests that want to see whose rounding mode is in force. */
#define ARCH_FPCW_UP   0x00000b7f00005f80ull
#define ARCH_FPCW_DOWN 0x0000077f00003f80ull
/** What a function finds below its first frame: the stack pointer is 8 off a 16-byte boundary at entry. */
#define ARCH_ENTRY_SP_MISALIGN 8
/** Bytes below the stack pointer that belong to the running function (the System V red zone). */
#define ARCH_RED_ZONE 128
/** The name of clock_gettime in the kernel's vDSO, and that symbol's version. */
#define ARCH_VDSO_CLOCK "__vdso_clock_gettime"
#define ARCH_VDSO_VERSION "LINUX_2.6"
/** A CPU name for messages and file names. */
#define ARCH_NAME "amd64"
/** Its number in seccomp filters, of linux/audit.h. */
#define ARCH_AUDIT AUDIT_ARCH_X86_64
/** The machine's page size. */
#define ARCH_PAGE_SIZE 4096
/** Bytes between two words that are written by different threads. */
#define ARCH_CACHE_LINE 64

/**
 * The G that runs on this thread: a user G, the M's g0, or its gsignal.
 *
 * A read of thread-local storage that the compiler may not cache: after a context switch the same line of C may run on
 * another thread (Go's TestGetgThreadSwitch). Mirrors getg.
 */
static inline struct G *getg(void)
{
    struct G *gp;
    __asm__ volatile("movq %%fs:tls_g@tpoff, %0" : "=r"(gp));
    return gp;
}

/** Makes gp the G of this thread. Only the context switch, the boot and the signal entry call this. */
static inline void setg(struct G *gp)
{
    __asm__ volatile("movq %0, %%fs:tls_g@tpoff" : : "r"(gp) : "memory");
}

/** The floating-point control words of this thread, in the layout of gobuf.fpcw. MXCSR's sticky flags (bits 0 to 5) are 0. */
static inline uint64_t fpcw_get(void)
{
    uint32_t mxcsr;
    uint16_t cw;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(cw));
    return (uint64_t)cw << 32 | (mxcsr & ~0x3fu);
}

/** Sets them. */
static inline void fpcw_set(uint64_t w)
{
    uint32_t mxcsr = (uint32_t)w;
    uint16_t cw = (uint16_t)(w >> 32);
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(cw) : "memory");
}

/** The program counter to which the calling function will return. Use in a noinline function only. */
#define getcallerpc() ((uintptr_t)__builtin_return_address(0))
/** The stack pointer that the caller has after the calling function returned. Needs frame pointers. */
#define getcallersp() ((uintptr_t)__builtin_frame_address(0) + 16)
/** The caller's frame pointer. */
#define getcallerbp() (*(uintptr_t *)__builtin_frame_address(0))

/** The return address stored in the frame that bp points to. */
static inline uintptr_t frame_pc(uintptr_t bp)
{
    return ((uintptr_t *)bp)[1];
}

/** The frame pointer of the frame's caller. */
static inline uintptr_t frame_next(uintptr_t bp)
{
    return ((uintptr_t *)bp)[0];
}

/** The stack pointer after the frame that bp points to has returned. */
static inline uintptr_t frame_sp(uintptr_t bp)
{
    return bp + 16;
}

/** Tells the CPU that this is a spin loop. Mirrors procyield(1). */
static inline void cpurelax(void)
{
    __asm__ volatile("pause");
}

/** A cheap clock of the CPU, in its own unit; for random seeds and traces only. */
static inline int64_t cputicks(void)
{
    uint32_t lo, hi;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (int64_t)((uint64_t)hi << 32 | lo);
}

/** Stops a debugger here; without one it is fatal (SIGTRAP). */
static inline void breakpoint(void)
{
    __asm__ volatile("int3");
}

/* What the kernel pushed for a signal handler, as arch/<cpu>/sigctxt.c knows it. uc is the handler's third argument. */

/** The interrupted program counter. */
uintptr_t sigctxt_pc(void *uc);
/** The interrupted stack pointer. */
uintptr_t sigctxt_sp(void *uc);
/** The interrupted frame pointer. */
uintptr_t sigctxt_bp(void *uc);
/** The address whose access faulted (SIGSEGV, SIGBUS); info is the handler's second argument. */
uintptr_t sigctxt_fault(void *info);
/** si_code: how the signal came about; > 0 if the kernel made it. */
int sigctxt_code(void *info);
/** The extended register components that the interrupted code has in use, in the CPU's own numbering; 0 unknown. */
uint64_t sigctxt_xstate(void *uc);
/** Arranges that the interrupted code calls target next, as if it had called it at pc; keeps the red zone intact. */
void sigctxt_pushcall(void *uc, uintptr_t target, uintptr_t pc);
/** Prints the registers of the interrupted code, for a crash dump. */
void sigctxt_print(void *uc);

/** Bytes that asyncPreempt needs on the stack of the interrupted G, vector state included. */
uintptr_t asyncpreempt_frame(void);
/**
 * Where sigctxt_pushcall sends a G that is preempted in a loop without calls: saves every register, calls
 * asyncPreempt2, restores every register, returns to the interrupted instruction. Mirrors asyncPreempt.
 */
void asyncPreempt(void);
/** Measures what asyncPreempt must save on this machine; once, at boot, before signals are on. */
void asyncpreempt_init(void);

/** True if asyncPreempt saves everything that the interrupted code has in use. */
bool asyncpreempt_saves(void *uc);

/** Points the thread's TLS register at tcb; boot of the pure build only (later threads get theirs from clone). */
void arch_settls(void *tcb);
/** The code that a signal handler returns to: the rt_sigreturn system call. */
void arch_sigreturn(void);

/** Runs fn(arg) on the stack that ends at sp, then comes back. Only for code that never schedules. */
void arch_callon(uintptr_t sp, void (*fn)(void *), void *arg);

/** write(2) without any function of a lab: for the report that one of them is not written yet. */
intptr_t lastwords_write(int fd, const void *buf, size_t n);
/** exit_group(2), likewise. */
_Noreturn void lastwords_exit(int status);

#endif

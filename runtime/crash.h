/**
 * @file crash.h
 * What panic.c, signal.c, traceback.c and symtab.c share: how a program dies, and what it says.
 */
#ifndef HANDOFF_CRASH_H
#define HANDOFF_CRASH_H

#include "core.h"

/** Where a backtrace starts. */
typedef struct stackpoint {
    uintptr_t pc;  /**< 0: unknown */
    uintptr_t bp;  /**< the frame pointer that belongs to pc */
    bool exact;    /**< pc is where the code was interrupted; else it is a return address */
    bool vdso;     /**< pc lies in the vDSO, and bp belongs to the function that went there */
} stackpoint;

/** How much of the program's state a dying program shows. */
typedef enum deathkind {
    deathPanic,  /**< the goroutine that died: gopanic */
    deathFatal,  /**< all goroutines of the program: fatal */
    deathThrow,  /**< those of the runtime too, and every M, P and queue: throw_, signals */
} deathkind;

/** One death, while it is being reported. */
typedef struct death {
    deathkind kind;                /**< how much to show */
    void (*head)(struct death *d); /**< prints the first lines */
    const char *fmt;               /**< the message, */
    va_list ap;                    /**< with its arguments */
    const char *first;             /**< gopanic: what the goroutine was dying of already, or NULL */
    G *gp;                         /**< the G that was running; NULL if the thread has none */
    stackpoint at;                 /**< and where */
    int sig;                       /**< the signal, or 0 */
    void *info;                    /**< and the second argument of its handler, */
    void *uc;                      /**< and the third */
} death;

/**
 * Reports d and ends the process with status 2. On any stack; on a user G it goes over to the M's g0 first. If several Ms
 * come here, the first one reports and the others wait for the end.
 */
_Noreturn void die(death *d);

/** The death that is being reported, or NULL. Its M alone may use it. */
extern death *dying;

/**
 * Where gp stands if a signal has interrupted it in the vDSO, at pc: who called is known from its M's vdsoPC and vdsoSP, since
 * the kernel's code may use the frame pointer as it likes. Without those, bp is 0.
 */
stackpoint vdsopoint(G *gp, uintptr_t pc);
/** Prints one line a frame, from p down to the end of the stack s (lo == 0: unknown, then only p itself). */
void printframes(stackpoint p, stack s);
/** Prints the goroutines: first the one that d names, then (not for a panic) the others. d may be NULL: just all of them. */
void printgoroutines(death *d);
/** Prints a line for each M and P, and the queues. */
void printsched(void);

/**
 * Finds the function that pc lies in.
 *
 * Reads the symbol table of /proc/self/exe when it is first needed. Takes no lock; any stack.
 * @return its name and, in *start, its address; NULL if it is not known
 */
const char *symbolise(uintptr_t pc, uintptr_t *start);

#endif

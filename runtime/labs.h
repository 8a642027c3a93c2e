/**
 * @file labs.h
 * All contracts of the eight labs, which stand in labs/lab01.h to labs/lab08.h: every function that a student writes, with
 * what callers rely on.
 *
 * The implementation of labs/labNN.h lives in labs/NN-name/ of the kit (the student's) or in the reference's module; any mix
 * of them makes a whole runtime. Go function names are kept where there is one.
 *
 * Words used: "on g0" means that getg() is the M's g0; "owner" of a P is the M that holds it; "the world is stopped"
 * means that no other M holds a P.
 */
#ifndef HANDOFF_LABS_H
#define HANDOFF_LABS_H

#include "labs/lab01.h"
#include "labs/lab02.h"
#include "labs/lab03.h"
#include "labs/lab04.h"
#include "labs/lab05.h"
#include "labs/lab06.h"
#include "labs/lab07.h"
#include "labs/lab08.h"

/** Reports "<function> is not written yet (<file>:<line>)" and ends the process with status 70. */
_Noreturn void unwritten_at(const char *func, const char *file, int line);
/** Called with that report before it is printed, if it is set. The test guest sets it. */
extern void (*unwritten_hook)(const char *text);
/** The same, called by the assembly skeletons. */
_Noreturn void unwritten_asm(const char *func);
/** The body of a function that a lab still asks for. */
#define unwritten() unwritten_at(__func__, __FILE__, __LINE__)

#endif

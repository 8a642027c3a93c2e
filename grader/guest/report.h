/**
 * @file report.h
 * How a whole program that runs under a judge reports what it saw: report("switches", 42). Each report is
 * one message on file descriptor 3; without a judge there is none, and nothing happens. The program never
 * knows what is expected.
 */
#ifndef HANDOFF_REPORT_H
#define HANDOFF_REPORT_H

#include "handoff.h"

/** Reports a number. From any goroutine; key has no blanks. */
static inline void report(const char *key, int64_t value)
{
    goprintf(3, "%s %lld", key, (long long)value);
}

/**
 * Tells the judge that the program came to its end. Who returns from its main function need not: only a program that
 * ends with status 0 elsewhere. NULL in programs that no judge runs.
 */
void report_end(void) __attribute__((weak));

#endif

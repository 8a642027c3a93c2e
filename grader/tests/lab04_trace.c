/**
 * @file lab04_trace.c
 * HANDOFFDEBUG=syscalltrace=1: a line for each finished call, on standard error.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "judge.h"

/** m0 runs g1 on p0, with calls traced. */
static void traced(void)
{
    call("newp");
    call("newg");
    call("hold", 0, 0);
    call("rung", 0, 1);
    set(1, "debug.syscalltrace");
}

/* A result is printed in hexadecimal, an error by its number. */
TEST(ATracedCallPrintsALine)
{
    char wanted[64];
    traced();
    int64_t n = 256 + (int64_t)rndn(1000);
    expect_call_g(n, "Syscall", SYS_write, 0, call("scratch"), n); /* the guest's 0 is /dev/null */
    call_g("Syscall", SYS_write, -1, 0, 1);
    snprintf(wanted, sizeof wanted, "syscall %d: 0x%llx\nsyscall %d: errno %d\n", SYS_write, (long long)n, SYS_write,
             EBADF);
    if (strcmp(guest_output(), wanted) != 0)
        fail("the trace of a write and one that fails is:\n%sit should be:\n%s", guest_output(), wanted);
}

/* Printing comes last: the result is what the kernel returned, and the G runs with a P. */
TEST(TracingChangesNoResult)
{
    traced();
    expect_call_g(-1, "Syscall6", SYS_write, -1, 0, 1);
    expect_result(2, EBADF, "err");
    expect_field(2, "g1.atomicstatus");
    expect_field(0, "m0.p");
    expect_field(0, "m0.locks");
}

/* Without the switch nothing is printed. */
TEST(UntracedCallsPrintNothing)
{
    traced();
    set(0, "debug.syscalltrace");
    call_g("Syscall", SYS_getpid, 0, 0, 0);
    call_g("Syscall", SYS_write, -1, 0, 1);
    if (*guest_output())
        fail("nothing should be printed without syscalltrace: %s", guest_output());
}

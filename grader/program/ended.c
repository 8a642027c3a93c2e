/**
 * @file ended.c
 * Linked into each whole program that a judge runs, around its main function (--wrap=gomain): a program that came to
 * the end of that repeats the token which the judge laid ready on file descriptor 3. A submission that ends the
 * process with status 0 in the middle does not get here. Without a judge there is no token, and nothing happens.
 */
#include "labs.h"
#include "linux.h"
#include "report.h"

enum { DONTWAIT = 0x40 };

int __real_gomain(int argc, char **argv);
int __wrap_gomain(int argc, char **argv);

void report_end(void)
{
    char token[80];
    sysret r = RawSyscall6(__NR_recvfrom, 3, (uintptr_t)token, sizeof token - 1, DONTWAIT, 0, 0);
    if (r.err == 0 && r.r1 < sizeof token) {
        token[r.r1] = 0;
        goprintf(3, "%s", token);
    }
}

int __wrap_gomain(int argc, char **argv)
{
    int status = __real_gomain(argc, argv);
    report_end();
    return status;
}

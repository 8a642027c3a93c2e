"""For the tests of tools/mksyscall: runs it, and runs what it generates on a kernel that only takes notes."""
import subprocess
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent / "mksyscall"

TYPES_H = """
#ifndef TYPES_H
#define TYPES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef int Errno;
typedef struct Slice { void *ptr; size_t len; } Slice;
typedef struct Str { const char *ptr; size_t len; } Str;
#endif
"""

# A kernel that only notes what it was asked, in one line a call, and answers with `answer`.
CALLS_H = """
#include <stdint.h>
typedef struct sysret { uintptr_t r1, r2, err; } sysret;
sysret Syscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3);
sysret Syscall6(uintptr_t trap, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
sysret RawSyscall(uintptr_t trap, uintptr_t a1, uintptr_t a2, uintptr_t a3);
sysret RawSyscall6(uintptr_t trap, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
_Noreturn void unwritten_at(const char *what, const char *file, int line);
"""

FAKE_C = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include "types.h"
#include "calls.h"
#include "z.h"

static sysret answer;
static const char *path; /* the argument that was wanted, as a string */
static char copy[8192];
static int want_string; /* the number of the argument to copy, or 0 */

static void note(const char *who, uintptr_t trap, int n, const uintptr_t *a)
{
    printf("%s %ju:", who, (uintmax_t)trap);
    for (int i = 0; i < n; i++)
        printf(" %jx", (uintmax_t)a[i]);
    printf("\\n");
    if (want_string) {
        path = (const char *)a[want_string - 1];
        strcpy(copy, path);
    }
}

sysret Syscall(uintptr_t t, uintptr_t a, uintptr_t b, uintptr_t c)
{
    note("Syscall", t, 3, (uintptr_t[]){a, b, c});
    return answer;
}
sysret RawSyscall(uintptr_t t, uintptr_t a, uintptr_t b, uintptr_t c)
{
    note("RawSyscall", t, 3, (uintptr_t[]){a, b, c});
    return answer;
}
sysret Syscall6(uintptr_t t, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
    note("Syscall6", t, 6, (uintptr_t[]){a, b, c, d, e, f});
    return answer;
}
sysret RawSyscall6(uintptr_t t, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
    note("RawSyscall6", t, 6, (uintptr_t[]){a, b, c, d, e, f});
    return answer;
}
_Noreturn void unwritten_at(const char *what, const char *file, int line)
{
    printf("unwritten %s|%s|%d\\n", what, file, line);
    exit(3);
}
static inline Str str(const char *s) { return (Str){s, strlen(s)}; }
#define OK(v) (answer = (sysret){(uintptr_t)(v), 0, 0})
#define FAIL(e) (answer = (sysret){(uintptr_t)-1, 0, (e)})

int main(void)
{
    (void)str;
    (void)copy;
    FAIL(0);
"""


def trap(name: str) -> int:
    """The number of a system call here, as the compiler sees it."""
    out = subprocess.run(
        ["gcc", "-E", "-P", "-x", "c", "-"],
        input=f"#include <asm/unistd.h>\n__NR_{name}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return int(out.stdout.split()[-1])


class Base(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)

    def generate(self, declarations: str) -> subprocess.CompletedProcess[str]:
        (self.dir / "syscalls.in").write_text(declarations)
        command = [str(TOOL), "--types", "types.h", "--calls", "calls.h", "syscalls.in", "z.c", "z.h"]
        return subprocess.run(command, cwd=self.dir, capture_output=True, text=True)

    def build(self, main: str, compiler: str = "gcc") -> None:
        (self.dir / "types.h").write_text(TYPES_H)
        (self.dir / "calls.h").write_text(CALLS_H)
        (self.dir / "main.c").write_text(FAKE_C + main + "\n    return 0;\n}\n")
        flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"]
        done = subprocess.run(
            [compiler, *flags, "-Wno-unused-function", "-c", "main.c"],
            cwd=self.dir,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run([compiler, *flags, "-c", "z.c"], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        subprocess.run([compiler, "-o", "a.out", "main.o", "z.o"], cwd=self.dir, check=True)

    def calls(self, declarations: str, main: str, status: int = 0) -> list[str]:
        """The lines that the program prints: one a call, and its own."""
        done = self.generate(declarations)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.build(main)
        ran = subprocess.run(["./a.out"], cwd=self.dir, capture_output=True, text=True, timeout=10)
        self.assertEqual(ran.returncode, status, ran.stderr)
        return ran.stdout.splitlines()

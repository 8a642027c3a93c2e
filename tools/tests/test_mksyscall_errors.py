#!/usr/bin/python3
"""tools/mksyscall: what it refuses, and that it leaves no output then."""
import re
import subprocess
import unittest

from fakekernel import TOOL, Base


class Errors(Base):
    """Each malformed line is named with its number; status 1; no output is made, changed or left."""

    def refused(self, line: str, message: str) -> None:
        for kept in (None, "kept"):
            for name in ("z.c", "z.h"):
                if kept:
                    (self.dir / name).write_text(kept)
            done = self.generate(f"# first\n//sysnb getpid() (pid int)\n{line}\n")
            self.assertEqual((done.returncode, done.stdout), (1, ""), line)
            self.assertRegex(done.stderr, rf"(?m)^syscalls\.in:3: .*{re.escape(message)}")
            left = sorted(p.name for p in self.dir.iterdir())
            self.assertEqual(left, ["syscalls.in", "z.c", "z.h"] if kept else ["syscalls.in"])
            if kept:
                self.assertEqual([(self.dir / n).read_text() for n in ("z.c", "z.h")], ["kept", "kept"])
                for name in ("z.c", "z.h"):
                    (self.dir / name).unlink()

    def test_not_a_declaration(self) -> None:
        for line in (
            "int x;",
            "// sys read(fd int)",
            "//sysread(fd int) (err error)",
            "//sysx read() (n int)",
            "//SYS read() (n int)",
            "//sysnb? read() (n int)",
            "//sysnbread() (n int)",
        ):
            self.refused(line, "neither a declaration")

    def test_malformed(self) -> None:
        self.refused("//sys read", "no name and parameter list")
        self.refused("//sys (fd int)", "no name and parameter list")
        self.refused("//sys read(fd int", "not closed")
        self.refused("//sys read(fd int) (err error", "not closed")
        self.refused("//sys read(fd int) err error", "where the end or = SYS_name should be")
        self.refused("//sys read(fd int) (err error) # why", "where the end or = SYS_name should be")

    def test_missing_number(self) -> None:
        for end in ("=", "= ", "= SYS_", "= read", "= 17", "SYS_read", "= SYS_read SYS_write"):
            self.refused(f"//sys f(fd int) (err error) {end}", "where the end or = SYS_name should be")

    def test_parameters(self) -> None:
        self.refused("//sys read(fd)", "'fd' is not a name and a type")
        self.refused("//sys read(a, b int)", "'a' is not a name and a type")
        self.refused("//sys read(a int,, b int)", "'' is not a name and a type")
        self.refused("//sys read(a int,)", "'' is not a name and a type")
        self.refused("//sys read(a int, a int)", "used twice")
        self.refused("//sys read(n int) (n int, err error)", "used twice")
        self.refused("//sys read(s string, s_z int) (err error)", "used twice")
        self.refused("//sys read(long int)", "long cannot be a name in C")
        self.refused("//sys read(ret int)", "ret cannot be a name in C")

    def test_unknown_types(self) -> None:
        for go in (
            "float64",
            "interface{}",
            "Int",
            "[4]int",
            "map[string]int",
            "func(a int, b int)",
            "[]",
            "*",
            "byte",
            "chan int",
            "...int",
        ):
            self.refused(f"//sys read(a {go}) (err error)", f"unknown type {go}")

    def test_results(self) -> None:
        self.refused("//sys read() (a int, b int)", "one result, then err")
        self.refused("//sys read() (a int, b int, err error)", "one result, then err")
        self.refused("//sys read() (err error, n int)", "one result, then err")
        self.refused("//sys read() (err error, err error)", "one result, then err")
        self.refused("//sys read() (err int)", "named err")
        self.refused("//sys read() (e error)", "named err")
        self.refused("//sys read(err error)", "named err")
        for go in ("string", "[]byte", "*T", "unsafe.Pointer"):
            self.refused(f"//sys read() (x {go}, err error)", "cannot be the type of a result")

    def test_too_many_words(self) -> None:
        self.refused("//sys f(a int, b int, c int, d int, e int, f int, g int) (err error)", "7 words")
        self.refused("//sys f(a []byte, b []byte, c []byte, d int) (err error)", "7 words")

    def test_a_string_needs_an_err(self) -> None:
        self.refused("//sys chdir(path string) (n int)", "needs an err result")

    def test_declared_twice(self) -> None:
        self.refused("//sys getpid() (pid int)", "sys_getpid is declared in line 2")
        self.refused("//sys Getpid() (pid int)", "sys_getpid is declared in line 2")

    def test_undecided_lines_are_judged_too(self) -> None:
        self.refused("//sys? read(fd float64)", "unknown type float64")

    def test_every_error_is_named(self) -> None:
        done = self.generate("x\n//sys read(a T)\n\n//sys b(\n")
        self.assertEqual(
            [line.split()[0] for line in done.stderr.splitlines()],
            ["syscalls.in:1:", "syscalls.in:2:", "syscalls.in:4:"],
        )

    def test_an_input_that_is_not_there(self) -> None:
        done = subprocess.run(
            [str(TOOL), "none.in", "z.c", "z.h"], cwd=self.dir, capture_output=True, text=True
        )
        self.assertEqual((done.returncode, list(self.dir.iterdir())), (1, []))
        self.assertIn("none.in: cannot be read", done.stderr)

    def test_an_output_that_cannot_be_written_leaves_the_other_alone(self) -> None:
        (self.dir / "s.in").write_text("//sysnb getpid() (pid int)\n")
        (self.dir / "z.c").write_text("kept")
        done = subprocess.run(
            [str(TOOL), "s.in", "z.c", "no/z.h"], cwd=self.dir, capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 1)
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["s.in", "z.c"])
        self.assertEqual((self.dir / "z.c").read_text(), "kept")


if __name__ == "__main__":
    unittest.main()

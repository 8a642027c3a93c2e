#!/usr/bin/python3
"""tools/mksyscall: which system calls the generated C makes, and what it returns."""
import subprocess
import unittest

from fakekernel import CALLS_H, TYPES_H, Base, trap


class Calls(Base):
    def test_sys_goes_through_Syscall(self) -> None:
        lines = self.calls("//sys close(fd int) (err error)", "OK(0); sys_close(7);")
        self.assertEqual(lines, [f"Syscall {trap('close')}: 7 0 0"])

    def test_sysnb_goes_through_RawSyscall(self) -> None:
        lines = self.calls(
            "//sysnb getpid() (pid int)", 'OK(42); printf("%jd\\n", (intmax_t)sys_getpid());'
        )
        self.assertEqual(lines, [f"RawSyscall {trap('getpid')}: 0 0 0", "42"])

    def test_up_to_three_words_plain_and_up_to_six_padded(self) -> None:
        declarations = """
//sys a1(a int) (err error) = SYS_getppid
//sys a3(a int, b int, c int) (err error) = SYS_getppid
//sys a4(a int, b int, c int, d int) (err error) = SYS_getppid
//sysnb a5(a int, b int, c int, d int, e int) (err error) = SYS_getppid
//sys a6(a int, b int, c int, d int, e int, f int) (err error) = SYS_getppid
"""
        main = "OK(0); sys_a1(1); sys_a3(1,2,3); sys_a4(1,2,3,4); sys_a5(1,2,3,4,5); sys_a6(1,2,3,4,5,6);"
        n = trap("getppid")
        self.assertEqual(
            self.calls(declarations, main),
            [
                f"Syscall {n}: 1 0 0",
                f"Syscall {n}: 1 2 3",
                f"Syscall6 {n}: 1 2 3 4 0 0",
                f"RawSyscall6 {n}: 1 2 3 4 5 0",
                f"Syscall6 {n}: 1 2 3 4 5 6",
            ],
        )

    def test_a_slice_is_two_words_and_counts_as_two(self) -> None:
        lines = self.calls(
            "//sys read(fd int, p []byte) (n int, err error)\n"
            "//sys pread64(fd int, p []byte, off int64) (n int, err error)",
            "intptr_t n; OK(0); sys_read(3, (Slice){(void *)0x1234, 5}, &n);"
            "sys_pread64(3, (Slice){(void *)0x1234, 5}, 9, &n);",
        )
        self.assertEqual(lines[0], f"Syscall {trap('read')}: 3 1234 5")
        self.assertEqual(lines[1], f"Syscall6 {trap('pread64')}: 3 1234 5 9 0 0")

    def test_an_empty_slice_has_an_address_that_can_be_read(self) -> None:
        for pointer in ("NULL", "(void *)0x1234"):
            lines = self.calls(
                "//sys write(fd int, p []byte) (n int, err error)",
                f"intptr_t n; OK(0); want_string = 2; sys_write(3, (Slice){{{pointer}, 0}}, &n);"
                'puts(path != NULL && *path == 0 ? "readable" : "not");',
            )
            self.assertNotIn(lines[0].split()[3], ("0", "1234"))
            self.assertEqual(lines[0].split()[4], "0")
            self.assertEqual(lines[1], "readable")

    def test_slices_of_other_types_count_elements(self) -> None:
        lines = self.calls(
            "//sysnb getgroups(g []uint32, h []*unix.T) (err error)",
            "OK(0); sys_getgroups((Slice){(void *)16, 2}, (Slice){(void *)32, 3});",
        )
        self.assertEqual(lines, [f"RawSyscall6 {trap('getgroups')}: 10 2 20 3 0 0"])

    def test_a_string_is_copied_with_a_NUL(self) -> None:
        lines = self.calls(
            "//sys openat(dirfd int, path string, flags int, mode uint32) (fd int, err error)",
            "intptr_t fd; OK(5); want_string = 2;"
            'const char *s = "/etc/passwd";'
            'printf("%d\\n", sys_openat(-100, (Str){s, 4}, 0x80000, 0600, &fd));'
            'printf("%s %d %jd\\n", copy, path != s, (intmax_t)fd);',
        )
        self.assertRegex(lines[0], rf"^Syscall6 {trap('openat')}: f{{14}}9c [0-9a-f]+ 80000 180 0 0$")
        self.assertEqual(lines[1:], ["0", "/etc 1 5"])

    def test_an_empty_string_is_a_string(self) -> None:
        lines = self.calls(
            "//sys chdir(path string) (err error)",
            'OK(0); want_string = 1; printf("%d\\n", sys_chdir((Str){NULL, 0})); printf("[%s]\\n", copy);',
        )
        self.assertEqual(lines[1:], ["0", "[]"])

    def test_a_NUL_inside_is_EINVAL_and_no_call_is_made(self) -> None:
        lines = self.calls(
            "//sys renameat(a int, from string, b int, to string) (err error)",
            'OK(0); printf("%d %d\\n", sys_renameat(1, (Str){"a\\0b", 3}, 2, str("x")) == EINVAL,'
            'sys_renameat(1, str("x"), 2, (Str){"ab\\0", 3}) == EINVAL);',
        )
        self.assertEqual(lines, ["1 1"])

    def test_a_string_of_PATH_MAX_is_ENAMETOOLONG_and_one_less_is_not(self) -> None:
        lines = self.calls(
            "//sys chdir(path string) (err error)",
            "static char s[5000]; memset(s, 'x', sizeof s); OK(0); want_string = 1;"
            'printf("%d\\n", sys_chdir((Str){s, 4096}) == ENAMETOOLONG);'
            'printf("%d\\n", sys_chdir((Str){s, 4095}) == 0); printf("%zu\\n", strlen(copy));',
        )
        self.assertEqual(lines[0], "1")
        self.assertEqual(lines[2:], ["1", "4095"])

    def test_failure_returns_errno_and_leaves_results_alone(self) -> None:
        lines = self.calls(
            "//sys read(fd int, p []byte) (n int, err error)\n"
            "//sysnb f(a int) (yes bool, err error) = SYS_getppid",
            "intptr_t n = 77; bool yes = false; char c; FAIL(EAGAIN);"
            'printf("%d\\n", sys_read(3, (Slice){&c, 1}, &n) == EAGAIN); printf("%jd\\n", (intmax_t)n);'
            'printf("%d %d\\n", sys_f(1, &yes) == EAGAIN, yes);',
        )
        self.assertEqual([line for line in lines if "all" not in line], ["1", "77", "1 0"])

    def test_success_with_a_result_that_looks_like_an_error(self) -> None:
        lines = self.calls(
            "//sys lseek(fd int, off int64, whence int) (pos int64, err error)",
            'int64_t pos = 1; OK(-1); printf("%d\\n", sys_lseek(3, -4096, 0, &pos));'
            'printf("%jd\\n", (intmax_t)pos);',
        )
        self.assertEqual(lines, [f"Syscall {trap('lseek')}: 3 fffffffffffff000 0", "0", "-1"])

    def test_signed_words_are_sign_extended_and_unsigned_ones_are_not(self) -> None:
        lines = self.calls(
            "//sysnb f(a int, b int32, c int64, d uint32, e uint64, g uintptr) (err error) = SYS_getppid",
            "OK(0); sys_f(-1, -2, -3, 0xfffffffcu, 0xfffffffffffffffbu, 0xfffffffffffffffau);",
        )
        self.assertEqual(
            lines[0].split(":")[1].split(),
            ["f" * 16, "f" * 15 + "e", "f" * 15 + "d", "fffffffc", "f" * 15 + "b", "f" * 15 + "a"],
        )

    def test_bool_both_ways(self) -> None:
        lines = self.calls(
            "//sysnb f(on bool) (yes bool) = SYS_getppid",
            'OK(256); bool b = sys_f(2 > 1); printf("%d\\n", b);'
            'OK(0); b = sys_f(false); printf("%d\\n", b);',
        )
        n = trap("getppid")
        self.assertEqual(lines, [f"RawSyscall {n}: 1 0 0", "1", f"RawSyscall {n}: 0 0 0", "0"])

    def test_pointers_pass_as_they_are(self) -> None:
        lines = self.calls(
            "//sysnb f(p *unix.Stat_t, q unsafe.Pointer, r *[2]int32, s **byte) (err error) = SYS_getppid",
            "OK(0); sys_f((void *)1, (void *)2, NULL, (void *)4);",
        )
        self.assertEqual(lines, [f"RawSyscall6 {trap('getppid')}: 1 2 0 4 0 0"])

    def test_each_type_of_result(self) -> None:
        lines = self.calls(
            "".join(
                f"//sysnb f{t}() (x {t}) = SYS_getppid\n"
                for t in ("int", "int32", "uint32", "uint64", "uintptr")
            ),
            'OK(-2); printf("%jd %jd %ju %jx %jx\\n", (intmax_t)sys_fint(), (intmax_t)sys_fint32(),'
            "(uintmax_t)sys_fuint32(), (uintmax_t)sys_fuint64(), (uintmax_t)sys_fuintptr());",
        )
        self.assertEqual(lines[-1], f"-2 -2 4294967294 {'f' * 15}e {'f' * 15}e")

    def test_no_result_at_all(self) -> None:
        lines = self.calls("//sysnb exitGroup(code int)", "sys_exit_group(3);")
        self.assertEqual(lines, [f"RawSyscall {trap('exit_group')}: 3 0 0"])

    def test_names(self) -> None:
        lines = self.calls(
            "//sysnb SchedYield() (b int)\n//sysnb other(x int) (c int) = SYS_GETTID\n"
            "//sys epollCreate1(flags int) (fd int, err error)",
            "intptr_t fd; OK(0); sys_sched_yield(); sys_other(1); sys_epoll_create1(2, &fd);",
        )
        self.assertEqual(
            [line.split(":")[0] for line in lines],
            [
                f"RawSyscall {trap('sched_yield')}",
                f"RawSyscall {trap('gettid')}",
                f"Syscall {trap('epoll_create1')}",
            ],
        )

    def test_an_undecided_call_reports_itself(self) -> None:
        lines = self.calls(
            "# calls\n\n//sys? openat(dirfd int, path string, flags int, mode uint32) (fd int, err error)",
            "intptr_t fd; sys_openat(1, (Str){NULL, 0}, 2, 3, &fd);",
            status=3,
        )
        self.assertEqual(
            lines, ["unwritten the choice of //sys or //sysnb for openat|syscalls.in|3"]
        )

    def test_both_compilers_are_silent_about_undecided_calls(self) -> None:
        done = self.generate(
            "//sys? a(x int, p []byte) (n int, err error) = SYS_read\n//sys? b() (n int) = SYS_getpid\n"
            "//sys? c(s string) (err error) = SYS_chdir\n//sys? d(x bool) = SYS_exit_group\n"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        for compiler in ("gcc", "clang"):
            self.build("", compiler)

    def test_both_compilers_are_silent_about_calls(self) -> None:
        done = self.generate(
            "//sys a(x int, p []byte) (n int, err error) = SYS_read\n//sysnb b() (n bool) = SYS_getpid\n"
            "//sys c(s string, t string) (err error) = SYS_chdir\n//sys d(x bool, p *T) = SYS_exit_group\n"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        for compiler in ("gcc", "clang"):
            self.build("", compiler)

    def test_a_call_that_this_CPU_lacks_stops_the_compiler_with_file_and_line(self) -> None:
        self.assertEqual(self.generate("\n//sys getPpid() (a int)\n").returncode, 0)
        (self.dir / "types.h").write_text(TYPES_H)
        (self.dir / "calls.h").write_text(CALLS_H)
        done = subprocess.run(["gcc", "-c", "z.c"], cwd=self.dir, capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("syscalls.in:2: no system call get_ppid", done.stderr)

    def test_no_line_is_longer_than_the_house_allows(self) -> None:
        words = ", ".join(f"argument_number_{i} uint64" for i in range(6))
        done = self.generate(f"//sys long_name_{'x' * 20}({words}) (a_result uint64, err error)")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("z.c", "z.h"):
            lines = (self.dir / name).read_text().splitlines()
            lines = [x for x in lines if not x.startswith(("/* //sys", "/**"))]
            self.assertLessEqual(max(map(len, lines)), 110)

    def test_the_same_input_gives_the_same_output(self) -> None:
        text = "//sys read(fd int, p []byte) (n int, err error)\n//sysnb getpid() (pid int)\n"
        found = []
        for _ in range(2):
            self.assertEqual(self.generate(text).returncode, 0)
            found.append([(self.dir / name).read_text() for name in ("z.c", "z.h")])
        self.assertEqual(found[0], found[1])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""tools/mklabs: what becomes of each kind of region, what is refused, --check and --leak-check."""
import subprocess
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent / "mklabs"

RUNQ = """#include "labs.h"

void runqput(P *pp, G *gp, bool next)
{
    /* BEGIN SOLUTION
     * Write me: runnext first, then the ring, then runqputslow. */
    pp->runnext = next ? gp : pp->runnext;
    /* END SOLUTION */
}

int given(void)
{
    return 1;
}
"""
RUNQ_SKELETON = """#include "labs.h"

void runqput(P *pp, G *gp, bool next)
{
    /* Write me: runnext first, then the ring, then runqputslow. */
    (void)pp, (void)gp, (void)next;
    unwritten();
}

int given(void)
{
    return 1;
}
"""


class Base(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def put(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run_tool(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(TOOL), "--root", str(self.root), *args], capture_output=True, text=True)

    def skeleton(self, text: str, name: str = "a.c") -> str:
        """What a solution file with this text becomes."""
        self.put(f"solution/03-runqueue/{name}", text)
        done = self.run_tool()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return (self.root / "labs/03-runqueue" / name).read_text()

    def stub(self, head: str, indent: str = "    ") -> str:
        """The uses of the parameters in the skeleton of a function with this head."""
        region = f"{indent}/* BEGIN SOLUTION Write me. */\n{indent}x();\n{indent}/* END SOLUTION */\n"
        text = f"{head}\n{{\n{region}}}\n"
        lines = (
            self.skeleton(text).split(f"{indent}/* Write me. */\n")[1].split(f"{indent}unwritten();\n")[0]
        )
        return lines.strip()


class Functions(Base):
    def test_a_body_becomes_its_prompt_its_parameters_and_unwritten(self) -> None:
        self.assertEqual(self.skeleton(RUNQ), RUNQ_SKELETON)

    def test_names_of_parameters(self) -> None:
        for head, names in {
            "void f(void)": "",
            "void f()": "",
            "int f(int a)": "(void)a;",
            "static inline G *f(G *gp, const char *const name)": "(void)gp, (void)name;",
            "void f(void (*fn)(G *, int), void *arg)": "(void)fn, (void)arg;",
            "void f(void (*fns[4])(int), int n)": "(void)fns, (void)n;",
            "void f(int (*(*deep)(int a))(char b), int n)": "(void)deep, (void)n;",
            "void f(bool (*const commit)(G *gp, void *lock))": "(void)commit;",
            "void f(int fn(int x), int y)": "(void)fn, (void)y;",
            "void f(G *batch[static 128], uint32_t n[])": "(void)batch, (void)n;",
            "void f(int (*rows)[3])": "(void)rows;",
            "void f(char *restrict a, ...)": "(void)a;",
            "void f(_Atomic(uint32_t) *head, _Atomic uint32_t *tail)": "(void)head, (void)tail;",
            "void f(struct pollDesc *pd, unsigned long int mode)": "(void)pd, (void)mode;",
            "__attribute__((noinline, section(\"x\"))) void f(int a __attribute__((unused)))": "(void)a;",
            "_Noreturn void f(int code)": "(void)code;",
            "void (*f(int sig, void (*handler)(int)))(int)": "(void)sig, (void)handler;",
            "PRINTF(1, 2)\nvoid f(const char *fmt,\n       int a)": "(void)fmt, (void)a;",
            "int f(int a /* (, no name */, int b) // {": "(void)a, (void)b;",
            "struct { int x; } *f(void); static int g(int y)": "(void)y;",
            "typedef struct { int (*fn)(int z); } T;\n#define M(a) {\nint f(T t)": "(void)t;",
        }.items():
            with self.subTest(head):
                self.assertEqual(self.stub(head), names)

    def test_many_parameters_take_several_lines(self) -> None:
        names = [f"parameter_number_{i}" for i in range(8)]
        text = self.stub("void f(" + ", ".join(f"int {n}" for n in names) + ")")
        words = text.replace(",", " ").replace(";", " ").split()
        self.assertEqual(words, [f"(void){n}" for n in names])
        self.assertLessEqual(max(len("    " + line.strip()) for line in text.split("\n")), 110)
        self.assertTrue(all(line.endswith(";") for line in text.split("\n")))

    def test_the_skeleton_compiles_without_warnings(self) -> None:
        text = self.skeleton(
            """
#include <stdbool.h>
#include <stdint.h>
_Noreturn void unwritten(void);
int f(void (*fn)(int, char), _Atomic(int) *a, const char *s[], int n, ...);
int f(void (*fn)(int, char), _Atomic(int) *a, const char *s[], int n, ...)
{
    /* BEGIN SOLUTION Write me. */
    fn(1, s[n][0]);
    return *a;
    /* END SOLUTION */
}
"""
        )
        for compiler in ("gcc", "clang"):
            command = [
                compiler,
                "-std=gnu11",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-xc",
                "-c",
                "-o",
                "/dev/null",
                "-",
            ]
            done = subprocess.run(command, input=text, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_prompts(self) -> None:
        shapes = {
            "/* BEGIN SOLUTION */": "",
            "/* BEGIN SOLUTION: Write me. */": "    /* Write me. */\n",
            "/* BEGIN SOLUTION\n     * One.\n     *\n     *   - two\n     */": ""
            "    /* One.\n     *\n     *   - two */\n",
        }
        for begin, prompt in shapes.items():
            text = f"int f(int a)\n{{\n    {begin}\n    return a;\n    /* END SOLUTION */\n}}\n"
            skeleton = f"int f(int a)\n{{\n{prompt}    (void)a;\n    unwritten();\n}}\n"
            self.assertEqual(self.skeleton(text), skeleton)

    def test_code_around_a_region_stays(self) -> None:
        text = (
            "int f(int a)\n{\n    int b = a;\n    /* BEGIN SOLUTION Go on. */\n    b++;\n"
            "    /* END SOLUTION */\n    return b;\n}\n"
        )
        self.assertEqual(
            self.skeleton(text),
            "int f(int a)\n{\n    int b = a;\n    /* Go on. */\n    (void)a;\n    unwritten();\n"
            "    return b;\n}\n",
        )

    def test_the_parameters_are_used_once_however_many_regions(self) -> None:
        region = "    /* BEGIN SOLUTION */\n    a();\n    /* END SOLUTION */\n"
        text = self.skeleton(f"int f(int a)\n{{\n{region}    b();\n{region}}}\n")
        self.assertEqual(
            text, "int f(int a)\n{\n    (void)a;\n    unwritten();\n    b();\n" "    unwritten();\n}\n"
        )

    def test_braces_in_strings_comments_and_directives_do_not_count(self) -> None:
        body = "    char c = '{'; s(\"}\\\"{\"); // {\n"
        body += "    if (c) { /* } */\n        d();\n    }\n#define X {\n"
        text = f"int f(int a)\n{{\n    /* BEGIN SOLUTION */\n{body}    /* END SOLUTION */\n}}\n"
        self.assertEqual(self.skeleton(text), "int f(int a)\n{\n    (void)a;\n    unwritten();\n}\n")


class FileScope(Base):
    def test_a_region_without_prompt_leaves_nothing(self) -> None:
        text = "int a;\n\n/* BEGIN SOLUTION */\nstatic int helper(void)\n{\n    return 1;\n}\n"
        text += "/* END SOLUTION */\n\nint b;\n"
        self.assertEqual(self.skeleton(text), "int a;\n\nint b;\n")

    def test_a_region_with_prompt_leaves_it(self) -> None:
        text = "int a;\n/* BEGIN SOLUTION\n * Helpers go here. */\n"
        text += "#include <x.h>\n/* END SOLUTION */\nint b;\n"
        self.assertEqual(self.skeleton(text), "int a;\n/* Helpers go here. */\nint b;\n")

    def test_a_region_at_the_start_and_the_end(self) -> None:
        region = "/* BEGIN SOLUTION */\nstatic int t[] = {1};\n/* END SOLUTION */\n"
        self.assertEqual(self.skeleton(f"{region}\nint b;\n\n{region}"), "int b;\n\n")


class Assembly(Base):
    def asm(self, text: str) -> str:
        return self.skeleton(text, "gogo.S")

    def test_a_macro_function(self) -> None:
        self.assertEqual(
            self.asm(
                "#include \"asm.h\"\nFUNC gogo\n    /* BEGIN SOLUTION\n     * Load sp, jump. */\n"
                "1:  pop %rax # it's {\n    /* END SOLUTION */\nEND gogo\n"
            ),
            "#include \"asm.h\"\nFUNC gogo\n    /* Load sp, jump. */\n    UNWRITTEN gogo\nEND gogo\n",
        )

    def test_a_labelled_function(self) -> None:
        self.assertEqual(
            self.asm(
                "gogo:\n    nop\nmcall:\n.Lx:\n"
                "    /* BEGIN SOLUTION */\n    nop\n    /* END SOLUTION */\n"
            ),
            "gogo:\n    nop\nmcall:\n.Lx:\n    UNWRITTEN mcall\n",
        )

    def test_outside_of_functions(self) -> None:
        region = "/* BEGIN SOLUTION */\n.macro SAVE\n.endm\n/* END SOLUTION */\n"
        self.assertEqual(
            self.asm(f"{region}FUNC a\nEND a\n{region}b:\n.size b, . - b\n{region}"),
            "FUNC a\nEND a\nb:\n.size b, . - b\n",
        )


class Data(Base):
    def test_syscalls_in(self) -> None:
        text = (
            "# Calls.\n//sysnb gettid() (tid int)\n# BEGIN SOLUTION Decide.\n# blocks on pipes\n"
            "//sys   read(fd int, p []byte) (n int, err error)\n\n"
            "//sysnb\tgetpid() (pid int) = SYS_getpid\n# END SOLUTION\n"
            "//sys   close(fd int) (err error)\n"
        )
        self.assertEqual(
            self.skeleton(text, "syscalls.in"),
            "# Calls.\n//sysnb gettid() (tid int)\n# Decide.\n"
            "//sys? read(fd int, p []byte) (n int, err error)\n\n"
            "//sys? getpid() (pid int) = SYS_getpid\n//sys   close(fd int) (err error)\n",
        )

    def test_other_data_loses_the_region(self) -> None:
        text = "A = 1\n# BEGIN SOLUTION Set B.\n//sys b()\n# END SOLUTION\nC = 3\n"
        self.assertEqual(self.skeleton(text, "lab.mk"), "A = 1\n# Set B.\nC = 3\n")


class Tree(Base):
    def test_tests_are_copied_whole_with_their_mode(self) -> None:
        path = self.put("solution/03-runqueue/tests/run", "#!/bin/sh\n")
        path.chmod(0o755)
        self.put("solution/03-runqueue/tests/deep/x.bin", "\0{\r\n")
        self.assertEqual(self.run_tool().returncode, 0)
        self.assertEqual((self.root / "labs/03-runqueue/tests/deep/x.bin").read_bytes(), b"\0{\r\n")
        self.assertTrue((self.root / "labs/03-runqueue/tests/run").stat().st_mode & 0o111)

    def test_only_what_changed_is_written(self) -> None:
        self.put("solution/03-runqueue/a.c", RUNQ)
        self.put("solution/04-entersyscall/b.c", "int b;\n")
        self.assertEqual(self.run_tool().stdout, "labs/03-runqueue/a.c\nlabs/04-entersyscall/b.c\n")
        before = (self.root / "labs/03-runqueue/a.c").stat().st_mtime_ns
        self.put("solution/04-entersyscall/b.c", "int c;\n")
        self.assertEqual(self.run_tool().stdout, "labs/04-entersyscall/b.c\n")
        self.assertEqual((self.root / "labs/03-runqueue/a.c").stat().st_mtime_ns, before)
        self.assertEqual(self.run_tool().stdout, "")

    def test_check(self) -> None:
        self.put("solution/03-runqueue/a.c", RUNQ)
        self.put("solution/03-runqueue/b.c", "int b;\n")
        self.put("solution/03-runqueue/tests/t", "t\n")
        self.run_tool()
        self.assertEqual((self.run_tool("--check").returncode, self.run_tool("--check").stderr), (0, ""))
        self.put("labs/03-runqueue/a.c", RUNQ)
        (self.root / "labs/03-runqueue/b.c").unlink()
        (self.root / "labs/03-runqueue/tests/t").chmod(0o755)
        self.put("labs/03-runqueue/c.c", "int c;\n")
        self.put("labs/09-new/d.c", "int d;\n")
        self.put("labs/03-runqueue/.swp", "not counted\n")
        done = self.run_tool("--check")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr.splitlines(),
            [
                "labs/03-runqueue/a.c: differs",
                "labs/03-runqueue/b.c: missing",
                "labs/03-runqueue/c.c: extra",
                "labs/03-runqueue/tests/t: differs",
                "labs/09-new/d.c: extra",
            ],
        )
        self.assertEqual((self.root / "labs/03-runqueue/a.c").read_text(), RUNQ)
        self.assertFalse((self.root / "labs/03-runqueue/b.c").exists())

    def test_extra_files_are_left_alone(self) -> None:
        self.put("solution/03-runqueue/a.c", RUNQ)
        extra = self.put("labs/03-runqueue/notes.txt", "mine\n")
        done = self.run_tool()
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "labs/03-runqueue/notes.txt: extra, left alone\n")
        self.assertEqual(extra.read_text(), "mine\n")

    def test_leak_check(self) -> None:
        secret = "    pp->runnext = next ? gp : pp->runnext;\n"
        self.put("solution/03-runqueue/a.c", RUNQ)
        self.run_tool()
        done = self.run_tool("--leak-check")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.put("labs/README.md", "see\n\n// " + secret.replace(" = ", "  =\t"))
        done = self.run_tool("--leak-check")
        self.assertEqual((done.returncode, done.stderr), (1, "labs/README.md:3: a line of the solution\n"))
        self.put("handout.md", secret)
        self.put("labs/README.md", "")
        done = self.run_tool("--leak-check", str(self.root / "handout.md"), str(self.root / "labs"))
        self.assertEqual((done.returncode, done.stderr), (1, "handout.md:1: a line of the solution\n"))
        # Given in another lab, so no secret.
        self.put("solution/04-entersyscall/b.c", f"void f(void)\n{{\n{secret}}}\n")
        self.run_tool()
        self.assertEqual(self.run_tool("--leak-check", str(self.root / "handout.md")).returncode, 0)

    def test_leak_check_counts_characters_that_are_not_blank(self) -> None:
        body = "    aaaaaaaaaaaa = bbbbbbbbbb;\n    aaaaaaaaaaaa = ccccccccccc;\n"
        text = RUNQ.replace("    pp->runnext = next ? gp : pp->runnext;\n", body)
        self.put("solution/03-runqueue/a.c", text)
        self.run_tool()
        self.put("labs/x", "aaaaaaaaaaaa = bbbbbbbbbb;\n")  # 24
        self.assertEqual(self.run_tool("--leak-check").returncode, 0)
        self.put("labs/x", "aaaaaaaaaaaa = ccccccccccc;\n")  # 25
        self.assertEqual(self.run_tool("--leak-check").returncode, 1)


class Errors(Base):
    def refused(self, text: str, line: int, message: str, name: str = "bad.c") -> None:
        """The file is refused at this line, and of the whole tree nothing is written, good files included."""
        self.put("solution/03-runqueue/good.c", RUNQ)
        bad = self.put(f"solution/03-runqueue/{name}", text)
        for args in ("", "--check", "--leak-check"):
            done = self.run_tool(*args.split())
            self.assertEqual((done.returncode, done.stdout), (1, ""), text)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertRegex(done.stderr, rf"^solution/03-runqueue/{name}:{line}: .*{message}")
        self.assertFalse((self.root / "labs").exists())
        bad.unlink()

    def inside(self, body: str) -> str:
        return "void f(void)\n{\n" + body + "}\n"

    def test_pairs(self) -> None:
        for name, begin, end in (
            ("a.c", "/* BEGIN SOLUTION */\n", "/* END SOLUTION */\n"),
            ("a.S", "/* BEGIN SOLUTION */\n", "/* END SOLUTION */\n"),
            ("a.mk", "# BEGIN SOLUTION\n", "# END SOLUTION\n"),
        ):
            self.refused("x\n" + end, 2, "END SOLUTION without BEGIN", name)
            self.refused("x\n" + begin + "x\n", 2, "BEGIN SOLUTION without END", name)
            self.refused(begin + begin + end, 2, "BEGIN SOLUTION in the region of line 1", name)
            self.refused(begin + end + end, 3, "END SOLUTION without BEGIN", name)

    def test_malformed_markers(self) -> None:
        for marker in (
            "// BEGIN SOLUTION",
            "/* Begin Solution */",
            "/* BEGIN_SOLUTION */",
            "/* BEGIN  SOLUTION */",
            "/* now BEGIN SOLUTION */",
            "/* END SOLUTION here */",
            "# BEGIN SOLUTION",
            '"END SOLUTION"',
        ):
            self.refused(f"int a;\n{marker}\n", 2, "malformed marker")
        self.refused("/* BEGIN SOLUTION\n * END SOLUTION */\n", 1, "malformed marker")
        self.refused("A = 1\n/* BEGIN SOLUTION */\n", 2, "malformed marker", "lab.mk")
        self.refused("int a; /* BEGIN SOLUTION */\n/* END SOLUTION */\n", 1, "alone on its line")
        self.refused("/* BEGIN SOLUTION */ int a;\n/* END SOLUTION */\n", 1, "alone on its line")

    def test_no_function_head(self) -> None:
        region = "    /* BEGIN SOLUTION */\n    x\n    /* END SOLUTION */\n"
        for head in ("int table[] =", "struct S", "enum", "int (x)", "int (*table[3])(int) ="):
            self.refused(f"int f(int a);\n{head} {{\n{region}}};\n", 3, "no function head|a region")
        self.refused(f"void f(int)\n{{\n{region}}}\n", 3, "a parameter without a name")

    def test_nested_blocks(self) -> None:
        text = self.inside("if (x) {\n/* BEGIN SOLUTION */\ny();\n/* END SOLUTION */\n}\n")
        self.refused(text, 4, "top level of a function")

    def test_unbalanced_regions(self) -> None:
        begin, end = "/* BEGIN SOLUTION */\n", "/* END SOLUTION */\n"
        self.refused(self.inside(f"{begin}if (x) {{\n{end}}}\n"), 3, "do not balance")
        self.refused(self.inside(f"{begin}}}\nvoid g(void)\n{{\n{end}"), 3, "do not balance")
        self.refused(f"void f(void)\n{begin}{{\n{end}}}\n", 2, "do not balance")
        self.refused(self.inside(f"{begin}#if X\n{end}#endif\n"), 3, "has its #endif outside")
        self.refused(self.inside(f"#if X\n{begin}#else\n{end}#endif\n"), 5, "outside of the region")
        self.refused(self.inside(f"#if X\n{begin}#endif\n{end}"), 5, "outside of the region")
        self.refused(f"}}\n{begin}{end}", 1, "a closing brace too many")

    def test_comments_without_end(self) -> None:
        self.refused("/* BEGIN SOLUTION */\n/* END SOLUTION */\n/* for ever\n", 3, "no end")

    def test_a_marker_in_tests(self) -> None:
        self.refused("int a;\n/* BEGIN SOLUTION */\n/* END SOLUTION */\n", 2, "copied whole", "tests/t.c")

    def test_every_bad_file_is_named(self) -> None:
        self.put("solution/03-runqueue/a.c", "/* END SOLUTION */\n")
        self.put("solution/04-entersyscall/b.c", "\n/* END SOLUTION */\n")
        self.assertEqual(
            [line.split(" ")[0] for line in self.run_tool().stderr.splitlines()],
            ["solution/03-runqueue/a.c:1:", "solution/04-entersyscall/b.c:2:"],
        )

    def test_a_tree_without_solutions(self) -> None:
        done = self.run_tool()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no solutions", done.stderr)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""Tests of tools/explore: what it refuses, how it says what it found, and that it says the same each time."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

KIT = Path(__file__).resolve().parents[2]
RUNQ = "03-runqueue/runq.c"


@pytest.fixture
def labs(tmp_path: Path) -> Path:
    """Right solutions of all labs."""
    shutil.copytree(KIT / "solution", tmp_path / "labs")
    return tmp_path / "labs"


def explore(labs: Path, *args: str) -> subprocess.CompletedProcess[str]:
    work = KIT / "build/explore-test" if labs.parent == KIT else labs.parent / "work"
    return subprocess.run([str(KIT / "tools/explore"), "03", "--labs", str(labs), "--work", str(work), *args],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)


def change(labs: Path, old: str, new: str) -> None:
    text = (labs / RUNQ).read_text()
    assert old in text
    (labs / RUNQ).write_text(text.replace(old, new, 1))


def test_the_reference_holds(labs: Path) -> None:
    p = explore(labs)
    assert p.returncode == 0 and "6 of 6 scenarios hold" in p.stdout, p.stdout


def test_a_race_is_shown_by_line_and_again_by_its_replay(labs: Path, tmp_path: Path) -> None:
    change(labs, "if (next && cas_acqrel(&pp->runnext, next, NULL)) {", "if (next) {\n        store_relaxed(&pp->runnext, NULL);")
    p = explore(labs, "runnext_owner_and_thief", "--html", str(tmp_path / "page.html"))
    assert p.returncode == 1
    assert "g1 was handed out twice" in p.stdout and re.search(r"found with \d preemption", p.stdout)
    assert re.search(r"store p0.runnext = 0 .*runq.c:\d+ runqget", p.stdout), p.stdout
    again = re.search(r"--replay (\S+)", p.stdout)
    assert again
    q = explore(labs, "runnext_owner_and_thief", "--replay", again.group(1))
    assert q.returncode == 1 and "g1 was handed out twice" in q.stdout
    assert explore(labs, "runnext_owner_and_thief").stdout == explore(labs, "runnext_owner_and_thief").stdout
    page = (tmp_path / "page.html").read_text()
    assert "<th>owner</th><th>thief</th>" in page and "http" not in page.split("</style>")[1]


def make(*args: str) -> str:
    return subprocess.run(["make", "--no-print-directory", "-C", str(KIT), *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=300).stdout


def test_make_explore_is_for_all_scenarios_or_one() -> None:
    out = make("explore", "LAB=03", "LABS=labs")
    assert "todo  ring_overflow: " in out and " scenarios hold" in out, out
    assert "0 of 1 scenarios hold" in make("explore", "LAB=03", "LABS=labs", "S=ring_overflow")
    assert "explore: this lab has no public scenarios" in make("explore", "LAB=02", "LABS=labs")


def test_ones_own_earlier_labs_are_used_only_where_base_says_so(tmp_path: Path) -> None:
    args = ("run", "LAB=05", "PROG=hello", "LABS=labs", f"W={tmp_path}")
    for _ in range(2):
        assert "vdsoauxv is not written yet" in make(*args, "BASE=mine")
        assert "vdsoauxv" not in make(*args, "BASE=ref")


@pytest.mark.parametrize("code, words", [
    ('__asm__ volatile("lock; incl %0" : "+m"(*(int *)&pp->runqtail));', "uses an atomic instruction of the CPU directly"),
    ('__asm__ volatile("mfence" ::: "memory");', "uses an atomic instruction of the CPU directly"),
    ('__asm__ volatile("syscall" ::: "rcx", "r11", "memory");', "enters the kernel by an instruction of its own"),
])
def test_what_the_explorer_cannot_see_is_refused(labs: Path, code: str, words: str) -> None:
    change(labs, "bool runqempty(P *pp)\n{", "bool runqempty(P *pp)\n{\n    " + code)
    p = explore(labs)
    assert p.returncode == 2 and words in p.stdout and "runqempty" in p.stdout, p.stdout


# ---- verdicts that are not the explorer's ----

REPORTER = "bool runqempty(P *pp)\n{"
FORGED = '{\\"scenario\\": \\"runnext_owner_and_thief\\", \\"says\\": \\"\\", \\"verdict\\": \\"ok\\"}\\n'


@pytest.mark.parametrize("before, code, words", [
    ("extern void report(bool);", "report(true);", "refers to report"),
    ("extern char *eng;", "eng[0] = 0;", "refers to eng"),
    ("extern int puts(const char *);", 'puts("{}");', "refers to puts"),
    ("extern void ex_end(void);", "ex_end();", "refers to ex_end"),
    ("extern void other(void) __asm__(\"report\");", "other();", "has assembly"),
    ("", '__asm__ volatile("movl $1, %0" : "=m"(*(int *)&pp->runqhead));', "has assembly"),
    ("extern void __tsan_func_exit(void);", "__tsan_func_exit();", "says __tsan_func_exit"),
    ("#define PASTE(a, b) a##b\nvoid PASTE(__ts, an_func_exit)(void);\n__attribute__((PASTE(no_sani, tize_thread)))",
     "PASTE(__ts, an_func_exit)();", "says __tsan_func_exit"),
    ('_Pragma("GCC optimize (\\"O0\\")")', "", "says #pragma GCC optimize"),
    ("void early(void) __attribute__((constructor));\nvoid early(void)\n{\n}\n", "", "constructor"),
])
def test_what_reaches_the_explorer_itself_is_refused(labs: Path, before: str, code: str, words: str) -> None:
    change(labs, REPORTER, f"{before}\n{REPORTER}\n    {code}\n")
    p = explore(labs, "runnext_owner_and_thief")
    assert p.returncode == 2 and words in p.stdout and len(p.stdout.splitlines()) == 1, p.stdout


RACE = ("if (next && cas_acqrel(&pp->runnext, next, NULL)) {", "if (next) {\n        store_relaxed(&pp->runnext, NULL);")
RUNQGET = "G *runqget(P *pp, bool *inheritTime)\n{"
# `mov $imm32, %eax` whose constant is a system call instruction and a return; found by its bytes. The number of doubles among
# the arguments of a variadic call is what the caller leaves in %eax: the system call's number.
GADGET = """
unsigned gadget(void);
unsigned gadget(void)
{
    return 0xc3050f90;
}
typedef long kernel(long, ...);
static kernel *find(void)
{
    const unsigned char *s = (const unsigned char *)&gadget;
    while (s[0] != 0x0f || s[1] != 0x05)
        s++;
    return (kernel *)(unsigned long)s;
}
"""


def test_functions_of_libc_that_a_lab_defines_are_its_own(labs: Path) -> None:
    change(labs, *RACE)
    own = "".join(f"{result} {name}({args});\n{result} {name}({args})\n{{\n    for (;;) {{\n    }}\n}}\n" for result, name, args in (
        ("int", "putchar", "int c"), ("long", "write", "int fd, const void *p, unsigned long n"), ("int", "fork", "void"),
        ("int", "close", "int fd"), ("int", "vsnprintf", "char *p, unsigned long n, const char *f, __builtin_va_list ap")))
    change(labs, RUNQGET, own + RUNQGET)
    p = explore(labs, "runnext_owner_and_thief")
    assert p.returncode == 1 and "g1 was handed out twice" in p.stdout, p.stdout


@pytest.mark.parametrize("code, words", [
    ("find()(1L, line, sizeof line - 1, 1.0);", "PROTOCOL VIOLATION: what it said is not the explorer's verdict"),
    ("find()((long)line, 0L, 0L, 1.0, 2.0);", "LIMIT SYSCALL: the code made a system call"),
])
def test_a_system_call_that_is_found_somewhere_forges_nothing(labs: Path, code: str, words: str) -> None:
    change(labs, *RACE)
    change(labs, RUNQGET, f'{GADGET}\n{RUNQGET}\n    static char line[] = "{FORGED}";\n    {code}\n')
    p = explore(labs, "runnext_owner_and_thief")
    assert p.returncode == 1 and words in p.stdout and "1 of 1" not in p.stdout, p.stdout


@pytest.mark.parametrize("where", ["eng", "__start_engine_data"])
def test_the_explorers_own_memory_is_out_of_reach(labs: Path, where: str) -> None:
    code = "*(unsigned long *)%#xUL = 0;"
    change(labs, RUNQGET, f"{RUNQGET}\n    {code % 0x7654321}")
    explore(labs, "runnext_owner_and_thief")
    program = next(p for p in (labs.parent / "work").glob("xpublic03"))
    table = subprocess.run(["nm", str(program)], check=True, stdout=subprocess.PIPE, text=True).stdout
    at = next(int(line.split()[0], 16) for line in table.splitlines() if line.endswith(f" {where}"))
    change(labs, code % 0x7654321, code % at)       # as long as before: nothing moves
    p = explore(labs, "runnext_owner_and_thief")
    assert p.returncode == 1 and re.search("WILD ACCESS: write of 8 bytes at (eng|memory)", p.stdout), p.stdout


def test_code_that_is_not_instrumented_is_refused(labs: Path) -> None:
    change(labs, "bool runqempty(P *pp)\n{", '__attribute__((no_sanitize("thread"))) bool runqempty(P *pp)\n{')
    p = explore(labs)
    assert p.returncode == 2 and "without being instrumented" in p.stdout, p.stdout


def test_a_function_that_computes_an_address_is_none(labs: Path) -> None:
    place = "_Atomic uint32_t *place(P *pp, bool head)\n{\n    return head ? &pp->runqhead : &pp->runqtail;\n}\n\n"
    change(labs, "bool runqempty(P *pp)\n{", place + "bool runqempty(P *pp)\n{")
    p = explore(labs, "runnext_owner_and_thief")
    assert p.returncode == 0, p.stdout


def test_a_skeleton_says_what_is_not_written() -> None:
    p = explore(KIT / "labs")
    assert p.returncode == 1 and "is not written yet (labs/03-runqueue/runq.c:" in p.stdout, p.stdout


def test_what_does_not_build_is_a_sentence(labs: Path) -> None:
    change(labs, "bool runqempty(P *pp)\n{", "bool runqempty(P *pp)\n{ nonsense")
    p = explore(labs)
    assert p.returncode == 2 and "does not build" in p.stdout and "Traceback" not in p.stdout, p.stdout


@pytest.mark.parametrize("args", [["nosuchscenario"], ["ring_overflow", "--replay", "hello"]])
def test_wrong_use_is_a_sentence(labs: Path, args: list[str]) -> None:
    p = explore(labs, *args)
    assert p.returncode == 2 and "Traceback" not in p.stdout and len(p.stdout.splitlines()) == 1, p.stdout


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-q"]))

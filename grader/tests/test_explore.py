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

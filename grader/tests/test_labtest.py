#!/usr/bin/python3
"""Tests of `make labNN`: a student learns from it what the grader would refuse, before the linker says it in its way."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

KIT = Path(__file__).resolve().parents[2]
LAB, FILE = "02-context", "02-context/goroutine.c"


@pytest.fixture
def labs(tmp_path: Path) -> Path:
    """A right solution."""
    shutil.copytree(KIT / "solution" / LAB, tmp_path / "labs" / LAB)
    return tmp_path / "labs"


def make(labs: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-s", "--no-print-directory", "-C", str(KIT), "lab02", "T=Gogo", f"LABS={labs}", f"W={labs.parent / 'work'}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200)


def said(p: subprocess.CompletedProcess[str]) -> str:
    """The output on one line, as it is folded."""
    return " ".join(p.stdout.split())


def test_a_right_solution_is_tested(labs: Path) -> None:
    p = make(labs)
    assert p.returncode == 0 and "FAIL" not in p.stdout and "tests passed" in p.stdout, p.stdout


@pytest.mark.parametrize("code, words", [
    ("int printf(const char *, ...);\nvoid mine(void);\nvoid mine(void) { printf(\"x\"); }",
     f"labs/{FILE} refers to printf, which is not defined: there is no C library here"),
    ("static volatile int mine;\n__attribute__((constructor)) static void early(void) { mine = 1; }", f"labs/{FILE} has a constructor or destructor"),
    ("__attribute__((weak)) int mine(void) { return 0; }", f"labs/{FILE}: mine is a weak or common definition"),
    ("void agent_main(void);\nvoid agent_main(void) { }", f"labs/{FILE} defines agent_main, a name of the grader's"),
])
def test_what_the_grader_refuses_is_said_before_it_is_linked(labs: Path, code: str, words: str) -> None:
    with (labs / FILE).open("a") as f:
        f.write(f"\n{code}\n")
    p = make(labs)
    assert p.returncode != 0 and words in said(p) and "undefined reference" not in p.stdout, p.stdout
    with (labs / FILE).open("w") as f:
        f.write((KIT / "solution" / FILE).read_text())
    assert make(labs).returncode == 0


def test_a_function_that_is_missing_is_named(labs: Path) -> None:
    path = labs / FILE
    path.write_text(path.read_text().replace("void gfput(", "void gfput_(P *pp, G *gp);\nvoid gfput_("))
    p = make(labs)
    assert p.returncode != 0 and f"gfput is not defined: labs/{FILE} must define it" in said(p), p.stdout


def test_an_object_without_a_source_is_not_looked_at(labs: Path) -> None:
    extra = labs / LAB / "extra.c"
    extra.write_text("__attribute__((weak)) int mine(void);\nint mine(void) { return 0; }\n")
    assert "weak" in said(make(labs))
    extra.unlink()
    assert make(labs).returncode == 0


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-q"]))

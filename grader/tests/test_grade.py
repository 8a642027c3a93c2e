#!/usr/bin/python3
"""Tests of grader/grade: submissions that are broken in every way are graded, each with one clear line, and the others too."""
from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

KIT = Path(__file__).resolve().parents[2]
RUNQ = "03-runqueue/runq.c"


def grade(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(KIT / "grader/grade"), *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A folder with right solutions of labs 02 and 03, in labs/ as students hand them in."""
    for lab in ("02-context", "03-runqueue"):
        shutil.copytree(KIT / "solution" / lab, tmp_path / "labs" / lab)
    return tmp_path


def body_of(submission: Path, function: str, body: str) -> None:
    """Puts body in front of what the function does."""
    path = submission / "labs" / RUNQ
    text = path.read_text()
    assert f"{function}\n{{\n" in text
    path.write_text(text.replace(f"{function}\n{{\n", f"{function}\n{{\n    {body}\n", 1))


def graded(submission: Path, *labs: str) -> tuple[str, dict[str, Any]]:
    """The terminal's text and the records by lab."""
    out = submission / "result.json"
    p = grade(str(submission), "--json", str(out), *[a for lab in labs for a in ("--lab", lab)])
    assert p.returncode == 0, p.stdout
    return p.stdout, {r["lab"]: r for r in json.loads(out.read_text())["labs"]}


def test_a_right_submission_gets_full_marks(submission: Path) -> None:
    text, labs = graded(submission, "02", "03")
    assert all(r["status"] == "graded" and r["points"] == r["max_points"] == 100 and all(t["points"] == t["max_points"] > 0 for t in r["tests"]) for r in labs.values()), text
    assert {t["visibility"] for r in labs.values() for t in r["tests"]} == {"public", "hidden"}


def test_a_missing_lab_and_a_missing_file_are_named(submission: Path) -> None:
    (submission / "labs" / RUNQ).unlink()
    text, labs = graded(submission, "03", "04")
    assert labs["03-runqueue"]["status"] == labs["04-entersyscall"]["status"] == "missing"
    assert "runq.c" in labs["03-runqueue"]["reason"] and "missing: missing: runq.c" in text
    assert "the folder 04-entersyscall is not there" in text


def test_what_does_not_compile_is_shown_and_the_others_are_graded(submission: Path) -> None:
    body_of(submission, "G *runqget(P *pp, bool *inheritTime)", "this is not C;")
    text, labs = graded(submission, "02", "03")
    assert labs["03-runqueue"]["status"] == "build_error" and labs["03-runqueue"]["points"] == 0
    assert "runq.c:" in labs["03-runqueue"]["reason"] and "error:" in labs["03-runqueue"]["reason"]
    assert labs["02-context"]["points"] == 100, text


def test_what_does_not_link_is_named(submission: Path) -> None:
    path = submission / "labs" / RUNQ
    path.write_text(path.read_text().replace("bool runqempty(P *pp)", "bool runqempty_(P *pp)"))
    _, labs = graded(submission, "03")
    assert labs["03-runqueue"]["status"] == "missing_symbol"
    assert labs["03-runqueue"]["reason"] == "runqempty is not defined: labs/03-runqueue/runq.c must define it, and not as static"


@pytest.mark.parametrize("body, status, words", [
    ("*(volatile int *)0 = 1;", "crash", "SIGSEGV"),
    ("for (volatile int forever = 1; forever;) {}", "timeout_wall", "no answer"),
    ("lastwords_exit(0);", "early_exit", "exited with status 0"),
    ("throw_(\"I give up\");", "fail", "I give up"),
])
def test_a_guest_that_dies_or_hangs_fails_that_test_alone(submission: Path, body: str, status: str, words: str) -> None:
    body_of(submission, "bool runqputslow(P *pp, G *gp, uint32_t h, uint32_t t)", body)
    _, labs = graded(submission, "03")
    tests = labs["03-runqueue"]["tests"]
    hit = [t for t in tests if t["status"] == status and words in t["message"]]
    assert hit, [(t["name"], t["status"], t["message"]) for t in tests if t["status"] != "pass"]
    assert sum(t["status"] == "pass" for t in tests) > len(tests) / 4
    assert 0 < labs["03-runqueue"]["points"] < 100


def test_a_skeleton_says_what_is_not_written(tmp_path: Path) -> None:
    shutil.copytree(KIT / "labs/03-runqueue", tmp_path / "labs/03-runqueue")
    text, labs = graded(tmp_path, "03")
    assert labs["03-runqueue"]["points"] <= 10
    assert "is not written yet (labs/03-runqueue/" in text


def test_links_and_makefiles_of_a_submission_are_not_followed(submission: Path) -> None:
    (submission / "labs" / RUNQ).unlink()
    (submission / "labs" / RUNQ).symlink_to(KIT / "solution" / RUNQ)
    (submission / "labs/03-runqueue/GNUmakefile").write_text("$(error taken)\n")
    _, labs = graded(submission, "03")
    assert labs["03-runqueue"]["status"] == "build_error" and "runq.c is a symbolic link" in labs["03-runqueue"]["reason"]


def test_terminal_escapes_of_a_submission_are_made_harmless(submission: Path) -> None:
    body_of(submission, "bool runqputslow(P *pp, G *gp, uint32_t h, uint32_t t)", "throw_(\"\\033]0;owned\\a\\033[2J\");")
    text, _ = graded(submission, "03")
    assert "\033" not in text and "\a" not in text


def test_a_fault_of_the_grader_leaves_a_lab_ungraded_and_the_others_graded(submission: Path, tmp_path: Path) -> None:
    kit = tmp_path / "kit"      # its rubric of lab 03 lacks a test
    shutil.copytree(KIT, kit, ignore=shutil.ignore_patterns(".git"), symlinks=True)
    rubric = kit / "grader/rubric/03-runqueue.toml"
    rubric.write_text(rubric.read_text().replace('"TestSchedLocalQueue", ', "").replace('"TestSchedLocalQueue",', ""))
    out = submission / "result.json"
    p = subprocess.run([str(kit / "grader/grade"), str(submission), "--lab", "03", "--lab", "02", "--json", str(out)],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    labs = {r["lab"]: r for r in json.loads(out.read_text())["labs"]}
    assert p.returncode == 75 and "ungraded" in p.stdout and "TestSchedLocalQueue" in p.stdout, p.stdout
    assert labs["03-runqueue"]["status"] == "infra_error" and labs["03-runqueue"]["points"] is None
    assert labs["02-context"]["points"] == 100


@pytest.mark.parametrize("args, words", [
    (["/no/such/folder"], "is not a folder"),
    ([str(KIT / "runtime")], "no lab in"),
    ([str(KIT / "solution"), "--lab", "09"], "no lab"),
])
def test_wrong_use_is_status_2_and_a_sentence(args: list[str], words: str) -> None:
    p = grade(*args)
    assert p.returncode == 2 and words in p.stdout


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-q"]))

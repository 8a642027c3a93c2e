#!/usr/bin/python3
"""Tests of grader/grade: submissions that are broken in every way are graded, each with one clear line, and the others too."""
from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KIT = Path(__file__).resolve().parents[2]
RUNQ = "03-runqueue/runq.c"


def grade(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(KIT / "grader/grade"), *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)


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


def graded(submission: Path, *labs: str, more: tuple[str, ...] = ("--no-explorer",)) -> tuple[str, dict[str, Any]]:
    """The terminal's text and the records by lab. The explorer has tests of its own."""
    out = submission / "result.json"
    p = grade(str(submission), "--json", str(out), *more, *[a for lab in labs for a in ("--lab", lab)])
    assert p.returncode == 0, p.stdout
    return p.stdout, {r["lab"]: r for r in json.loads(out.read_text())["labs"]}


def test_a_right_submission_gets_full_marks(submission: Path) -> None:
    text, labs = graded(submission, "02", "03", more=("--times",))
    assert all(r["status"] == "graded" and r["whole"] and r["points"] == r["max_points"] == 100 and
               all(t["points"] == t["max_points"] > 0 for t in r["tests"]) for r in labs.values()), text
    assert {t["visibility"] for r in labs.values() for t in r["tests"]} == {"public", "hidden"}
    assert re.search(r"^03-runqueue +\d+/\d+ +100.0/100 +[\d.]+ s +[\d.]+ s$", text, re.M), text
    assert re.search(r"^03-runqueue +[\d.]+ +[\d.]+ +[\d.]+   \w+ [\d.]+, ", text, re.M), text


FIELDS = {"id", "lab", "name", "group", "kind", "line", "visibility", "place", "points", "max_points", "status", "unwritten", "reason",
          "student_message", "staff_message", "see", "duration_ms", "cpu_ms", "peak_kb", "threads", "seed", "attempts"}
STATUSES = {"pass", "fail", "crash", "timeout_wall", "timeout_cpu", "early_exit", "protocol_violation", "limit_nproc", "limit_mem",
            "limit_fsize", "limit_output", "limit_syscall", "build_error", "link_error", "missing_symbol", "forbidden_symbol",
            "skipped_dependency", "flaky", "infra_error"}


def test_a_record_has_all_that_is_known_of_a_test(submission: Path) -> None:
    body_of(submission, "bool runqempty(P *pp)", "return true;")
    _, labs = graded(submission, "03", more=("--test", "Runqempty", "--test", "TheWorldStopsAndGoesOn", "--no-explorer"))
    tests = labs["03-runqueue"]["tests"]
    assert tests and not labs["03-runqueue"]["whole"]
    for t in tests:
        assert set(t) == FIELDS and t["status"] in STATUSES, t
        first, second = t["attempts"]
        assert first["seed"] != second["seed"] and t["seed"] in (first["seed"], second["seed"])
        assert all(a["cpu_ms"] > 0 and a["threads"] >= 1 and a["duration_ms"] >= 0 for a in t["attempts"])
        assert t["cpu_ms"] == max(first["cpu_ms"], second["cpu_ms"]) and t["threads"] == max(first["threads"], second["threads"])
    assert max(t["threads"] for t in tests) > 1     # of a program on several Ps
    hidden = [t for t in tests if t["status"] != "pass" and t["visibility"] == "hidden"]
    assert hidden
    for t in hidden:        # what the judge compared is not for the student
        assert t["student_message"] and t["reason"] and t["reason"] not in t["student_message"], t


def test_what_is_left_out_has_no_points(submission: Path) -> None:
    text, labs = graded(submission, "02", more=("--no-explorer", "--test", "Gogo"))
    lab = labs["02-context"]
    assert 0 < len(lab["tests"]) < 10 and all("Gogo" in t["name"] for t in lab["tests"]), text
    assert lab["points"] == lab["max_points"] == round(sum(t["max_points"] for t in lab["tests"]), 1) < 100


def test_a_test_that_passes_with_one_seed_alone_is_flaky() -> None:
    sys.path.insert(0, str(KIT / "grader"))
    from lib import grading
    facts = {"duration_ms": 2.0, "cpu_ms": 1.0, "peak_kb": 300, "threads": 1}
    ok = {"id": "03.X", "lab": "03", "name": "X", "group": "g", "visibility": "hidden", "place": "p:1", "status": "pass", "message": "", **facts}
    bad = {**ok, "status": "crash", "message": "[crash] the guest crashed", "cpu_ms": 5.0, "peak_kb": None}
    for tries in ([(ok, "1"), (bad, "2")], [(bad, "2"), (ok, "1")]):
        t = grading.combined(tries)
        assert t["status"] == "flaky" and t["seed"] == "2" and [a["seed"] for a in t["attempts"]] == [s for _, s in tries]
        assert t["staff_message"] == "passes with seed 1; with seed 2: [crash] the guest crashed"
        assert (t["cpu_ms"], t["peak_kb"]) == (5.0, 300)
    assert grading.combined([(bad, "1"), (bad, "2")])["status"] == "crash"
    assert grading.combined([(ok, "1"), (ok, "2")])["status"] == "pass"
    unwritten = grading.combined([({**bad, "status": "unwritten", "message": "[unwritten] f is not written yet"}, "1")] * 2)
    assert unwritten["status"] == "fail" and unwritten["unwritten"] and unwritten["reason"] == "f is not written yet"


def test_a_missing_lab_and_a_missing_file_are_named(submission: Path) -> None:
    (submission / "labs" / RUNQ).unlink()
    text, labs = graded(submission, "03", "04")
    assert labs["03-runqueue"]["status"] == labs["04-entersyscall"]["status"] == "build_error"
    assert "runq.c" in labs["03-runqueue"]["reason"] and "build_error: missing: runq.c" in text
    assert "the folder 04-entersyscall is not there" in text


def test_what_does_not_compile_is_shown_and_the_others_are_graded(submission: Path) -> None:
    body_of(submission, "G *runqget(P *pp, bool *inheritTime)", "this is not C;")
    text, labs = graded(submission, "02", "03")
    assert labs["03-runqueue"]["status"] == "build_error" and labs["03-runqueue"]["points"] == 0
    assert "runq.c:" in labs["03-runqueue"]["reason"] and "error:" in labs["03-runqueue"]["reason"]
    assert labs["02-context"]["points"] == 100, text


def test_a_lab_is_not_judged_on_an_earlier_one_of_the_submission_that_is_no_good(submission: Path) -> None:
    shutil.copytree(KIT / "solution/01-rawsyscall", submission / "labs/01-rawsyscall")
    path = submission / "labs/02-context/goroutine.c"
    path.write_text(path.read_text() + "this is not C;\n")
    _, labs = graded(submission, "03", more=("--base", "mine", "--no-explorer", "--test", "Empty"))
    assert labs["03-runqueue"]["status"] == "skipped_dependency" and labs["03-runqueue"]["points"] == 0
    assert "runs on lab 02 of this submission" in labs["03-runqueue"]["reason"] and "goroutine.c:" in labs["03-runqueue"]["reason"]
    _, labs = graded(submission, "03", more=("--no-explorer", "--test", "Empty"))
    assert labs["03-runqueue"]["status"] == "graded"


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
    _, labs = graded(submission, "03", more=("--no-explorer", "--test", "OverflowM", "--test", "Runqempty", "--test", "Steal"))
    tests = labs["03-runqueue"]["tests"]
    hit = [t for t in tests if t["status"] == status and words in t["staff_message"]]
    assert hit, [(t["name"], t["status"], t["staff_message"]) for t in tests if t["status"] != "pass"]
    assert sum(t["status"] == "pass" for t in tests) > len(tests) / 4
    assert 0 < labs["03-runqueue"]["points"] < labs["03-runqueue"]["max_points"]


def test_a_skeleton_says_what_is_not_written(tmp_path: Path) -> None:
    shutil.copytree(KIT / "labs/03-runqueue", tmp_path / "labs/03-runqueue")
    text, labs = graded(tmp_path, "03")
    assert labs["03-runqueue"]["points"] <= 10 and sum(t["unwritten"] for t in labs["03-runqueue"]["tests"]) > 100
    assert "is not written yet (labs/03-runqueue/" in text


def test_links_and_makefiles_of_a_submission_are_not_followed(submission: Path) -> None:
    (submission / "labs" / RUNQ).unlink()
    (submission / "labs" / RUNQ).symlink_to(KIT / "solution" / RUNQ)
    (submission / "labs/03-runqueue/GNUmakefile").write_text("$(error taken)\n")
    _, labs = graded(submission, "03")
    assert labs["03-runqueue"]["status"] == "build_error" and "runq.c is a symbolic link" in labs["03-runqueue"]["reason"]


def test_terminal_escapes_of_a_submission_are_made_harmless(submission: Path) -> None:
    body_of(submission, "bool runqputslow(P *pp, G *gp, uint32_t h, uint32_t t)", "throw_(\"\\033]0;owned\\a\\033[2J\");")
    text, _ = graded(submission, "03", more=("--no-explorer", "--test", "Overflow"))
    assert "owned" in text
    assert "\033" not in text and "\a" not in text


# The grader with a rubric of lab 03 that lacks a test.
FAULTY = """
import runpy, sys
sys.path.insert(0, "grader")
from lib import rubric
read = rubric.read
def faulty(kit, lab):
    lines = read(kit, lab)
    for line in lines:
        line.tests = [t for t in line.tests if t != "TestSchedLocalQueue"]
    return lines
rubric.read = faulty
runpy.run_path("grader/grade", run_name="__main__")
"""


def test_a_fault_of_the_grader_leaves_a_lab_ungraded_and_the_others_graded(submission: Path) -> None:
    out = submission / "result.json"
    p = subprocess.run(["/usr/bin/python3", "-c", FAULTY, str(submission), "--lab", "03", "--lab", "02", "--json", str(out)], cwd=KIT,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200)
    labs = {r["lab"]: r for r in json.loads(out.read_text())["labs"]}
    assert p.returncode == 75 and "ungraded" in p.stdout and "TestSchedLocalQueue" in p.stdout, p.stdout
    assert labs["03-runqueue"]["status"] == "infra_error" and labs["03-runqueue"]["points"] is None
    assert labs["02-context"]["points"] == 100


# The grader with one scenario, and an explorer that gives up after so many executions. The reference needs more than 1,000 and less than 2,000.
IMPATIENT = """
import runpy, sys
sys.path.insert(0, "grader")
from lib import explore
explore.EXECUTIONS = int(sys.argv.pop(1))
explore.names = lambda kit, lab, hidden=True: ["ring_owner_and_thief"]
runpy.run_path("grader/grade", run_name="__main__")
"""


@pytest.mark.parametrize("executions, extra", [("2000", 0), ("2000", 3), ("1000", 0)])
def test_a_limit_of_the_explorer_is_the_submissions_fault_only_if_the_reference_stays_within(submission: Path, executions: str, extra: int) -> None:
    body_of(submission, "G *runqget(P *pp, bool *inheritTime)", "(void)load_acquire(&pp->runqtail), (void)load_acquire(&pp->runqhead);" * extra)
    out = submission / "result.json"
    p = subprocess.run(["/usr/bin/python3", "-c", IMPATIENT, executions, str(submission), "--lab", "03", "--test", "Runqempty", "--json", str(out)],
                       cwd=KIT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200)
    lab = json.loads(out.read_text())["labs"][0]
    if executions == "1000":
        assert p.returncode == 75 and lab["points"] is None and "on the reference too" in lab["reason"], p.stdout
        return
    t = next(t for t in lab["tests"] if t["kind"] == "scenario")
    assert p.returncode == 0 and t["status"] == ("timeout_cpu" if extra else "pass") and t["cpu_ms"] > 0, p.stdout
    if extra:
        assert "LIMIT: not exhausted after 2000 executions" in t["staff_message"]
        assert re.search(r"The reference is through after 1\d\d\d executions, your code is not after 2000", t["staff_message"])
        assert "make explore LAB=03 S=ring_owner_and_thief" in t["staff_message"]


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

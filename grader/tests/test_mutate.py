#!/usr/bin/python3
"""Tests of grader/mutate: small banks in which something is not as it should be, and what is said of it."""
from __future__ import annotations

import difflib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KIT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(KIT / "grader"))

from lib import mutants  # noqa: E402  (needs the path above)
from lib.mutants import Mutant, Said, Verdict  # noqa: E402

CLOCK = "if (!vdsoClockGettime) {"      # solution/01-rawsyscall/clock.c
STATED = "Test: TheKernelsClockIsAskedWithoutASystemCall\nText: system calls"


def patch(lab: str, file: str, old: str, new: str) -> str:
    """The diff that puts new in the place of the first old in a file of solution/."""
    name = f"solution/{lab}/{file}"
    text = (KIT / name).read_text()
    assert old in text
    return "".join(difflib.unified_diff(text.splitlines(True), text.replace(old, new, 1).splitlines(True), f"a/{name}", f"b/{name}"))


def clock(head: str, new: str) -> str:
    return f"What: a test's\n{head}\n" + patch("01-rawsyscall", "clock.c", CLOCK, new)


def mutate(place: Path, entries: dict[str, str], *args: str) -> tuple[int, str, dict[str, Any]]:
    """Runs a bank: status, words, and the records by name; the lab's figures are in "lab"."""
    for name, text in entries.items():
        path = place / "bank" / f"{name}.patch"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    p = subprocess.run([str(KIT / "grader/mutate"), "--bank", str(place / "bank"), "--json", str(place / "out"), *args],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    if not (place / "out").is_file():
        return p.returncode, p.stdout, {}
    out = json.loads((place / "out").read_text())
    return p.returncode, p.stdout, {**{m["name"]: m for m in out["mutants"]}, "lab": list(out["labs"].values())[0]}


def test_all_is_well(tmp_path: Path) -> None:
    status, text, got = mutate(tmp_path, {
        "01-rawsyscall/caught": clock(STATED, "if (true) {"),
        "01-rawsyscall/same": clock("Kind: equivalent\nWhy: NULL is what ! asks for", "if (vdsoClockGettime == NULL) {")}, "--repeat", "3", "--busy")
    assert status == 0, text
    assert got["lab"]["stated"] == got["lab"]["caught"] == got["lab"]["mutants"] == got["lab"]["same"] == 1 and got["lab"]["ok"]
    assert "1 (100.0 %)" in text and "each said the same in 3 runs, with a busy loop on each core" in text


def test_what_is_not_as_it_should_be_is_named(tmp_path: Path) -> None:
    status, text, got = mutate(tmp_path, {
        "01-rawsyscall/survivor": clock("Test: HashesThatDifferInBit0Only\nText: hashes", "if (true) {"),
        "01-rawsyscall/another": clock(STATED.replace("system", "seven system"), "if (true) {"),
        "01-rawsyscall/falsefail": clock("Kind: variant", "if (true) {"),
        "01-rawsyscall/different": clock("Kind: equivalent\nWhy: nobody asks for the time", "if (true) {"),
        "01-rawsyscall/old": clock(STATED, "if (true) {").replace("-    if (!vdso", "-    if (!vdsoo"),
        "01-rawsyscall/nonsense": clock(STATED, "if (this is not C) {"),
        "01-rawsyscall/nobody": clock(STATED.replace("SystemCall", "SystemCal"), "if (true) {")})
    assert status == 1, text
    assert {n: r["outcome"] for n, r in got.items() if n != "lab"} == {
        "survivor": "survived", "another": "caught", "falsefail": "failed", "different": "failed", "old": "broken",
        "nonsense": "broken", "nobody": "broken"}, text
    assert not any(r["stated"] for n, r in got.items() if n != "lab")
    assert "survived HashesThatDifferInBit0Only (seed 1)" in text and "another reason than 'seven system calls'" in text
    assert "does not apply: " in text and "does not build: clock.c:" in text.replace("labs/01-rawsyscall/", "")
    assert "there is no test or scenario TheKernelsClockIsAskedWithoutASystemCal" in text
    lab = got["lab"]
    assert (lab["caught"], lab["mutants"], lab["stated"], lab["false_fails"], lab["broken"]) == (1, 5, 0, 2, 3), text


def test_the_reason_may_be_a_scenarios(tmp_path: Path) -> None:
    body = patch("03-runqueue", "runq.c", "if (next && cas_acqrel(&pp->runnext, next, NULL)) {",
                 "if (next) {\n        store_relaxed(&pp->runnext, NULL);")
    head = "What: a test's\nExplore: runnext_owner_and_thief\nText: was handed out twice\n"
    status, text, got = mutate(tmp_path, {"03-runqueue/both": head + body}, "--repeat", "2")
    assert status == 0 and got["both"]["stated"], text


def test_what_is_said_differently_each_time_is_named(tmp_path: Path) -> None:
    made = "    sysret r = RawSyscall6(trap, a1, a2, a3, a4, a5, a6);\n"
    head = "What: a test's\nTest: SyscallReturnsWhatTheKernelSays\nText: the result is the kernel's\n"
    body = patch("04-entersyscall", "syscall.c", made, made + "    r.r1 = RawSyscall6(__NR_getpid, 0, 0, 0, 0, 0, 0).r1;\n")
    status, text, got = mutate(tmp_path, {"04-entersyscall/pid": head + body}, "--repeat", "2")
    assert status == 1 and got["pid"]["outcome"] == "caught" and len(got["pid"]["differences"]) == 2, text
    assert "run 2: SyscallReturnsWhatTheKernelSays (seed 1) said 'fail: Syscall(" in text
    assert "1 were not judged alike in each run" in text


@pytest.mark.parametrize("head, words", [
    ("What: x\nTests: y", "is no header line"),
    ("What: x\nTest: y\nTest: z", "Test stands there twice"),
    ("What: x\nTest: y\nText:", "Text stands there without a value"),
    ("What: x\nTest: y", "wrong: such an entry has"),
    ("What: x", "wrong: such an entry has"),
    ("What: x\nKind: good", "no kind 'good'"),
    ("What: x\nKind: wrong\nTest: y", "no kind 'wrong'"),
    ("What: x\nKind: variant\nTest: y", "variant: such an entry has"),
    ("What: x\nKind: equivalent", "equivalent: such an entry has"),
    ("Test: y\nText: z", "wrong: such an entry has"),
    ("What: x\nTest: y\nWhy: z", "wrong: such an entry has"),
])
def test_an_entry_that_is_none_is_refused(tmp_path: Path, head: str, words: str) -> None:
    status, text, _ = mutate(tmp_path, {"01-rawsyscall/entry": head + "\n--- a/x\n"})
    assert status == 2 and words in text and "entry.patch" in text


def test_five_in_a_hundred_may_be_caught_for_another_reason() -> None:
    mutant = Mutant("03-runqueue", "m", Path(), "wrong", "what", ["T"], [], "text")
    for stated, ok in ((20, True), (19, True), (18, False)):
        verdicts = [Verdict(mutant, "caught", i < stated) for i in range(20)]
        assert mutants.tally(verdicts)["03-runqueue"]["ok"] == ok


def test_differences_are_those_of_status_words_execution_and_presence() -> None:
    first = [Said("A", "1", "fail", "x"), Said("B", "1", "fail", "x"), Said("s", "", "race", "x", "1 2"),
             Said("C", "1", "pass", ""), Said("D", "1", "pass", "")]
    now = [Said("A", "1", "crash", "x"), Said("B", "1", "fail", "y"), Said("s", "", "race", "x", "2 1"), Said("C", "1", "pass", "")]
    assert [d.split()[2] for d in mutants.differences(2, first, now)] == ["A", "B", "D", "s"]
    assert not mutants.differences(2, first, list(reversed(first)))
    counted = [[Said("P", "1", "fail", f"{n} of 100 came", program=program)] for program in (True, False) for n in (7, 8)]
    assert not mutants.differences(2, *counted[:2]) and mutants.differences(2, *counted[2:])


def test_each_seed_must_state_the_reason() -> None:
    mutant = Mutant("03-runqueue", "m", Path(), "wrong", "what", ["T"], ["s"], "text")
    one, two = mutants.SEEDS
    for messages, stated in ((("text", "text", ""), True), (("text", "other", ""), False), (("other", "other", "text"), True)):
        said = [Said("T", one, "fail", messages[0]), Said("T", two, "fail", messages[1]), Said("s", "", "race", messages[2])]
        assert mutants.wrong(mutant, said).stated == stated

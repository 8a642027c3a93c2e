"""The whole judgement of one lab: built, judged with two seeds, explored, priced by its rubric."""
from __future__ import annotations

import hashlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import explore, hygiene, labs, rubric
from .labs import Infra, Result

POINTS = 100            # of each lab; the rubric shares them out
EXPLORER_BOUND = 2      # most preemptions


@dataclass(frozen=True)
class Plan:
    """What of a lab is judged: all of it, unless somebody wants less. What is left out has neither points nor a record."""
    base: str = "ref"               # whose earlier labs: ref or mine
    only: tuple[str, ...] = ()      # patterns of tests' names
    explorer: bool = True

    @property
    def whole(self) -> bool:
        return self.explorer and not self.only


def seeds(work: Path, name: str) -> list[str]:
    """Two seeds that follow from the submission: a regrade uses the same ones."""
    digest = hashlib.sha256(name.encode())
    for f in sorted((work / "labs").rglob("*")):
        if f.is_file():
            digest.update(f.name.encode() + b"\0" + f.read_bytes() + b"\0")
    return [str(int.from_bytes(digest.digest()[i:i + 7], "big")) for i in (0, 7)]


# ---- records ----

MEASURED = ("duration_ms", "cpu_ms", "peak_kb", "threads")


def reason(message: str) -> str:
    """The first line of what was said, without the word in brackets."""
    line = message.split("\n", 1)[0]
    return line.split("] ", 1)[-1] if line.startswith("[") else line


def attempt(t: Result, seed: str) -> Result:
    """What came of a test with one seed. What is not written yet is a failure like others, but marked."""
    return {"seed": seed, "status": "fail" if t["status"] == "unwritten" else t["status"], "unwritten": t["status"] == "unwritten",
            "staff_message": t["message"], **{k: t[k] for k in MEASURED}}


def combined(tries: list[tuple[Result, str]]) -> Result:
    """The record of a test that was run several times. A mixed outcome is flaky, and fails."""
    first, attempts = tries[0][0], [attempt(t, seed) for t, seed in tries]
    bad = [a for a in attempts if a["status"] != "pass"]
    shown = bad[0] if bad else attempts[0]
    status, words = shown["status"], shown["staff_message"]
    if bad and len(bad) < len(attempts):
        good = next(a for a in attempts if a["status"] == "pass")
        status, words = "flaky", f"passes with seed {good['seed']}; with seed {shown['seed']}: {words}"
    most = {k: max((a[k] for a in attempts if a[k] is not None), default=None) for k in MEASURED}
    return {**{k: first[k] for k in ("id", "lab", "name", "group", "visibility", "place")}, "kind": "test", "status": status,
            "unwritten": shown["unwritten"] and status == "fail", "reason": reason(words), "staff_message": words, **most,
            "seed": shown["seed"], "attempts": attempts}


def run_twice(kit: Path, work: Path, name: str, only: tuple[str, ...]) -> list[Result]:
    """Runs the judge with two seeds."""
    first, second = seeds(work, name)
    tests = labs.judge(kit, work, name, only, first)
    if not tests:
        raise Infra(f"the judge of lab {name[:2]} ran no test")
    again = {t["name"]: t for t in labs.judge(kit, work, name, only, second)}
    return [combined([(t, first), (again[t["name"]], second)]) for t in tests]


# ---- the explorer ----

def explored(kit: Path, work: Path, name: str, base: str) -> list[Result]:
    """The scenarios of the explorer, as records of tests."""
    names, public = explore.names(kit, name), explore.public(kit, name)
    if not names:
        return []
    try:
        program = explore.build(kit, name, str(work / "labs"), work, base, True)
    except explore.Refused as e:
        said = str(e).replace(str(work) + "/", "")
        return [scenario(name, n, e.status, said, n in public, {}) for n in names]
    results = explore.run(program, names, EXPLORER_BOUND, None)
    return [verdict(kit, name, r, r["scenario"] in public) for r in results]


# The statuses of what the explorer says; all else is a failure of the code under test.
VERDICTS = {"ok": "pass", "unwritten": "fail", "early_exit": "early_exit", "crash": "crash", "broken": "crash", "hang": "timeout_cpu",
            "limit": "timeout_cpu", "limit_syscall": "limit_syscall", "protocol_violation": "protocol_violation"}


def verdict(kit: Path, name: str, r: explore.Result, public: bool) -> Result:
    """The record of a scenario. One that the reference cannot get through either is the kit's fault, and so is its limit."""
    words = "" if r["verdict"] == "ok" else "\n".join(explore.render(r, False))
    if r["verdict"] == "limit":
        theirs = reference(kit, name, r["scenario"])
        if theirs["verdict"] != "ok":
            raise Infra(f"scenario {r['scenario']} is beyond the explorer's limits on the reference too")
        words += "\n" + explore.blown_up(name, r, theirs)
    t = scenario(name, r["scenario"], VERDICTS.get(r["verdict"], "fail"), words, public, r)
    t["unwritten"] = r["verdict"] == "unwritten"
    return t


def reference(kit: Path, name: str, which: str) -> explore.Result:
    """The same scenario on the reference."""
    with tempfile.TemporaryDirectory(prefix="handoff-") as tmp:
        program = explore.build(kit, name, str(kit / "solution"), Path(tmp), "ref", True)
        return explore.run(program, [which], EXPLORER_BOUND, None)[0]


def scenario(name: str, which: str, status: str, message: str, public: bool, r: explore.Result) -> Result:
    """A scenario's record. It is the same each time, so that there is one attempt, and no seed."""
    cpu = round(r["seconds"] * 1000, 1) if "seconds" in r else None
    facts = {"duration_ms": cpu, "cpu_ms": cpu, "peak_kb": r.get("peak_kb"), "threads": 1}
    return {"id": f"{name[:2]}.explore.{which}", "lab": name[:2], "name": which, "group": "explore",
            "visibility": "public" if public else "hidden", "place": "the explorer", "kind": "scenario", "status": status, "unwritten": False,
            "reason": reason(message), "staff_message": message, **facts, "seed": None,
            "attempts": [{"seed": None, "status": status, "staff_message": message, **facts}]}


# ---- points ----

def price(kit: Path, name: str, tests: list[Result], plan: Plan) -> None:
    """Adds points and words from the rubric."""
    try:
        lines = rubric.read(kit, name)
        for kind in ("tests", "scenarios") if plan.whole else ():
            rubric.check(name, lines, kind, [t["name"] for t in tests if t["kind"] == kind[:-1]])
    except rubric.Bad as e:
        raise Infra(str(e)) from e
    by_name = {**rubric.lookup(lines, "tests"), **rubric.lookup(lines, "scenarios")}
    for t in tests:
        line = by_name[t["name"]]
        t.update(line=line.id, max_points=round(line.share, 6), points=round(line.share, 6) if t["status"] == "pass" else 0.0,
                 student_message=told(t, line), see=line.see)


def told(t: Result, line: rubric.Line) -> str:
    """What its author is told: of a hidden test nothing that the judge said, which may quote what is expected."""
    if t["status"] == "pass":
        return ""
    if t["unwritten"] or t["status"] in ("build_error", "forbidden_symbol"):
        return t["reason"]
    own = f"{t['reason']}\n" if t["visibility"] == "public" else ""
    return f"{own}{line.told}"


# ---- one lab ----

def grade_or_not(kit: Path, root: Path, name: str, plan: Plan) -> Result:
    """grade, tried twice if the grader is at fault; then the lab is ungraded, which is no zero: it has no points at all."""
    for last in (False, True):
        try:
            return grade(kit, root, name, plan)
        except Infra as e:
            if last:
                return {"lab": name, "status": "infra_error", "reason": f"ungraded: the grader could not work: {e}", "tests": [],
                        "points": None, "max_points": POINTS}
    raise AssertionError


def grade(kit: Path, root: Path, name: str, plan: Plan = Plan()) -> Result:
    """Everything about one lab. One that cannot be built, or is not to be linked, has a status of its own and no tests."""
    try:
        return judged(kit, root, name, plan)
    except hygiene.Refused as e:
        return {"lab": name, "status": e.status, "reason": e.reason, "tests": [], "points": 0.0, "max_points": POINTS,
                "build_output": e.output}


def collect(kit: Path, root: Path, work: Path, name: str) -> None:
    """Takes a lab's sources over."""
    place = labs.find(root, name)
    if not place:
        raise hygiene.Refused("build_error", f"the folder {name} is not there")
    labs.copy_sources(place, work / "labs" / name)
    missing = labs.missing_files(kit, name, work / "labs" / name)
    if missing:
        raise hygiene.Refused("build_error", "missing: " + ", ".join(missing))


def ready(kit: Path, root: Path, work: Path, name: str, base: str) -> None:
    """A lab, and with base mine those before it, may be linked. It is not judged on an earlier one that may not."""
    for n in [name] if base == "ref" else labs.NAMES[:labs.NAMES.index(name) + 1]:
        try:
            collect(kit, root, work, n)
            labs.checked(kit, work, n, base)
        except hygiene.Refused as e:
            if n == name:
                raise
            raise hygiene.Refused("skipped_dependency", f"runs on lab {n[:2]} of this submission, which is no good ({e.status}): {e.reason}",
                                  e.output) from e


def judged(kit: Path, root: Path, name: str, plan: Plan) -> Result:
    """A lab that may be built."""
    result: Result = {"lab": name, "status": "graded", "reason": "", "whole": plan.whole}
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="handoff-") as tmp:
        work = Path(tmp)
        ready(kit, root, work, name, plan.base)
        words = labs.build(kit, work, plan.base, f"judge{name[:2]}")
        if words is not None:
            raise hygiene.Refused("link_error", labs.first_error(words), words[-20000:])
        tests = run_twice(kit, work, name, plan.only)
        if plan.explorer:
            tests += explored(kit, work, name, plan.base)
        price(kit, name, tests, plan)
    return {**result, "tests": tests, "points": round(sum(t["points"] for t in tests), 1),
            "max_points": POINTS if plan.whole else round(sum(t["max_points"] for t in tests), 1),
            "seconds": round(time.monotonic() - start, 1), "cpu_seconds": cpu_seconds(tests)}


def cpu_seconds(tests: list[Result]) -> float:
    """CPU time of all attempts at these tests, without the building and the judge's own."""
    return round(sum(a["cpu_ms"] or 0 for t in tests for a in t["attempts"]) / 1000, 2)

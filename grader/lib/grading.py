"""The whole judgement of one lab: built, judged with two seeds, explored, priced by its rubric."""
from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path

from . import explore, hygiene, labs, rubric
from .labs import Infra, Result

POINTS = 100            # of each lab; the rubric shares them out
EXPLORER_SECONDS = 600  # for all scenarios of a lab
EXPLORER_BOUND = 2      # most preemptions


def seeds(work: Path, name: str) -> list[str]:
    """Two seeds that follow from the submission: a regrade uses the same ones."""
    digest = hashlib.sha256(name.encode())
    for f in sorted((work / "labs").rglob("*")):
        if f.is_file():
            digest.update(f.name.encode() + b"\0" + f.read_bytes() + b"\0")
    return [str(int.from_bytes(digest.digest()[i:i + 7], "big")) for i in (0, 7)]


def run_twice(kit: Path, work: Path, name: str) -> list[Result]:
    """Runs the judge with two seeds. A test that passes with one and fails with the other is flaky, and fails."""
    first, second = seeds(work, name)
    tests = labs.judge(kit, work, name, seed=first)
    if not tests:
        raise Infra(f"the judge of lab {name[:2]} ran no test")
    again = {t["name"]: t for t in labs.judge(kit, work, name, seed=second)}
    for t in tests:
        t["seeds"] = [first, second]
        other = again[t["name"]]
        if t["status"] == "pass" and other["status"] != "pass":
            t.update(status="flaky", message=f"passes with seed {first}; with seed {second}: {other['message']}")
        elif t["status"] != "pass" and other["status"] == "pass":
            t.update(status="flaky", message=f"passes with seed {second}; with seed {first}: {t['message']}")
    return tests


def explored(kit: Path, work: Path, name: str, base: str) -> list[Result]:
    """The scenarios of the explorer, as records of tests."""
    if not explore.exists(kit, name):
        return []
    public = explore.public(kit, name)
    try:
        program = explore.build(kit, name, str(work / "labs"), work, base, True)
        results = explore.run(program, [], EXPLORER_BOUND, None, EXPLORER_SECONDS)
    except explore.Refused as e:
        status = "timeout_wall" if "took more than" in str(e) else "forbidden_symbol"
        return [scenario(name, n, status, str(e).replace(str(work) + "/", ""), n in public, 0) for n in explore.names(kit, name)]
    return [verdict(name, n, [r for r in results if r["scenario"] == n], n in public) for n in explore.names(kit, name)]


# What the explorer says when it cannot go on. The code under test is in its process: that is never the machine's fault alone.
GAVE_UP = {"broken": "crash", "limit": "timeout_cpu"}
VERDICTS = {"ok": "pass", "unwritten": "unwritten", "early_exit": "early_exit", "crash": "crash"}


def verdict(name: str, which: str, said: list[Result], public: bool) -> Result:
    """The record of a scenario, of which there must be one report."""
    if len(said) != 1:
        status, words = ("early_exit", "the process ended before the explorer had a verdict") if not said else (
            "protocol_violation", f"{len(said)} verdicts instead of one")
        return scenario(name, which, status, f"[{status}] {words}", public, 0)
    r = said[0]
    if r["verdict"] in GAVE_UP:
        return scenario(name, which, GAVE_UP[r["verdict"]], f"the explorer gave up: {r.get('message', '')}", public, r.get("seconds", 0))
    return scenario(name, which, VERDICTS.get(r["verdict"], "fail"),
                    "" if r["verdict"] == "ok" else "\n".join(explore.render(r, False)), public, r["seconds"])


def scenario(name: str, which: str, status: str, message: str, public: bool, seconds: float) -> Result:
    """A scenario's record."""
    return {"id": f"{name[:2]}.explore.{which}", "lab": name[:2], "name": which, "group": "explore", "kind": "scenario",
            "visibility": "public" if public else "hidden", "place": "the explorer", "status": status, "message": message,
            "duration_ms": round(seconds * 1000, 1)}


def price(kit: Path, name: str, tests: list[Result]) -> None:
    """Adds points and words from the rubric."""
    try:
        lines = rubric.read(kit, name)
        for kind in ("tests", "scenarios"):
            rubric.check(name, lines, kind, [t["name"] for t in tests if t.get("kind", "test") == kind[:-1]])
    except rubric.Bad as e:
        raise Infra(str(e)) from e
    by_name = {**rubric.lookup(lines, "tests"), **rubric.lookup(lines, "scenarios")}
    for t in tests:
        line = by_name[t["name"]]
        t.update(line=line.id, max_points=round(line.share, 6), points=round(line.share, 6) if t["status"] == "pass" else 0.0)
        if t["status"] != "pass":
            t["told"] = line.told if t["status"] != "unwritten" else t["message"].removeprefix("[unwritten] ")
            t["see"] = line.see


def grade_or_not(kit: Path, root: Path, name: str, base: str) -> Result:
    """grade, tried twice if the grader is at fault; then the lab is ungraded, which is no zero: it has no points at all."""
    for last in (False, True):
        try:
            return grade(kit, root, name, base)
        except Infra as e:
            if last:
                return {"lab": name, "status": "infra_error", "reason": f"ungraded: the grader could not work: {e}", "tests": [],
                        "points": None, "max_points": POINTS}
    raise AssertionError


def grade(kit: Path, root: Path, name: str, base: str) -> Result:
    """Everything about one lab. One that cannot be built, or is not to be linked, has a status of its own and no tests."""
    try:
        return judged(kit, root, name, base)
    except hygiene.Refused as e:
        return {"lab": name, "status": e.status, "reason": e.reason, "tests": [], "points": 0.0, "max_points": POINTS,
                "build_output": e.output}


def judged(kit: Path, root: Path, name: str, base: str) -> Result:
    """A lab that may be built."""
    result: Result = {"lab": name, "status": "graded", "reason": "", "tests": [], "points": 0.0, "max_points": POINTS}
    start = time.monotonic()
    place = labs.find(root, name)
    if not place:
        result.update(status="missing", reason=f"the folder {name} is not there")
        return result
    with tempfile.TemporaryDirectory(prefix="handoff-") as tmp:
        work = Path(tmp)
        needed = [name] if base == "ref" else labs.NAMES[:labs.NAMES.index(name) + 1]
        for n in needed:
            src = labs.find(root, n)
            if src:
                labs.copy_sources(src, work / "labs" / n)
        missing = [f for n in needed for f in labs.missing_files(kit, n, work / "labs" / n)]
        if missing:
            result.update(status="missing", reason="missing: " + ", ".join(missing))
            return result
        for n in needed:
            labs.checked(kit, work, n, base)
        words = labs.build(kit, work, base, f"judge{name[:2]}")
        if words is not None:
            result.update(status="link_error", reason=labs.first_error(words), build_output=words[-20000:])
        else:
            tests = run_twice(kit, work, name) + explored(kit, work, name, base)
            price(kit, name, tests)
            result["tests"] = tests
            result["points"] = round(sum(t["points"] for t in tests), 1)
    result["seconds"] = round(time.monotonic() - start, 1)
    return result

"""The rubrics: what each test is worth, what it checks, and what its author is told when it fails.

grader/rubric/NN-name.toml has 100 points in lines; a line's points are shared equally by its tests and scenarios:

    [[line]]
    id = "overflow"
    title = "A full ring sends half of itself to the global queue"
    points = 12
    checks = "for staff: what these tests look at"
    told = "for the student: what is wrong, in the student's words"
    see = "lab03, invariant 4"
    tests = ["OverflowMovesTheOlderHalfAndTheNewG", ...]
    scenarios = ["ring_overflow"]

Every test and every scenario of a lab stands in exactly one line; anything else is an error of the kit.
"""
from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable

TEXTS = ("id", "title", "checks", "told", "see")
LISTS = ("tests", "scenarios")


@dataclass
class Line:
    """A line of a rubric."""
    id: str
    title: str
    points: float
    checks: str
    told: str
    see: str
    tests: list[str]
    scenarios: list[str]

    @property
    def share(self) -> float:
        """What one of its tests is worth."""
        return self.points / (len(self.tests) + len(self.scenarios))


class Bad(Exception):
    """A rubric that is none; the text says what is wrong with it."""


def parse_line(path: Path, raw: dict[str, Any]) -> Line:
    name = f"{path.name}, line '{raw.get('id', '?')}'"
    unknown = set(raw) - set(TEXTS) - set(LISTS) - {"points"}
    if unknown:
        raise Bad(f"{name}: unknown {', '.join(sorted(unknown))}")
    for key in TEXTS:
        if not isinstance(raw.get(key), str) or not raw[key].strip():
            raise Bad(f"{name}: needs {key}")
    if not isinstance(raw.get("points"), (int, float)) or raw["points"] <= 0:
        raise Bad(f"{name}: needs points")
    lists = {key: raw.get(key, []) for key in LISTS}
    if not lists["tests"] and not lists["scenarios"]:
        raise Bad(f"{name}: names neither tests nor scenarios")
    return Line(points=float(raw["points"]), **{k: raw[k] for k in TEXTS}, **lists)


def read(kit: Path, lab: str) -> list[Line]:
    """The rubric of a lab; Bad if its points do not add up or a test stands in it twice."""
    path = kit / "grader/rubric" / f"{lab}.toml"
    try:
        raw = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as e:
        raise Bad(f"{path.name}: {e}") from e
    lines = [parse_line(path, r) for r in raw.get("line", [])]
    total = sum(line.points for line in lines)
    if abs(total - 100) > 1e-9:
        raise Bad(f"{path.name}: the points add up to {total:g}, not to 100")
    for kind in LISTS:
        names = [t for line in lines for t in getattr(line, kind)]
        for name in names:
            if names.count(name) > 1:
                raise Bad(f"{path.name}: {name} stands in it twice")
    if len({line.id for line in lines}) != len(lines):
        raise Bad(f"{path.name}: two lines have the same id")
    return lines


def lookup(lines: list[Line], kind: str) -> dict[str, Line]:
    """The line of each test, or scenario, by name."""
    return {name: line for line in lines for name in getattr(line, kind)}


def check(lab: str, lines: list[Line], kind: str, names: Iterable[str]) -> None:
    """Bad unless the rubric names exactly these tests, or scenarios."""
    have, want = set(lookup(lines, kind)), set(names)
    if want - have:
        raise Bad(f"{lab}.toml: no line has {', '.join(sorted(want - have))}")
    if have - want:
        raise Bad(f"{lab}.toml: there is no {kind[:-1]} {', '.join(sorted(have - want))}")

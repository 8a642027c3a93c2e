"""The grader's table on the terminal."""
from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def clean(text: str) -> str:
    """What a submission made the judge say, on one line and without anything that a terminal would obey."""
    return printable(" ".join(text.split()))


def printable(line: str) -> str:
    """A line without anything that a terminal would obey."""
    return "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in line)


def head(root: Path) -> None:
    print(f"submission: {clean(str(root))}\n")
    print(f"{'lab':<18}{'tests':>9}{'points':>12}{'time':>9}{'CPU':>9}")


def row(r: Result, verbose: bool) -> None:
    if r["status"] != "graded":
        points = "-" if r["points"] is None else f"{r['points']:.1f}/{r['max_points']:g}"
        word = "" if r["status"] == "infra_error" else f"{r['status']}: "
        print(f"{r['lab']:<18}{'-':>9}{points:>12}{'':>18}   {word}{clean(r['reason'])}", flush=True)
        return
    failed = [t for t in r["tests"] if t["status"] != "pass"]
    tests = f"{len(r['tests']) - len(failed)}/{len(r['tests'])}"
    points = f"{r['points']:.1f}/{r['max_points']:g}"
    print(f"{r['lab']:<18}{tests:>9}{points:>12}{r['seconds']:>7.1f} s{r['cpu_seconds']:>7.1f} s", flush=True)
    for t in failed if verbose else failed[:1]:
        print(f"    {t['name']}: {clean(t['staff_message'])[:300]}")
        if not t["unwritten"]:
            print(f"        {clean(t['student_message'])} ({clean(t['see'])})")
    if not verbose and len(failed) > 1:
        print(f"    and {len(failed) - 1} more (-v shows them)")


def total(results: list[Result]) -> None:
    tests = [t for r in results for t in r["tests"]]
    passed = sum(t["status"] == "pass" for t in tests)
    points = sum(r["points"] or 0 for r in results)
    possible = sum(r["max_points"] for r in results if r["status"] != "infra_error")
    print(f"\n{passed} of {len(tests)} tests passed, {points:.1f} of {possible:g} points")


def times(results: list[Result]) -> None:
    """CPU seconds of one run of all tests, and of all scenarios, a lab; and what takes longest."""
    print(f"\nCPU seconds of each lab's tests, with one seed, and scenarios\n\n{'lab':<18}{'tests':>9}{'explorer':>10}{'together':>10}   the longest")
    sums = [0.0, 0.0]
    for r in results:
        both = [sum(t["cpu_ms"] or 0 for t in r["tests"] if t["kind"] == kind) / 1000 for kind in ("test", "scenario")]
        slow = sorted(r["tests"], key=lambda t: -(t["cpu_ms"] or 0))[:2]
        print(f"{r['lab']:<18}{both[0]:>9.2f}{both[1]:>10.2f}{sum(both):>10.2f}   "
              + ", ".join(f"{t['name']} {(t['cpu_ms'] or 0) / 1000:.2f}" for t in slow))
        sums = [a + b for a, b in zip(sums, both)]
    print(f"{'all':<18}{sums[0]:>9.2f}{sums[1]:>10.2f}{sum(sums):>10.2f}")

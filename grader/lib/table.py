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
    print(f"{'lab':<18}{'tests':>9}{'points':>10}{'time':>9}")


def row(r: Result, verbose: bool) -> None:
    seconds = f"{r['seconds']:.1f} s" if "seconds" in r else ""
    if r["status"] == "infra_error":
        print(f"{r['lab']:<18}{'-':>9}{'-':>10}{'':>9}   {clean(r['reason'])}", flush=True)
        return
    if r["status"] != "graded":
        print(f"{r['lab']:<18}{'-':>9}{r['points']:>7.1f}/{r['max_points']}{seconds:>7}   {r['status']}: {clean(r['reason'])}",
              flush=True)
        return
    failed = [t for t in r["tests"] if t["status"] != "pass"]
    tests = f"{len(r['tests']) - len(failed)}/{len(r['tests'])}"
    print(f"{r['lab']:<18}{tests:>9}{r['points']:>6.1f}/{r['max_points']}{seconds:>9}", flush=True)
    for t in failed if verbose else failed[:1]:
        print(f"    {t['name']}: {clean(t['message'])[:300]}")
        if t["status"] != "unwritten":
            print(f"        {clean(t['told'])} ({clean(t['see'])})")
    if not verbose and len(failed) > 1:
        print(f"    and {len(failed) - 1} more (-v shows them)")


def total(results: list[Result]) -> None:
    tests = [t for r in results for t in r["tests"]]
    passed = sum(t["status"] == "pass" for t in tests)
    points = sum(r["points"] or 0 for r in results)
    possible = sum(r["max_points"] for r in results if r["status"] != "infra_error")
    print(f"\n{passed} of {len(tests)} tests passed, {points:.1f} of {possible} points")

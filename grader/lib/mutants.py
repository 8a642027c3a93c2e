"""The mutant bank: solutions that are wrong on purpose, with the tests that must say so, and right ones written differently.

A mutant is a file grader/mutants/NN-name/ID.patch: header lines, then a unified diff against solution/.

    What: one line, what is wrong (or, for a variant, what is different)
    Test: names of tests, each of which must fail
    Text: part of the failure's message, which shows that it failed for the right reason (optional)
    Kind: variant                     a right solution: every test must pass; it has no Test line
"""
from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import labs

SEEDS = ("1", "20011")          # a kill must not depend on the seed
FIELDS = ("What", "Test", "Text", "Kind")


@dataclass
class Mutant:
    """One entry of the bank."""
    lab: str                    # 03-runqueue
    name: str                   # m55160-no-recheck
    path: Path
    what: str
    tests: list[str]
    text: str
    variant: bool


@dataclass
class Verdict:
    """What became of a mutant: ok, and a line that says why not."""
    mutant: Mutant
    ok: bool
    why: str = ""


def read(path: Path) -> Mutant:
    """Parses an entry; ValueError with a sentence if it is not one."""
    head: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if line.startswith(("--- ", "diff ")):
            break
        key, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or key not in FIELDS:
            raise ValueError(f"{path}: '{line}' is no header line; there are {', '.join(FIELDS)}")
        head[key] = value.strip()
    variant = head.get("Kind") == "variant"
    if "What" not in head or head.get("Kind", "variant") != "variant" or variant == ("Test" in head):
        raise ValueError(f"{path}: needs What, and either Test or 'Kind: variant'")
    return Mutant(path.parent.name, path.stem, path, head["What"], head.get("Test", "").split(), head.get("Text", ""), variant)


def bank(kit: Path, wanted: list[str]) -> list[Mutant]:
    """The entries that are wanted (03, 03/name or all), in order; KeyError if a wish matches none."""
    found: list[Mutant] = []
    every = [read(p) for p in sorted((kit / "grader/mutants").glob("*/*.patch"))]
    for wish in wanted or [""]:
        lab, _, name = wish.partition("/")
        hits = [m for m in every if m.lab.startswith(lab) and (not name or m.name == name)]
        if not hits:
            raise KeyError(wish)
        found += [m for m in hits if m not in found]
    return found


def apply(kit: Path, m: Mutant, work: Path) -> Optional[str]:
    """Puts a patched copy of the lab into work/labs; None, or what patch said."""
    src = kit / "solution" / m.lab
    labs.copy_sources(src, work / "solution" / m.lab)
    p = subprocess.run(["patch", "-s", "-p1", "--no-backup-if-mismatch", "-F3", "-d", str(work), "-i", str(m.path)],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (work / "solution").rename(work / "labs")
    return p.stdout.strip() or "patch failed" if p.returncode else None


def judge(kit: Path, m: Mutant) -> Verdict:
    """Builds the mutant and runs its tests, with each seed."""
    with tempfile.TemporaryDirectory(prefix="handoff-mutant-") as tmp:
        work = Path(tmp)
        words = apply(kit, m, work) or labs.build(kit, work, m.lab, "ref")
        if words is not None:
            return Verdict(m, False, "does not apply or build: " + labs.first_error(words))
        for seed in SEEDS:
            results = {t["name"]: t for t in labs.judge(kit, work, m.lab, m.tests, seed)}
            verdict = variant(m, results) if m.variant else mutant(m, results)
            if not verdict.ok:
                verdict.why += f" (seed {seed})"
                return verdict
    return verdict


def variant(m: Mutant, results: dict[str, labs.Result]) -> Verdict:
    """A right solution passes everything."""
    failed = [t for t in results.values() if t["status"] != "pass"]
    return Verdict(m, not failed, f"{failed[0]['name']} fails: {failed[0]['message']}" if failed else "")


def mutant(m: Mutant, results: dict[str, labs.Result]) -> Verdict:
    """A wrong one fails each of its tests, and says why."""
    for name in m.tests:
        if name not in results:
            return Verdict(m, False, f"there is no test {name}")
        if results[name]["status"] == "pass":
            return Verdict(m, False, f"survived {name}")
    said = [results[name]["message"] for name in m.tests]
    if m.text and not any(m.text in s for s in said):
        return Verdict(m, False, f"another reason: {said[0]}")
    return Verdict(m, True, said[0])

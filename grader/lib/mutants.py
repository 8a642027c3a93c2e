"""The mutant bank: solutions that are wrong on purpose, with the tests that must say so, and right ones written differently.

A mutant is a file grader/mutants/NN-name/ID.patch: header lines, then a unified diff against solution/.

    What: one line, what is wrong (or, for a variant, what is different)
    Test: names of tests, each of which must fail
    Explore: names of scenarios of the explorer, in each of which it must fail
    Text: part of the failure's message, which shows that it failed for the right reason (optional)
    Kind: variant                     a right solution: everything must pass; it has neither Test nor Explore
"""
from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import explore, labs

SEEDS = ("1", "20011")          # a kill must not depend on the seed
FIELDS = ("What", "Test", "Explore", "Text", "Kind")


@dataclass
class Mutant:
    """One entry of the bank."""
    lab: str                    # 03-runqueue
    name: str                   # m55160-no-recheck
    path: Path
    what: str
    tests: list[str]
    scenarios: list[str]
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
    if "What" not in head or head.get("Kind", "variant") != "variant" or variant == bool({"Test", "Explore"} & set(head)):
        raise ValueError(f"{path}: needs What, and either Test, Explore or 'Kind: variant'")
    return Mutant(path.parent.name, path.stem, path, head["What"], head.get("Test", "").split(), head.get("Explore", "").split(),
                  head.get("Text", ""), variant)


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


def shared(kit: Path) -> Path:
    """Where the judges lie, and the reference's own objects, which a mutant takes over for all files that it does not change."""
    return kit / "build/mutants"


def apply(kit: Path, m: Mutant, work: Path) -> Optional[str]:
    """Puts a patched copy of the lab into work/labs, with the reference's objects; None, or what patch said."""
    labs.copy_sources(kit / "solution" / m.lab, work / "solution" / m.lab)
    p = subprocess.run(["patch", "-s", "-p1", "--no-backup-if-mismatch", "-F3", "-d", str(work), "-i", str(m.path)],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (work / "solution").rename(work / "labs")
    if p.returncode:
        return p.stdout.strip() or "patch failed"
    stamp = work / "labs.of"     # older than the objects: they are not built again
    stamp.write_text(f"{work / 'labs'}\n")
    os.utime(stamp, (0, 0))
    for kind in ("mine", "xmine"):
        if (shared(kit) / kind / m.lab).is_dir():
            shutil.copytree(shared(kit) / kind / m.lab, work / kind / m.lab)
    return None


@functools.lru_cache(maxsize=None)
def with_programs(kit: Path, lab: str) -> frozenset[str]:
    """The tests of a lab that stand in files which run whole programs."""
    files = [*(kit / "labs" / lab / "tests").glob("*.c"), *(kit / "grader/tests").glob(f"*lab{lab[:2]}_*.c")]
    texts = [f.read_text() for f in files]
    return frozenset(name for t in texts if "run_program(" in t for name in re.findall(r"^TEST(?:_WITHIN)?\((\w+)", t, re.M))


def judge(kit: Path, m: Mutant) -> Verdict:
    """Builds the mutant and runs its tests, with each seed, and its scenarios."""
    nn = m.lab[:2]
    with tempfile.TemporaryDirectory(prefix="handoff-mutant-") as tmp:
        work = Path(tmp)
        explores = bool(m.scenarios) or m.variant and explore.exists(kit, m.lab)
        targets = [f"judge{nn}" if m.variant or set(m.tests) & with_programs(kit, m.lab) else str(work / f"guest{nn}")]
        if explores:
            targets.append(str(work / f"explore{nn}"))
        words = apply(kit, m, work) or labs.build(kit, work, "ref", *targets)
        if words is not None:
            return Verdict(m, False, "does not apply or build: " + labs.first_error(words))
        verdict = Verdict(m, True)
        if explores:
            verdict = explored(m, explore.run(work / f"explore{nn}", m.scenarios, 2 if m.variant else 3, None))
        for seed in SEEDS if verdict.ok and (m.variant or m.tests) else ():
            results = {t["name"]: t for t in labs.judge(kit, work, m.lab, m.tests, seed, program=shared(kit) / f"judge{nn}")}
            verdict = variant(m, results) if m.variant else mutant(m, results)
            if not verdict.ok:
                verdict.why += f" (seed {seed})"
                return verdict
    return verdict


def explored(m: Mutant, results: list[explore.Result]) -> Verdict:
    """A right solution holds in every scenario, a wrong one in none of those that it names."""
    for r in results:
        if (r["verdict"] == "ok") != m.variant:
            return Verdict(m, False, f"{r['scenario']} {'fails: ' + r.get('message', '') if m.variant else 'holds'}")
    said = [f"{r['scenario']}: {r['verdict']}: {r['message']}" for r in results if not m.variant]
    if said and m.text and not m.tests and not any(m.text in s for s in said):
        return Verdict(m, False, f"another reason: {said[0]}")
    return Verdict(m, True, said[0] if said else "")


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

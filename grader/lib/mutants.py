"""The mutant bank: solutions that are wrong on purpose, with the tests that must say so, and right ones written differently.

A mutant is a file grader/mutants/NN-name/ID.patch: header lines, then a unified diff against solution/.

    What: one line, what is wrong (or what is different)
    Test: names of tests, each of which must fail
    Explore: names of scenarios of the explorer, in each of which it must fail
    Text: part of what one of them says, which shows that it failed for the right reason
    Kind: variant       a right solution, written differently: everything must pass; it has none of the three
    Kind: equivalent    a change that makes no difference to anybody: likewise, and
    Why:                the argument that it makes none
"""
from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from . import explore, labs

USED = 1 / 3                    # a right solution needs less of each limit of the explorer: another one may need more
SEEDS = ("1", "20011")          # a kill must not depend on the seed
FIELDS = ("What", "Test", "Explore", "Text", "Kind", "Why")
KINDS = ("wrong", "variant", "equivalent")
STATED = 95                     # per cent of a lab's mutants must be caught for the stated reason


@dataclass
class Mutant:
    """One entry of the bank."""
    lab: str                    # 03-runqueue
    name: str                   # m55160-no-recheck
    path: Path
    kind: str                   # of KINDS
    what: str
    tests: list[str]
    scenarios: list[str]
    text: str


@dataclass(frozen=True)
class Said:
    """What one test or scenario said in one run."""
    name: str
    seed: str                   # empty: a scenario, which has none
    status: str                 # pass, or how it failed
    message: str
    trace: str = ""             # the scenario's failing execution
    program: bool = False       # a test that runs a whole program, with threads and a clock of its own
    seconds: float = 0.0        # of CPU, that a scenario took

    @property
    def verdict(self) -> str:
        """What must be the same each time. What a program on real threads says of its end may depend on the moment."""
        return self.status if self.program else f"{self.status}: {self.message}"

    def __str__(self) -> str:
        status = "" if self.status == "fail" or self.message.startswith("[") else f"{self.status}: "
        return f"{self.name}: {status}{self.message}"


@dataclass
class Verdict:
    """What became of a mutant."""
    mutant: Mutant
    outcome: str = "caught"     # or survived; passed or failed (kinds that are right); broken: it could not be judged
    stated: bool = False        # caught for the reason that Text states
    why: str = ""               # a line, if something is not as it should be
    said: list[Said] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.outcome in ("caught", "passed") and not self.differences


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
        if key in head or not value.strip():
            raise ValueError(f"{path}: {key} stands there {'twice' if key in head else 'without a value'}")
        head[key] = value.strip()
    kind = head.get("Kind", "wrong")
    if kind not in KINDS or kind == "wrong" and "Kind" in head:
        raise ValueError(f"{path}: there is no kind '{kind}'; a right solution is a variant or equivalent")
    want = {"wrong": "What, Test or Explore, Text, and no Why", "variant": "What and nothing else", "equivalent": "What, Why and nothing else"}
    have = set(head) - {"Kind", "What"}
    fits = have == {"Why"} if kind == "equivalent" else not have if kind == "variant" else have & {"Test", "Explore"} and "Text" in have and "Why" not in have
    if "What" not in head or not fits:
        raise ValueError(f"{path}: {kind}: such an entry has {want[kind]}")
    return Mutant(path.parent.name, path.stem, path, kind, head["What"], head.get("Test", "").split(), head.get("Explore", "").split(),
                  head.get("Text", ""))


def bank(place: Path, wanted: list[str]) -> list[Mutant]:
    """The entries in place that are wanted (03, 03/name or all), in order; KeyError if a wish matches none."""
    found: list[Mutant] = []
    every = [read(p) for p in sorted(place.glob("*/*.patch"))]
    for wish in wanted or [""]:
        lab, _, name = wish.partition("/")
        hits = [m for m in every if m.lab.startswith(lab) and (not name or m.name == name)]
        if not hits:
            raise KeyError(wish)
        found += [m for m in hits if m not in found]
    return found


# ---- build ----

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


def explores(kit: Path, m: Mutant) -> bool:
    """True if the explorer has to look at it."""
    return bool(m.scenarios) or m.kind != "wrong" and explore.exists(kit, m.lab)


def build(kit: Path, m: Mutant, work: Path) -> Optional[str]:
    """Builds what its tests and scenarios need; None, or what went wrong."""
    nn = m.lab[:2]
    targets = [f"judge{nn}" if m.kind != "wrong" or set(m.tests) & with_programs(kit, m.lab) else str(work / f"guest{nn}")]
    if explores(kit, m):
        targets.append(str(work / f"explore{nn}"))
    words = apply(kit, m, work)
    if words is not None:
        return "does not apply: " + words.splitlines()[0]
    words = labs.build(kit, work, "ref", *targets)
    return None if words is None else "does not build: " + labs.first_error(words)


# ---- judge ----

def judge(kit: Path, m: Mutant, repeat: int = 1) -> Verdict:
    """Builds the mutant, runs its tests and scenarios (a right solution: all), and again, if they are to say the same each time."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="handoff-mutant-") as tmp:
        work = Path(tmp)
        try:
            words = build(kit, m, work)
            if words is not None:
                return Verdict(m, "broken", why=words, seconds=time.monotonic() - start)
            said = run(kit, m, work)
            judged = wrong if m.kind == "wrong" else right
            verdict = judged(m, said)
            for n in range(2, repeat + 1):
                now = run(kit, m, work)
                verdict.differences += differences(n, said, now)
                if judged(m, now).why != verdict.why:
                    verdict.differences.append(f"run {n}: '{judged(m, now).why or 'as it should be'}', not '{verdict.why or 'as it should be'}'")
        except (labs.Infra, explore.Refused) as e:
            verdict = Verdict(m, "broken", why=f"could not be judged: {e}")
    verdict.seconds = time.monotonic() - start
    return verdict


def run(kit: Path, m: Mutant, work: Path) -> list[Said]:
    """Runs its scenarios and, with each seed, its tests."""
    said = []
    if explores(kit, m):
        bound = 3 if m.kind == "wrong" else 2       # as submissions are explored
        if m.kind != "wrong":
            explore.inspect(kit, m.lab, str(work / "labs"), work, "ref")
        for r in explore.run(work / f"explore{m.lab[:2]}", m.scenarios, bound, None):
            if r["verdict"] in ("limit", "broken"):
                raise explore.Refused(f"{r['scenario']}: {r['verdict']}: {r.get('message', '')}")
            trace = json.dumps({k: v for k, v in r.items() if k not in ("seconds", "peak_kb")}, sort_keys=True)
            if m.kind != "wrong" and r["verdict"] == "ok" and r["used"] >= USED:
                said.append(Said(r["scenario"], "", "limit", f"needs {r['used']:.0%} of a limit of the explorer's", trace))
                continue
            said.append(Said(r["scenario"], "", "pass" if r["verdict"] == "ok" else r["verdict"], r.get("message", ""), trace,
                             seconds=r["seconds"]))
    for seed in SEEDS if m.tests or m.kind != "wrong" else ():
        results = labs.judge(kit, work, m.lab, m.tests, seed, program=shared(kit) / f"judge{m.lab[:2]}")
        said += [Said(t["name"], seed, t["status"], t["message"], program=t["name"] in with_programs(kit, m.lab))
                 for t in results if not m.tests or t["name"] in m.tests]
    return said


def right(m: Mutant, said: list[Said]) -> Verdict:
    """A right solution passes everything."""
    failed = [s for s in said if s.status != "pass"]
    return Verdict(m, "failed" if failed else "passed", why=f"fails {where(failed[0])}: {failed[0].message}" if failed else "", said=failed)


def wrong(m: Mutant, said: list[Said]) -> Verdict:
    """A wrong one fails each of its tests and scenarios, and with each seed one of them states the reason."""
    for name in m.tests + m.scenarios:
        if not any(s.name == name for s in said):
            return Verdict(m, "broken", why=f"there is no test or scenario {name}", said=said)
    passed = [s for s in said if s.status == "pass"]
    if passed:
        return Verdict(m, "survived", why=f"survived {where(passed[0])}", said=said)
    common = [s.message for s in said if not s.seed]
    runs = [common + [s.message for s in said if s.seed == seed] for seed in (SEEDS if m.tests else ("",))]
    stated = all(any(m.text in message for message in run) for run in runs)
    return Verdict(m, "caught", stated, "" if stated else f"another reason than '{m.text}'", said)


def where(s: Said) -> str:
    return s.name + (f" (seed {s.seed})" if s.seed else "")


def differences(n: int, first: list[Said], now: list[Said]) -> list[str]:
    """What the nth run said that the first did not, a line each."""
    found = []
    earlier, later = ({(s.name, s.seed): s for s in run} for run in (first, now))
    for key in sorted(earlier.keys() | later.keys()):
        a, b = earlier.get(key), later.get(key)
        if a is None or b is None:
            found.append(f"run {n}: {key[0]} ran only {'now' if a is None else 'the first time'}")
        elif a.verdict != b.verdict:
            found.append(f"run {n}: {where(a)} said '{a.status}: {a.message}' first, then '{b.status}: {b.message}'")
        elif a.trace != b.trace:
            found.append(f"run {n}: {where(a)} showed another execution than the first time")
    return found


# ---- figures ----

def tally(verdicts: list[Verdict]) -> dict[str, dict[str, Any]]:
    """The figures of each lab."""
    table = {}
    for lab in sorted({v.mutant.lab for v in verdicts}):
        here = [v for v in verdicts if v.mutant.lab == lab]
        wrong, variants, equivalent = ([v for v in here if v.mutant.kind == kind] for kind in KINDS)
        row: dict[str, Any] = {
            "mutants": len(wrong), "caught": sum(v.outcome == "caught" for v in wrong), "stated": sum(v.stated for v in wrong),
            "variants": len(variants), "passed": sum(v.outcome == "passed" for v in variants),
            "equivalent": len(equivalent), "same": sum(v.outcome == "passed" for v in equivalent),
            "false_fails": sum(v.outcome == "failed" for v in here), "broken": sum(v.outcome == "broken" for v in here),
            "differences": sum(bool(v.differences) for v in here), "seconds": round(sum(v.seconds for v in here), 1)}
        row["ok"] = all(v.ok for v in here) and 100 * row["stated"] >= STATED * row["mutants"]
        table[lab] = row
    return table

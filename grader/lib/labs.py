"""One lab of a submission: find it, build it beside the reference, run its judge, read what the judge said."""
from __future__ import annotations

import fcntl
import functools
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, Optional, Sequence

from . import hygiene, limited

KIT = Path(__file__).resolve().parents[2]
NAMES = ["01-rawsyscall", "02-context", "03-runqueue", "04-entersyscall",
         "05-exitsyscall", "06-handoff", "07-netpoll", "08-sysmon"]
BUILD_SECONDS = 600     # a compiler that spins is ended by its CPU time, long before
PREPARE_SECONDS = 1200  # for all that the submissions share
JUDGE_SECONDS = 4500    # more than judge.h's JUDGE_BUDGET on a machine that is as busy as JUDGE_PATIENCE allows
JUDGE_MEMORY = 64 << 30

Result = dict[str, Any]


class Infra(Exception):
    """The grader or its machine failed; the submission has not been judged."""


def select(wanted: Optional[list[str]]) -> Optional[list[str]]:
    """The labs to grade, in order; None if one that was asked for does not exist."""
    if not wanted:
        return list(NAMES)
    chosen = [n for n in NAMES if n[:2] in wanted or n in wanted]
    return chosen if len(chosen) == len(set(wanted)) else None


def find(root: Path, name: str) -> Optional[Path]:
    """Where the submission has this lab."""
    for place in (root / "labs" / name, root / name):
        if place.is_dir():
            return place
    return None


def copy_sources(src: Path, dst: Path) -> None:
    """Copies a lab's own source files: regular files only, none that could steer the build."""
    hygiene.collect(src, dst, KIT)


def missing_files(kit: Path, name: str, have: Path) -> list[str]:
    """Source files that the reference has and this copy has not."""
    return sorted(f.name for f in (kit / "solution" / name).iterdir()
                  if f.is_file() and f.suffix in (".c", ".S", ".in") and not (have / f.name).is_file())


def build(kit: Path, work: Path, base: str, *targets: str, seconds: float = BUILD_SECONDS) -> Optional[str]:
    """Builds targets (judge03: judge, guest and programs); None, or the compiler's words if the lab does not build."""
    cmd = ["make", "-s", "--no-print-directory", "-C", str(kit), f"LABS={work / 'labs'}", f"W={work}", f"BASE={base}", *targets]
    p = limited.run(cmd, kit, limited.environment(work), limited.Limits(wall=seconds))
    if p.status == 0 and not p.over:
        return None
    return (f"error: the build {p.over}\n" if p.over else "") + p.said.replace(str(work) + "/", "")


@functools.lru_cache(maxsize=None)
def prepare(kit: Path) -> None:
    """Builds what all submissions share, once: one grader at a time, so that none builds on what another has half done."""
    (kit / "build/grade").mkdir(parents=True, exist_ok=True)
    with open(kit / "build/prepared.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        words = build(kit, kit / "build/grade", "ref", f"-j{os.cpu_count() or 1}", "prepared", seconds=PREPARE_SECONDS)
    if words is not None:
        raise Infra("the kit itself does not build: " + first_error(words))


def checked(kit: Path, work: Path, name: str, base: str) -> None:
    """Builds a lab's module and looks at what it is made of; hygiene.Refused if it is not to be linked."""
    hygiene.read_sources(kit, work, name)
    prepare(kit)        # what the checks compare with
    words = build(kit, work, base, f"{work}/mine/{name}.plain.o")
    if words is not None:
        raise hygiene.Refused("link_error" if "multiple definition" in words else "build_error", first_error(words), words[-20000:])
    hygiene.objects(kit, work, name)


first_error = hygiene.first_error


def judge(kit: Path, work: Path, name: str, only: Sequence[str] = (), seed: str = "",
          which: str = "judge", program: Optional[Path] = None) -> list[Result]:
    """Runs the lab's judge and reads its report: one record a test.

    only: patterns of tests' names, or all; seed: or a random one; which: "judge", or "public" for the public tests alone;
    program: the judge, if it is not work's own.
    """
    lab = name[:2]
    report, use = work / f"lab{lab}.xml", work / f"lab{lab}.use"
    cmd = [str(program or work / f"{which}{lab}"), "-q", "-o", str(report), "-f", str(use), *(["-s", seed] if seed else []), str(work / f"guest{lab}"), *only]
    for f in (report, use):
        f.unlink(missing_ok=True)
    p = limited.run(cmd, kit, {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, limited.Limits(
        wall=JUDGE_SECONDS, cpu=JUDGE_SECONDS, memory=JUDGE_MEMORY))
    if p.over:
        raise Infra(f"the judge of lab {lab} {p.over}")
    if not report.is_file():
        said = p.said.strip()[-500:].replace(str(work) + "/", "")
        raise Infra(said if p.status == 2 else f"the judge of lab {lab} left no report; it said: {said}")
    used = usage(use)
    return [record(lab, t, used) for t in ET.parse(report).getroot().iterfind(".//{*}test")]


def usage(path: Path) -> dict[str, Result]:
    """What each test's guests and programs used, as the judge saw it from outside (judge/usage.c)."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return {name: {"cpu_ms": round(int(cpu) / 1000, 1), "peak_kb": int(peak), "threads": int(threads)}
            for name, cpu, peak, threads in map(str.split, lines)}


def record(lab: str, t: ET.Element, used: dict[str, Result]) -> Result:
    """One <test> of Check's report."""
    def text(tag: str) -> str:
        e = t.find("{*}" + tag)
        return (e.text or "") if e is not None else ""

    ok = t.get("result") == "success"
    message = text("message")
    status = "pass" if ok else status_of(message)
    place = f"{text('path')}/{text('fn')}"
    return {"id": f"{lab}.{text('id')}", "lab": lab, "name": text("id"), "group": text("description"),
            "visibility": "public" if place.startswith("labs/") else "hidden", "place": place, "status": status,
            "message": "" if ok else message.strip(), "duration_ms": round(max(0.0, float(text("duration") or 0)) * 1000, 1),
            **used.get(text("id"), {"cpu_ms": None, "peak_kb": None, "threads": None})}     # ended by Check: nobody could tell


WORDS = ("crash", "timeout_wall", "timeout_cpu", "early_exit", "protocol_violation", "unwritten", "limit_output", "limit_nproc", "limit_mem",
         "limit_fsize", "limit_syscall")


def status_of(message: str) -> str:
    """The judge begins what it says of a broken guest with a fixed word in brackets. It does not end by a signal of its own."""
    if message.startswith("["):
        word = message[1:].split("]", 1)[0]
        if word in WORDS:
            return word
    if "Received signal" in message:
        return "protocol_violation"
    return "timeout_wall" if "Test timeout expired" in message else "fail"

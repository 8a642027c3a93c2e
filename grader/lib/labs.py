"""One lab of a submission: find it, build it beside the reference, run its judge, read what the judge said."""
from __future__ import annotations

import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, Optional, Sequence

from . import hygiene, limited

KIT = Path(__file__).resolve().parents[2]
NAMES = ["01-rawsyscall", "02-context", "03-runqueue", "04-entersyscall",
         "05-exitsyscall", "06-handoff", "07-netpoll", "08-sysmon"]
BUILD_SECONDS = 120
JUDGE_SECONDS = 600     # more than judge.h's JUDGE_BUDGET
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


def build(kit: Path, work: Path, base: str, *targets: str) -> Optional[str]:
    """Builds targets (judge03: judge, guest and programs); None, or the compiler's words if the lab does not build."""
    cmd = ["make", "-s", "--no-print-directory", "-C", str(kit), f"LABS={work / 'labs'}", f"W={work}", f"BASE={base}", *targets]
    p = limited.run(cmd, kit, limited.environment(work), limited.Limits(wall=BUILD_SECONDS))
    if p.status == 0 and not p.over:
        return None
    return (f"error: the build {p.over}\n" if p.over else "") + p.said.replace(str(work) + "/", "")


def checked(kit: Path, work: Path, name: str, base: str) -> None:
    """Builds a lab's module and looks at what it is made of; hygiene.Refused if it is not to be linked."""
    hygiene.read_sources(kit, work, name)
    words = build(kit, work, base, "prepared")      # what the checks compare with
    if words is not None:
        raise Infra("the kit itself does not build: " + first_error(words))
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
    report = work / f"lab{lab}.xml"
    cmd = [str(program or work / f"{which}{lab}"), "-q", "-o", str(report), *(["-s", seed] if seed else []), str(work / f"guest{lab}"), *only]
    report.unlink(missing_ok=True)
    p = limited.run(cmd, kit, {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, limited.Limits(
        wall=JUDGE_SECONDS, cpu=JUDGE_SECONDS, memory=JUDGE_MEMORY))
    if p.over:
        raise Infra(f"the judge of lab {lab} {p.over}")
    if not report.is_file():
        said = p.said.strip()[-500:].replace(str(work) + "/", "")
        raise Infra(said if p.status == 2 else f"the judge of lab {lab} left no report; it said: {said}")
    return [record(lab, t) for t in ET.parse(report).getroot().iterfind(".//{*}test")]


def record(lab: str, t: ET.Element) -> Result:
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
            "message": "" if ok else message.strip(), "duration_ms": round(max(0.0, float(text("duration") or 0)) * 1000, 1)}


WORDS = ("crash", "timeout_wall", "timeout_cpu", "early_exit", "protocol_violation", "unwritten", "limit_output", "limit_nproc", "limit_mem")


def status_of(message: str) -> str:
    """The judge begins what it says of a broken guest with a fixed word in brackets. It does not end by a signal of its own."""
    if message.startswith("["):
        word = message[1:].split("]", 1)[0]
        if word in WORDS:
            return word
    if "Received signal" in message:
        return "protocol_violation"
    return "timeout_wall" if "Test timeout expired" in message else "fail"

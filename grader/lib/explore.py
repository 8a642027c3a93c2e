"""The explorer from outside: build it with a lab, refuse what it could not see, run it, put its traces into words."""
from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Iterator, Optional, Sequence

from . import elf, hygiene, limited

BUILD_SECONDS = 600
RUN_MEMORY, RUN_OUTPUT = 64 << 30, 64 << 20
EXECUTIONS = 3_000_000              # of one scenario: more is the verdict "limit"
RUN_SECONDS, RUN_CPU = 7200, 600    # of one scenario: its own limit, a number of executions, comes long before

Result = dict[str, Any]
Event = dict[str, Any]


class Refused(Exception):
    """The lab cannot be explored; the text says why, and what to do."""

    def __init__(self, reason: str, status: str = "forbidden_symbol") -> None:
        super().__init__(reason)
        self.status = status


# ---- build ----

def build(kit: Path, name: str, source: str, work: Path, base: str, hidden: bool) -> Path:
    """The explorer's program for this lab of the labs in source."""
    inspect(kit, name, source, work, base)
    program = work / f"{'explore' if hidden else 'xpublic'}{name[:2]}"
    make(kit, source, work, base, str(program))
    return program


def inspect(kit: Path, name: str, source: str, work: Path, base: str) -> None:
    """Compiles what is explored, and refuses what is not to be linked."""
    make(kit, source, work, base, f"explored{name[:2]}")
    for lab in sorted(d.name for d in (work / "xmine").glob("*") if d.is_dir()):
        look(kit, Path(source), work / "xmine" / lab, lab)


def make(kit: Path, source: str, work: Path, base: str, target: str) -> None:
    p = limited.run(["make", "-s", "--no-print-directory", "-C", str(kit), f"LABS={source}", f"W={work}", f"BASE={base}", target],
                    kit, {**os.environ, **limited.environment()}, limited.Limits(wall=BUILD_SECONDS))
    if p.status or p.over:
        errors = [line for line in p.said.splitlines() if "error" in line or "undefined" in line or "No rule" in line]
        raise Refused("the lab does not build: " + (p.over or (errors or p.said.splitlines() or ["make said nothing"])[0].strip()), "build_error")


def look(kit: Path, source: Path, place: Path, lab: str) -> None:
    """Refuses objects of a lab in which something happens, or by which something is reached, that the explorer would not see."""
    objects = [o for o in sorted(place.glob("*.o")) if (kit / source / lab / f"{o.stem}.c").is_file()]
    allowed = {n for o in objects for n in elf.defined(o)} | reachable(kit)
    for obj in objects:
        label = f"{label_of(source)}/{lab}/{obj.stem}.c"
        gate(obj, label)
        text(obj.with_suffix(".i"), label, source / lab)
        secs, syms = elf.read(obj)
        try:
            hygiene.sections(label, secs)
        except hygiene.Refused as e:
            raise Refused(e.reason, e.status) from e
        for s in syms:
            if s.type == elf.IFUNC:
                raise Refused(f"{label}: {hygiene.show(s.name)} is chosen when the program starts (ifunc): define a plain function")
            if s.bind != 0 and s.section == elf.UNDEF and s.name and s.name not in allowed:
                raise Refused(f"{label} refers to {hygiene.show(s.name)}, which is not there when it is explored: use what runtime/*.h declares")


@functools.lru_cache(maxsize=None)
def reachable(kit: Path) -> frozenset[str]:
    """What a lab may refer to when it is explored: what the kit's headers declare, what the reference's modules use, what gcc calls."""
    ref = kit / "build/explore/ref"
    names = {n for o in ref.rglob("*.o") for n in elf.defined(o)} & hygiene.declared(kit)
    return frozenset(names | CALLBACKS | {n for o in (ref / "solution").rglob("*.o") for n in elf.undefined(o)})


def label_of(source: Path) -> str:
    """What messages call the folder of the labs."""
    return source.name if source.is_absolute() else str(source)


# What the compiler calls of its own accord in code that is instrumented (tsan.c).
CALLBACKS = {f"__tsan_{how}{n}" for n in (1, 2, 4, 8, 16) for how in (
    "read", "write", "unaligned_read", "unaligned_write", "volatile_read", "volatile_write", "read_write")} | {
    f"__tsan_atomic{bits}_{op}" for bits in (8, 16, 32, 64, 128) for op in (
        "load", "store", "exchange", "fetch_add", "fetch_sub", "fetch_and", "fetch_or", "fetch_xor", "fetch_nand",
        "compare_exchange_strong", "compare_exchange_weak", "compare_exchange_val")} | {
    "__tsan_init", "__tsan_func_entry", "__tsan_func_exit", "__tsan_read_range", "__tsan_write_range", "__tsan_atomic_thread_fence",
    "__tsan_atomic_signal_fence", "ex_memcpy", "ex_memmove", "ex_memset", "memcmp"}

# Looked for after the preprocessor, so that no macro hides it. Empty assembly is a barrier for the compiler, which sees it.
ASM = re.compile(r"\b(?:asm|__asm|__asm__)\b")
BARRIER = re.compile(r'\s*(?:(?:volatile|__volatile__|__volatile)\s*)?\(\s*"(?:pause|nop|)"\s*[:)]')
SWITCHES = re.compile(r"__tsan_\w*|\b(?:__)?no_sanitize\w*|\bdisable_sanitizer\w*|#pragma\s+(?:GCC|clang)\s+(?:optimize|target|attribute)"
                      r"|\b(?:__)?(?:optimize|target)(?:__)?\s*\(\s*\"|\b(?:__)?naked(?:__)?\b")


def text(path: Path, label: str, src: Path) -> None:
    """Refuses, in the text that the compiler has seen, assembly and what would switch off or imitate the instrumentation."""
    own = "\n".join(hygiene.own_lines(path.read_bytes().decode("latin-1"), src))
    code = hygiene.STRING.sub(lambda m: m.group() if m.group() in ('""', '"pause"', '"nop"') else '"..."', own)
    for m in ASM.finditer(code):
        if not BARRIER.match(code, m.end()):
            raise Refused(f"{label} has assembly: {' '.join(code[m.start():m.start() + 60].split())}. The explorer sees only C: write it with "
                          "<stdatomic.h>, or with the short names in atomic.h")
    found = SWITCHES.search(code)
    if found:
        raise Refused(f"{label} says {' '.join(found.group().split())}. The explorer must see every access: no attributes or pragmas that switch "
                      "instrumentation off, and none of the calls that the compiler makes for it (but RACY, for a dump)")


LOCKED = re.compile(r"\block\b|\bxchg\s.*\(|\b[lms]fence\b|\bcmpxchg")
KERNEL = re.compile(r"\t(syscall|sysenter|int\s+\$0x80)\b")
MEMORY = re.compile(r"\t(?!lea|nop)\w+ .*\((?!%rip\)|%rsp|%rbp)%r\w+")


def gate(obj: Path, source: str) -> None:
    """Refuses an object in which something happens that the explorer would not see."""
    dump = subprocess.run(["objdump", "-dlr", "--no-show-raw-insn", str(obj)], stdout=subprocess.PIPE, text=True, errors="replace").stdout
    function, line = "?", ""
    for name, text in functions(dump):
        function = name
        for row in text:
            if re.match(r"\S.*:\d+", row):
                line = row.split("/")[-1].split(" ")[0]
            if KERNEL.search(row):
                raise Refused(f"{source}: {function} ({line}) enters the kernel by an instruction of its own. There is no kernel in the "
                              "explorer: call the functions of labs.h")
            if LOCKED.search(row) and "R_X86_64" not in row:
                raise Refused(f"{source}: {function} ({line}) uses an atomic instruction of the CPU directly ({' '.join(row.split()[1:])}). "
                              "The explorer sees only C: write it with <stdatomic.h>")
        if "__tsan_" not in "".join(text) and any(MEMORY.search(row) for row in text if "\t" in row):
            raise Refused(f"{source}: {function} accesses memory without being instrumented. The explorer must see every access: "
                          "no attributes or pragmas that switch instrumentation off (but RACY, for a dump)")


def functions(dump: str) -> Iterator[tuple[str, list[str]]]:
    """(name, lines) of each function in a disassembly."""
    name = ""
    text: list[str] = []
    for row in dump.splitlines():
        m = re.match(r"[0-9a-f]+ <(\S+)>:$", row)
        if m:
            if name:
                yield name, text
            name, text = m.group(1), []
        else:
            text.append(row)
    if name:
        yield name, text


def sources(kit: Path, name: str, hidden: bool) -> list[Path]:
    """The files with the scenarios of a lab."""
    found = sorted((kit / "labs" / name / "tests/explore").glob("*.c"))
    return found + sorted((kit / "grader/explorer/scenarios").glob(f"*lab{name[:2]}*.c")) if hidden else found


def exists(kit: Path, name: str) -> bool:
    """True if the lab has scenarios."""
    return bool(sources(kit, name, True))


def names(kit: Path, name: str, hidden: bool = True) -> list[str]:
    """The scenarios of a lab."""
    return [s for f in sources(kit, name, hidden) for s in re.findall(r"^SCENARIO\((\w+)", f.read_text(), re.M)]


def public(kit: Path, name: str) -> set[str]:
    """The public ones."""
    return set(names(kit, name, False))


# ---- run ----

def run(program: Path, scenarios: Sequence[str], bound: int, replay: Optional[str]) -> list[Result]:
    """The results, one a scenario, in order, each from a process of its own; with a line of source for each step. No names: all."""
    if not scenarios:
        p = limited.run([str(program), "-l"], Path.cwd(), limited.environment(), limited.Limits())
        scenarios = [line.split("\t")[0] for line in p.said.splitlines() if "\t" in line]
        if p.status or not scenarios:
            raise Refused(p.said.strip().removeprefix(str(program) + ": ")[-500:] or "the explorer said nothing")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda name: one(program, name, bound, replay), scenarios))


def one(program: Path, name: str, bound: int, replay: Optional[str]) -> Result:
    """The result of one scenario. The line comes from the explorer's own process; see explorer/main.c."""
    cmd = [str(program), "-b", str(bound), "-n", str(EXECUTIONS), *(["-r", replay] if replay else []), name]
    p = limited.run(cmd, Path.cwd(), limited.environment(), limited.Limits(
        wall=RUN_SECONDS, cpu=RUN_CPU, memory=RUN_MEMORY, output=RUN_OUTPUT))
    if p.status == 2:
        raise Refused(p.said.strip().removeprefix(str(program) + ": ")[-500:] or "the explorer said nothing")
    lines = [r for r in map(result, p.said.splitlines()) if r]
    if p.over or len(lines) != 1 or lines[0]["scenario"] != name:
        return {"scenario": name, "says": "", "verdict": "limit" if p.over else "broken",
                "message": f"the explorer {p.over}" if p.over else f"the explorer ended with status {p.status} and {len(lines)} verdicts"}
    r = lines[0]
    try:
        add_lines(program, r)
        if r.get("trace"):
            name_variables(program, r)
        render(r, False)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        r.update(verdict="protocol_violation", message="a report that the explorer does not write", trace=[])
    return r


def result(line: str) -> Optional[Result]:
    """A line of the explorer's; None if it is something else."""
    try:
        r = json.loads(line)
    except ValueError:
        return None
    return r if isinstance(r, dict) and isinstance(r.get("scenario"), str) and isinstance(r.get("verdict"), str) else None


def add_lines(program: Path, r: Result) -> None:
    """Adds "line" (file:line function) to every event."""
    events = r.get("trace", [])
    pcs = [e["pc"] for e in events] + [r.get("otherpc", 0)]
    if not events:
        return
    p = subprocess.run(["addr2line", "-s", "-f", "-e", str(program)], input="".join(f"{max(pc - 1, 0):#x}\n" for pc in pcs),
                       stdout=subprocess.PIPE, text=True)
    rows = p.stdout.splitlines()
    places = [f"{rows[i + 1].split(' ')[0]} {rows[i]}" for i in range(0, len(rows) - 1, 2)]
    for e, place in zip(events, places):
        e["line"] = "" if place.startswith("??") else place
    r["otherline"] = places[-1] if r.get("otherpc") else ""


def name_variables(program: Path, r: Result) -> None:
    """Puts the program's own names in the place of addresses that the scenario has not named: a lab's static variables."""
    table = subprocess.run(["nm", "-S", str(program)], stdout=subprocess.PIPE, text=True).stdout
    symbols = [(int(w[0], 16), int(w[1], 16), w[3]) for w in map(str.split, table.splitlines()) if len(w) == 4 and w[2] in "bBdDvV"]

    def name(m: re.Match[str]) -> str:
        at = int(m.group(), 16)
        for start, size, symbol in symbols:
            if 0 <= at - start < size:
                return symbol if at == start else f"{symbol}+{at - start}"
        return m.group()

    for text in [r, *r["trace"]]:
        for key in ("message", "at", "value", "from", "to", "found"):
            if isinstance(text.get(key), str):
                text[key] = re.sub(r"\b0x[0-9a-f]+\b", name, text[key])


# ---- words ----

PHASES = {
    "interleaving": "",
    "store buffer": "A store of yours may wait in its CPU's store buffer: this happens on amd64.",
    "C11 weak memory": "This cannot happen on amd64, but C allows it: on arm64, or after the compiler has moved things.",
    "slot audit": "This cannot happen on amd64, but C allows it: on arm64, or after the compiler has moved things.",
}


def describe(e: Event, r: Result) -> str:
    """What a step did."""
    op, at, order = e["op"], e.get("at", ""), e.get("order", "")
    if op == "load" and e.get("stale"):
        newer = f"#{e['with']} has stored {e['found']} already" if "with" in e else f"it holds {e['found']} already"
        return f"load {at} -> {e['value']}   STALE: {newer}, and this {order} load may miss that"
    return {
        "load": f"load {at} -> {e.get('value')}   ({order})",
        "store": f"store {at} = {e.get('value')}   ({order})",
        "rmw": f"change {at}: {e.get('from')} -> {e.get('to')}   ({order})",
        "cas": f"compare-and-swap {at}: {e.get('from')} -> {e.get('to')}, done   ({order})",
        "cas_fails": f"compare-and-swap {at}: wants {e.get('from')}, finds {e.get('found')}, fails",
        "cas_spurious": f"compare-and-swap {at}: fails for no reason (a weak one may)",
        "fence": f"fence   ({order})",
        "lock": f"lock {at}",
        "unlock": f"unlock {at}",
        "futex_sleep": f"futex: {at} is {e.get('value')}, sleeps",
        "futex_differs": f"futex: wants {at} == {e.get('value')}, finds {e.get('found')}, does not sleep",
        "futex_woken": f"futex: {at}, awake",
        "futex_timeout": f"futex: {at}, time is up",
        "futex_wake": f"futex: wakes {e.get('value')} on {at}",
        "yield": "lets others run",
        "wait": f"waited for {at}",
        "post": f"posts {at}",
        "race": f"accesses {at}",
    }.get(op, op)


def involved(r: Result) -> set[str]:
    """The places that the last steps are about; not who runs, which is asked all the time."""
    told = [e for e in r["trace"] if not e.get("line", "").endswith(" getm")]
    return {e["at"] for e in told[-2:] if "at" in e}


def blown_up(lab: str, r: Result, reference: Result) -> str:
    """Why it is the submission's fault that the explorer did not come to an end, and how to see it."""
    return (f"The reference is through after {reference.get('executions', 0)} executions, your code is not after {r.get('executions', 0)}: "
            "it does many more steps that others can see. Look for a loop that repeats atomic operations while it waits, or touches "
            f"shared places that it need not: make explore LAB={lab[:2]} S={r['scenario']}")


def render(r: Result, every: bool) -> list[str]:
    """The failing execution, in lines. Not every: the steps around each switch, and those at the places that it ends at."""
    if r["verdict"] == "unwritten":
        return [r["message"]]
    lines = [f"{r['verdict'].replace('_', ' ').upper()}: {r.get('message', '')}"]
    if r.get("phase"):
        lines.append(f"found with {r['preemptions']} preemption{'s' if r['preemptions'] != 1 else ''}"
                     + (f" and {r['stale_reads']} stale load" if r["stale_reads"] else "") + f" ({r['phase']})")
    if PHASES.get(r.get("phase", "")):
        lines.append(PHASES[r["phase"]])
    events, last, folded = r.get("trace", []), -2, 0
    places = involved(r) if events else set()
    for i, e in enumerate(events):
        switch = e["t"] != last
        end = i + 1 == len(events) or events[i + 1]["t"] != e["t"]
        if not (every or switch or end or e.get("at") in places or e.get("stale")):
            folded += 1
            continue
        if folded:
            lines.append(f"        ... {folded} step{'s' if folded != 1 else ''}")
            folded = 0
        if switch:
            lines.append(f"---- {r['threads'][e['t']] if e['t'] >= 0 else 'setup'}{'   (preempts)' if e.get('preempts') else ''}")
        lines.append(f"#{i:<4} {describe(e, r):<78} {e.get('line', '')}")
        last = e["t"]
    if r.get("otherline"):
        lines.append(f"      the other access: {r['otherline']}")
    return lines

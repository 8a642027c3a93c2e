#!/usr/bin/python3
"""Tests the judge against a guest that misbehaves: every way must fail, with the words that it should, leaving nothing behind.

    grader/tests/test_framework.py [BUILD]      BUILD: a directory for the objects (default: a temporary one)
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

KIT = Path(__file__).resolve().parents[2]
# What the message of each test must begin with, and with a $ at the end: must be; None: the test must pass.
WANTED: dict[str, str | None] = {
    "Honest": None,
    "Exit0": "[early_exit] the guest exited with status 0 during exit0",
    "Exit3": "[early_exit] the guest exited with status 3 during exit3; last output: I have had enough",
    "Crash": "[crash] the guest crashed (SIGSEGV) during crash; last output: here it comes",
    "Hang": "[timeout_wall] no answer to 'hang' in 0.3 s",
    "Spin": "[timeout_wall] no answer to 'spin' in 0.3 s",
    "Flood": "[limit_output] too much output during flood",
    "Nonce": "[protocol_violation] an answer that belongs to no question, during nonce",
    "Other": "[protocol_violation] an answer that belongs to no question, during other",
    "Short": "[protocol_violation] a message of 100 bytes during short",
    "Twice": "[protocol_violation] ",
    "TwiceAtTheEnd": "[protocol_violation] ",
    "Late": "[protocol_violation] an answer that belongs to no question, during honest",
    "AfterTheEnd": "[protocol_violation] a message after the end of the test",
    "EndUnread": "[early_exit] the guest exited with status 0 before the end of the test",
    "EndReplayed": "[protocol_violation] not the answer to END at the end of the test",
    "EndIgnored": "[timeout_wall] the guest does not end",
    "Replay": "[protocol_violation] an answer that belongs to no question, during replay",
    "Guess": "[protocol_violation] an answer that belongs to no question, during guess",
    "Spam": "[protocol_violation] ",
    "Thread": "[limit_nproc] the guest has 2 threads at the end of the test, it should have one",
    "Memory": "[limit_mem] more than 1 GiB of memory during memory",
    "FileSize": "[limit_fsize] the guest crashed (SIGXFSZ) during filesize",
    "SystemCall": "[limit_syscall] the guest crashed (SIGSYS) during syscall",
    "CpuTime": "[timeout_cpu] the guest crashed (SIGXCPU) during cpulimit",
    "Uses": None,
    "Signals": None,
    "ChannelHeld": "[limit_nproc] the guest left a process behind",
    "ExitInBetween": "[early_exit] the guest exited with status 0 before the end of the test",
    "Child": "[limit_nproc] the guest left a process behind",
    "ChildOfAFailedTest": "on purpose",
    "SlowChildOfAFailedTest": "on purpose",
    "SlowChildOfATestThatHangs": "Test timeout expired",
    "NothingIsLeftOfTheTestsBefore": None,
    "ProgramLimits": None,
    "AsksNothing": "test: it asked the guest nothing",
    "JudgeHangs": "Test timeout expired",
    "WrongAnswer": "honest(1, -2) returned 7, it should be 8",
    "WrongAnswerWithAReason": "honest(1, -2) returned 7, it should be 8 (eight is what was put there)",
    "CrashWithAReason": "[crash] the guest crashed (SIGSEGV) during crash; last output: here it comes (nothing may be read at 0)",
    "LongMessage": "many xxx",
    "MistakeWithAReason": "test: it asked the guest nothing$",
    "ReasonTakenBack": "honest(1, -2) returned 7, it should be 8$",
}


def run(cmd: list[str]) -> None:
    subprocess.run(cmd, check=True, cwd=KIT)


def build(out: Path) -> None:
    """Judge and hostile guest."""
    check = subprocess.run(["pkg-config", "--cflags", "--libs", "check"], check=True, stdout=subprocess.PIPE, text=True)
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror"]
    run(["gcc", *flags, "-static", "-o", str(out / "hostile"), "grader/tests/framework/hostile.c", "-pthread"])
    run(["gcc", *flags, "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Igrader/judge", "-o", str(out / "judge"),
         *map(str, (KIT / "grader/judge").glob("*.c")), "grader/tests/framework/framework.c", *check.stdout.split()])


def survivors(name: str) -> list[int]:
    """Processes that run a program of this path."""
    found = []
    for p in Path("/proc").iterdir():
        if p.name.isdigit():
            try:
                if os.readlink(p / "exe") == name:
                    found.append(int(p.name))
            except OSError:
                pass  # it has ended, or is not ours to see
    return found


def results(out: Path) -> dict[str, tuple[str, str]]:
    """Result and message of each test."""
    report = out / "report.xml"
    subprocess.run([str(out / "judge"), "-q", "-o", str(report), "-f", str(out / "usage"), str(out / "hostile")], cwd=KIT,
                   timeout=1200, stdout=subprocess.DEVNULL, env={"ASAN_OPTIONS": "detect_leaks=1"})
    found = {}
    for t in ET.parse(report).getroot().iterfind(".//{*}test"):
        name, message = t.find("{*}id"), t.find("{*}message")
        assert name is not None and message is not None and name.text
        found[name.text] = (t.get("result") or "", message.text or "")
    return found


def usage(out: Path) -> list[str]:
    """What is wrong with what is told of the tests' use."""
    lines = [line.split() for line in (out / "usage").read_text().splitlines()]
    told = {name: tuple(map(int, numbers)) for name, *numbers in lines}
    untold = {"JudgeHangs", "SlowChildOfATestThatHangs"}        # Check has killed these
    bad = [] if len(lines) == len(told) and set(told) == set(WANTED) - untold else [f"usage is told of {sorted(told)}"]
    honest, uses, thread, memory = (told[n] for n in ("Honest", "Uses", "Thread", "Memory"))
    if not (honest[0] < 50_000 and honest[1] < 4096 and honest[2] == 1):
        bad.append(f"Honest used {honest}")
    if not (100_000 <= uses[0] < 1_000_000 and 65536 <= uses[1] < 72000 and uses[2] == 1):
        bad.append(f"Uses used {uses}")
    return bad + [f"{n} used {u}" for n, u, ok in (("Thread", thread, thread[2] == 2), ("Memory", memory, memory[1] > 1 << 20)) if not ok]


def main() -> int:
    with tempfile.TemporaryDirectory() as tmp:
        out = Path(sys.argv[1] if len(sys.argv) > 1 else tmp).resolve()
        out.mkdir(parents=True, exist_ok=True)
        build(out)
        found = results(out)
        bad = 0
        for name, wanted in WANTED.items():
            result, message = found.get(name, ("missing", ""))
            ok = result == "success" if wanted is None else result in ("failure", "error") and f"{message}$".startswith(wanted)
            if not ok:
                bad += 1
                print(f"not ok {name}: {result}: {message!r}, wanted {wanted!r}")
        if set(found) != set(WANTED):
            bad += 1
            print(f"not ok: the tests are {sorted(found)}")
        launcher = out / "launcher"
        launcher.write_text('#!/bin/sh\necho launched >&2\nexec "$@"\n')
        launcher.chmod(0o755)
        p = subprocess.run([str(out / "judge"), "-q", str(out / "hostile"), "ProgramLimits", "Honest"], cwd=KIT, timeout=1200,
                           stdout=subprocess.DEVNULL, env={"ASAN_OPTIONS": "detect_leaks=1", "HANDOFF_LAUNCHER": str(launcher)})
        if p.returncode:
            bad += 1
            print("not ok: with a launcher")
        for line in usage(out):
            bad += 1
            print(f"not ok: {line}")
        left = survivors(str(out / "hostile"))
        if left:
            bad += 1
            print(f"not ok: left behind: {left}")
        print(f"{'not ok' if bad else 'ok'} framework: {len(WANTED)} cases, {bad} wrong")
        return bad != 0


if __name__ == "__main__":
    sys.exit(main())

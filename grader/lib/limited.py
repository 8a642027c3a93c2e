"""Running a command on what a submission brought: limits on time, memory, files and output, and nothing left alive."""
from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Sequence

MIB = 1 << 20
_slots = threading.BoundedSemaphore(os.cpu_count() or 1)     # commands at a time


@dataclass
class Limits:
    """What one command may use; cpu, memory and file hold for each of its processes."""
    wall: float = 120           # seconds
    cpu: int = 10               # seconds of CPU
    memory: int = 2048 * MIB    # address space
    file: int = 64 * MIB        # of each file that it writes
    output: int = MIB           # bytes of output and error together


@dataclass
class Outcome:
    """status: as subprocess has it. said: the output. over: the limit that ended it, in words, or empty."""
    status: int
    said: str
    over: str = ""


def end_group(pid: int) -> None:
    """Kills what a command has started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def read(p: subprocess.Popen[bytes], limits: Limits) -> tuple[bytes, str]:
    """Reads the output until it ends or a limit is reached."""
    assert p.stdout
    said, end = bytearray(), time.monotonic() + limits.wall
    with selectors.DefaultSelector() as sel:
        sel.register(p.stdout, selectors.EVENT_READ)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return bytes(said), f"took more than {limits.wall:.0f} s"
            if not sel.select(left):
                continue
            piece = os.read(p.stdout.fileno(), 65536)
            if not piece:
                return bytes(said), ""
            said += piece
            if len(said) > limits.output:
                return bytes(said[:limits.output]), f"printed more than {limits.output // MIB} MiB"


def at_a_time(n: int) -> None:
    """Later commands run n at a time (one for each CPU unless this is called), however many threads ask for them."""
    global _slots
    _slots = threading.BoundedSemaphore(n)


def run(cmd: Sequence[str], cwd: Path, env: Mapping[str, str], limits: Limits = Limits()) -> Outcome:
    """Runs cmd in a session of its own, when its turn comes. When it has ended, so have its children, unless they left the session."""
    with _slots:
        return _run(cmd, cwd, env, limits)


def _run(cmd: Sequence[str], cwd: Path, env: Mapping[str, str], limits: Limits) -> Outcome:
    limit = ["prlimit", f"--cpu={limits.cpu}:{limits.cpu + 1}", f"--as={limits.memory}", f"--fsize={limits.file}", "--core=0", "--"]
    p = subprocess.Popen([*limit, *cmd], cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, start_new_session=True)
    try:
        said, over = read(p, limits)
        try:
            p.wait(0 if over else limits.wall)
        except subprocess.TimeoutExpired:
            over = over or f"took more than {limits.wall:.0f} s"
    finally:
        end_group(p.pid)
        p.wait()
        if p.stdout:
            p.stdout.close()
    text = said.decode("utf-8", "replace")
    return Outcome(p.returncode, text, over or signalled(text, limits))


# What the compiler's driver says of a part of it that a limit has ended.
SIGNS = (("CPU time limit exceeded", "needed more than {cpu} s of CPU"), ("File size limit exceeded", "wrote more than {file} MiB"),
         ("virtual memory exhausted", "needed more than {memory} MiB of memory"), ("out of memory", "needed more than {memory} MiB of memory"),
         ("memory exhausted", "needed more than {memory} MiB of memory"))


def signalled(text: str, limits: Limits) -> str:
    """The limit of which the output speaks, in words."""
    for line in text.splitlines():
        for sign, words in SIGNS:
            if sign in line and ("error" in line or "exhausted" in line) and ".c:" not in line.split(sign)[0]:
                return words.format(cpu=limits.cpu, file=limits.file // MIB, memory=limits.memory // MIB)
    return ""


def environment(tmp: Optional[Path] = None) -> dict[str, str]:
    """The few variables that a build may see."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
    if tmp:
        env["TMPDIR"] = str(tmp)    # what a compiler leaves when it is killed goes with it
    return env

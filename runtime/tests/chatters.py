#!/usr/bin/python3
"""Clients of the chat server: runtime/tests/chatters.py ADDRESS PID. One line, "ok: ..." with status 0, or what was not so."""
from __future__ import annotations

import os
import signal
import socket
import sys
import time

PATIENCE = 30.0     # seconds for what should take none, on a busy machine


class Chatter:
    """Somebody in the chat."""

    def __init__(self, address: str, name: str, small: bool = False) -> None:
        self.name = name
        self.s = socket.socket(socket.AF_UNIX)
        if small:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.s.settimeout(PATIENCE)
        self.s.connect("\0" + address[1:] if address.startswith("@") else address)
        self.lines = self.s.makefile("rb")
        self.say(name)

    def say(self, line: str) -> None:
        self.s.sendall(line.encode() + b"\n")

    def hear(self, want: str) -> None:
        """The next line must be this one."""
        got = self.lines.readline().decode().rstrip("\n")
        assert got == want, f"{self.name} hears {got!r}, not {want!r}"

    def gone(self) -> None:
        try:
            got = self.lines.readline()
        except ConnectionResetError:
            return
        assert got == b"", f"{self.name} hears {got!r} after the end"


def rooms(address: str) -> None:
    """What is said in a room is heard in it, by all, in order, and nowhere else."""
    a = Chatter(address, "ann")
    a.hear("* ann is here")
    b = Chatter(address, "ben")
    for c in (a, b):
        c.hear("* ben is here")
    b.say("hello")
    b.say("second\033[2J")          # a terminal would obey
    for c in (a, b):
        c.hear("ben: hello")
        c.hear("ben: second?[2J")
    a.say("/who")
    a.hear("* in lobby: ben ann")
    b.say("/join kitchen")
    a.hear("* ben goes to kitchen")
    b.hear("* ben goes to kitchen")
    b.hear("* ben is here")
    a.say("alone")
    a.hear("ann: alone")
    b.say("/join ..")
    b.hear("* a room has a name of letters and digits")
    b.say("/nonsense")
    b.hear("* /join ROOM, /who, /quit")
    a.say("/join kitchen")
    a.hear("* ann goes to kitchen")
    for c in (a, b):
        c.hear("* ann is here")
    b.s.shutdown(socket.SHUT_WR)    # one way to leave
    a.hear("* ben has left")
    b.gone()
    a.say("/quit")                  # another
    a.gone()


def refused(address: str) -> None:
    a = Chatter(address, "ann")
    a.hear("* ann is here")
    twin = Chatter(address, "ann")
    twin.hear("* there is a ann already")
    twin.gone()
    bad = Chatter(address, "a b")
    bad.hear("* your first line is your name, of letters and digits")
    bad.gone()
    a.s.sendall(b"x" * 1025)        # no line is that long
    a.gone()
    again = Chatter(address, "ann")
    again.hear("* ann is here")     # the name is free again
    again.say("/quit")
    again.gone()


def slow(address: str) -> int:
    """One who does not read is dropped; those who do get all that is said."""
    a = Chatter(address, "ann")
    a.hear("* ann is here")
    b = Chatter(address, "deaf", small=True)
    a.hear("* deaf is here")
    said = 0
    end = time.monotonic() + PATIENCE
    dropped = False
    while not dropped:
        assert time.monotonic() < end, f"one who does not read is still there after {said} lines"
        a.say(f"{said} " + "x" * 900)
        got = a.lines.readline().decode()
        if got == "* deaf is too slow, and was dropped\n":
            dropped = True
            got = a.lines.readline().decode()
        assert got.startswith(f"ann: {said} x"), f"ann hears {got[:30]!r}, not what she said"
        said += 1
        if said % 100 == 0 and not dropped:
            a.say("/who")
            got = a.lines.readline().decode()
            if got == "* deaf is too slow, and was dropped\n":
                dropped = True
                got = a.lines.readline().decode()
            assert got.startswith("* in lobby:"), got
    b.s.close()
    a.say("/quit")
    a.gone()
    return said


def crowd(address: str, n: int) -> None:
    """Each of n hears each of n."""
    people = [Chatter(address, f"p{i}") for i in range(n)]
    for p in people:
        p.hear(f"* {p.name} is here")
    for p in people:
        p.say("/join crowd")
    for p in people:
        while p.lines.readline() != f"* {p.name} is here\n".encode():
            pass                    # others, who come and go
    for p in people:
        p.say("hello")
    heard = {p.name: 0 for p in people}
    for p in people:
        while heard[p.name] < n:
            line = p.lines.readline()
            assert line != b"", f"{p.name} was dropped after {heard[p.name]} of {n}"
            heard[p.name] += line.endswith(b": hello\n")
    for p in people:
        p.s.close()


def end(address: str, pid: int) -> None:
    """At the end all are told."""
    a = Chatter(address, "ann")
    a.hear("* ann is here")
    os.kill(pid, signal.SIGTERM)
    a.hear("* the server ends")
    a.gone()


def main() -> int:
    address, pid = sys.argv[1], int(sys.argv[2])
    try:
        rooms(address)
        refused(address)
        said = slow(address)
        crowd(address, 40)
        end(address, pid)
    except (AssertionError, OSError) as e:
        print(f"{type(e).__name__}: {e}")
        return 1
    print(f"ok: one who does not read is dropped after {said} lines; forty hear each other; all are told of the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())

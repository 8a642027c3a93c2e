#!/usr/bin/python3
"""Clients that a server must be able to bear: runtime/tests/clients.py KIND PORT [PID] [N]

  many PORT PID N   N connections at once, each of which asks, waits until all have asked, and asks again
  half PORT PID N   N clients that close their sending half behind the request
  slow PORT PID N   N clients that send a byte now and then, while another is served; the server must cut them off
  deaf PORT PID N   N clients that ask for something large and never read, while another is served
  cutoff PORT PID N N clients that ask for /huge and never read; the server must give them up
  queue PORT PID N  N clients that have connected and asked before the server, which is stopped, has accepted them; it is told to end
  echo PORT PID N   N clients of the echo server, who get back what they send, and the end when they end
  echoend PORT PID N  the same while the server is told to end: what was sent before comes back
  standstill PORT PID N  N clients that ask once more after the server was told to end, while it gets no CPU
  drain PORT PID N  N clients that ask again and again, while the server is told to end: each request that was sent is answered

Each prints one line, "ok: ..." with status 0, or what was not so, with status 1. PID is the server's.
"""
from __future__ import annotations

import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable

PATIENCE = 60.0                         # seconds for what should take none, on a busy machine
ASK = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"hello world\n"                 # of /a.txt


class Lost(Exception):
    """Something that the server should have done, and did not."""


def must(cond: bool, what: str) -> None:
    if not cond:
        raise Lost(what)


def connect(port: int) -> socket.socket:
    s = socket.socket()
    s.settimeout(PATIENCE)
    s.connect(("127.0.0.1", port))
    return s


def answer(s: socket.socket, got: bytes = b"") -> bytes:
    """Reads one answer with the body of /a.txt, and returns its head."""
    while not got.endswith(BODY):
        data = s.recv(4096)
        must(data != b"", f"the connection was closed after {got!r}")
        got += data
    must(got.startswith(b"HTTP/1.1 200 OK\r\n"), f"the answer is {got!r}")
    return got


def closed(s: socket.socket) -> bool:
    """True if nothing but the end comes."""
    try:
        return s.recv(1) == b""
    except ConnectionResetError:
        return True


def rss(pid: int) -> int:
    """KiB of memory that the server has."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def many(port: int, pid: int, n: int) -> str:
    socks = []
    for _ in range(n):
        socks.append(connect(port))
        socks[-1].sendall(ASK)
    for s in socks:
        answer(s)
    held, running = rss(pid), threads(pid)
    for s in socks:
        s.sendall(ASK)
    for s in socks:
        answer(s)
    must(running < n / 10 + 100, f"{running} threads for {n} connections")
    for s in socks:
        s.close()
    return f"{n} connections, {2 * n} requests, {running} threads, {held} KiB while they were open"


def half(port: int, _pid: int, n: int) -> str:
    socks = []
    for _ in range(n):
        socks.append(connect(port))
        socks[-1].sendall(ASK)
        socks[-1].shutdown(socket.SHUT_WR)
    for s in socks:
        answer(s)
        must(closed(s), "the connection goes on after the client's end")
    cut = connect(port)
    cut.sendall(ASK[:-2])
    cut.shutdown(socket.SHUT_WR)
    must(cut.recv(4096).startswith(b"HTTP/1.1 400 "), "half a request is not answered with 400")
    return f"{n} clients closed their half and were answered"


def slow(port: int, _pid: int, n: int) -> str:
    """The head of a request may take so long, however often a byte comes."""
    socks = [connect(port) for _ in range(n)]
    ended: set[socket.socket] = set()
    other, served, begun = connect(port), 0, time.monotonic()
    i = 0
    while len(ended) < n:
        must(time.monotonic() < begun + PATIENCE, f"{n - len(ended)} of {n} clients are not cut off")
        for s in select.select([s for s in socks if s not in ended], [], [], 0.1)[0]:
            ended.add(s)
            must(s.recv(4096).startswith(b"HTTP/1.1 408 "), "a client that is cut off is not told why")
        for s in socks:
            if s not in ended:
                try:
                    s.sendall(ASK[i:i + 1] if i < 20 else b"x")
                except (BrokenPipeError, ConnectionResetError):
                    pass            # select will say so
        i += 1
        other.sendall(ASK)
        answer(other)
        served += 1
    return f"{n} slow clients cut off after {time.monotonic() - begun:.1f} s, another served {served} times meanwhile"


def deaf(port: int, _pid: int, n: int) -> str:
    socks = []
    for _ in range(n):
        socks.append(connect(port))
        socks[-1].sendall(ASK.replace(b"/a.txt", b"/big.bin"))
    other = connect(port)
    for _ in range(100):
        other.sendall(ASK)
        answer(other)
    for s in socks:                 # what has come is in order, as far as it goes
        must(s.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n"), "a client that does not read was not answered")
        s.close()
    return f"{n} clients did not read, another was served meanwhile"


def cutoff(port: int, pid: int, n: int) -> str:
    """A client that does not read holds a descriptor until the server's patience ends, and no longer."""
    idle = len(os.listdir(f"/proc/{pid}/fd"))
    socks = []
    for _ in range(n):
        socks.append(connect(port))
        socks[-1].sendall(ASK.replace(b"/a.txt", b"/huge"))
        must(socks[-1].recv(16) == b"HTTP/1.1 200 OK\r", "a client was not answered")
    end = time.monotonic() + PATIENCE
    while len(os.listdir(f"/proc/{pid}/fd")) > idle:
        must(time.monotonic() < end, "clients that do not read are not given up")
        time.sleep(0.05)            # between two looks
    for s in socks:
        got = 0
        try:
            while data := s.recv(1 << 20):
                got += len(data)
        except ConnectionResetError:
            pass
        must(got < 100_000_000, "a client that was given up got everything")
    return f"{n} clients that did not read were given up"


def queue(port: int, pid: int, n: int) -> str:
    os.kill(pid, signal.SIGSTOP)
    socks = [connect(port) for _ in range(n)]
    for s in socks:
        s.sendall(ASK)
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGCONT)
    for s in socks:
        answer(s)                   # it may have come before the signal did, and not say that it is the last
        must(closed(s), "the connection goes on at the end")
    return f"{n} clients in the queue were answered"


def drain(port: int, pid: int, n: int) -> str:
    """Every request that is sent must be answered until an answer says that it was the last, or a new connection is refused."""
    waiting = {}
    requests, told, signalled, until = 0, 0, False, time.monotonic() + 1
    for _ in range(n):
        s = connect(port)
        s.sendall(ASK)
        waiting[s.fileno()] = (s, b"")
    poll = select.epoll()
    for fd in waiting:
        poll.register(fd, select.EPOLLIN)
    while waiting:
        if not signalled and time.monotonic() > until:
            os.kill(pid, signal.SIGTERM)
            signalled = True
        must(time.monotonic() < until + PATIENCE, f"{len(waiting)} clients are not told of the end")
        for fd, _ in poll.poll(1):
            s, got = waiting[fd]
            try:
                data = s.recv(65536)
            except ConnectionResetError:
                data = b""
            must(data != b"", f"request {requests} was lost: {got!r}")
            got += data
            if not got.endswith(BODY):
                waiting[fd] = (s, got)
                continue
            requests += 1
            if b"\r\nConnection: close\r\n" in got:
                poll.unregister(fd)
                del waiting[fd]
                must(closed(s), "the connection goes on after its last answer")
                told += 1
            else:
                s.sendall(ASK)
                waiting[fd] = (s, b"")
    must(signalled and told == n, f"{told} of {n} clients were told of the end")
    return f"{requests} requests of {n} clients, none lost at the end"


def refused(port: int) -> bool:
    try:
        connect(port).close()
        return False
    except ConnectionRefusedError:
        return True


def over(s: socket.socket) -> bool:
    """True if there is something to read: the end, for no answer is due."""
    return select.select([s], [], [], 0)[0] != []


def standstill(port: int, pid: int, n: int) -> str:
    """The server waits half a second for requests that are on the way. It gets no CPU in that time; they have come, and count."""
    socks = [connect(port) for _ in range(n)]
    for s in socks:
        s.sendall(ASK)
        answer(s)
    os.kill(pid, signal.SIGTERM)
    while not refused(port):        # it has got the signal
        time.sleep(0.001)
    os.kill(pid, signal.SIGSTOP)
    late = any(map(over, socks))    # we were: it has closed them, as it may
    if not late:
        for s in socks:
            s.sendall(ASK)
        time.sleep(0.8)
    os.kill(pid, signal.SIGCONT)
    if late:
        return "too late to see anything"
    for s in socks:
        must(b"\r\nConnection: close\r\n" in answer(s), "the last answer does not say that it is")
        must(closed(s), "the connection goes on at the end")
    return f"{n} requests that came in time were answered late"


def back(s: socket.socket, want: bytes) -> None:
    """Reads what was sent."""
    got = b""
    while len(got) < len(want):
        data = s.recv(65536)
        must(data != b"", f"the end came after {len(got)} of {len(want)} bytes")
        got += data
    must(got == want, "what comes back is something else")


def echo(port: int, pid: int, n: int) -> str:
    socks = [connect(port) for _ in range(n)]
    total = 0
    for size in (1, 64, 4096, 4097, 30000):
        sent = {}
        for s in socks:
            sent[s] = os.urandom(size)
            s.sendall(sent[s])
            total += size
        for s in socks:
            back(s, sent[s])
    running = threads(pid)
    must(running < 100, f"{running} threads for {n} connections")
    for s in socks:
        s.shutdown(socket.SHUT_WR)
        must(closed(s), "the connection goes on after the client's end")
    return f"{n} connections, {total} bytes, {running} threads"


def echoend(port: int, pid: int, n: int) -> str:
    socks = [connect(port) for _ in range(n)]
    sent = {s: os.urandom(20000) for s in socks}
    for s in socks:
        s.sendall(sent[s])
    os.kill(pid, signal.SIGTERM)
    for s in socks:
        back(s, sent[s])
        must(closed(s), "the connection goes on at the end")
    return f"{n} connections got all back at the end"


KINDS: dict[str, Callable[[int, int, int], str]] = {f.__name__: f for f in (many, half, slow, deaf, cutoff, queue, drain, standstill, echo, echoend)}


def main() -> int:
    if len(sys.argv) != 5 or sys.argv[1] not in KINDS:
        print(__doc__, file=sys.stderr)
        return 2
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    kind, port, pid, n = sys.argv[1], *map(int, sys.argv[2:])
    try:
        print(f"ok: {KINDS[kind](port, pid, n)}")
    except (Lost, OSError) as e:
        print(f"{kind}: {type(e).__name__}: {e}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

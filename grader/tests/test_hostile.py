#!/usr/bin/python3
"""Submissions that cheat, attack or explode, through grader/grade: each has its own status and one clear line, nobody else is hurt.

hostile/NAME.c and .S are added to a right solution of lab 04 as hostile.c (hostile_<cpu>.S). Each begins with

    What: one line
    Hook: the function of the lab that calls hostile() first and then returns; none: the file is enough
    Status: of the lab, if it is refused; of one test at least, if there is a hook; `pass`: full marks; `any`
    Text: part of the message

What a submission with a hook does not do is known from one that says "not written" there: every test that this one fails
must fail for the hostile one too, whatever it claims. A few of them (ATTACKED) are enough; the explorer's own verdicts are attacked
in test_explore.py.
"""
from __future__ import annotations

import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

KIT = Path(__file__).resolve().parents[2]
HOSTILE = Path(__file__).resolve().parent / "hostile"
LAB, OTHER = "04-entersyscall", "02-context"
CPU = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
SECRET = Path("/etc/passwd").read_text(errors="replace").splitlines()[0]
Graded = dict[str, Any]


def head(path: Path) -> dict[str, str]:
    """The fields at the top of a hostile file."""
    return {m.group(1): m.group(2) for m in re.finditer(r"^ \* (What|Hook|Status|Text): (.*)$", path.read_text(), re.M)}


CORPUS = {p.name: head(p) for p in sorted(HOSTILE.iterdir())}
REFUSED = [n for n, h in CORPUS.items() if "Hook" not in h and h["Status"] != "pass"]
AT_RUN_TIME = [n for n, h in CORPUS.items() if "Hook" in h]


ATTACKED = 4
TESTS = ("--no-explorer",)


def grade(root: Path, *labs: str, more: tuple[str, ...] = TESTS) -> tuple[str, dict[str, Graded]]:
    """The terminal's text and the records by lab. The grader itself must have worked."""
    out = root.parent / "result.json"
    p = subprocess.run([str(KIT / "grader/grade"), str(root), "--json", str(out), *more, *[a for lab in labs for a in ("--lab", lab[:2])]],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200)
    assert p.returncode == 0, p.stdout
    return p.stdout, {r["lab"]: r for r in json.loads(out.read_text())["labs"]}


def submission(tmp: Path, *labs: str) -> Path:
    for lab in labs or (LAB,):
        shutil.copytree(KIT / "solution" / lab, tmp / "labs" / lab, ignore=shutil.ignore_patterns("tests"))
    return tmp


def hooked(root: Path, function: str, body: str) -> None:
    """Puts body in front of what a function of the lab does."""
    for path in (root / "labs" / LAB).glob("*.c"):
        text = path.read_text()
        put = re.sub(rf"^(void {function}\([^)]*\)\n\{{\n)", rf"void hostile(void);\n\1    {body}\n", text, flags=re.M)
        if put != text:
            path.write_text(put)
            return
    raise AssertionError(f"no function {function}")


def add(root: Path, name: str) -> None:
    """Adds a hostile file to the lab."""
    target = "hostile.c" if name.endswith(".c") else f"hostile_{CPU}.S"
    shutil.copy(HOSTILE / name, root / "labs" / LAB / target)


def failed(lab: Graded) -> dict[str, Graded]:
    return {t["name"]: t for t in lab["tests"] if t["status"] != "pass"}


def left_behind() -> list[str]:
    """Processes of guests, programs and compilers of a grader that has ended."""
    found = []
    for p in Path("/proc").iterdir():
        if p.name.isdigit():
            try:
                exe, cmd = os.readlink(p / "exe"), (p / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue    # it has ended
            if f"{MARK}/handoff-" in exe + cmd:
                found.append(f"{p.name}: {exe} {cmd}")
    return found


MARK = ""


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each submission is graded in a folder of its own; afterwards no process has to do with that, and it is empty."""
    global MARK
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("TMPDIR", str(work))
    MARK = str(work)
    yield
    assert left_behind() == []
    assert list(work.iterdir()) == []


@pytest.fixture(scope="module")
def undone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], set[str]]:
    """By function: some of the tests that fail if it is not written."""
    known: dict[str, set[str]] = {}

    def of(function: str) -> set[str]:
        if function not in known:
            root = submission(tmp_path_factory.mktemp("undone") / "s")
            hooked(root, function, "unwritten();")
            unwritten = sorted(n for n, t in failed(grade(root, LAB)[1][LAB]).items() if t["unwritten"])
            assert len(unwritten) >= ATTACKED
            known[function] = set(unwritten[::len(unwritten) // ATTACKED][:ATTACKED])
        return known[function]
    return of


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 40 and all(h.get("What") and h.get("Status") for h in CORPUS.values())


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_be_linked_is_refused(name: str, tmp_path: Path) -> None:
    root = submission(tmp_path / "s")
    add(root, name)
    text, labs = grade(root, LAB)
    lab = labs[LAB]
    assert lab["status"] == CORPUS[name]["Status"] and lab["points"] == 0, text
    assert CORPUS[name]["Text"] in lab["reason"] and "hostile" in lab["reason"] and len(lab["reason"]) < 300, lab["reason"]
    assert SECRET not in text + json.dumps(lab)


@pytest.mark.parametrize("name", AT_RUN_TIME)
def test_what_is_not_done_scores_nothing(name: str, tmp_path: Path, undone: Callable[[str], set[str]]) -> None:
    wanted = CORPUS[name]
    root = submission(tmp_path / "s")
    hooked(root, wanted["Hook"], "hostile(); return;")
    add(root, name)
    tests = undone(wanted["Hook"])
    text, labs = grade(root, LAB, more=(*TESTS, *(a for t in sorted(tests) for a in ("--test", t))))
    lab = labs[LAB]
    assert lab["status"] == "graded", text
    bad = failed(lab)
    assert tests - set(bad) == set(), f"passed without doing it: {text}"
    said = [(t["status"], t["staff_message"]) for t in bad.values()]
    if wanted["Status"] != "any":
        assert any(s == wanted["Status"] and wanted["Text"] in m for s, m in said), said
    assert all(len(m) < 5000 for _, m in said)


def test_names_of_the_kit_are_the_submissions_own_affair(tmp_path: Path) -> None:
    root = submission(tmp_path / "s")
    add(root, "interpose.c")
    text, labs = grade(root, LAB)
    assert labs[LAB]["points"] == labs[LAB]["max_points"], text


def test_a_hostile_lab_does_not_touch_the_others(tmp_path: Path) -> None:
    root = submission(tmp_path / "s", LAB, OTHER)
    hooked(root, "runSafePointFn", "hostile(); return;")
    add(root, "kill_parent.c")
    text, labs = grade(root, OTHER, LAB, more=())
    assert labs[OTHER]["points"] == labs[OTHER]["max_points"] == 100 and labs[LAB]["status"] == "graded", text
    assert 0 < labs[LAB]["points"] < 100


# ---- what stands in a folder ----

def put(root: Path, name: str, data: bytes = b"int x;\n") -> None:
    (root / "labs" / LAB / name).write_bytes(data)


def replaced(kind: str) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        path = root / "labs" / LAB / "syscall.c"
        path.unlink()
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind == "link":
            path.symlink_to(KIT / "solution" / LAB / "syscall.c")
        elif kind == "socket":
            here = os.getcwd()
            os.chdir(path.parent)       # a socket's path is short
            with socket.socket(socket.AF_UNIX) as s:
                s.bind(path.name)
            os.chdir(here)
        else:
            os.mknod(path, 0o20644, os.makedev(1, 5))
    return make


def linked_folder(root: Path) -> None:
    shutil.rmtree(root / "labs" / LAB)
    (root / "labs" / LAB).symlink_to(KIT / "solution" / LAB)


def many(root: Path) -> None:
    for i in range(10000):
        put(root, f"f{i}.c", b"")


def huge(root: Path) -> None:
    put(root, "huge.c", b"")
    os.truncate(root / "labs" / LAB / "huge.c", 1 << 40)


def long(root: Path) -> None:
    for i in range(5):
        put(root, f"big{i}.c", b" " * (1 << 20))


FOLDERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (replaced("fifo"), "syscall.c is a pipe"),
    "a device": (replaced("device"), "syscall.c is a device"),
    "a link": (replaced("link"), "syscall.c is a symbolic link"),
    "a folder": (replaced("folder"), "syscall.c is a folder"),
    "a socket": (replaced("socket"), "syscall.c is a socket"),
    "a linked lab": (linked_folder, "is reached through a symbolic link"),
    "10,000 files": (many, "files: at most"),
    "a terabyte": (huge, "a source file has at most"),
    "many bytes": (long, "have more than"),
    "a dash": (lambda root: put(root, "-fplugin=evil.c"), "is named '-fplugin=evil.c'"),
    "a blank": (lambda root: put(root, "a b.c"), "is named 'a b.c'"),
    "a newline": (lambda root: put(root, "a\nb.c"), "is named 'a\\nb.c'"),
    "a colon": (lambda root: put(root, "a:$(shell touch owned).c"), "is named"),
    "an escape": (lambda root: put(root, "\033]0;owned\a.c"), "is named '\\x1b]0;owned\\x07.c'"),
    "a dot": (lambda root: put(root, ".hidden.c"), "is named .hidden.c"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_no_plain_file_is_refused(name: str, tmp_path: Path) -> None:
    if name == "a device" and os.geteuid() != 0:
        pytest.skip("only root makes devices")
    root = submission(tmp_path / "s")
    FOLDERS[name][0](root)
    text, labs = grade(root, LAB)
    assert labs[LAB]["status"] == "build_error" and FOLDERS[name][1] in labs[LAB]["reason"], text
    assert "\033" not in text and len(text.splitlines()) < 10


def test_names_and_texts_that_are_not_utf8(tmp_path: Path) -> None:
    root = submission(tmp_path / "s")
    with open(os.fsencode(root / "labs" / LAB) + b"/\xff\xfe.c", "wb") as f:
        f.write(b"int x;\n")
    text, labs = grade(root, LAB)
    assert labs[LAB]["status"] == "build_error" and "is named" in labs[LAB]["reason"], text
    os.unlink(os.fsencode(root / "labs" / LAB) + b"/\xff\xfe.c")
    put(root, "latin.c", b"/* caf\xe9 */ int caf\xe9;\n")
    text, labs = grade(root, LAB)
    assert labs[LAB]["status"] == "build_error" and "latin.c" in labs[LAB]["reason"], text


def test_the_kits_headers_hold(tmp_path: Path) -> None:
    root = submission(tmp_path / "s")
    put(root, "core.h", b"#error mine\n")
    put(root, "labs.h", b"#error mine\n")
    text, labs = grade(root, LAB)
    assert labs[LAB]["points"] == labs[LAB]["max_points"], text


def test_a_missing_function_is_named_with_its_file(tmp_path: Path) -> None:
    root = submission(tmp_path / "s")
    path = root / "labs" / LAB / "entersyscall.c"
    path.write_text(path.read_text().replace("void runSafePointFn(void)\n{", "void runSafePointFn_(void);\nvoid runSafePointFn_(void)\n{"))
    _, labs = grade(root, LAB)
    assert labs[LAB]["status"] == "missing_symbol"
    assert labs[LAB]["reason"] == f"runSafePointFn is not defined: labs/{LAB}/entersyscall.c must define it, and not as static"


# ---- the guest ----

def test_a_guest_tells_nothing(tmp_path: Path) -> None:
    """Static, without symbols; neither tests' names nor what they say when they fail is in it."""
    work = tmp_path / "g"
    subprocess.run(["make", "-s", "-C", str(KIT), "LABS=solution", f"W={work}", f"{work}/guest04"], check=True, stdout=subprocess.DEVNULL)
    guest = (work / "guest04").read_bytes()
    program = subprocess.run(["readelf", "-SlW", str(work / "guest04")], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert ".symtab" not in program and ".debug" not in program and "INTERP" not in program and "DYNAMIC" not in program
    texts = [p.read_text() for p in [*(KIT / "grader/tests").glob("*lab04*.c"), *(KIT / "labs" / LAB / "tests").glob("*.c")]]
    names = [n for t in texts for n in re.findall(r"^TEST(?:_WITHIN)?\((\w+)", t, re.M)]
    words = [w for t in texts for w in re.findall(r'fail\("([^"\\%]{12,})', t)]
    assert len(names) > 50 and words
    assert [n for n in names + words if n.encode() in guest] == []


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))

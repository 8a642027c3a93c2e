"""What a submission may bring: which files, what its sources may read, and what its objects may contain.

Done before a lab is linked with anything. Whatever is wrong is one sentence with file and name, and what to do. None of
this stands in for a sandbox: it makes cheats plain, and keeps messages free of what a submission has no business to read.
"""
from __future__ import annotations

import functools
import os
import re
import shlex
import stat
from pathlib import Path
from typing import Iterable, Iterator, Optional

from . import elf, limited

SUFFIXES = (".c", ".h", ".S", ".in")
MAX_ENTRIES, MAX_FILES, MAX_FILE, MAX_ALL = 1000, 64, 1 << 20, 4 << 20
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)


class Refused(Exception):
    """A submission's lab is not built, or not linked."""

    def __init__(self, status: str, reason: str, output: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.output = status, reason, output


def show(name: str) -> str:
    """A name of a submission's own making, short and printable."""
    text = name.encode("utf-8", "backslashreplace").decode()
    return ascii(text[:60]) if not re.fullmatch(r"[\w.-]+", name, re.ASCII) or name.startswith("-") or len(name) > 60 else name


# ---- files ----

KINDS = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
         (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))


def take(src: Path, name: str) -> bytes:
    """The bytes of a regular file, never of what a name has been made to point to."""
    mode = os.lstat(src / name).st_mode
    for test, kind in KINDS:
        if test(mode):
            raise Refused("build_error", f"{src.name}/{show(name)} is {kind}: hand in the file itself")
    fd = os.open(src / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        st = os.fstat(fd)
        if not stat.S_ISREG(st.st_mode) or st.st_size > MAX_FILE:
            raise Refused("build_error", f"{src.name}/{show(name)} has {st.st_size} bytes: a source file has at most {MAX_FILE}")
        return os.read(fd, MAX_FILE)
    finally:
        os.close(fd)


def collect(src: Path, dst: Path, kit: Path) -> None:
    """Copies a lab's source files. A header that the kit has too is left out: the kit's holds."""
    if os.path.realpath(src) != str(src):
        raise Refused("build_error", f"the folder {src.name} is reached through a symbolic link: hand in the folder itself")
    dst.mkdir(parents=True)
    names = os.listdir(src)
    if len(names) > MAX_ENTRIES:
        raise Refused("build_error", f"the folder {src.name} has {len(names)} files: at most {MAX_ENTRIES}")
    wanted = sorted(n for n in names if n.endswith(SUFFIXES) and not (kits_header(kit, n)))
    if len(wanted) > MAX_FILES:
        raise Refused("build_error", f"the folder {src.name} has {len(wanted)} source files: at most {MAX_FILES}")
    left = MAX_ALL
    for name in wanted:
        if not PLAIN.fullmatch(name):
            raise Refused("build_error", f"a file in {src.name} is named {show(name)}: "
                                         "names are made of letters, digits, _, - and ., and do not begin with - or .")
        data = take(src, name)
        left -= len(data)
        if left < 0:
            raise Refused("build_error", f"the sources in {src.name} have more than {MAX_ALL} bytes")
        (dst / name).write_bytes(data)


def headers(kit: Path) -> list[Path]:
    """The kit's headers, which a lab may include."""
    return [h for top in ("runtime", "runtime/labs", "arch/*") for h in kit.glob(f"{top}/*.h")]


def kits_header(kit: Path, name: str) -> bool:
    return any(h.name == name for h in headers(kit))


# ---- what sources read ----

TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*(?:#|%:)[ \t]*(include|include_next|import|embed)\b[ \t]*([<"]?)([^>"\n]*)', re.M)
READS = re.compile(r'(?:^|["\s;:]|\\[nt])\.(incbin|include)\b', re.I | re.M)
DIRECTIVE = re.compile(r"\.(incbin|include)\b", re.I)
GLUE = re.compile(r"\.(macro|irpc?|rept|altmacro)\b", re.I)
STRING = re.compile(r'"(?:\\.|[^"\\])*"')
OPENED = re.compile(r"^(?:\.+|!|x) (\S.*)$", re.M)
MARKER = re.compile(r'^# \d+ "([^"]*)"')


def plain_text(text: str) -> str:
    """C or assembly without comments and continued lines; strings that stand side by side are one."""
    text = TOKENS.sub(lambda m: " " if m.group().startswith("/") else m.group(), text.replace("\\\r\n", "").replace("\\\n", ""))
    return re.sub(r'"[ \t\r\n]*"', "", text)


def directives(path: Path, label: str) -> None:
    """Refuses by name what reads files outside of the lab and the kit's headers."""
    text = plain_text(path.read_bytes().decode("latin-1"))
    for m in INCLUDE.finditer(text):
        word, quote, name = m.groups()
        if word == "embed":
            raise Refused("build_error", f"{label}: #embed is not allowed: a lab reads no files when it is compiled")
        if quote and (name.startswith("/") or ".." in name.split("/")):
            raise Refused("build_error", f"{label}: #include of {show(name)} is not allowed: "
                                         "include the kit's headers and the lab's own, by name only")
    found = READS.search(text)
    if found:
        raise Refused("build_error", f"{label}: .{found.group(1).lower()} is not allowed: a lab reads no files when it is assembled")


class Reader:
    """Compiles a submission's files one by one and looks at what each has read."""

    def __init__(self, kit: Path, work: Path, lab: str) -> None:
        self.kit, self.work, self.lab = kit, work, lab
        self.src, self.out = work / "labs" / lab, work / "hygiene" / lab
        self.out.mkdir(parents=True, exist_ok=True)
        self.env, self.headers = limited.environment(self.out), set(headers(kit))
        said = self.run(["make", "-s", "--no-print-directory", "guestflags"])
        if said.status:
            raise OSError(f"make guestflags: {said.said.strip()}")
        self.compiler = shlex.split(said.said)

    def run(self, cmd: list[str]) -> limited.Outcome:
        return limited.run(cmd, self.kit, self.env)

    def allowed(self, path: str) -> bool:
        """The lab's own files, the kit's headers, the compiler's and the system's."""
        real = Path(os.path.realpath(self.kit / path))
        return (real.parent in (self.src, self.out) or real in self.headers
                or str(real).startswith(("/usr/include/", "/usr/lib/", "/usr/local/include/")) and real.suffix == ".h")

    def foreign(self, label: str, paths: Iterable[str]) -> None:
        """Refuses a file that has read another one that is none of its business."""
        for path in paths:
            if not self.allowed(path):
                raise Refused("build_error", f"{label} reads {show(path)} when it is compiled: "
                                             "it may read the kit's headers and the lab's own files")

    def words(self, text: str) -> str:
        return text.replace(str(self.work) + "/", "")

    def check(self, name: str) -> None:
        """One .c or .S file."""
        label, asm, obj = f"labs/{self.lab}/{name}", self.out / f"{name}.s", self.out / f"{name}.o"
        stage = "-S" if name.endswith(".c") else "-E"
        p = self.run([*self.compiler, "-w", "-H", stage, "-o", str(asm), str(self.src / name)])
        if not p.over or p.over.startswith("needed"):
            self.foreign(label, OPENED.findall(p.said))
        if p.over:
            raise Refused("build_error", f"{label}: the compiler {p.over}")
        said = "\n".join(line for line in p.said.splitlines() if not OPENED.match(line) and "include guards may be" not in line)
        if p.status:
            said = self.words(said)
            raise Refused("build_error", first_error(said), said[-20000:])
        text = asm.read_bytes().decode("latin-1")
        for line in text.splitlines():
            found = DIRECTIVE.search(STRING.sub('""', line)) if not line.startswith("# ") else None
            if found:
                raise Refused("build_error", f"{label}: {found.group().lower()} is not allowed: a lab reads no files when it is assembled")
        self.assemble(label, asm, obj, any(GLUE.search(line) for line in own_lines(text, self.src)))

    def assemble(self, label: str, asm: Path, obj: Path, glues: bool) -> None:
        """Assembles, and asks the assembler what it has read: macros can put a directive together out of pieces."""
        deps = obj.with_suffix(".d")
        p = self.run([self.compiler[0], "-c", f"-Wa,--MD,{deps}", "-o", str(obj), str(asm)])
        if p.over:
            raise Refused("build_error", f"{label}: the assembler {p.over}")
        if p.status:
            said = self.words(p.said).replace(f"hygiene/{self.lab}/", f"labs/{self.lab}/")
            said = re.sub(r"\.([cS])\.s:", r".\1:", said)
            if glues:       # it may quote what it has read
                raise Refused("build_error", f"{label}: the assembler refuses it; its words are not shown, since the file defines macros")
            raise Refused("build_error", first_error(said), said[-20000:])
        named = deps.read_text(errors="backslashreplace").split(":", 1)[-1].replace("\\\n", " ").split()
        self.foreign(label, [n for n in named if (self.kit / n).exists()])    # the rest are names in debug information


def own_lines(text: str, src: Path) -> Iterator[str]:
    """Lines that came from the submission: all of what a compiler wrote; of preprocessed assembly by its line markers."""
    mine = True
    for line in text.splitlines():
        m = MARKER.match(line)
        if m:
            mine = m.group(1).startswith(str(src)) or m.group(1).startswith("<")
        elif mine:
            yield line


def first_error(text: str) -> str:
    """The line of the compiler or linker that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if re.search(r"\berror\b|undefined reference|multiple definition", line, re.I):
            return line
    return lines[0] if lines else "the build failed without a word"


# ---- objects ----

SECTIONS = re.compile(r"(runtime_text|\.text|\.data|\.bss|\.rodata|\.tdata|\.tbss)(\..*)?|\.eh_frame|\.comment|\.note\.GNU-stack|"
                      r"\.note\.gnu\.property|\.debug_.*|\.symtab|\.strtab|\.shstrtab|\.llvm_addrsig|\.rela?(runtime_text|\..*)|")
STARTERS = re.compile(r"\.(init_array|preinit_array|fini_array|ctors|dtors|init|fini)(\..*)?")
PRIVATE = re.compile(r"__wrap_|__real_|__start_|__stop_|agent_|judge_")
LIBC = "there is no C library here: use what runtime/*.h declares"


def sections(label: str, found: list[elf.Section]) -> None:
    """No code that runs by itself, nothing that the linker would obey, nothing both writable and executable."""
    for s in found:
        starter = STARTERS.fullmatch(s.name) or STARTERS.fullmatch(elf.ARRAYS.get(s.type, ""))
        if starter:
            raise Refused("forbidden_symbol", f"{label} has a constructor or destructor (section {show(s.name)}): nothing of a lab runs "
                                              "before or after the program; remove it")
        if s.type == elf.GROUP or not SECTIONS.fullmatch(s.name):
            raise Refused("forbidden_symbol", f"{label} has a section of its own, {show(s.name)}: leave code and data where the compiler puts them")
        if s.flags & elf.WRITE and s.flags & elf.EXEC:
            raise Refused("forbidden_symbol", f"{label} has a section, {show(s.name)}, that is writable and executable: make it one of the two")


def symbols(label: str, found: list[elf.Symbol]) -> None:
    """Nothing that is chosen when the program starts, or gives way to others."""
    for s in found:
        if s.type == elf.IFUNC:
            raise Refused("forbidden_symbol", f"{label}: {show(s.name)} is chosen when the program starts (ifunc): define a plain function")
        if s.section != elf.UNDEF and s.bind in (elf.WEAK, elf.UNIQUE) or s.section == elf.COMMON:
            raise Refused("forbidden_symbol", f"{label}: {show(s.name)} is a weak or common definition: define it plainly, or make it static")
        if s.section != elf.UNDEF and s.bind != 0 and PRIVATE.match(s.name):
            raise Refused("forbidden_symbol", f"{label} defines {show(s.name)}, a name of the grader's: give it another one")


@functools.lru_cache(maxsize=None)
def declared(kit: Path) -> frozenset[str]:
    """All words in the kit's headers."""
    return frozenset(w for h in headers(kit) for w in re.findall(r"\w+", h.read_text()))


def exports(kit: Path, lab: str) -> set[str]:
    """What a lab may refer to: names that the core and the other modules define and the kit's headers declare."""
    build = kit / "build"
    core = [*build.glob("guest/runtime/*.o"), *build.glob("guest/runtime/pure/*.o"), *build.glob("guest/arch/*/*.o")]
    names = {n for o in [*core, *build.glob("grade/ref/*.plain.o")] for n in elf.defined(o)}
    return names & declared(kit) | elf.undefined(build / f"grade/ref/{lab}.plain.o") | {"memcpy", "memmove", "memset", "memcmp"}


def wanted(kit: Path, lab: str) -> dict[str, str]:
    """What the rest of the kit needs of a lab: name to the file that the reference has it in."""
    build = kit / "build"
    others = [*build.glob("grade/agent/*.o"), *build.glob("guest/runtime/*.o"), *build.glob("guest/runtime/pure/*.o"),
              *build.glob("guest/arch/*/*.o"), *(p for p in build.glob("grade/ref/*.plain.o") if p.name != f"{lab}.plain.o")]
    used = {n.removeprefix("__real_") for o in others for n in elf.undefined(o)}
    objects = [*build.glob(f"guest/solution/{lab}/*.o"), *build.glob(f"guest/build/gen/solution/{lab}/*.o")]
    return {n: f"{o.stem}" for o in objects for n in elf.defined(o) if n in used}


def objects(kit: Path, work: Path, lab: str, src: Optional[Path] = None) -> None:
    """The objects of one lab, each by itself and then together; src: where its sources lie, if not in work."""
    src = src or work / "labs" / lab
    allowed, own, refers = exports(kit, lab), set(), []
    for path in sorted((work / "mine" / lab).glob("*.o")):
        label = label_of(src, lab, path)
        if not label:           # built from a file that is no longer there
            continue
        try:
            secs, syms = elf.read(path)
        except ValueError as e:
            raise Refused("build_error", f"{label}: its object cannot be read ({e})") from e
        sections(label, secs)
        symbols(label, syms)
        own |= {s.name for s in syms if s.bind != 0 and s.section != elf.UNDEF}
        refers += [(label, s.name) for s in syms if s.bind != 0 and s.section == elf.UNDEF and s.name]
    for name, stem in sorted(wanted(kit, lab).items()):
        if name not in own:
            raise Refused("missing_symbol", f"{name} is not defined: labs/{lab}/{place(kit, lab, stem)} must define it, and not as static")
    for label, name in refers:
        if name not in allowed and name not in own and name != "_GLOBAL_OFFSET_TABLE_":
            if PRIVATE.match(name) or name in graders(kit):
                raise Refused("forbidden_symbol", f"{label} refers to {show(name)}, which is the grader's own: do without it")
            raise Refused("link_error", f"{label} refers to {show(name)}, which is not defined: {LIBC}")


def graders(kit: Path) -> set[str]:
    """Names of the agent, and those of the core that no header declares."""
    return {n for o in [*(kit / "build/grade/agent").glob("*.o"), *(kit / "build/guest/runtime").glob("*.o")] for n in elf.defined(o)}


def label_of(src: Path, lab: str, path: Path) -> str:
    """The source that an object came from, as its author knows it; empty if there is none."""
    names = [f"{path.stem}.c", f"{path.stem}.S", *(["syscalls.in"] if path.stem == "zsyscall" else [])]
    return next((f"labs/{lab}/{n}" for n in names if (src / n).is_file()), "")


def place(kit: Path, lab: str, stem: str) -> str:
    """The name of the reference's source."""
    found = [f.name for f in (kit / "solution" / lab).glob(f"{stem}.*") if f.suffix in (".c", ".S")]
    return found[0] if found else "syscalls.in"


def read_sources(kit: Path, work: Path, lab: str) -> None:
    """What the sources of a lab read when they are compiled."""
    src = work / "labs" / lab
    files = sorted(f for f in src.iterdir() if f.suffix in (".c", ".h", ".S"))
    for f in files:
        directives(f, f"labs/{lab}/{f.name}")
    reader = Reader(kit, work, lab)
    for f in files:
        if f.suffix == ".c" or f.suffix == ".S" and any(f.stem.endswith(f"_{cpu.name}") for cpu in (kit / "arch").iterdir()):
            reader.check(f.name)

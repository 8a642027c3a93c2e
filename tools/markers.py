"""The markers of a solution: finds the regions between them and what a skeleton has in place of each.

The syntax is described in tools/mklabs, the only user. Three kinds of files: C, assembly, others (#).
"""
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

C_SUFFIXES = {".c", ".h"}
ASM_SUFFIXES = {".S", ".s"}
COLUMNS = 110

PHRASE = re.compile(r"\b(?:begin|end)[ \t_]*solution\b", re.I)
BLOCK_BEGIN = re.compile(r"/\*[ \t]*BEGIN SOLUTION\b(.*)\*/", re.S)
BLOCK_END = re.compile(r"/\*[ \t]*END SOLUTION[ \t]*\*/")
HASH_BEGIN = re.compile(r"#[ \t]*BEGIN SOLUTION\b(.*)")
HASH_END = re.compile(r"#[ \t]*END SOLUTION[ \t]*")

COMMENT_OR_STRING = r'/\*.*?\*/|//(?:\\\n|[^\n])*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
DIRECTIVE = r'^[ \t]*#(?:"[^"\n]*"|/\*.*?\*/|\\\n|[^\n])*'
C_TOKEN = re.compile(COMMENT_OR_STRING + "|" + DIRECTIVE, re.S | re.M)
ASM_TOKEN = re.compile(COMMENT_OR_STRING, re.S | re.M)

ASM_OPEN = re.compile(r"^[ \t]*(?:FUNC[ \t]+([\w.$]+)|([A-Za-z_][\w.$]*):)")
ASM_CLOSE = re.compile(r"^[ \t]*(?:END[ \t]+[\w.$]+|\.size\b)")
SYS_LINE = re.compile(r"//sys(?:nb|\?)?[ \t]+(?=\S)")


class MarkerError(Exception):
    """What is wrong with a source, and on which line (from 1)."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass
class Region:
    """A marked region: its lines first..last (from 0, markers included) and what replaces them."""

    first: int
    last: int
    indent: str
    prompt: list[str]
    body: list[str] = field(default_factory=list)  # the lines between the two markers
    stub: list[str] = field(default_factory=list)


@dataclass
class Marker:
    """One marker: its offsets in the text, its first and last line, BEGIN or END, and the text of a BEGIN."""

    start: int
    end: int
    first: int
    last: int
    begin: bool
    prompt: list[str]


class Source:
    """A text with its line starts: offset to line and back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def line(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1


def prompt_lines(text: str) -> list[str]:
    """The text of a BEGIN comment without the comment's own stars, and without blank lines around it."""
    lines = [re.sub(r"^[ \t]*\*?[ ]?", "", line).rstrip() for line in text.lstrip(": \t").split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def block_comment(indent: str, lines: list[str]) -> list[str]:
    """The lines as one C comment."""
    if not lines:
        return []
    out = [indent + "/* " + lines[0]] + [(indent + " * " + line).rstrip() for line in lines[1:]]
    out[-1] += " */"
    return [line + "\n" for line in out]


def blank(match: re.Match[str]) -> str:
    """Spaces in place of a comment, string or directive; its line ends stay."""
    return re.sub(r"[^\n]", " ", match.group())


def block_markers(src: Source, token: re.Pattern[str]) -> tuple[list[Marker], str]:
    """The markers in a C or assembly source, and the source with comments, strings and directives blanked."""
    markers = []
    for match in token.finditer(src.text):
        comment = match.group()
        begin = BLOCK_BEGIN.fullmatch(comment)
        if begin or BLOCK_END.fullmatch(comment):
            prompt = prompt_lines(begin.group(1)) if begin else []
            markers.append(make_marker(src, match.start(), match.end(), begin is not None, prompt))
    masked = token.sub(blank, src.text)
    if "/*" in masked:
        raise MarkerError(src.line(masked.index("/*")) + 1, "this comment has no end")
    return markers, masked


def hash_markers(src: Source) -> list[Marker]:
    """The markers in a file whose comments begin with #."""
    markers = []
    for line, start in zip(src.lines, src.starts):
        stripped = line.strip()
        begin = HASH_BEGIN.fullmatch(stripped)
        if begin or HASH_END.fullmatch(stripped):
            prompt = prompt_lines(begin.group(1)) if begin else []
            at = start + line.index("#")
            markers.append(make_marker(src, at, at + len(stripped), begin is not None, prompt))
    return markers


def make_marker(src: Source, start: int, end: int, begin: bool, prompt: list[str]) -> Marker:
    """A marker at these offsets; it must stand alone on its lines."""
    first, last = src.line(start), src.line(end - 1)
    if src.text[src.starts[first]:start].strip() or src.text[end:src.starts[last + 1]].strip():
        raise MarkerError(first + 1, "a marker must stand alone on its line")
    return Marker(start, end, first, last, begin, prompt)


def pair(src: Source, markers: list[Marker]) -> list[tuple[Marker, Marker]]:
    """The markers as pairs; anything that looks like a marker and is none is an error too."""
    for match in PHRASE.finditer(src.text):
        if not any(m.start <= match.start() < m.end for m in markers):
            raise MarkerError(src.line(match.start()) + 1, f"malformed marker: {match.group()}")
    pairs: list[tuple[Marker, Marker]] = []
    opened: Marker | None = None
    for marker in markers:
        if len(PHRASE.findall(src.text[marker.start:marker.end])) != 1:
            raise MarkerError(marker.first + 1, "malformed marker: two markers in one comment")
        if marker.begin and opened:
            raise MarkerError(marker.first + 1, f"BEGIN SOLUTION in the region of line {opened.first + 1}")
        if not marker.begin and not opened:
            raise MarkerError(marker.first + 1, "END SOLUTION without BEGIN SOLUTION")
        if not marker.begin and opened:
            pairs.append((opened, marker))
        opened = marker if marker.begin else None
    if opened:
        raise MarkerError(opened.first + 1, "BEGIN SOLUTION without END SOLUTION")
    return pairs


def new_region(src: Source, begin: Marker, end: Marker) -> Region:
    indent = src.text[src.starts[begin.first]:begin.start]
    return Region(begin.first, end.last, indent, begin.prompt, src.lines[begin.last + 1:end.first])


# ---- C -----------------------------------------------------------------------------------------------------

TYPE_WORDS = {
    "void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "bool", "_Bool", "const",
    "volatile", "restrict", "_Atomic", "struct", "union", "enum", "register", "static", "inline",
}
NOT_A_DECLARATOR = re.compile(
    r"\b(__attribute__|__attribute|_Atomic|typeof|__typeof__|_Alignas|alignas|__asm__|asm)\s*\("
)


def close_of(text: str, opening: int) -> int:
    """The offset of what closes the parenthesis or bracket at opening; ValueError if there is nothing."""
    depth = 0
    for i in range(opening, len(text)):
        depth += (text[i] in "([") - (text[i] in ")]")
        if depth == 0:
            return i
    raise ValueError("unbalanced parentheses")


def without_attributes(text: str) -> str:
    """The declaration without __attribute__((..)), _Atomic(..) and the like: that leaves the declarator."""
    while match := NOT_A_DECLARATOR.search(text):
        text = text[:match.start()] + " " + text[close_of(text, match.end() - 1) + 1:]
    return text


def groups(text: str) -> list[tuple[int, int]]:
    """The offsets of the outermost parentheses in text."""
    found = []
    at = text.find("(")
    while at >= 0:
        end = close_of(text, at)
        found.append((at, end))
        at = text.find("(", end)
    return found


def split_commas(text: str) -> list[str]:
    """text at its outermost commas."""
    parts, depth, start = [], 0, 0
    for i, ch in enumerate(text):
        depth += (ch in "([{") - (ch in ")]}")
        if ch == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts + [text[start:]]


def declared_name(param: str) -> str:
    """The name that one parameter declaration declares; ValueError if it has none."""
    for start, end in groups(param):
        inner = param[start + 1:end].strip()
        if inner.startswith("*"):  # (*name)(..), (*name)[..], (*(*name)(..))(..)
            return declared_name(inner[1:])
        param = param[:start]  # a parameter of function type: name(..)
        break
    words: list[str] = re.findall(r"[A-Za-z_]\w*", re.sub(r"\[.*", "", param, flags=re.S))
    while words and words[-1] in ("const", "volatile", "restrict", "__restrict"):
        words.pop()
    if not words or words[-1] in TYPE_WORDS:
        raise ValueError(f"a parameter without a name: {' '.join(param.split()) or '()'}")
    return words[-1]


def parameters(head: str) -> list[str]:
    """The names of a function's parameters, from its head; ValueError if this is no function head."""
    head = without_attributes(head).strip()
    if not head.endswith(")"):
        raise ValueError("no function head found before this marker")
    at = groups(head)[-1][0]
    before = head[:at].rstrip()
    if before.endswith(")"):  # returns a pointer to a function: type (*name(params))(..)
        start, end = groups(before)[-1]
        inner = before[start + 1:end].strip()
        if not inner.startswith("*"):
            raise ValueError("no function head found before this marker")
        return parameters(inner.lstrip("* "))
    name = re.search(r"[A-Za-z_]\w*$", before)
    if not name or name.group() in TYPE_WORDS:
        raise ValueError("no function head found before this marker")
    params = [p.strip() for p in split_commas(head[at + 1:-1])]
    if params in ([""], ["void"]):
        return []
    return [declared_name(p) for p in params if p != "..."]


def uses(indent: str, names: list[str]) -> list[str]:
    """Statements that use each name, so that no compiler warns of it."""
    lines, line = [], ""
    for name in names:
        if line and len(indent + line) + len(f", (void){name};") > COLUMNS:
            lines.append(indent + line + ";\n")
            line = ""
        line += f"{', ' if line else ''}(void){name}"
    return lines + [indent + line + ";\n"] if line else []


def braces(masked: str) -> list[tuple[int, tuple[int, ...], int]]:
    """After each brace: its offset, the offsets of the open braces, where the outermost declaration began."""
    events, stack, head = [], [], 0
    for match in re.finditer(r"[{};]", masked):
        at, ch = match.start(), match.group()
        if ch == "{":
            stack.append(at)
        elif ch == "}":
            if not stack:
                raise MarkerError(masked.count("\n", 0, at) + 1, "a closing brace too many")
            stack.pop()
        if ch != "{" and not stack:
            head = at + 1
        events.append((at, tuple(stack), head))
    return events


def c_regions(src: Source) -> list[Region]:
    markers, masked = block_markers(src, C_TOKEN)
    pairs = pair(src, markers)
    events = braces(masked) if pairs else []
    offsets = [event[0] for event in events]
    seen: set[int] = set()
    regions = []
    for begin, end in pairs:
        region = new_region(src, begin, end)
        region.stub = block_comment(region.indent, region.prompt)
        first, last = bisect_right(offsets, begin.start), bisect_right(offsets, end.start)
        _, stack, head = events[first - 1] if first else (0, (), 0)
        within = [event[1] for event in events[first:last]]
        if within and within[-1] != stack:
            raise MarkerError(begin.first + 1, "the braces in this region do not balance")
        check_conditionals(region, begin.last + 1)
        if len(stack) > 1:
            raise MarkerError(begin.first + 1, "a region must be at the top level of a function, or outside")
        if stack:
            try:
                names = parameters(masked[head:stack[0]])
            except ValueError as error:
                raise MarkerError(begin.first + 1, str(error)) from None
            region.stub += uses(region.indent, names if stack[0] not in seen else [])
            region.stub.append(region.indent + "unwritten();\n")
            seen.add(stack[0])
        regions.append(region)
    return regions


def check_conditionals(region: Region, first: int) -> None:
    """Each #if in the region must end in it, and each #else and #endif belong to one that began in it."""
    depth = 0
    for i, line in enumerate(region.body):
        match = re.match(r"[ \t]*#[ \t]*(if|el|endif)", line)
        if not match:
            continue
        depth += {"if": 1, "el": 0, "endif": -1}[match.group(1)]
        if depth < 0 or (match.group(1) == "el" and depth == 0):
            raise MarkerError(first + i + 1, "the #if of this line is outside of the region")
    if depth:
        raise MarkerError(first, "an #if in this region has its #endif outside")


# ---- assembly and data -------------------------------------------------------------------------------------


def asm_regions(src: Source) -> list[Region]:
    markers, masked = block_markers(src, ASM_TOKEN)
    lines = masked.split("\n")
    regions = []
    for begin, end in pair(src, markers):
        region = new_region(src, begin, end)
        region.stub = block_comment(region.indent, region.prompt)
        name = None
        for line in lines[:begin.first]:
            if opened := ASM_OPEN.match(line):
                name = opened.group(1) or opened.group(2)
            elif ASM_CLOSE.match(line):
                name = None
        check_conditionals(region, begin.last + 1)
        if name:
            region.stub.append(f"{region.indent or '    '}UNWRITTEN {name}\n")
        regions.append(region)
    return regions


def hash_regions(src: Source, name: str) -> list[Region]:
    regions = []
    for begin, end in pair(src, hash_markers(src)):
        region = new_region(src, begin, end)
        region.stub = [f"{region.indent}# {line}\n" for line in region.prompt]
        if name == "syscalls.in":  # comments in there may give the answer away
            kept = [line for line in region.body if not line.lstrip().startswith("#")]
            region.stub += [SYS_LINE.sub("//sys? ", line) for line in kept]
        regions.append(region)
    return regions


def regions_of(name: str, text: str) -> list[Region]:
    """The marked regions of a file with what replaces each. Raises MarkerError."""
    src = Source(text)
    suffix = Path(name).suffix
    if suffix in C_SUFFIXES:
        return c_regions(src)
    if suffix in ASM_SUFFIXES:
        return asm_regions(src)
    return hash_regions(src, Path(name).name)


def skeleton(text: str, regions: list[Region]) -> str:
    """The text with each region replaced; one that leaves nothing takes the blank lines after it along."""
    lines = text.splitlines(keepends=True)
    out: list[str] = []
    at = 0
    for region in regions:
        out += lines[at:region.first] + region.stub
        at = region.last + 1
        if not region.stub and (not out or not out[-1].strip()):
            while at < len(lines) and not lines[at].strip():
                at += 1
    out += lines[at:]
    return "".join(out)

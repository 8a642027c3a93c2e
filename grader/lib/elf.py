"""As much of ELF as the checks of a submission's objects need: sections and symbols of a 64-bit, little-endian object."""
from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

UNDEF, COMMON = 0, 0xfff2                           # section indices
GLOBAL, WEAK, UNIQUE = 1, 2, 10                     # bindings
IFUNC = 10                                          # a type of symbols
WRITE, ALLOC, EXEC = 1, 2, 4                        # flags of sections
ARRAYS = {14: ".init_array", 15: ".fini_array", 16: ".preinit_array"}   # types of sections
GROUP = 17


@dataclass
class Section:
    name: str
    type: int
    flags: int


@dataclass
class Symbol:
    name: str
    bind: int
    type: int
    section: int


def name_at(table: bytes, at: int) -> str:
    """A zero-terminated name; bytes that are not UTF-8 stay visible."""
    return table[at:table.index(b"\0", at)].decode("utf-8", "backslashreplace")


def read(path: Path) -> tuple[list[Section], list[Symbol]]:
    """Sections and symbols of an object; ValueError if it is none."""
    data = path.read_bytes()
    try:
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not ELF64")
        at, size, count, strings = (*struct.unpack_from("<Q", data, 40), *struct.unpack_from("<HHH", data, 58))
        if count == 0:              # more than 65279 sections: the count stands elsewhere; nobody needs so many
            raise ValueError("too many sections")
        heads = [struct.unpack_from("<IIQQQQIIQQ", data, at + i * size) for i in range(count)]
        parts = [b"" if h[1] == 8 else data[h[4]:h[4] + h[5]] for h in heads]
        sections = [Section(name_at(parts[strings], h[0]), h[1], h[2]) for h in heads]
        symbols = []
        for h, part in zip(heads, parts):
            if h[1] == 2:           # SHT_SYMTAB; sh_link is its table of names
                for name, info, _, index, _, _ in struct.iter_unpack("<IBBHQQ", part):
                    symbols.append(Symbol(name_at(parts[h[6]], name), info >> 4, info & 15, index))
    except (struct.error, IndexError) as e:
        raise ValueError(str(e)) from e
    return sections, symbols


def defined(path: Path) -> set[str]:
    """Names that an object exports."""
    return {s.name for s in read(path)[1] if s.bind != 0 and s.section != UNDEF and s.name}


def undefined(path: Path) -> set[str]:
    """Names that it wants from others."""
    return {s.name for s in read(path)[1] if s.bind != 0 and s.section == UNDEF and s.name}

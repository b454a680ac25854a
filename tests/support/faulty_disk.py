"""A disk that can be cut off or filled up, under the very SQLite that lightctl runs on.

SQLite reaches the disk through a table of functions (its VFS). `watch` puts a copy of the usual table before it in this
process, in which opening, writing, syncing, truncating and deleting files of one folder pass a `Disk` first; everything
else is SQLite's own, and so is the store above. `Disk.journal` is what reached the disk, in order, and `images` gives
what may be found after a power cut at any point of it: all that was synced, and of the rest any part, in any order,
torn at any sector (512 bytes).

Needs a `_sqlite3` that lets its SQLite's symbols be found, as those of CPython on Linux do.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
OK, IOERR_FSYNC, FULL = 0, 10 | (4 << 8), 13
P, I, L = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64  # noqa: E741
# sqlite3_io_methods, version 1: iVersion, then functions; only those that change something are wrapped.
CLOSE, READ, WRITE, TRUNCATE, SYNC = range(1, 6)
METHODS = 19
WRITE_T, TRUNCATE_T, SYNC_T = (ctypes.CFUNCTYPE(I, *rest) for rest in ((P, P, I, L), (P, L), (P, I)))
CLOSE_T = ctypes.CFUNCTYPE(I, P)
OPEN_T = ctypes.CFUNCTYPE(I, P, P, P, I, ctypes.POINTER(I))
DELETE_T = ctypes.CFUNCTYPE(I, P, P, I)


class Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = (
        ("version", I), ("file_size", I), ("longest_name", I), ("next", P), ("name", ctypes.c_char_p), ("data", P),
        ("open", P), ("delete", P), *((name, P) for name in (
            "access", "full_name", "dl_open", "dl_error", "dl_sym", "dl_close", "randomness", "sleep", "time",
            "last_error", "time_64", "set_call", "get_call", "next_call")),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Write:
    path: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    path: str


@dataclass(frozen=True, slots=True)
class Delete:
    path: str


@dataclass(frozen=True, slots=True)
class Note:
    """Not of the disk: what whoever watches wants to find in the journal, such as an acknowledgement."""

    text: str


Entry = Write | Truncate | Sync | Delete | Note


@dataclass(slots=True)
class Disk:
    """What passes to files of one folder. refuse: asked before each change, gives an SQLite code to fail it with."""

    folder: Path
    journal: list[Entry] = field(default_factory=list)
    refuse: Callable[[Entry], int] = lambda _entry: OK
    keeping: bool = True

    def note(self, text: str) -> None:
        self.journal.append(Note(text))

    def pass_by(self, entry: Entry) -> int:
        code = self.refuse(entry)
        if code == OK and self.keeping:
            self.journal.append(entry)
        return code


_SQLITE = ctypes.CDLL(_sqlite3.__file__)
_SQLITE.sqlite3_vfs_find.restype = ctypes.POINTER(Vfs)
_SQLITE.sqlite3_vfs_find.argtypes = (ctypes.c_char_p,)
_SQLITE.sqlite3_vfs_register.argtypes = (ctypes.POINTER(Vfs), I)
_KEEP: list[object] = []
_DISKS: list[Disk] = []
_PATHS: dict[int, str] = {}


def watch(disk: Disk) -> None:
    """Have all files that SQLite opens in the disk's folder from now on pass it."""
    if not _KEEP:
        _install()
    _DISKS[:] = [disk]


def unwatch() -> None:
    """Let SQLite be as it was, but for files that are open."""
    _DISKS.clear()


def _install() -> None:
    usual = _SQLITE.sqlite3_vfs_find(None)
    ours = Vfs.from_buffer_copy(usual.contents)
    ours.name, ours.next = b"faulty-disk", None
    open_usual, delete_usual = OPEN_T(usual.contents.open), DELETE_T(usual.contents.delete)
    tables: dict[int, ctypes.Array[P]] = {}

    def open_file(vfs: int, name: int | None, file: int, flags: int, out: object) -> int:
        code = open_usual(vfs, name, file, flags, out)
        path = ctypes.string_at(name).decode() if name else ""
        if code == OK and _disk_of(path) is not None:
            methods = P.from_address(file)
            if methods.value not in tables:
                tables[methods.value] = _wrapped(methods.value)
            _PATHS[file] = path
            methods.value = ctypes.addressof(tables[methods.value])
        return code

    def delete_file(vfs: int, name: int, synced: int) -> int:
        path = ctypes.string_at(name).decode()
        disk = _disk_of(path)
        code = OK if disk is None else disk.pass_by(Delete(path))
        return code or delete_usual(vfs, name, synced)

    kept = OPEN_T(open_file), DELETE_T(delete_file)
    ours.open, ours.delete = (ctypes.cast(each, P).value for each in kept)
    _KEEP.extend((ours, kept, tables, open_usual, delete_usual))
    _SQLITE.sqlite3_vfs_register(ctypes.byref(ours), 1)


def _wrapped(usual: int) -> ctypes.Array[P]:
    """Copy a table of file functions, with those wrapped that change a file."""
    table = (P * METHODS)()
    version = I.from_address(usual).value
    used = {1: 13, 2: 17, 3: 19}[version]
    ctypes.memmove(table, usual, used * ctypes.sizeof(P))
    close, write = CLOSE_T(table[CLOSE]), WRITE_T(table[WRITE])
    truncate, sync = TRUNCATE_T(table[TRUNCATE]), SYNC_T(table[SYNC])

    def passed(file: int, entry: Callable[[str], Entry], act: Callable[[], int]) -> int:
        path = _PATHS[file]
        disk = _disk_of(path)
        code = OK if disk is None else disk.pass_by(entry(path))
        return code or act()

    def write_file(file: int, data: int, size: int, offset: int) -> int:
        content = ctypes.string_at(data, size)
        return passed(file, lambda path: Write(path, offset, content), lambda: write(file, data, size, offset))

    def truncate_file(file: int, size: int) -> int:
        return passed(file, lambda path: Truncate(path, size), lambda: truncate(file, size))

    def sync_file(file: int, flags: int) -> int:
        return passed(file, Sync, lambda: sync(file, flags))

    def close_file(file: int) -> int:
        _PATHS.pop(file, None)
        return close(file)

    ours = (CLOSE_T(close_file), WRITE_T(write_file), TRUNCATE_T(truncate_file), SYNC_T(sync_file))
    for place, function in zip((CLOSE, WRITE, TRUNCATE, SYNC), ours, strict=True):
        table[place] = ctypes.cast(function, P).value
    _KEEP.extend((ours, close, write, truncate, sync))
    return table


def _disk_of(path: str) -> Disk | None:
    return next((disk for disk in _DISKS if path.startswith(f"{disk.folder}/") and not path.endswith("-shm")), None)


class Image:
    """The files of a folder as they are on the platter, and what was written since the last sync of each.

    undead: files deleted since the last sync; they may be back after a cut.
    """

    def __init__(self) -> None:
        self.synced: dict[str, bytearray] = {}
        self.loose: dict[str, list[Write | Truncate]] = {}
        self.undead: dict[str, bytearray] = {}

    def take(self, entry: Entry) -> None:
        match entry:
            case Write(path) | Truncate(path):
                self.loose.setdefault(path, []).append(entry)
            case Sync(path):
                self.undead.clear()  # a sync of any file takes what a file system knows of names with it
                content = self.synced.setdefault(path, bytearray())
                for change in self.loose.pop(path, ()):
                    _apply(content, change)
            case Delete(path):
                self.loose.pop(path, None)
                if path in self.synced:
                    self.undead[path] = self.synced.pop(path)
            case Note():
                pass

    def after_a_cut(self, rng: random.Random) -> dict[str, bytes]:
        """Give what may be found: of what was not synced all, nothing or any part, sector by sector."""
        found = {path: bytearray(content) for path, content in self.synced.items()}
        for path, content in self.undead.items():
            if path not in self.loose and rng.random() < 0.5:
                found[path] = bytearray(content)
        for path, changes in self.loose.items():
            content = found.setdefault(path, bytearray())
            how = rng.choice(("all", "nothing", "first", "any"))
            kept = list(changes) if how != "first" else changes[: rng.randrange(len(changes) + 1)]
            if how == "nothing":
                continue
            for change in kept:
                for part in _sectors(change) if how == "any" else (change,):
                    if how != "any" or rng.random() < 0.5:
                        _apply(content, part)
        return {path: bytes(content) for path, content in found.items()}


def _sectors(change: Write | Truncate) -> Iterator[Write | Truncate]:
    if isinstance(change, Truncate):
        yield change
        return
    at = 0
    while at < len(change.data):
        size = SECTOR - (change.offset + at) % SECTOR
        yield Write(change.path, change.offset + at, change.data[at : at + size])
        at += size


def _apply(content: bytearray, change: Write | Truncate) -> None:
    match change:
        case Write(_, offset, data):
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        case Truncate(_, size):
            del content[size:]
            content.extend(bytes(max(0, size - len(content))))

"""Files people wrote, read for sending or checking: text in, or a clear word on why not."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from lightctl.domain.errors import InvalidInput

MAX_BYTES = 10_000_000
_SUFFIXES = (".yaml", ".yml")


def read_text(path: str, *, where: str) -> str:
    """Read a UTF-8 text file of at most 10 MB, or stdin for -; raises InvalidInput."""
    try:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1) if path == "-" else _read(Path(path))
    except OSError as error:
        raise InvalidInput(path, f"it cannot be read: {error.strerror or error}", hint=f"Check {where}.") from error
    if len(raw) > MAX_BYTES:
        raise InvalidInput(path, "it is over 10 MB", hint="Split it.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            path, f"it is not UTF-8 text (byte {error.start})", hint="Save it as UTF-8; spreadsheets call it CSV UTF-8."
        ) from error


def schedule_texts(files: Iterable[str]) -> dict[str, str]:
    """Read schedule files by name; a folder stands for its *.yaml and *.yml. Raises InvalidInput.

    They come in the order of their names: that is how their assignments count once they are applied.
    """
    texts: dict[str, str] = {}
    for name in files:
        path = Path(name)
        if name != "-" and path.is_dir():
            found = sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES and each.is_file())
            if not found:
                raise InvalidInput(name, "no *.yaml in this folder")
            texts |= {str(each): read_text(str(each), where="the folder's files") for each in found}
        else:
            texts["<stdin>" if name == "-" else name] = read_text(name, where="the FILE arguments")
    return dict(sorted(texts.items()))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)

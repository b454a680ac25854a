"""The one place that knows tables and JSON. stdout is data, stderr is talk; in a pipe no colour and nothing cut off."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from lightctl.cli.failures import Failure

Json = Mapping[str, Any]
CANCELLED = "cancelled"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How data is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table for people: a title and the text of an item; `style` colours it on a terminal."""

    title: str
    text: Callable[[Json], str]
    style: Callable[[Json], str] | None = None
    right: bool = False


def show_list(items: Sequence[Json], output: Format, columns: Sequence[Column], *, empty: str = "") -> None:
    """Write a list of items; `empty` is said on stderr when there are none."""
    match output:
        case Format.JSON:
            write(json.dumps(items, ensure_ascii=False, indent=2))
        case Format.JSONL:
            for item in items:
                write(json.dumps(item, ensure_ascii=False))
        case Format.CSV:
            write(to_csv(items).removesuffix("\n"))
        case Format.TABLE:
            if items:
                _table(items, columns)
            elif empty:
                talk(empty)


def show_one(item: Json, output: Format, fields: Sequence[Column], rows: Sequence[Json] | None = None) -> None:
    """Write one item; for people a field a line. `rows`, where given, are what jsonl and csv write instead."""
    match output:
        case Format.JSON:
            write(json.dumps(item, ensure_ascii=False, indent=2))
        case Format.JSONL | Format.CSV:
            show_list([item] if rows is None else rows, output, ())
        case Format.TABLE:
            width = max(len(each.title) for each in fields)
            for each in fields:
                text = each.text(item)
                if text:
                    style = each.style(item) if each.style else ""
                    write(f"{each.title.ljust(width)}  {coloured(clean(text), style)}")


def to_csv(items: Sequence[Json]) -> str:
    """Write items as CSV, nested keys joined by dots, with a header. Texts a spreadsheet would run are quoted off."""
    flat = [dict(_flatten(item)) for item in items]
    header = list(dict.fromkeys(key for row in flat for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n", restval="")
    if header:
        writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def to_json(item: Json) -> str:
    """Write an item as one line of JSON."""
    return json.dumps(item, ensure_ascii=False)


def now() -> str:
    """Give this machine's instant as JSON has it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class ReaderGone(Exception):  # noqa: N818 - not an error
    """Whoever read stdout has seen enough (`| head`)."""


def flush() -> None:
    """Let what was written be seen; raises ReaderGone."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def write(text: str) -> None:
    """Write a line of data; raises ReaderGone."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise ReaderGone from None


def write_bytes(data: bytes) -> None:
    """Write a file as data; raises ReaderGone."""
    flush()
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def talk(text: str) -> None:
    """Say something to the operator."""
    flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def complain(failure: Failure, output: Format) -> None:
    """Say why a command failed: words for people, an error object for scripts."""
    if output in (Format.JSON, Format.JSONL):
        error = {
            "code": str(failure.code),
            "message": failure.message,
            "where": failure.where,
            "hint": failure.hint,
            "exit_code": int(failure.exit_code),
        }
        talk(json.dumps({"error": error}, ensure_ascii=False))
        return
    where = f"{failure.where}: " if failure.where else ""
    word, style = ("error:", "bold red") if failure.code != CANCELLED else ("cancelled:", "yellow")
    talk(f"{coloured(word, style, sys.stderr)} {clean(where + failure.message, lines=True)}")
    if failure.hint:
        talk(f"  {clean(failure.hint, lines=True)}")


def stderr() -> IO[str]:
    """Give the stream of talk."""
    return sys.stderr


def interactive() -> bool:
    """Say whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask a person on stderr; only a clear yes is one."""
    sys.stdout.flush()
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def on_terminal(stream: IO[str] | None = None) -> bool:
    """Say whether a stream (stdout) is a terminal that draws."""
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def terminal(stream: IO[str] | None = None) -> Console:
    """Give a rich console on a stream (stdout); colour, width and NO_COLOR are its business."""
    from rich.console import Console  # noqa: PLC0415 - start-up stays short

    return Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=False)


def coloured(text: str, style: str, stream: IO[str] | None = None) -> str:
    """Colour a text when its stream (stdout) is a terminal."""
    stream = stream or sys.stdout
    if not style or not on_terminal(stream) or os.environ.get("NO_COLOR"):
        return text
    from rich.style import Style  # noqa: PLC0415 - start-up stays short

    return Style.parse(style).render(text)


def clean(text: str, *, lines: bool = False) -> str:
    """Make control characters visible: what a node says must not steer the operator's terminal."""
    return "".join(
        each if each.isprintable() or (lines and each == "\n") else each.encode("unicode_escape").decode()
        for each in text
    )


def local_time(text: str | None) -> str:
    """Show an RFC 3339 instant as this machine's local time."""
    if not text:
        return ""
    local = dt.datetime.fromisoformat(text).astimezone()
    offset = local.strftime("%z")
    return local.strftime("%Y-%m-%d %H:%M:%S") + ("Z" if offset == "+0000" else offset)


def percent(level: int | None) -> str:
    """Show a level."""
    return "-" if level is None else f"{level} %"


def count(number: int, noun: str, nouns: str = "") -> str:
    """Show a number of things; `nouns` where an s does not make many of them."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {nouns or noun + 's'}"


def _table(items: Sequence[Json], columns: Sequence[Column]) -> None:
    if on_terminal():
        terminal().print(drawn(items, columns))
        return
    cells = _cells(items, columns)
    widths = [max(len(column.title), *(len(row[i]) for row in cells)) for i, column in enumerate(columns)]
    for row in ([column.title for column in columns], *cells):
        padded = [
            text.rjust(width) if column.right else text.ljust(width)
            for text, width, column in zip(row, widths, columns, strict=True)
        ]
        write("  ".join(padded).rstrip())


def _cells(items: Sequence[Json], columns: Sequence[Column]) -> list[list[str]]:
    return [[clean(column.text(item)) for column in columns] for item in items]


def drawn(items: Sequence[Json], columns: Sequence[Column]) -> Table:
    """Give a table as terminals draw it."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - start-up stays short
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for column in columns:
        table.add_column(column.title, justify="right" if column.right else "left", overflow="fold")
    for item, row in zip(items, _cells(items, columns), strict=True):
        table.add_row(
            *(
                Text(text, style=column.style(item) if column.style else "")
                for column, text in zip(columns, row, strict=True)
            )
        )
    return table


def _flatten(item: Json, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in item.items():
        name = prefix + key
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{name}.")
        elif isinstance(value, list):
            yield name, _harmless(" ".join(str(each) for each in value))
        elif isinstance(value, bool):
            yield name, "true" if value else "false"
        elif isinstance(value, str):
            yield name, _harmless(value)
        else:
            yield name, value


def _harmless(text: str) -> str:
    # The csv module leaves a lone carriage return unquoted, and readers take it for the end of the row.
    return (f"'{text}" if text.startswith(_FORMULA) else text).replace("\r", " ")

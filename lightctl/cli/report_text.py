"""A report in the terminal: figures, tables and charts as text; plain lines in a pipe."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Sequence

from lightctl.cli import output
from lightctl.cli.output import Column, Format, Json
from lightctl.reports.document import Document, Figure, Figures, Heading, Table, Words
from lightctl.reports.terminal import BLOCKS, PLAIN, Signs, TextLine, lines

_WIDTH_IN_A_PIPE = 100
_WIDEST = 120


def show(document: Document) -> None:
    """Write a report on stdout."""
    width, signs = _width(), _signs()
    colours = _in_colour(signs)
    site = f"{document.site}, " if document.site else ""
    _line(((document.title, "bold"), (f"  {site}{document.period}", "")))
    for block in document.blocks:
        match block:
            case Heading(text):
                _line(())
                _line(((text.upper(), "bold"),))
            case Words(text):
                for each in textwrap.wrap(text, width) if output.on_terminal() else [text]:
                    _line(((each, ""),))
            case Figures(items):
                _figures(items)
            case Table():
                _table(block)
            case _:
                for line in lines(block, width, signs, colours=colours):
                    _line(line)
    _line(())
    _line(((document.made, "dim"),))


def _figures(items: Sequence[Figure]) -> None:
    names = max(len(item.name) for item in items)
    values = max(len(item.value) for item in items)
    for item in items:
        style = "bold red" if item.bad else "bold"
        _line(((f"  {item.name.ljust(names)}  ", ""), (item.value.rjust(values), style), (f"  {item.note}", "dim")))


def _table(table: Table) -> None:
    if not table.rows:
        _line(((f"  {table.empty}", ""),))
        return
    if table.title:
        _line(((table.title, "bold"),))
    columns = [Column(column.title.upper(), _cell(at), right=column.right) for at, column in enumerate(table.columns)]
    rows = [*table.rows, *([table.last] if table.last else [])]
    output.show_list([{"cells": row} for row in rows], Format.TABLE, columns)


def _cell(at: int) -> Callable[[Json], str]:
    return lambda row: str(row["cells"][at])


def _line(parts: TextLine) -> None:
    if not output.on_terminal():
        output.write("".join(output.clean(text) for text, _ in parts).rstrip())
        return
    from rich.text import Text  # noqa: PLC0415 - start-up stays short

    line = Text.assemble(*((output.clean(text), style) for text, style in parts))
    output.terminal().print(line, soft_wrap=True)


def _width() -> int:
    if output.on_terminal():
        return min(output.terminal().width, _WIDEST)
    asked = os.environ.get("COLUMNS", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else _WIDTH_IN_A_PIPE


def _signs() -> Signs:
    try:
        (BLOCKS.heights + BLOCKS.bars + BLOCKS.shades + BLOCKS.unknown).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return BLOCKS


def _in_colour(signs: Signs) -> bool:
    if signs is PLAIN or not output.on_terminal() or os.environ.get("NO_COLOR"):
        return False
    return output.terminal().color_system in ("256", "truecolor")

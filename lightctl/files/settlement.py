"""Control files of the UK settlement of unmetered supplies, read and written byte by byte.

Source: BSCP520 4.6.3.3, as far as it is public. Fixed widths, no separators:
  header   H, sub-meter (7, lower case), effective from (8, YYYYMMDD), version (3)             19 characters
  body     unit reference (12), items (6), switch regime (3, 998 or 999), charge code (13)     34 characters
  trailer  T, number of lines with header and trailer (6)                                       7 characters
How lines end is not public: LF and CR LF are read, each throughout a file, and LF is written unless a file that was
read had the other. Must hold: what was read is written as the same bytes; every error names line, column and remedy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lightctl.domain.errors import InvalidInput
from lightctl.domain.settlement import (
    CHARGE_CODE,
    MAX_ITEMS,
    MAX_VERSION,
    REGIMES,
    SUB_METER,
    UNIT,
    ControlFile,
    ControlUnit,
)
from lightctl.files.findings import quoted

HEADER, BODY, TRAILER = 19, 34, 7
MAX_ERRORS = 100
_FEWEST_LINES = 2


@dataclass(frozen=True, slots=True)
class ControlError:
    """What is wrong at a line and column (both from 1), and what to write instead."""

    line: int
    column: int
    why: str
    hint: str


@dataclass(frozen=True, slots=True)
class ControlRead:
    """A control file, or None with everything that is wrong with it; lines: of each unit, from 1."""

    control: ControlFile | None
    errors: tuple[ControlError, ...]
    lines: tuple[int, ...] = ()


@dataclass(slots=True)
class _Reading:
    errors: list[ControlError] = field(default_factory=list)

    def refuse(self, line: int, column: int, why: str, hint: str) -> None:
        self.errors.append(ControlError(line, column, why, hint))

    def number(self, line: int, column: int, text: str, what: str, lowest: int) -> int:
        """Read digits; a refused one is `lowest`."""
        if text.isascii() and text.isdigit() and int(text) >= lowest:
            return int(text)
        shape = "0" * (len(text) - 1) + "1"
        self.refuse(line, column, f"{what} is {quoted(text)}", f"Write {len(text)} digits, {lowest} or more: {shape}.")
        return lowest

    def wide(self, line: int, text: str, width: int, what: str) -> bool:
        if len(text) == width:
            return True
        at = min(len(text), width) + 1
        hint = f"Write {width} characters; spaces and separators are none of them."
        self.refuse(line, at, f"{what} has {len(text)} characters", hint)
        return False


def read_control(text: str, name: str | None = None) -> ControlRead:
    """Read a control file; its name is checked where one is given. Raises nothing: errors are in the answer.

    text: its bytes one for one as characters (Latin-1).
    """
    reading = _Reading()
    lines, line_end, ended = _lines(reading, text)
    if len(lines) < _FEWEST_LINES:
        reading.refuse(1, 1, "a header and a trailer are wanted", "The file is cut off, or no control file.")
        return ControlRead(None, tuple(reading.errors))
    sub_meter, effective, version = _header(reading, lines[0])
    units = tuple(_units(reading, lines[1:-1]))
    _trailer(reading, lines[-1], len(lines))
    control = ControlFile(sub_meter, effective, version, units, line_end, ended)
    if name is not None and not reading.errors and name != control.name:
        hint = f"Rename it to {control.name}, or correct the header."
        reading.refuse(1, 1, f"the file is called {quoted(name)}, its header says otherwise", hint)
    if reading.errors:
        return ControlRead(None, tuple(reading.errors[:MAX_ERRORS]))
    return ControlRead(control, (), tuple(range(2, len(units) + 2)))


def write_control(control: ControlFile) -> str:
    """Write a control file, ASCII; raises InvalidInput on what does not fit its columns."""
    _must(SUB_METER.fullmatch(control.sub_meter) is not None, "sub_meter", control.sub_meter, "7 of a-z and 0-9")
    _must(0 <= control.version <= MAX_VERSION, "version", str(control.version), f"0 to {MAX_VERSION}")
    _must(len(control.units) + 2 <= MAX_ITEMS, "units", str(len(control.units)), f"at most {MAX_ITEMS - 2}")
    lines = [f"H{control.sub_meter}{control.day}{control.version:03}"]
    for unit in control.units:
        _must(UNIT.fullmatch(unit.unit) is not None, "unit", unit.unit, "12 letters and digits")
        _must(1 <= unit.items <= MAX_ITEMS, f"items of {unit.unit}", str(unit.items), f"1 to {MAX_ITEMS}")
        _must(unit.regime in REGIMES, f"regime of {unit.unit}", unit.regime, " or ".join(REGIMES))
        known = CHARGE_CODE.fullmatch(unit.charge_code) is not None
        _must(known, f"charge_code of {unit.unit}", unit.charge_code, "13 digits")
        lines.append(f"{unit.unit}{unit.items:06}{unit.regime}{unit.charge_code}")
    lines.append(f"T{len(lines) + 1:06}")
    return control.line_end.join(lines) + (control.line_end if control.ended else "")


def _must(holds: bool, where: str, value: str, wanted: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise InvalidInput(where, f"{quoted(value)} does not fit", hint=f"It must be {wanted}.")


def _lines(reading: _Reading, text: str) -> tuple[list[str], str, bool]:
    """Part the text in lines, with how they end and whether the last one does."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(line_end)
    ended = len(lines) > 1 and lines[-1] == ""
    if ended:
        lines.pop()
    for number, line in enumerate(lines, 1):
        for column, character in enumerate(line, 1):
            if not " " <= character <= "~":
                hint = "Letters, digits and line ends are all there is; all lines end the same way."
                reading.refuse(number, column, f"the character {character!a} has no place here", hint)
                break
        if len(reading.errors) >= MAX_ERRORS:
            break
    return lines, line_end, ended


def _header(reading: _Reading, line: str) -> tuple[str, dt.date, int]:
    sub_meter, version = "", 0
    effective: dt.date | None = None
    if not line.startswith("H"):
        reading.refuse(1, 1, f"the first line begins with {quoted(line[:1])}", "A header begins with H.")
    elif reading.wide(1, line, HEADER, "the header"):
        sub_meter, day = line[1:8], line[8:16]
        if not SUB_METER.fullmatch(sub_meter):
            hint = "Write 7 lower-case letters and digits."
            reading.refuse(1, 2, f"the sub-meter is {quoted(sub_meter)}", hint)
        effective = _date(day)
        if effective is None:
            reading.refuse(1, 9, f"{quoted(day)} is no date", "Write YYYYMMDD: 20260401.")
        version = reading.number(1, 17, line[16:], "the version", 0)
    return sub_meter, effective or dt.date.min, version


def _date(text: str) -> dt.date | None:
    if not (text.isascii() and text.isdigit()):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _units(reading: _Reading, lines: list[str]) -> Iterator[ControlUnit]:
    seen: dict[tuple[str, str], int] = {}
    for number, line in enumerate(lines, 2):
        if len(reading.errors) >= MAX_ERRORS:
            return
        if not reading.wide(number, line, BODY, _called(line)):
            continue
        unit = ControlUnit(
            _field(reading, number, 1, line[:12], UNIT.fullmatch, "the unit reference", "12 letters and digits"),
            reading.number(number, 13, line[12:18], "the number of items", 1),
            _field(reading, number, 19, line[18:21], REGIMES.__contains__, "the switch regime", " or ".join(REGIMES)),
            _field(reading, number, 22, line[21:], CHARGE_CODE.fullmatch, "the charge code", "13 digits"),
        )
        first = seen.setdefault((unit.unit, unit.charge_code), number)
        if first != number:
            why = f"unit {unit.unit} has charge code {unit.charge_code} in line {first} already"
            reading.refuse(number, 1, why, "Add the items up in one line.")
        yield unit


def _field(
    reading: _Reading,
    line: int,
    column: int,
    text: str,
    fits: Callable[[str], object],
    what: str,
    wanted: str,
) -> str:
    if not fits(text):
        reading.refuse(line, column, f"{what} is {quoted(text)}", f"Write {wanted}.")
    return text


def _called(line: str) -> str:
    """Name a line that is none by what it may have been meant as."""
    kinds = {"H": HEADER, "T": TRAILER}
    if kinds.get(line[:1]) == len(line):
        return "a header or trailer in the middle of the file; a unit's line"
    return "a unit's line"


def _trailer(reading: _Reading, line: str, lines: int) -> None:
    if not line.startswith("T") or len(line) != TRAILER:
        hint = f"The last line is T and the number of lines: T{lines:06}. Is the file cut off?"
        reading.refuse(lines, 1, f"the last line, {quoted(line)}, is no trailer", hint)
        return
    if not (line[1:].isascii() and line[1:].isdigit()) or int(line[1:]) != lines:
        hint = f"Write T{lines:06}: header and trailer count too. Is the file whole?"
        reading.refuse(lines, 2, f"the trailer says {quoted(line[1:])}, and there are {lines} lines", hint)

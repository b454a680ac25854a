"""Schedules with one odd thing each, and next to each the nearest one that is fine: what the lint is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.programs import Intent
from lightctl.files.schedules import read_schedules
from lightctl.planning.lint import LintFinding, lint
from tests.support.programs import DUISBURG

LAMPS = 'assignments: [{select: "*", calendar: c}]\n'


def intent_of(text: str) -> Intent:
    """Read a schedule that must read without errors."""
    read = read_schedules({"odd.yaml": f"version: 1\n{text}"})
    assert read.errors == (), read.errors
    return read.intent


def linted(
    text: str, *places: Place, year: int = 2027, points: Sequence[LightPoint] | None = None
) -> tuple[LintFinding, ...]:
    return lint(intent_of(text), places or (DUISBURG,), year, points)


def program(body: str) -> str:
    """Give a schedule with one program, in line 2, in every night."""
    return f"programs: {{p: {body}}}\ncalendars: {{c: {{default: p}}}}\n{LAMPS}"


def rules(*bodies: str) -> str:
    """Give a schedule whose calendar has these rules, one a line from line 5 on."""
    listed = "".join(f"      - {body}\n" for body in bodies)
    return f"programs: {{p: {{}}, q: {{}}, r: {{}}}}\ncalendars:\n  c:\n    rules:\n{listed}    default: p\n{LAMPS}"


def assigned(*selectors: str, protection: str = "", body: str = "{}") -> str:
    """Give a schedule whose assignments have these selectors, one a line from line 5 on."""
    listed = "".join(f'  - {{select: "{selector}", calendar: c}}\n' for selector in selectors)
    floor = f"protections: [{{{protection}}}]\n" if protection else ""
    return f"programs: {{p: {body}}}\ncalendars: {{c: {{default: p}}}}\nassignments:\n{listed}{floor}"


@dataclass(frozen=True, slots=True)
class Odd:
    """A schedule with one finding in `line` (0: in none), and a near miss without any."""

    code: str
    text: str
    near: str
    line: int
    place: Place = DUISBURG
    near_place: Place = DUISBURG
    year: int = 2027
    near_year: int = 2027
    points: tuple[LightPoint, ...] | None = None


HALF = '{steps: [{at: "00:30", level: 50}]}'
CROSSING = "select: kind=crossing, min_level: 100"
SWITCHES = ", ".join(f'{{at: "{17 + n // 2}:{30 * (n % 2):02}", level: {50 + n % 2}}}' for n in range(11))
HOUR = Place(51.43, 6.76, "Etc/GMT-1")
LAGOS = Place(6.45, 3.39, "Africa/Lagos")
RABAT = Place(34.02, -6.84, "Africa/Casablanca")
STREET, PARK = LightPoint("LP-1", 51.43, 6.76, kind="street"), LightPoint("LP-2", 51.43, 6.76, kind="park")

ODD = (
    Odd("LC-L001", program("{active: sunset-31m .. sunrise}"), program("{active: sunset-30m .. sunrise}"), 2),
    Odd("LC-L001", program("{active: sunset .. sunrise+31m}"), program("{active: sunset .. sunrise+30m}"), 2),
    Odd("LC-L001", program("{active: 18:00 .. sunrise}"), program("{active: 21:30 .. sunrise}"), 2),
    Odd("LC-L002", program("{start_level: 0}"), program("{start_level: 1}"), 2),
    Odd("LC-L002", program("{active: sunrise .. sunset}"), program("{active: sunset .. sunrise}"), 2),
    Odd("LC-L002", program("{active: dusk(-63) .. dawn(-63)}"), program("{active: dusk(-6) .. dawn(-6)}"), 2),
    Odd("LC-L003", program("{active: dusk(65) .. dawn(65)}"), program("{active: dusk .. dawn}"), 2),
    Odd(
        "LC-L004",
        program('{active: sunset .. 23:00, steps: [{at: "23:00", level: 50}]}'),
        program('{active: sunset .. 23:00, steps: [{at: "22:59", level: 50}]}'),
        2,
    ),
    Odd(
        "LC-L004",
        program('{steps: [{at: "22:00", level: 50}, {at: "23:00", level: 50}]}'),
        program('{steps: [{at: "22:00", level: 50}, {at: "23:00", level: 51}]}'),
        2,
    ),
    Odd("LC-L005", program("{active: 05:20 .. sunrise}"), program("{active: 05:10 .. sunrise}"), 2),
    Odd(
        "LC-L005",
        program("{active: [sunset .. 23:00, {from: sunset, to: {at: dusk, latest: 21:00}}]}"),
        program("{active: [sunset .. 23:00, {from: sunset, to: {at: dusk, latest: 22:00}}]}"),
        2,
    ),
    Odd(
        "LC-L006",
        program('{steps: [{at: "05:30", level: 50}, {at: sunrise-20m, level: 70}]}'),
        program('{steps: [{at: "05:30", level: 50}, {at: sunrise-20m, level: 70, earliest: "05:30"}]}'),
        2,
    ),
    Odd(
        "LC-L006",  # on the night clocks go forward 02:30 is read as 03:30
        program('{steps: [{at: "02:30", level: 50}, {at: "03:00", level: 70}]}'),
        program('{steps: [{at: "01:30", level: 50}, {at: "03:00", level: 70}]}'),
        2,
    ),
    Odd(
        "LC-L007",
        rules("{dates: 02-01..02-28, weekdays: mon, nth: 5, program: q}"),
        rules("{dates: 01-01..01-31, weekdays: mon, nth: 4, program: q}"),
        6,
    ),
    Odd(
        "LC-L007",
        rules("{dates: 2024-12-02..2024-12-05, weekdays: sun, program: q}"),
        rules("{dates: 2024-12-02..2024-12-08, weekdays: sun, program: q}"),
        6,
    ),
    Odd(
        "LC-L008",
        rules("{weekdays: fri..sat, program: q}", "{weekdays: sat, program: r}"),
        rules("{weekdays: fri, program: q}", "{weekdays: fri..sat, program: r}"),
        7,
    ),
    Odd(
        "LC-L008",
        rules("{weekdays: mon..fri, program: q}", "{weekdays: sat..sun, program: r}", "{dates: 12-24, program: p}"),
        rules("{weekdays: mon..fri, program: q}", "{weekdays: sun, program: r}", "{dates: 12-25, program: p}"),
        8,
    ),
    Odd(
        "LC-L009",
        assigned("kind=crossing, ward=6", protection=CROSSING, body=HALF),
        assigned("kind!=crossing", protection=CROSSING, body=HALF),
        2,
    ),
    Odd(
        "LC-L009",
        assigned("kind=crossing", protection=CROSSING, body="{active: dusk(-3) .. dawn(-3)}"),
        assigned("kind=crossing", protection=CROSSING, body="{active: sunset-5m .. sunrise}"),
        2,
    ),
    Odd(
        "LC-L010",
        assigned("kind in (street,path)", "kind=path, ward=6"),
        assigned("kind in (street,path)", "kind in (path,park)"),
        6,
    ),
    Odd("LC-L010", assigned("ward=6, ward=7"), assigned("group=6, group=7"), 5),
    Odd("LC-L010", assigned("ward=6, ward!=6"), assigned("ward=6, kind!=6"), 5),
    Odd("LC-L011", assigned("kind=street"), assigned("kind in (street,park)"), 0, points=(STREET, PARK)),
    Odd(
        "LC-L012",
        program(f"{{start_level: 80, steps: [{SWITCHES}]}}"),
        program(f"{{start_level: 80, steps: [{SWITCHES[: SWITCHES.rindex(', {')]}]}}"),
        2,
    ),
    Odd("LC-L013", rules("{holidays: DE, program: q}"), rules("{holidays: DE, program: q}"), 6, year=1985),
    Odd("LC-L014", program("{}"), program("{}"), 0, place=HOUR, near_place=LAGOS),
    Odd("LC-L014", program("{}"), program("{}"), 0, place=RABAT, near_place=RABAT, year=2095, near_year=2050),
)

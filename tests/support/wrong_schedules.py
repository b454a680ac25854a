"""One schedule file for every code that reading can give, with the place and a word of the hint."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = "version: 1\n"
USED = 'assignments: [{select: "*", calendar: c}]\n'


@dataclass(frozen=True, slots=True)
class Wrong:
    """A text with exactly one thing wrong in it."""

    code: str
    text: str
    line: int
    column: int
    hint: str = ""


def program(body: str) -> str:
    """Give a valid file around the body of its only program, which starts in line 2, column 15."""
    return f"{HEAD}programs: {{p: {body}}}\ncalendars: {{c: {{default: p}}}}\n{USED}"


def dynamic(*changed: str) -> str:
    """Give a file whose program has one dynamic rule, its keys in the order below but for those changed or added."""
    keys = {"sensor": "a", "when": "{below: 5}", "operation": "max", "level": "9", "hold": "9m"}
    keys |= dict(each.split(": ", 1) for each in changed)
    return program("{dynamics: [{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}]}")


def rule(body: str) -> str:
    """Give a valid file around one calendar rule, which starts in line 3, column 25."""
    return f"{HEAD}programs: {{p: {{}}}}\ncalendars: {{c: {{rules: [{body}], default: p}}}}\n{USED}"


WRONG = (
    Wrong("LC-S001", HEAD + "# " + "x" * 10_000_000, 1, 1, "several files"),
    Wrong("LC-S002", "version: 1\nprograms: {p: {}\n", 2, 11, "Close it with }"),
    Wrong("LC-S002", "version: 1\nprograms:\n\tp: {}\n", 3, 1, "spaces"),
    Wrong("LC-S002", "version: 1\nprograms: {p: {description: a\x07b}}\n", 2, 30, "UTF-8"),
    Wrong("LC-S002", program('{description: "a\\eb"}'), 2, 29, "Remove"),
    Wrong("LC-S002", "%YAML 1.1\n---\nversion: 1\n", 1, 1, "%YAML"),
    Wrong("LC-S003", HEAD + "programs: " + "[" * 2000, 2, 27, "6 levels"),
    Wrong("LC-S003", HEAD + "programs:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 30)), 17, 16, "6 levels"),
    Wrong("LC-S004", program("&a {}"), 2, 15, "out"),
    Wrong("LC-S005", program("{start_level: !!int 5}"), 2, 29, "Remove"),
    Wrong("LC-S006", "", 1, 1, "version: 1"),
    Wrong("LC-S006", "# only a comment\n", 1, 1, "version: 1"),
    Wrong("LC-S007", "version: 1\n---\nversion: 1\n", 2, 1, "own"),
    Wrong("LC-S008", program("{start_level: 5, start_level: 6}"), 2, 32, "one of the two"),
    Wrong("LC-S009", program("{start_levle: 5}"), 2, 16, "start_level"),
    Wrong("LC-S009", "version: 1\nprogrammes: {}\n", 2, 1, "programs"),
    Wrong("LC-S010", "programs: {}\n", 1, 1, "version: 1"),
    Wrong("LC-S010", program('{steps: [{at: "22:00"}]}'), 2, 24, "level:"),
    Wrong("LC-S011", program("[]"), 2, 15, "defaults"),
    Wrong("LC-S011", program("{steps: }"), 2, 16, "remove the key"),
    Wrong("LC-S011", "- version\n", 1, 1, "version: 1"),
    Wrong("LC-S011", program("{? [a] : 1}"), 2, 18, "name"),
    Wrong("LC-S011", HEAD + "protections: [{select: [a], min_level: 1}]\n", 2, 24, "one value"),
    Wrong("LC-S012", "version: 2\n", 1, 10, "version: 1"),
    Wrong("LC-S012", 'version: "1"\n', 1, 10, "version: 1"),
    Wrong("LC-S013", f"{HEAD}programs: {{a b: {{}}}}\ncalendars: {{c: {{default: a b}}}}\n{USED}", 2, 12, "a-z"),
    Wrong("LC-S014", program("{start_level: 50%}"), 2, 29, "Write 50."),
    Wrong("LC-S014", program('{start_level: "50"}'), 2, 29, "Write 50, without quotes."),
    Wrong("LC-S014", program("{start_level: 50.5}"), 2, 29, "integer"),
    Wrong("LC-S014", program("{start_level: true}"), 2, 29, "integer"),
    Wrong("LC-S014", program("{start_level: 0x10}"), 2, 29, "integer"),
    Wrong("LC-S014", program("{start_level: .nan}"), 2, 29, "integer"),
    Wrong("LC-S014", program("{start_level: }"), 2, 16, "integer"),
    Wrong("LC-S015", program("{start_level: 101}"), 2, 29, "100 is full"),
    Wrong("LC-S015", program("{start_level: -1}"), 2, 29, "0 is off"),
    Wrong("LC-S016", program("{steps: [{at: 1350, level: 5}]}"), 2, 29, "22:30"),
    Wrong("LC-S016", program("{active: sunste .. sunrise}"), 2, 24, "sunset"),
    Wrong("LC-S017", program('{steps: [{at: "22:00", level: 5, ramp: 30}]}'), 2, 54, "30s"),
    Wrong("LC-S018", program('{steps: [{at: dawn, level: 5, earliest: "06:00", latest: "05:00"}]}'), 2, 55, "Swap"),
    Wrong("LC-S018", program("{steps: [{at: dawn, level: 5, latest: sunrise}]}"), 2, 53, "HH:MM"),
    Wrong("LC-S019", program("{active: sunset}"), 2, 24, ".."),
    Wrong("LC-S019", program("{active: []}"), 2, 24, "start_level: 0"),
    Wrong("LC-S020", program('{steps: [{at: "22:00", level: 5}, {at: "22:00:00", level: 6}]}'), 2, 49, "one"),
    Wrong("LC-S021", rule("{dates: 24-12, program: p}"), 3, 33, "month first"),
    Wrong("LC-S021", rule("{dates: 2027-02-29, program: p}"), 3, 33, "28 days"),
    Wrong("LC-S021", rule("{dates: 2027-02-20..02-28, program: p}"), 3, 33, "both ends"),
    Wrong("LC-S021", rule("{dates: 2027-02-20..2027-02-10, program: p}"), 3, 33, "Swap"),
    Wrong("LC-S021", rule("{dates: [], program: p}"), 3, 33, "Remove"),
    Wrong("LC-S022", rule("{weekdays: Monday, program: p}"), 3, 36, "Write mon."),
    Wrong("LC-S022", rule("{weekdays: [mon, day], program: p}"), 3, 42, "mon, tue"),
    Wrong("LC-S023", rule("{weekdays: mon, nth: 6, program: p}"), 3, 46, "last"),
    Wrong("LC-S023", rule("{nth: 2, program: p}"), 3, 31, "weekdays"),
    Wrong("LC-S024", rule("{holidays: DE-ZZ, program: p}"), 3, 36, "NW"),
    Wrong("LC-S024", rule("{holidays: Germany, program: p}"), 3, 36, "DE-NW"),
    Wrong("LC-S031", dynamic("operation: maximum"), 2, 68, "max"),
    Wrong("LC-S031", dynamic("level: 0"), 2, 80, "never switches off"),
    Wrong("LC-S031", dynamic("operation: add", "level: 0"), 2, 80, "not 0"),
    Wrong("LC-S031", dynamic("level: -5"), 2, 80, "1 to 100"),
    Wrong("LC-S031", dynamic("when: {at_least: 20 lux}"), 2, 56, "without a unit"),
    Wrong("LC-S031", dynamic("when: {present: 1}"), 2, 55, "true"),
    Wrong("LC-S031", dynamic("when: {}"), 2, 45, "{at_least: 20}"),
    Wrong("LC-S031", dynamic("sensor: a/b"), 2, 36, "last part of its topic"),
    Wrong("LC-S019", dynamic("period: []"), 2, 101, "leave it out"),
    Wrong("LC-S017", dynamic("hold: 10"), 2, 89, "10m"),
    Wrong("LC-S009", dynamic("holdTime: 10m"), 2, 93, "hold: 10m"),
    Wrong("LC-S025", rule("{program: p}"), 3, 25, "default"),
    Wrong("LC-S026", HEAD + 'protections: [{select: "a==b", min_level: 1}]\n', 2, 24, "key=value"),
    Wrong("LC-S026", HEAD + "protections:\n  - select: k in (a\n    min_level: 1\n", 3, 13, "quotes"),
    Wrong("LC-S027", f"{HEAD}programs: {{quiet: {{}}}}\ncalendars: {{c: {{default: quite}}}}\n{USED}", 3, 26, "quiet"),
    Wrong("LC-S028", HEAD + "assignments: [{select: a, calendar: b}]\n", 2, 37, "define no calendar"),
)
WARNED = (
    Wrong("LC-S101", HEAD + "programs: {p: {}}\n", 2, 12, "calendar"),
    Wrong("LC-S102", HEAD + "programs: {p: {}}\ncalendars: {c: {default: p}}\n", 3, 13, "an assignment"),
    Wrong(
        "LC-S103",
        HEAD + "programs: {p: {}}\ncalendars: {c: {default: p}}\nassignments:\n"
        '  - {select: "*", calendar: c}\n  - {select: kind=a, calendar: c}\n',
        6,
        5,
        "last",
    ),
)
# Codes that need several files or very many errors, each with a test of its own in test_schedules_errors.py.
ELSEWHERE = frozenset({"LC-S029", "LC-S030"})

"""What people write who plan light and not YAML: each is one mistake, one error in its place, and a hint that helps."""

from __future__ import annotations

from tests.support.wrong_schedules import HEAD, USED, Wrong, program, rule


def step(body: str) -> str:
    """Give a valid file around one step, which starts in line 2, column 24."""
    return program(f"{{steps: [{body}]}}")


def assigned(body: str) -> str:
    """Give a valid file around one assignment, which starts in line 4, column 15."""
    return f"{HEAD}programs: {{p: {{}}}}\ncalendars: {{c: {{default: p}}}}\nassignments: [{body}]\n"


NOT_YAML = (
    Wrong("LC-S002", assigned("{select: *, calendar: c}"), 4, 24, 'quotes: "*"'),
    Wrong("LC-S002", HEAD + "assignments:\n  - select: *\n    calendar: c\n", 3, 13, 'quotes: "*"'),
    Wrong("LC-S002", program("{description: & more}"), 2, 29, 'quotes: "&"'),
    Wrong("LC-S002", program("{description: @home}"), 2, 29, "into quotes"),
    Wrong("LC-S002", HEAD + "programs:\n  p:\n    description: a: b\n", 4, 19, "colon and a space"),
    Wrong("LC-S002", HEAD + "programs:\n  p:\n    start_level 50\n    steps: []\n", 5, 10, "line above"),
    Wrong("LC-S002", HEAD + "programs\n  p: {}\n", 2, 1, "Write a key, a colon"),
    Wrong("LC-S002", HEAD + "<<<<<<< HEAD\nprograms: {}\n", 2, 1, "Write a key, a colon"),
    Wrong("LC-S002", HEAD + "programs:\n  p: {steps: [{at: dusk, level: 5]}\n", 3, 34, "close with }"),
    Wrong("LC-S002", HEAD + "programs:\n  p: {start_level: 5\n  q: {}\n", 3, 6, "Close it with }"),
    Wrong("LC-S002", HEAD + "programs:\n  p: {active: [dusk .. dawn\n  q: {}\n", 3, 15, "Close it with ]"),
    Wrong("LC-S002", HEAD + "programs:\n  p: {start_level: 5}}\n", 3, 22, "Remove it"),
    Wrong("LC-S002", HEAD + "protections: [{select: kind=a min_level: 5}]\n", 2, 40, "comma between"),
    Wrong("LC-S002", HEAD + 'protections: [{select: "kind=a" min_level: 5}]\n', 2, 33, "comma between"),
    Wrong("LC-S002", HEAD + 'programs:\n  p:\n    description: "Full light\n', 4, 18, "same sign"),
    Wrong("LC-S002", HEAD + "programs:\n  p:\n    description: 'the city's light'\n", 4, 28, "double quotes"),
    Wrong("LC-S002", HEAD + 'programs:\n  p:\n    description: "C:\\dir"\n', 4, 22, "backslash"),
    Wrong("LC-S002", HEAD + "programs:\n  p:\n    start_level: 5\n   steps: []\n", 5, 4, "one column"),
    Wrong("LC-S002", HEAD + "programs:\n  p:\n    steps: - {at: dusk, level: 5}\n", 4, 12, "next line"),
    Wrong("LC-S004", assigned("{select: *kind, calendar: c}"), 4, 24, "needs quotes"),
    Wrong("LC-S005", assigned("{select: !kind , calendar: c}"), 4, 24, "needs quotes"),
)
KEYS = (
    Wrong("LC-S009", assigned("{select: a, calender: c}"), 4, 27, "Did you mean calendar?"),
    Wrong("LC-S009", rule("{date: 12-24, program: p}"), 3, 26, "Did you mean dates?"),
    Wrong("LC-S009", rule("{weekday: fri, nth: 2, program: p}"), 3, 26, "Did you mean weekdays?"),
    Wrong("LC-S009", "versoin: 1\n", 1, 1, "Did you mean version?"),
    Wrong("LC-S009", assigned("{select: kind=a, ward=6, calendar: c}"), 4, 32, 'quotes: select: "kind=a, ward=6"'),
    Wrong("LC-S009", rule("{weekdays: fri,sat, program: p}"), 3, 40, "list: weekdays: [fri, sat]"),
    Wrong("LC-S009", rule("{dates: 12-24, 12-31, program: p}"), 3, 40, "list: dates: [12-24, 12-31]"),
    Wrong("LC-S009", step("{at:dusk, level: 5}"), 2, 25, "Put a space after the colon: at: dusk"),
    Wrong("LC-S009", step("{dusk, level: 5}"), 2, 25, "Write at: dusk"),
    Wrong(
        "LC-S009", program('{active: {from: sunset, to: sunrise, latest: "05:00"}}'), 2, 52, "from: {at: sunset-10m,"
    ),
    Wrong("LC-S011", HEAD + "programs:\n  p:\n    start_level:50\n", 4, 5, "space after the colon: start_level: 50"),
    Wrong("LC-S011", step('"22:00 50"'), 2, 24, "Write {at: ..., level: ...}."),
    Wrong("LC-S011", program("{steps: {at: dusk, level: 5}}"), 2, 23, "Start each entry with -"),
    Wrong("LC-S011", program("{description: }"), 2, 16, "after the colon, or remove the key"),
    Wrong("LC-S012", 'version: "1"\n', 1, 10, "without quotes"),
)
VALUES = (
    Wrong("LC-S014", program("{start_level: 0.5}"), 2, 29, "percentage: write 50."),
    Wrong("LC-S014", program("{start_level: off}"), 2, 29, "Write 0."),
    Wrong("LC-S016", step("{at: 22 Uhr, level: 5}"), 2, 29, '"22:00"'),
    Wrong("LC-S016", step("{at: sunset\u201310m, level: 5}"), 2, 29, "plain signs: sunset-10m"),
    Wrong("LC-S016", step("{at: \u201c22:00\u201d, level: 5}"), 2, 29, "plain signs: 22:00"),
    Wrong("LC-S018", step("{at: dawn, level: 5, earliest: dusk}"), 2, 55, 'from "00:00" to "23:59".'),
    Wrong("LC-S019", program("{active: sunset - sunrise}"), 2, 24, "Write: sunset .. sunrise"),
    Wrong("LC-S019", program("{active: sunset ... sunrise}"), 2, 24, "Write: sunset .. sunrise"),
    Wrong("LC-S019", program("{active: 22:00\u201305:00}"), 2, 24, "Write: 22:00 .. 05:00"),
    Wrong("LC-S021", rule("{dates: 24.12.2027, program: p}"), 3, 33, "Write 2027-12-24."),
    Wrong("LC-S021", rule("{dates: 5-1, program: p}"), 3, 33, "Write 05-01."),
    Wrong("LC-S021", rule("{dates: 24.12. - 6.1., program: p}"), 3, 33, "Write 12-24..01-06."),
    Wrong("LC-S021", rule("{dates: 11-31, program: p}"), 3, 33, "30 days"),
    Wrong("LC-S011", rule("{dates: {from: 12-24}, program: p}"), 3, 33, "12-24..12-26"),
    Wrong("LC-S022", rule('{weekdays: "fri,sat", program: p}'), 3, 36, "list: [fri, sat]"),
    Wrong("LC-S022", rule("{weekdays: Fri-Sun, program: p}"), 3, 36, "Write fri..sun."),
    Wrong("LC-S022", rule("{weekdays: fri sat, program: p}"), 3, 36, "list: [fri, sat]"),
    Wrong("LC-S024", rule("{holidays: de_nw, program: p}"), 3, 36, "Write DE-NW."),
    Wrong("LC-S024", rule("{holidays: NW, program: p}"), 3, 36, "DE-NW"),
    Wrong("LC-S024", rule("{holidays: UK, program: p}"), 3, 36, "GB, not UK"),
    Wrong("LC-S011", rule("{holidays: [DE-NW, DE-BY], program: p}"), 3, 36, "each has a rule"),
    Wrong("LC-S026", assigned("{select: kind==a, calendar: c}"), 4, 24, "one sign"),
    Wrong("LC-S026", assigned("{select: kind=a or kind=b, calendar: c}"), 4, 24, "key in (a,b)"),
    Wrong("LC-S026", assigned("{select: kind=a and ward=6, calendar: c}"), 4, 24, "A comma means and"),
    Wrong("LC-S026", assigned('{select: "kind in [a,b]", calendar: c}'), 4, 24, "round brackets"),
    Wrong("LC-S026", assigned('{select: "kind not in (a,b)", calendar: c}'), 4, 24, "key!=a, key!=b"),
    Wrong("LC-S026", assigned('{select: "!kind", calendar: c}'), 4, 24, "key!=value"),
    Wrong("LC-S026", assigned('{select: "kind IN (a,b)", calendar: c}'), 4, 24, "small letters"),
    Wrong("LC-S027", f"{HEAD}programs: {{p: {{}}}}\ncalendars: {{c: {{default: c}}}}\n{USED}", 3, 26, "is a calendar"),
    Wrong("LC-S028", assigned("{select: a, calendar: p}"), 4, 37, '"p" is a program'),
)
MISTAKES = (*NOT_YAML, *KEYS, *VALUES)

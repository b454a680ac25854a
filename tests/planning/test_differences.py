"""What differs between two intents, in people's words."""

import pytest

from lightctl.domain.programs import NO_INTENT
from lightctl.files.schedules import read_schedules
from lightctl.planning.differences import Difference, differences

BEFORE = """
version: 1
programs:
  street:
    active: sunset-10m .. sunrise
    steps:
      - {at: "22:00", level: 70, ramp: 30s}
      - {at: "00:30", level: 50}
  weekend: {}
calendars:
  street:
    rules:
      - {dates: [12-24..12-26, 2026-12-31], program: weekend}
      - {weekdays: fri..sat, nth: [1, last], holidays: DE-NW, program: weekend}
    default: street
assignments:
  - {select: kind=park, calendar: street}
  - {select: "*", calendar: street}
protections:
  - {select: kind=crossing, min_level: 80, reason: zebras}
"""


def intent(text):
    read = read_schedules({"s.yaml": text})
    assert not read.errors, read.errors[0]
    return read.intent


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("level: 50", "level: 40", Difference("program", "street", "changed", ("step 00:30: 50 % -> 40 %",))),
        (
            '"22:00", level: 70, ramp: 30s',
            '"22:30", level: 70, ramp: 30s',
            Difference(
                "program",
                "street",
                "changed",
                ("step 22:00 removed (70 %, fading 30s)", "step 22:30 added: 70 %, fading 30s"),
            ),
        ),
        (
            "active: sunset-10m .. sunrise",
            "active: [sunset .. 23:00, 05:30 .. sunrise]\n    start_level: 60",
            Difference(
                "program",
                "street",
                "changed",
                (
                    "lit sunset-10m .. sunrise -> sunset .. 23:00 and 05:30 .. sunrise",
                    "start level 100 % -> 60 %",
                ),
            ),
        ),
        (
            "weekend: {}",
            "weekend: {description: late}",
            Difference("program", "weekend", "changed", ("the description",)),
        ),
        (
            "default: street",
            "default: weekend",
            Difference("calendar", "street", "changed", ("default street -> weekend",)),
        ),
        (
            "{dates: [12-24..12-26, 2026-12-31], program: weekend}",
            "{dates: 12-24, program: weekend}",
            Difference(
                "calendar",
                "street",
                "changed",
                (
                    "rules[0] removed: dates 12-24..12-26, 2026-12-31: program weekend",
                    "rules[0] added: dates 12-24: program weekend",
                ),
            ),
        ),
        (
            "  - {select: kind=park, calendar: street}\n",
            "",
            Difference("assignment", "kind=park", "removed", ("calendar street",)),
        ),
        (
            "min_level: 80",
            "min_level: 60",
            Difference("protection", "kind=crossing", "added", ("at least 60 % (zebras)",)),
        ),
    ],
)
def test_a_change_is_told_in_the_words_of_the_files(old, new, told):
    assert old in BEFORE
    assert told in differences(intent(BEFORE), intent(BEFORE.replace(old, new)))


def test_the_conditions_of_a_rule_are_all_told():
    changed = BEFORE.replace("      - {weekdays: fri..sat, nth: [1, last], holidays: DE-NW, program: weekend}\n", "")
    (found,) = differences(intent(changed), intent(BEFORE))
    assert found.words == ("rules[1] added: fri, sat; nth 1, last; holidays DE-NW: program weekend",)


def test_where_things_stand_in_files_does_not_count():
    moved = "# a comment\n" + BEFORE.replace("  weekend: {}\n", "").replace("programs:\n", "programs:\n  weekend: {}\n")
    assert differences(intent(BEFORE), intent(moved)) == ()


def test_the_order_of_steps_rules_and_assignments_counts():
    lines = BEFORE.splitlines()
    swapped = lines.copy()
    first, second = (lines.index(next(each for each in lines if text in each)) for text in ("kind=park", '"*"'))
    swapped[first], swapped[second] = lines[second], lines[first]
    assert {each.kind for each in differences(intent(BEFORE), intent("\n".join(swapped)))} == {"assignment"}


def test_from_nothing_everything_is_added():
    found = differences(NO_INTENT, intent(BEFORE))
    assert {each.verb for each in found} == {"added"}
    assert [each.name for each in found] == ["street", "weekend", "street", "kind=park", "*", "kind=crossing"]
    assert {each.verb for each in differences(intent(BEFORE), NO_INTENT)} == {"removed"}

"""`fault` on the command line: found, shown, taken on and kept quiet, by every way."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from dataclasses import replace

import pytest

from lightctl.cli.times import parse_past, said_s
from lightctl.domain.errors import InvalidInput
from lightctl.domain.states import FaultEvent
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.doors import EVENING, Cli
from tests.support.stores import fault

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def broken(offline: Cli) -> Cli:
    """The five lamps, two of which are faulty."""
    store = SqliteStore(offline.folder / "store")
    store.commit(
        Recorded(
            faults=(
                fault("LP-0001", opened_at=EVENING - 26 * HOUR, watts=120.0),
                fault("N-0003", subject_kind="node", event=FaultEvent.SUPPLY_LOSS, severity="critical",
                      opened_at=EVENING - HOUR, members=("LP-0003", "LP-0004")),
            )
        )
    )  # fmt: skip
    store.close()
    return offline


def listed(cli: Cli, *more: str) -> dict[int, str]:
    return {each["id"]: each["state"] for each in cli.done("fault", "list", *more, "-o", "json").json()}


def test_faults_are_listed_with_state_age_watts_and_what_one_cause_explains(broken: Cli) -> None:
    table = broken.done("fault", "list").out
    assert "1d 2h" in table
    assert table.splitlines()[0].split()[:5] == ["ID", "FAULT", "SUBJECT", "SEVERITY", "STATE"]
    (loss, lamp) = broken.done("fault", "list", "-o", "json").json()
    assert (loss["members"], loss["watts"], lamp["watts"], round(lamp["kwh"], 1)) == (2, None, 120.0, 3.1)
    assert lamp["cost"] is None


def test_faults_are_filtered_by_state_event_target_and_opening(broken: Cli) -> None:
    assert listed(broken, "--event", "supplyLoss") == {2: "open"}
    assert listed(broken, "-l", "kind=crossing") == {2: "open"}
    assert listed(broken, "LP-0001") == {1: "open"}
    assert listed(broken, "--since", "2h") == {2: "open"}
    assert listed(broken, "--state", "acknowledged") == {}
    assert broken("fault", "list", "--event", "lampfail").code == 2
    assert "lampFailure" in broken("fault", "list", "--event", "lampfail").err
    assert broken("fault", "list", "LP-9999").code == 3
    assert broken("fault", "list", "--state", "weird").code == 2


def test_a_fault_is_taken_on_silenced_and_an_alarm_again(broken: Cli) -> None:
    done = broken.done("fault", "ack", "1", "2", "--reason", "crew 4 goes")
    assert "2 faults acknowledged" in done.err
    broken.done("fault", "silence", "1", "--for", "2d", "--reason", "spare part is ordered")
    assert listed(broken) == {1: "silenced", 2: "acknowledged"}
    status = broken.done("status").out
    assert "1 critical, 1 acknowledged, 1 silenced (no alarm)" in status
    shown = broken.done("fault", "show", "1").out
    assert "what to do" in shown
    assert "spare part is ordered" in shown
    broken.done("fault", "unsilence", "1")
    assert listed(broken) == {1: "acknowledged", 2: "acknowledged"}
    verbs = [each["verb"] for each in broken.done("audit", "list", "-o", "json").json()]
    assert verbs[:3] == ["fault unsilence", "fault silence", "fault ack"]


def test_an_event_is_kept_quiet_at_a_target_and_listed_until_its_end(broken: Cli) -> None:
    done = broken.done("fault", "silence", "group:centre", "--event", "supplyLoss", "--until", "06:00", "-o", "json")
    made = done.json()["silence"]
    assert (made["event"], made["target"]) == ("supplyLoss", "group=centre")
    assert made["until"] == "2026-11-24T05:00:00Z"
    (told,) = broken.done("fault", "silences", "-o", "json").json()
    assert told["id"] == made["id"]
    assert made["id"] in broken.done("fault", "silences").out
    ended = broken.done("fault", "unsilence", made["id"])
    assert "counts again" in ended.out
    assert broken.done("fault", "silences", "-o", "json").json() == []
    assert [each["running"] for each in broken.done("fault", "silences", "--ended", "-o", "json").json()] == [False]


def test_a_try_says_what_would_be_and_changes_nothing(broken: Cli) -> None:
    assert "nothing was changed" in broken.done("fault", "ack", "1", "--dry-run").err
    broken.done("fault", "silence", "1", "--for", "1h", "--dry-run")
    broken.done("fault", "silence", "-l", "*", "--event", "lampFailure", "--for", "1h", "--dry-run")
    assert listed(broken) == {1: "open", 2: "open"}
    assert broken.done("fault", "silences").out == ""


def test_what_cannot_be_marked_is_named_and_the_exit_code_says_partly(broken: Cli) -> None:
    store = SqliteStore(broken.folder / "store")
    lamp = store.fault_record(1)
    assert lamp is not None
    store.commit(Recorded(faults=(replace(lamp.fault, cleared_at=EVENING),)))
    store.close()
    partly = broken("fault", "ack", "1", "2", "-o", "json")
    assert partly.code == 6
    assert [each["id"] for each in json.loads(partly.out)["faults"]] == [2]
    assert "fault 1 has cleared" in partly.err
    assert broken("fault", "ack", "1").code == 2
    assert broken("fault", "ack", "77").code == 3
    assert broken("fault", "show", "77").code == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("1",), "no end"),
        (("1", "--for", "1h", "--until", "06:00"), "both say"),
        (("LP-0001", "--for", "1h"), "is no fault's number"),
        (("-l", "*", "--for", "1h"), "which fault"),
        (("--for", "1h"), "nothing to act on"),
        (("--event", "lampFailure", "--for", "1h"), "nothing to act on"),
        (("1", "--for", "40d"), "max_silence_h"),
    ],
)
def test_a_silence_without_an_end_or_a_subject_is_refused_with_what_to_write(
    broken: Cli, words: tuple[str, ...], told: str
) -> None:
    ran = broken("fault", "silence", *words)
    assert (ran.code, told in ran.err) == (2, True), ran.err


def test_every_way_knows_faults(city: Cli) -> None:
    assert city.done("fault", "list", "--state", "open", "-o", "json").json() == []
    assert city("fault", "ack", "1").code == 3
    assert city.done("fault", "silences").err == "no silence holds\n"


def test_how_long_ago_and_an_instant_are_both_read() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")

    def past(text: str) -> dt.datetime:
        return parse_past(text, EVENING, zone, where="--since")

    assert past("2d") == past("2d ago") == EVENING - 48 * HOUR
    assert past("06:00") == dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)
    assert past("23:00") == dt.datetime(2026, 11, 22, 22, 0, tzinfo=dt.UTC)
    assert past("2026-11-01") == dt.datetime(2026, 10, 31, 23, 0, tzinfo=dt.UTC)
    with pytest.raises(InvalidInput):
        past("lately")


def test_how_long_something_lasts_is_said_in_its_two_greatest_parts() -> None:
    assert [said_s(seconds) for seconds in (0, 40, 61, 3600, 93_784, 864_000)] == [
        "0s", "40s", "1m 1s", "1h", "1d 2h", "10d",
    ]  # fmt: skip

"""--wait: what the exit code says about the street, and that accepted is not yet confirmed."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from lightctl.cli.chain import SMALL
from lightctl.cli.failures import ExitCode
from lightctl.cli.following import _shown
from lightctl.domain.states import CommandState
from tests.support.doors import Cli, Street

CONFIRMED, FAILED, EXPIRED, SENT = (
    CommandState.CONFIRMED,
    CommandState.FAILED,
    CommandState.EXPIRED,
    CommandState.SENT,
)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((CONFIRMED, CONFIRMED, CONFIRMED), ExitCode.OK),
        ((CONFIRMED, FAILED, CONFIRMED), ExitCode.PARTLY),
        ((CONFIRMED, EXPIRED, CONFIRMED), ExitCode.PARTLY),
        ((FAILED, EXPIRED, FAILED), ExitCode.FAILED),
        ((CONFIRMED, CONFIRMED, SENT), ExitCode.PARTLY),
        ((CONFIRMED, FAILED, SENT), ExitCode.PARTLY),
        ((FAILED, FAILED, SENT), ExitCode.UNREACHABLE),
        ((SENT, SENT, SENT), ExitCode.UNREACHABLE),
    ],
)
def test_the_exit_code_of_wait_says_how_the_nodes_answered(
    hosted: Cli, street: Street, answers: tuple[CommandState, ...], code: ExitCode
) -> None:
    street.answers = dict(zip(("N-0001", "N-0002", "N-0003"), answers, strict=True))
    ran = hosted("dim", "group:centre", "40", "--wait", "--timeout", "0.3", "-o", "json")
    assert ran.code == code
    change = ran.json()
    assert change["confirmed"] == answers.count(CONFIRMED)
    assert change["failed"] + change["expired"] == answers.count(FAILED) + answers.count(EXPIRED)
    assert change["pending"] == answers.count(SENT)


def test_without_wait_a_failed_lamp_is_still_an_accepted_change(hosted: Cli, street: Street) -> None:
    street.answers = {"N-0001": FAILED}
    assert hosted("off", "LP-0001").code == ExitCode.OK


def test_of_a_few_lamps_each_is_listed_with_its_chain(hosted: Cli, street: Street) -> None:
    street.answers = {"N-0001": CONFIRMED, "N-0002": FAILED, "N-0003": SENT}
    street.measured = {"N-0001": 100}
    ran = hosted("on", "group:centre", "--wait", "--timeout", "0.3")
    assert ran.code == ExitCode.PARTLY
    head, *rows = (re.split(r"\s{2,}", line) for line in ran.out.splitlines()[1:])
    assert head == ["ID", "STATE", "ACCEPTED", "SENT", "BROKER", "CONFIRMED", "MEASURED", "DETAIL"]
    assert [row[:2] for row in rows] == [["LP-0001", "confirmed"], ["LP-0002", "failed"], ["LP-0003", "pending"]]
    assert rows[0][3:] == ["+0.0 s", "+0.0 s", "+0.0 s", "100 %", "node N-0001 reported revision 1"]
    assert rows[1][-1] == "failed by test"
    assert rows[2][3:] == ["+0.0 s", "+0.0 s", "-", "the broker has it; the lamp has not reported yet"]


def test_of_a_group_with_dead_members_these_are_named_and_it_is_partly_done(hosted: Cli, street: Street) -> None:
    street.answers = {"N-0001": CONFIRMED, "N-0003": CONFIRMED}
    ran = hosted("dim", "group:centre", "40", "--wait", "--timeout", "0.3", "-o", "json")
    assert ran.code == ExitCode.PARTLY
    assert [point["id"] for point in ran.json()["points"] if point["state"] == "pending"] == ["LP-0002"]


def test_an_offline_lamp_shows_nothing_beyond_sent(hosted: Cli, street: Street) -> None:
    street.answers, street.measured = {"N-0001": CONFIRMED}, {"N-0001": 100}
    hosted.done("on", "LP-0001", "--wait")
    street.answers, street.measured = {"N-0001": SENT}, {}
    (point,) = hosted("dim", "LP-0001", "30", "--wait", "--timeout", "0.1", "-o", "json").json()["points"]
    assert (point["state"], point["confirmed_at"], point["level"]) == ("pending", None, None), "the old report is old"
    assert point["accepted_at"] <= point["sent_at"] <= point["broker_acked_at"]


def test_of_many_lamps_only_those_that_did_not_follow_are_listed(hosted: Cli, street: Street) -> None:
    rows = "".join(f"X-{n:02},51.2,7.1,in_use,crowd,N-{n:02}\n" for n in range(SMALL + 2))
    hosted.done("inventory", "import", "-", "--yes", stdin="id,lat,lon,state,group,node\n" + rows)
    street.answers = {f"N-{n:02}": FAILED if n == 7 else CONFIRMED for n in range(SMALL + 2)}
    ran = hosted("on", "group:crowd", "--wait", "--yes")
    assert ran.code == ExitCode.PARTLY
    assert [line.split()[0] for line in ran.out.splitlines()[2:]] == ["X-07"]


def test_a_level_the_lamp_cannot_have_is_not_rounded_in_silence(hosted: Cli, street: Street) -> None:
    point = "R-1,51.2,7.1,in_use,cabinet,K-1,line,3\n"
    hosted.done("inventory", "import", "-", "--yes", stdin="id,lat,lon,state,profile,node,link,address\n" + point)
    street.answers = {"K-1": CONFIRMED}
    (shown,) = hosted.done("dim", "R-1", "30", "--wait", "-o", "json").json()["points"]
    assert shown["detail"] == "node K-1 reported revision 1; it takes 100 % for 30 %"


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("lamps", "line_by_line"), [(3, True), (SMALL, True), (SMALL + 1, False)])
def test_on_a_terminal_few_lamps_are_followed_line_by_line_and_many_with_a_bar(lamps, line_by_line, monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    for name, value in (("TERM", "xterm"), ("COLUMNS", "120"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    point = {"state": "pending", "accepted_at": "2026-11-23T20:30:00Z", "sent_at": "2026-11-23T20:30:00.4Z"}
    points = [point | {"id": f"LP-{number}", "detail": "sent", "level": None} for number in range(lamps)]
    with _shown(lamps) as show:
        show({"affected": lamps, "confirmed": 0, "failed": 0, "expired": 0, "pending": lamps, "points": points})
    shown = stream.getvalue()
    assert ("LP-1" in shown and "+0.4 s" in shown) is line_by_line
    assert (f"{lamps} pending" in shown) is not line_by_line


def test_every_point_is_a_line_in_jsonl(hosted: Cli, street: Street) -> None:
    street.answers = {"N-0001": CONFIRMED, "N-0002": CONFIRMED, "N-0003": CONFIRMED}
    lines = hosted.done("on", "group:centre", "--wait", "-o", "jsonl").out.splitlines()
    assert {json.loads(line)["state"] for line in lines} == {"confirmed"}
    assert len(lines) == 3


def test_with_no_daemon_wait_does_not_pretend_to_wait(offline: Cli) -> None:
    ran = offline("on", "LP-0001", "--wait", "--timeout", "30")
    assert ran.code == ExitCode.UNREACHABLE
    assert "no daemon is running" in ran.err
    assert "1 pending" in ran.out

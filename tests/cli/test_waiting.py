"""--wait: what the exit code says about the street, and that accepted is not yet confirmed."""

from __future__ import annotations

import json

import pytest

from lightctl.cli.failures import ExitCode
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
        ((CONFIRMED, CONFIRMED, SENT), ExitCode.UNREACHABLE),
        ((FAILED, FAILED, SENT), ExitCode.UNREACHABLE),
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


def test_the_lamps_that_did_not_follow_are_listed_on_stdout(hosted: Cli, street: Street) -> None:
    street.answers = {"N-0001": CONFIRMED, "N-0002": FAILED, "N-0003": CONFIRMED}
    ran = hosted("on", "group:centre", "--wait")
    assert ran.code == ExitCode.PARTLY
    assert "LP-0002" in ran.out
    assert "failed by test" in ran.out
    assert "LP-0001" not in ran.out


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

"""How a command may go from state to state: forward, to one end, with the instants that belong to it."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.moves import ENDS, MOVES, moved
from lightctl.domain.states import Command, CommandState

NOW = dt.datetime(2026, 12, 4, 14, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(seconds=5)
OPEN = [state for state in CommandState if not state.terminal]


def command(state: CommandState) -> Command:
    sent = NOW if state is CommandState.SENT else None
    return Command("n1", 7, state, "schedule", NOW, LATER, attempts=1, sent_at=sent, detail="before")


def test_every_state_has_its_row_and_the_ends_have_no_way_out():
    assert set(MOVES) == set(CommandState)
    assert {state for state in CommandState if not MOVES[state]} == set(ENDS) == set(CommandState) - set(OPEN)


@pytest.mark.parametrize("before", list(CommandState))
@pytest.mark.parametrize("after", list(CommandState))
def test_a_command_moves_as_the_table_says_and_no_other_way(before: CommandState, after: CommandState) -> None:
    if after not in MOVES[before]:
        with pytest.raises(ValueError, match=f"n1/7 is {before} and cannot become {after}"):
            moved(command(before), after, LATER)
        return
    told = moved(command(before), after, LATER)
    assert told.state is after
    assert (told.finished_at == LATER) is after.terminal
    assert (told.sent_at == LATER) is (after is CommandState.SENT)
    assert told.attempts == (2 if after is CommandState.SENT else 1)


def test_no_state_comes_back_once_it_was_left():
    assert CommandState.QUEUED not in {after for row in MOVES.values() for after in row}


def test_a_move_keeps_what_was_said_unless_it_says_something_itself():
    assert moved(command(CommandState.QUEUED), CommandState.SENT, LATER).detail == "before"
    assert moved(command(CommandState.SENT), CommandState.CONFIRMED, LATER, "").detail == ""

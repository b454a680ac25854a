"""Moves: the one table of how a command goes from state to state, for the controller and, word for word, the database.

    queued -> sent -> confirmed | failed | expired | superseded

A command goes forward only, and its end is never left. It may end from anywhere: `queued -> confirmed` is the daemon
that was killed after it sent and before it recorded that, or a node's report that overtook the link's word. The node's
word outranks our bookkeeping; `sent_at` then stays empty, because nobody knows when. `sent -> sent` is another attempt.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from lightctl.domain.states import Command, CommandState, Ended

ENDS = frozenset({CommandState.CONFIRMED, CommandState.FAILED, CommandState.EXPIRED, CommandState.SUPERSEDED})
MOVES: Mapping[CommandState, frozenset[CommandState]] = MappingProxyType(
    {
        CommandState.QUEUED: ENDS | {CommandState.SENT},
        CommandState.SENT: ENDS | {CommandState.SENT},
        **dict.fromkeys(ENDS, frozenset()),
    }
)


ended = lru_cache(maxsize=4096)(Ended)
"""Give what counts of an end; one object for all that are equal."""


def brief(command: Command | Ended | None) -> Command | Ended | None:
    """Give what still counts of a command: all of it while it is open."""
    if isinstance(command, Command) and command.state.terminal:
        return ended(command.revision, command.state, command.priority, command.detail)
    return command


def moved(command: Command, state: CommandState, at: dt.datetime, detail: str | None = None) -> Command:
    """Give the command after a move at an instant, `detail` replaced where one is given; raises ValueError for none.

    A move to `sent` counts an attempt, every other one is the end and is stamped as such.
    """
    if state not in MOVES[command.state]:
        raise ValueError(f"command {command.id} is {command.state} and cannot become {state}")
    sent = state is CommandState.SENT
    return Command(  # written out, since it is done twice for every order
        command.node,
        command.revision,
        state,
        command.cause,
        command.created_at,
        command.deadline,
        command.priority,
        command.attempts + 1 if sent else command.attempts,
        at if sent else command.sent_at,
        command.broker_acked_at,
        command.finished_at if sent else at,
        command.detail if detail is None else detail,
    )

"""What a node does about one-shot actions before it does them: late ones, repeated ones, ones that name no channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from lightctl.domain.states import ActionKind, NodeAction
from simulators.node import ActionAnswer

REMEMBERED = 16
CHANNEL = "channel"
DONE, REJECTED = "done", "rejected"


class Answers:
    """A node's answers to its latest actions; a restart forgets them."""

    def __init__(self) -> None:
        self._given: dict[str, ActionAnswer] = {}

    def again(self, action: NodeAction) -> ActionAnswer | None:
        """Give the answer of an action that was answered before."""
        return self._given.get(action.id)

    def give(self, action: NodeAction, shown: dt.datetime, channels: Collection[int]) -> ActionAnswer:
        """Answer a new action at what the node's clock shows: done, or rejected and why."""
        why = ""
        if shown > action.not_after:
            why = "it came after its not_after"
        elif action.kind is ActionKind.IDENTIFY and not named_channels(action, channels):
            why = f"there is no channel {action.args.get(CHANNEL, '')[:40]!r} here"
        answer = ActionAnswer(action.id, REJECTED if why else DONE, why)
        while len(self._given) >= REMEMBERED:
            self._given.pop(next(iter(self._given)))
        self._given[action.id] = answer
        return answer


def named_channels(action: NodeAction, channels: Collection[int]) -> tuple[int, ...]:
    """Give the channels an action means: the one its args name, or all when they name none."""
    name = action.args.get(CHANNEL)
    return tuple(number for number in channels if name is None or str(number) == name)

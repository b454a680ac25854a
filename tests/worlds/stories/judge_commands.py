"""Commands: I2 (each ends once, in time) and I3 (confirmed is only what the node said it has).

Deadlines are instants of the daemon's clock: while its host's clock was set meanwhile, or it was dead, none is asked
after before a minute has passed since. A node that lies about its revision is believed, as nothing else can be known.
"""

from __future__ import annotations

from dataclasses import replace

from lightctl.control.effects import Effects
from lightctl.domain.states import Command, CommandState
from lightctl.store.sqlite import SqliteStore
from tests.worlds.stories.documents import Documents
from tests.worlds.stories.judge_line import LineJudge
from tests.worlds.stories.scene import MINUTE, Scene


class CommandJudge:
    """Follows every command."""

    def __init__(self, scene: Scene, documents: Documents, line: LineJudge) -> None:
        self.known: dict[str, Command] = {}
        self._open: dict[str, Command] = {}
        self._scene = scene
        self._documents = documents
        self._line = line

    def decided(self, effects: Effects) -> None:
        """Look at what a step decided."""
        for command in effects.commands:
            known = self.known.get(command.id)
            ended = known is not None and known.state.terminal
            if known is not None and ended and command.state is not known.state:
                self._scene.violate("I2", f"{command.id} left {known.state} for {command.state}")
            if command.state is CommandState.CONFIRMED and not ended:
                self._judge_confirmation(command)
            self.known[command.id] = command
            if command.state.terminal:
                self._open.pop(command.id, None)
            else:
                self._open[command.id] = command
        self.judge_open()

    def _judge_confirmation(self, command: Command) -> None:
        nodes = self._scene.nodes
        if command.node in nodes.units:
            if not self._line.held(command.node, command.revision):
                self._scene.violate("I3", f"{command.id} is confirmed, {command.node} was not read while it held that")
        elif nodes.by_revision(command.node) and command.revision not in self._documents.applied[command.node]:
            self._scene.violate("I3", f"{command.id} is confirmed, {command.node} never had it")

    def judge_open(self) -> None:
        """Look for commands that are open after their deadline."""
        daemon = self._scene.daemon
        if not daemon.alive or self._scene.now < max(daemon.started_at, daemon.clock_set_at) + MINUTE:
            return
        for command in list(self._open.values()):
            if daemon.now > command.deadline + MINUTE:
                what = f"{command.id} is still {command.state}, its deadline was {command.deadline:%H:%M}"
                self._scene.violate("I2", what)
                self.known[command.id] = replace(command, state=CommandState.FAILED)
                del self._open[command.id]

    def compare(self, store: SqliteStore) -> None:
        """I4: hold what the store says against what was decided and recorded."""
        stored = {command.id: command for command in store.commands()}
        for name, command in self.known.items():
            if name not in stored:
                self._scene.violate("I4", f"{name} was recorded and is not in the store")
            elif command.state.terminal and stored[name].state is not command.state:
                self._scene.violate("I2", f"{name} is {command.state}, the store says {stored[name].state}")

    def restore(self, known: dict[str, Command]) -> None:
        """Go back to what was known when a backup was made."""
        self.known = dict(known)
        self._open = {name: command for name, command in known.items() if not command.state.terminal}

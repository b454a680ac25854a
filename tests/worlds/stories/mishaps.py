"""Mishaps of a story: what goes wrong, by word, and how each of them ends.

Those that last end by themselves, or all at once when the story says that all is well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from lightctl.domain.states import Command, ReportedState
from simulators.node import Say
from tests.worlds.network import Weather
from tests.worlds.stories.line_mishaps import WHILE_WRITTEN, LineMishaps
from tests.worlds.stories.post import DAEMON
from tests.worlds.stories.scene import LONGEST_WAY_S, Scene
from tests.worlds.stories.shelf import connection
from tests.worlds.stories.spoiling import lie, rubbish
from tests.worlds.stories.story import Arguments
from tests.worlds.stories.watch import Watch
from tests.worlds.stories.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the store, and of what was asked and known when it was made."""

    copy: sqlite3.Connection
    wishes: Wishes
    commands: dict[str, Command]
    said: dict[str, ReportedState]
    said_by_units: dict[str, ReportedState]
    current: dict[str, int]
    writes: int


class Mishaps:
    """Carries out mishaps, by word."""

    def __init__(self, scene: Scene, watch: Watch) -> None:
        self._scene = scene
        self._watch = watch
        self._ends: dict[int, Callable[[], None]] = {}
        self._count = 0
        self._backup = self._back_up()
        self.words: dict[str, Callable[[Arguments], None]] = {
            "link down": self._link_down,
            "broker wiped": self._wipe_broker,
            "broker set back": self._set_broker_back,
            "reboot": self._reboot,
            "flash lost": self._lose_flash,
            "cut off": lambda of: self._cut(self._node(of), "cut", float(of["lasts_s"])),
            "deaf": self._deafen,
            "bad network": self._bad_network,
            "held back": self._hold_back,
            "old order": lambda of: scene.post.say_again(self._node(of), int(of["number"])),
            "lie": self._lie,
            "rubbish": self._say_rubbish,
            "node clock": self._set_node_clock,
            "clock": self._set_clock,
            "crash": self._crash,
            "backup restored": self._restore_backup,
            **LineMishaps(scene, self._lasting).words,
        }

    def _node(self, of: Arguments) -> str:
        return self._scene.nodes.pick(float(of["node"]))

    # -- beginnings and ends --------------------------------------------------------------------------------------

    def begin(self, word: str, of: Arguments) -> None:
        """Let a mishap begin."""
        self._scene.calm_since = None
        self.words[word](of)
        self._calm_down()

    def end_all(self) -> None:
        """End everything at once; what is on its way still arrives, late and out of order."""
        scene = self._scene
        if scene.daemon.doomed:
            scene.daemon.kill()
        scene.nodes.spare()
        for number in list(self._ends):
            self._end(number)
        scene.post.release(LONGEST_WAY_S)
        self._heal()
        scene.daemon.start()
        self._calm_down()

    def _lasting(self, of: Arguments | float, end: Callable[[], None]) -> None:
        self._count += 1
        number = self._count
        self._ends[number] = end
        self._scene.calm_since = None
        self._scene.heap.after(float(of if isinstance(of, float) else of["lasts_s"]), lambda: self._end(number))

    def _end(self, number: int) -> None:
        end = self._ends.pop(number, None)
        if end is not None:
            end()
            self._calm_down()

    def _calm_down(self) -> None:
        troubled = self._ends or self._scene.daemon.doomed or self._scene.post.holds
        self._scene.calm_since = None if troubled else self._scene.now

    def _heal(self) -> None:
        if self._scene.post.heal():
            self._scene.daemon.disconnect()
            self._scene.daemon.connect()

    # -- the broker and the ways to it ----------------------------------------------------------------------------

    def _cut(self, node: str, why: str, lasts_s: float) -> None:
        street = self._scene.nodes.street
        street.cut(node, why, on=True)
        self._lasting(lasts_s, lambda: street.cut(node, why, on=False))

    def _cut_all(self, why: str, lasts_s: float) -> None:
        for node in self._scene.nodes.faces:
            self._cut(node, why, lasts_s + self._scene.rng.uniform(0, 20))

    def _link_down(self, of: Arguments) -> None:
        self._scene.daemon.disconnect()
        self._lasting(of, self._scene.daemon.connect)

    def _wipe_broker(self, of: Arguments) -> None:
        self._scene.post.retained.clear()
        self._cut_all("broker", float(of["lasts_s"]))
        self._link_down(of)

    def _set_broker_back(self, of: Arguments) -> None:
        self._scene.post.set_back(int(of["number"]))
        self._cut_all("broker", 1.0)
        self._scene.daemon.disconnect()
        self._lasting(1.0, self._scene.daemon.connect)

    def _deafen(self, of: Arguments) -> None:
        side = str(of["side"])
        way = (side, DAEMON if side.endswith("daemon") else self._node(of))
        self._scene.post.deaf.add(way)

        def end() -> None:
            self._scene.post.deaf.discard(way)
            self._heal()

        self._lasting(of, end)

    def _bad_network(self, of: Arguments) -> None:
        weather = Weather(0.01, float(of["longest_s"]), float(of["lost"]), float(of["doubled"]))
        self._scene.post.weather(weather)

        def end() -> None:
            self._scene.post.weather()
            self._heal()

        self._lasting(of, end)

    def _hold_back(self, of: Arguments) -> None:
        slow, node = self._scene.post.slow, self._node(of)
        slow[node] = float(of["longest_s"])

        def end() -> None:
            slow.pop(node, None)
            self._scene.post.release(LONGEST_WAY_S)

        self._lasting(of, end)

    # -- nodes ----------------------------------------------------------------------------------------------------

    def _reboot(self, of: Arguments) -> None:
        nodes, node, cut = self._scene.nodes, self._node(of), of["cut"]

        def lie_dead() -> None:
            self._scene.did[f"supply lost {cut}"] += 1
            self._lasting(30.0, lambda: nodes.boot(node))

        if cut == "after storing":
            nodes.lose_supply_storing(node, lie_dead)
            return
        if cut == WHILE_WRITTEN:
            nodes.lose_supply_written(node, int(of["writes"]), lie_dead)
            return
        nodes.lose_supply(node)
        self._lasting(of, lambda: nodes.boot(node))

    def _lose_flash(self, of: Arguments) -> None:
        nodes, node = self._scene.nodes, self._node(of)
        nodes.lose_supply(node)
        self._lasting(of, lambda: nodes.boot(node, flash_lost=True))

    def _lie(self, of: Arguments) -> None:
        spoil, node = self._scene.post.spoil, self._node(of)
        spoil[node] = lie(str(of["about"]), int(of["number"]), lambda: self._watch.documents.newest[node])

        def end() -> None:
            spoil.pop(node, None)
            self._scene.nodes.reconnect(node)

        self._lasting(of, end)

    def _say_rubbish(self, of: Arguments) -> None:
        nodes, node = self._scene.nodes, self._node(of)
        messages = nodes.faces[node].say(Say.REPORT, self._scene.now)
        self._watch.wire.rubbish(now=True)
        for message in messages:
            self._scene.post.hear(node, rubbish(message, int(of["number"])))
        self._watch.wire.rubbish(now=False)

    def _set_node_clock(self, of: Arguments) -> None:
        node = self._node(of)

        def set_clock(by_s: float) -> None:
            self._watch.lamps.look(node)
            self._scene.nodes.set_clock_error(node, by_s)

        set_clock(float(of["by_s"]))
        self._lasting(of, lambda: set_clock(0.0))

    # -- the daemon -----------------------------------------------------------------------------------------------

    def _set_clock(self, of: Arguments) -> None:
        self._scene.daemon.set_clock(float(of["by_s"]))
        self._lasting(of, lambda: self._scene.daemon.set_clock(0.0))

    def _crash(self, of: Arguments) -> None:
        self._backup.copy.close()
        self._backup = self._back_up()
        when = str(of["when"])

        def lie_dead() -> None:
            self._scene.did[f"killed, {when}"] += 1
            self._lasting(of, self._revive)

        self._scene.daemon.kill(when, lie_dead)

    def _revive(self) -> None:
        if not self._scene.daemon.alive:
            self._watch.store.compare()
        self._scene.daemon.start()

    def close(self) -> None:
        """Throw the backup away."""
        self._backup.copy.close()

    def _back_up(self) -> Backup:
        scene = self._scene
        scene.daemon.save()
        copy = sqlite3.connect(":memory:")
        connection(scene.daemon.store).backup(copy)
        watch = self._watch
        known, said, current = dict(watch.commands.known), dict(watch.wire.said), dict(watch.documents.current)
        return Backup(copy, scene.wishes.copy(), known, said, dict(watch.switching.said), current, scene.writes)

    def _restore_backup(self, of: Arguments) -> None:
        """Lose the host: an old copy of the store comes back, and every node connects anew."""
        scene, backup = self._scene, self._backup
        scene.daemon.kill()
        scene.daemon.forget_unsaved()
        backup.copy.backup(connection(scene.daemon.store))
        scene.wishes = backup.wishes.copy()
        scene.writes = backup.writes
        self._watch.commands.restore(backup.commands)
        self._watch.wire.said = dict(backup.said)
        self._watch.switching.said = dict(backup.said_by_units)
        self._watch.documents.announced.clear()
        self._watch.documents.current = dict(backup.current)
        for node in scene.nodes.faces:
            self._cut(node, "host", scene.rng.uniform(1, 20))
        self._lasting(of, self._revive)

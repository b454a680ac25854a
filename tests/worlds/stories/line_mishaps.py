"""Mishaps of a story's Modbus lines, by word: a gateway, its wire, its feeder, what units answer, and others' hands.

`node` says which unit is meant, or the line on which it is.
"""

from __future__ import annotations

from collections.abc import Callable

from lightctl.devices.fit import fit_level
from lightctl.devices.levels import level_writes
from tests.worlds.stories.gateway import NEIGHBOUR, Gateway
from tests.worlds.stories.scene import Scene
from tests.worlds.stories.story import Arguments

Lasting = Callable[[Arguments, Callable[[], None]], None]
WHILE_WRITTEN = "while written"


class LineMishaps:
    """Carries them out; a story without a line has none of them."""

    def __init__(self, scene: Scene, lasting: Lasting) -> None:
        self._scene = scene
        self._lasting = lasting
        self.words: dict[str, Callable[[Arguments], None]] = {
            "gateway dead": self._kill_gateway,
            "gateway replaced": self._replace_gateway,
            "line cut": self._cut_line,
            "feeder off": self._cut_feeder,
            "bad answers": self._spoil_answers,
            "neighbour answers": lambda of: self._spoil_answers({**of, "kind": NEIGHBOUR}),
            "local switch": self._switch_locally,
            "another master": self._write_levels,
        }

    def _unit(self, of: Arguments) -> str:
        units = tuple(self._scene.nodes.numbers)
        return units[int(of.get("node", 0)) % len(units)]

    def _gateway(self, of: Arguments) -> Gateway:
        return self._scene.gateways[self._scene.nodes.lines[self._unit(of)]]

    def _kill_gateway(self, of: Arguments) -> None:
        gateway, how = self._gateway(of), str(of["how"])
        if how == "half open":
            gateway.deafen()
            self._lasting(of, gateway.reset_deaf)
            return
        self._lasting(of, _down(gateway, how))

    def _replace_gateway(self, of: Arguments) -> None:
        """After a while another make is found at the same address: faster or slower, and with or without function 8."""
        gateway = self._gateway(of)
        end = _down(gateway, "refuses")

        def come() -> None:
            end()
            gateway.echoes, gateway.back_s = bool(of["echoes"]), float(of["back_s"])

        self._lasting(of, come)

    def _cut_line(self, of: Arguments) -> None:
        gateway = self._gateway(of)
        gateway.cut, gateway.says_so = True, bool(of["says_so"])

        def end() -> None:
            gateway.cut = False

        self._lasting(of, end)

    def _cut_feeder(self, of: Arguments) -> None:
        """All units of a line lose their supply at once, and have it back at once; maybe their gateway with them."""
        nodes, gateway = self._scene.nodes, self._gateway(of)
        units = [node for node, line in nodes.lines.items() if line == gateway.name]
        for node in units:
            nodes.lose_supply(node)
        end = _down(gateway, "refuses") if of["gateway"] else None

        def come_back() -> None:
            for node in units:
                nodes.boot(node)
            if end is not None:
                end()

        self._lasting(of, come_back)

    def _spoil_answers(self, of: Arguments) -> None:
        bad, node = self._gateway(of).bad, self._unit(of)
        bad[node] = str(of["kind"]), float(of["share"])
        self._lasting(of, lambda: bool(bad.pop(node, None)))

    def _switch_locally(self, of: Arguments) -> None:
        nodes, node = self._scene.nodes, self._unit(of)
        nodes.switch_locally(node, int(of["level"]))
        self._lasting(of, lambda: nodes.switch_locally(node, None))

    def _write_levels(self, of: Arguments) -> None:
        """Somebody else writes levels into a unit; one that keeps its nights has none to be written."""
        nodes, node = self._scene.nodes, self._unit(of)
        if nodes.by_revision(node) or not nodes.street.reachable(node):
            return
        kind = nodes.kinds[node]
        level = fit_level(int(of["level"]), kind.capabilities, 0)
        unit = nodes.units[node].at(self._scene.now)
        for channel in range(kind.channels):
            for write in level_writes(nodes.registers(node), channel, level):
                unit.write(write.table, write.address, write.values)
        self._scene.did["levels written by another master"] += 1


def _down(gateway: Gateway, how: str) -> Callable[[], None]:
    """Have a gateway be dead; gives what ends that."""
    gateway.down = how
    gateway.reset()

    def end() -> None:
        gateway.down = ""

    return end

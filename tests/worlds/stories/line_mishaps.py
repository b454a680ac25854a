"""Mishaps of a story's Modbus line, by word: its gateway, its wire, what its units answer, and hands on a switch."""

from __future__ import annotations

from collections.abc import Callable

from tests.worlds.stories.gateway import NEIGHBOUR, Gateway
from tests.worlds.stories.scene import Scene
from tests.worlds.stories.story import Arguments

Lasting = Callable[[Arguments, Callable[[], None]], None]


class LineMishaps:
    """Carries them out; a story without a line has none of them."""

    def __init__(self, scene: Scene, lasting: Lasting) -> None:
        self._scene = scene
        self._lasting = lasting
        self.words: dict[str, Callable[[Arguments], None]] = {
            "gateway dead": self._kill_gateway,
            "line cut": self._cut_line,
            "bad answers": self._spoil_answers,
            "neighbour answers": lambda of: self._spoil_answers({**of, "kind": NEIGHBOUR}),
            "local switch": self._switch_locally,
        }

    @property
    def _gateway(self) -> Gateway:
        assert self._scene.gateway is not None
        return self._scene.gateway

    def _unit(self, of: Arguments) -> str:
        units = tuple(self._scene.nodes.numbers)
        return units[int(of["node"]) % len(units)]

    def _kill_gateway(self, of: Arguments) -> None:
        gateway, how = self._gateway, str(of["how"])
        if how == "half open":
            gateway.deafen()
            self._lasting(of, gateway.reset_deaf)
            return
        gateway.down = how
        gateway.reset()

        def end() -> None:
            gateway.down = ""

        self._lasting(of, end)

    def _cut_line(self, of: Arguments) -> None:
        gateway = self._gateway
        gateway.cut, gateway.says_so = True, bool(of["says_so"])

        def end() -> None:
            gateway.cut = False

        self._lasting(of, end)

    def _spoil_answers(self, of: Arguments) -> None:
        bad, node = self._gateway.bad, self._unit(of)
        bad[node] = str(of["kind"]), float(of["share"])
        self._lasting(of, lambda: bool(bad.pop(node, None)))

    def _switch_locally(self, of: Arguments) -> None:
        nodes, node = self._scene.nodes, self._unit(of)
        nodes.switch_locally(node, int(of["level"]))
        self._lasting(of, lambda: nodes.switch_locally(node, None))

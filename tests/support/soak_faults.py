"""What goes wrong all the time during a soak: nodes, lamps, links and the broker, and how each of it ends."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence

from tests.support.brokers import Broker
from tests.support.chaos_proxy import MODES, ChaosProxy
from tests.support.fire_city import FireCity

MOMENTARY = frozenset({"reboot", "flash_lost"})
ANY = ("silent", "slow", "reboot", "lamp_failure", "stuck", "supply_loss")
KINDS = {
    "native": (*ANY, "flash_lost", "flapping", "local_override", "wrong_power", "cycling", "wrong_clock"),
    "json-dimmer": ANY,
    "modbus-lamp": ("unit_dead", "reboot", "lamp_failure", "supply_loss"),
    "modbus-night-controller": ("unit_dead", "reboot", "lamp_failure", "supply_loss"),
    "cabinet": ("unit_dead", "reboot", "breaker_trip", "door_open"),
}
MOST_SHARE = 0.01
"""So many of a kind of nodes are hit by one fault, at most."""
NODE_EVERY_S, NETWORK_EVERY_S, BROKER_EVERY_S = 3.0, 45.0, 300.0
LASTS_S, BAD_S, AWAY_S = 120.0, 10.0, 4.0
HALF_OPEN, UNNOTICED_S = "half-open", 75.0
"""Nodes notice that a connection is half-open by their keep-alive only: until then the fault has not ended."""


class Misfortune:
    """Has things go wrong; `live` is called often, `end` mends everything. hurry: how many times as often as usual.

    In a hurry no connection is left half-open: it would outlive the slice.
    """

    def __init__(
        self, city: FireCity, broker: Broker, proxies: Sequence[ChaosProxy], seed: int, hurry: float = 1.0
    ) -> None:
        self.done: Counter[str] = Counter()
        self._city, self._broker, self._proxies, self._hurry = city, broker, proxies, hurry
        self._rng = random.Random(f"{seed}/misfortune")
        self._nodes: dict[str, list[str]] = {}
        for node, profile in {point.node: point.profile for point in city.points}.items():
            if node not in city.dead:
                self._nodes.setdefault(profile, []).append(node)
        self._ends: list[tuple[float, str, list[str]]] = []
        self._modes = MODES if hurry == 1 else tuple(mode for mode in MODES if mode != HALF_OPEN)
        self._good_at = self._noticed_at = 0.0
        self._due = {self._hit_nodes: NODE_EVERY_S, self._spoil_network: NETWORK_EVERY_S, self._kill: BROKER_EVERY_S}
        began = time.monotonic()
        self._next = {what: began + self._soon(every_s) for what, every_s in self._due.items()}

    def live(self) -> None:
        """Begin what is due to go wrong, and end what is due to end."""
        now = time.monotonic()
        for what, at in self._next.items():
            if now >= at:
                what()
                self._next[what] = time.monotonic() + self._soon(self._due[what])
        if now >= self._good_at:
            self._be_good()
        over = [each for each in self._ends if now >= each[0]]
        self._ends = [each for each in self._ends if now < each[0]]
        for _, kind, nodes in over:
            self._mend(kind, nodes)

    def end(self) -> None:
        """Mend everything now."""
        self._be_good()
        for _, kind, nodes in self._ends:
            self._mend(kind, nodes)
        self._ends.clear()
        time.sleep(max(0.0, self._noticed_at - time.monotonic()))

    def _hit_nodes(self) -> None:
        profile = self._rng.choices(list(self._nodes), [len(each) ** 0.5 for each in self._nodes.values()])[0]
        able, kind = self._nodes[profile], self._rng.choice(KINDS[profile])
        nodes = self._rng.sample(able, self._rng.randint(1, max(1, round(MOST_SHARE * len(able)))))
        self._city.tell_street({"kind": kind, "nodes": nodes})
        if kind not in MOMENTARY:
            self._ends.append((time.monotonic() + self._soon(LASTS_S), kind, nodes))
        self.done[kind] += len(nodes)

    def _spoil_network(self) -> None:
        proxy, mode = self._rng.choice(self._proxies), self._rng.choice(self._modes)
        proxy.mode = mode
        self._good_at = time.monotonic() + self._soon(BAD_S)
        if mode == HALF_OPEN:
            self._noticed_at = self._good_at + UNNOTICED_S
        self.done[f"network {mode}"] += 1

    def _kill(self) -> None:
        empty = self._rng.random() < 0.5
        self._broker.kill()
        time.sleep(self._soon(AWAY_S))
        self._broker.restart(empty=empty)
        self.done["broker back empty" if empty else "broker killed"] += 1

    def _mend(self, kind: str, nodes: list[str]) -> None:
        self._city.tell_street({"clear": kind, "nodes": nodes})

    def _be_good(self) -> None:
        for proxy in self._proxies:
            proxy.mode = "good"

    def _soon(self, mean_s: float) -> float:
        return self._rng.uniform(0.5, 1.5) * mean_s / self._hurry

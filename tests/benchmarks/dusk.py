"""How long twenty thousand lamps that are switched live wait at dusk, when all of them are due at one instant.

python -m tests.benchmarks.dusk [--lamps 20000] [--rounds 3] [--lead 30] [--broker mosquitto|nats] [--speed 1]

A live node knows no nights: at each switching time the daemon sends it the level. A running daemon is given a plan
whose next switch lies `lead` seconds ahead; nothing paces what it sends. From the due instant on it is measured when
each command was handed to the broker and when its lamp's own report had confirmed it (both from the store), when the
document reached the lamp (from the lamps' process), and when the last confirmation was on disk. Lamps answer at once,
so all of it is the daemon's and the broker's time. Seconds of the machine; the median of the rounds, and the worst. The
processor time of a round, its plan included, says what is left on a machine with other work. There is no floor: the
goal is in seconds.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from lightctl.store.codec import to_text
from tests.support.benchmark import Figures, options, say, versions
from tests.support.wire_street import BROKERS, ZONE, WireStreet, broker_here, wire_street

SENT_GOAL_S, CONFIRMED_GOAL_S = 5.0, 10.0
LEVELS = (100, 0)
# Of the instant itself: a plan that moves it has documents sent before, which say until when the level of now counts.
COMMANDS = "SELECT sent_at, finished_at, attempts FROM commands WHERE created_at >= ? AND state = 'confirmed'"
CONFIRMED = "SELECT count(*) FROM commands WHERE created_at >= ? AND state = 'confirmed'"


def schedules(steps: dict[str, int]) -> dict[str, str]:
    """Give a plan with these levels by local time."""
    told = ", ".join(f'{{at: "{at}", level: {level}}}' for at, level in steps.items())
    return {
        "street.yaml": f"""
version: 1
programs:
  street: {{steps: [{told}]}}
calendars:
  street: {{default: street}}
assignments:
  - {{select: "*", calendar: street}}
"""
    }


class Dusk:
    """A street that waits for one instant after the other."""

    def __init__(self, street: WireStreet, lead_s: float) -> None:
        self._street = street
        self._lead_s = lead_s
        self._level = 0

    def fall(self) -> Figures:
        """Let one come and say how late each lamp was."""
        street = self._street
        due = (street.now() + dt.timedelta(seconds=self._lead_s * street.clock.speed)).replace(microsecond=0)
        before, self._level = self._level, LEVELS[self._level == LEVELS[0]]
        local = due.astimezone(ZoneInfo(ZONE))
        street.apply(schedules({"12:00": before, f"{local:%H:%M:%S}": self._level}))
        street.order("mark")
        assert street.now() < due, f"the plan took longer than {self._lead_s:g} s to apply: give it a longer --lead"
        since = to_text(due)
        ended = street.wait(lambda: street.number(CONFIRMED, since) == street.nodes, "all lamps have followed")
        due_s = street.clock.machine_epoch + (due - street.clock.start).total_seconds() / street.clock.speed
        commands = street.rows(COMMANDS, since)
        sent, confirmed = ([self._late(row[place], due) for row in commands] for place in (0, 1))
        reached = [at - due_s for at in street.order("say")["answered"] if at >= due_s]
        return {
            "level": self._level,
            "sent_last_s": _share(sent, 1.0),
            "sent_p50_s": _share(sent, 0.5),
            "reached_last_s": _share(reached, 1.0),
            "confirmed_p50_s": _share(confirmed, 0.5),
            "confirmed_p99_s": _share(confirmed, 0.99),
            "confirmed_last_s": _share(confirmed, 1.0),
            "durable_s": round(ended - due_s, 2),
            "most_attempts": max(row[2] for row in commands),
        }

    def _late(self, text: str, due: dt.datetime) -> float:
        return (dt.datetime.fromisoformat(text) - due).total_seconds() / self._street.clock.speed


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[max(0, round(share * len(ordered)) - 1)], 2)


def measure(lamps: int, rounds: int, lead_s: float, broker: str, speed: float) -> Figures:
    """Let it become dusk so many times."""
    with tempfile.TemporaryDirectory() as name:
        files = schedules({"12:00": 0})
        with wire_street(Path(name) / "street", lamps, 0, files, broker, speed) as street:
            dusk = Dusk(street, lead_s)
            used_s, began = street.used_s(), time.time()
            found = [dusk.fall() for _ in range(rounds)]
            used_s, took_s = street.used_s() - used_s, time.time() - began
            resident = street.resident_mb()
    sent, confirmed = ([float(each[key]) for each in found] for key in ("sent_last_s", "confirmed_p99_s"))
    return {
        "lamps": lamps,
        "broker": broker,
        "sent_last_s": median(sent),
        "confirmed_p99_s": median(confirmed),
        "worst_sent_last_s": max(sent),
        "worst_confirmed_p99_s": max(confirmed),
        "rounds": found,
        "daemon_cpu_s": round(used_s, 1),
        "wall_s": round(took_s, 1),
        "daemon_mb": resident,
        **versions("aiomqtt", "paho-mqtt"),
    }


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.dusk", __doc__)
    parser.add_argument("--lamps", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lead", type=float, default=30.0)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--broker", choices=BROKERS, default=broker_here())
    chosen = parser.parse_args()
    figures = measure(chosen.lamps, chosen.rounds, chosen.lead, chosen.broker, chosen.speed)
    good = figures["sent_last_s"] <= SENT_GOAL_S and figures["confirmed_p99_s"] <= CONFIRMED_GOAL_S
    goal = f"the last one sent within {SENT_GOAL_S:g} s, 99 of 100 confirmed within {CONFIRMED_GOAL_S:g} s"
    say(figures | {"goal": goal, "within_goal": good}, chosen.output)


if __name__ == "__main__":
    main()

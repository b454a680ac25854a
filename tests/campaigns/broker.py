"""The broker under a living daemon: killed, back empty, back with damaged files, frozen, swapped for the other make.

python -m tests.campaigns broker --rounds 40 --seed 1 [-o json]
python -m tests.campaigns broker --rounds 5 --break NAME     the daemon broken on purpose: must fail

Daemon and nodes live on while an operator writes; the broker comes back on the same port. A broker that does not
start with its damaged files, or carries nothing, gets them moved away, as docs/operations.md says. Exit code 1: an
invariant was broken.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from lightctl.domain.errors import LinkDown
from tests.support.brokers import MosquittoBroker, NatsBroker
from tests.support.fire_city import FireCity
from tests.support.fire_judge import BOUND_S, Judge
from tests.support.fire_load import Load
from tests.support.fire_rounds import Staged, in_cities, through_its_night
from tests.support.fire_town import small_town
from tests.support.firing import Report, arguments, conclude
from tests.support.wire_log import WireLog

NAME = "broker"
LAMPS = 40
KINDS = ("killed", "empty", "damaged", "swapped", "frozen")
BREAKS = ("believe-the-broker",)
PROBE, CARRIES_WITHIN_S = "lightctl/v1/main/probe/desired", 5.0
OFTEN_SAVED = ("autosave_interval 1",)


class Brokers:
    """One port, and whichever broker serves it."""

    def __init__(self, folder: Path, first: int) -> None:
        self._folder, self._number, self._mosquitto = folder, 0, bool(first % 2)
        self.now = self._make(None).start()

    def _make(self, port: int | None) -> MosquittoBroker | NatsBroker:
        self._number += 1
        place = self._folder / str(self._number)
        return MosquittoBroker(place, port, OFTEN_SAVED) if self._mosquitto else NatsBroker(place, port)

    def _again(self) -> None:
        port = self.now.port
        folder = self.now.folder
        self.now = MosquittoBroker(folder, port, OFTEN_SAVED) if self._mosquitto else NatsBroker(folder, port)
        self.now.start()

    def strike(self, kind: str, rng: random.Random, away_s: float) -> str:
        """Do it, and have a broker back after so long; says what was done."""
        make = type(self.now).__name__.removesuffix("Broker")
        done = f"{make} {kind}"
        if kind == "frozen":
            os.kill(self.now.pid, signal.SIGSTOP)
            time.sleep(away_s)
            os.kill(self.now.pid, signal.SIGCONT)
            return done
        self.now.kill()
        time.sleep(away_s)
        if kind == "empty":
            shutil.rmtree(self.now.folder)
        elif kind == "swapped":
            port, self._mosquitto = self.now.port, not self._mosquitto
            self.now = self._make(port).start()
            return done
        elif kind == "damaged":
            done += f" ({_damage(self.now.folder, rng)})"
        try:
            self._again()
            sound = kind != "damaged" or _carries(self.now.host, self.now.port)
        except (AssertionError, LinkDown, OSError):
            sound = False
            if kind != "damaged":
                raise
        if not sound:
            self.now.kill()
            shutil.rmtree(self.now.folder)
            self._again()
            done += ", moved away"
        return done

    def stop(self) -> None:
        self.now.stop()


def _carries(host: str, port: int) -> bool:
    """Say whether what is published comes out again: a broker may start on spoiled files and carry nothing."""
    heard, acked = threading.Event(), threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, "probe")
    client.on_subscribe = lambda *_: client.publish(PROBE, b"", qos=1, retain=True)
    client.on_publish = lambda *_: acked.set()
    client.on_message = lambda *_: heard.set()
    client.connect(host, port)
    client.subscribe(PROBE, 1)
    client.loop_start()
    carries = heard.wait(CARRIES_WITHIN_S) and acked.wait(CARRIES_WITHIN_S)
    client.disconnect()
    client.loop_stop()
    return carries


def _damage(folder: Path, rng: random.Random) -> str:
    """Truncate or spoil one of the files in which the broker keeps messages."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in (".db", ".blk", ".dat", ".idx")]
    files = [path for path in files if path.stat().st_size]
    if not files:
        return "nothing kept yet"
    path = rng.choice(sorted(files))
    content = bytearray(path.read_bytes())
    if rng.random() < 0.5:
        path.write_bytes(content[: rng.randrange(len(content))])
        return f"{path.suffix[1:]} truncated"
    for _ in range(1 + len(content) // 200):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)
    return f"{path.suffix[1:]} spoiled"


def run(
    seed: int,
    rounds: int,
    *,
    lamps: int = LAMPS,
    first: int = 0,
    breaking: str = "",
    until_found: bool = False,
    bound_s: float = BOUND_S,
) -> Report:
    """Run rounds, in as many cities as their nights last."""
    report = Report(NAME, seed, breaking, first)

    def stage(stack: ExitStack, place: Path) -> Staged:
        brokers = Brokers(place / "broker", seed + len(report.cities))
        stack.callback(brokers.stop)
        wire = stack.enter_context(WireLog(brokers.now.host, brokers.now.port))
        city = stack.enter_context(FireCity(place / "city", brokers.now, small_town(lamps), breaking=breaking))
        judge = Judge(city, Load(city, seed + report.number), wire, bound_s)
        return Staged(judge, "both in turn", partial(_round, brokers, judge, seed), through_its_night(judge))

    return in_cities(report, rounds, stage, until_found=until_found)


def _round(brokers: Brokers, judge: Judge, seed: int, number: int) -> Counter[str]:
    rng, kind = random.Random(f"{seed}/{number}"), KINDS[number % len(KINDS)]
    judge.load.start()
    time.sleep(rng.uniform(0.2, 1.0))
    done = brokers.strike(kind, rng, away_s=rng.uniform(0.1, 3.0))
    judge.load.stop()
    judge.wire.take_given()
    judge.hold_daemon_to_account()
    judge.await_peace()
    judge.judge_commands()
    return Counter([done])


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    chosen = arguments(NAME, __doc__, BREAKS, rounds=40).parse_args(told)
    return conclude(run(chosen.seed, chosen.rounds, first=chosen.first, breaking=chosen.breaking), chosen.output)

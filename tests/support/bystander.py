"""A bystander: how long the machine itself held up what an order goes through, told by somebody who sends none.

Ten times a second it writes a few bytes durably, as the daemon records, and says something through the broker and hears
it back, as orders go. None of that is lightctl's. A disk or processor that others keep busy shows here as it shows in
the street: a broker that waits seconds for its disk to take a message lights no lamp meanwhile, and NATS, which closes
a connection whose message was not stored within 5 s, has everybody come back first.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

TOPIC = "bystander"
BEAT_S = 0.1
NOTICED_S = 0.3
UP_S = 30.0
SAY_AGAIN_S = 1.0


class Bystander:
    """Watches from entering to leaving. The broker must run all the while: one that was ended holds it up for ever."""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        """Write in `folder`, and speak to the broker there."""
        self._file = folder / "bystander"
        self._broker = (host, port)
        self._held_up: list[tuple[float, float]] = []
        self._since: float | None = None
        self._up, self._heard, self._leaving = threading.Event(), threading.Event(), threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, "bystander")
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, 1)
        self._client.on_subscribe = lambda *_: self._up.set()
        self._client.on_message = self._hear
        self._thread = threading.Thread(target=self._watch, name="bystander")
        self._said = 0

    def __enter__(self) -> Self:
        self._client.connect(*self._broker)
        self._client.loop_start()
        assert self._up.wait(UP_S), "the bystander found no broker"
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._heard.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def held_up(self) -> Sequence[tuple[float, float]]:
        """Give the spans (machine's seconds since 1970) that took longer than a moment, the one under way included."""
        since, now = self._since, time.time()
        under_way = [(since, now)] if since is not None and now - since > NOTICED_S else []
        return [*self._held_up, *under_way]

    def _watch(self) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            while not self._leaving.is_set():
                began = self._since = time.time()
                os.write(descriptor, b"still here\n")
                os.fdatasync(descriptor)
                self._say_and_hear()
                self._since = None
                ended = time.time()
                if ended - began > NOTICED_S:
                    self._held_up.append((began, ended))
                self._leaving.wait(BEAT_S)
        finally:
            os.close(descriptor)

    def _say_and_hear(self) -> None:
        self._said += 1
        self._heard.clear()
        while not self._leaving.is_set():
            self._client.publish(TOPIC, str(self._said), qos=1)  # what a lost connection had taken is said again
            if self._heard.wait(SAY_AGAIN_S):
                return

    def _hear(self, _client: Client, _state: object, message: MQTTMessage) -> None:
        if message.payload == str(self._said).encode():
            self._heard.set()

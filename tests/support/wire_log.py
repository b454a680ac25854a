"""A listener on the broker that keeps what was said on the wire: documents given to nodes, and what nodes applied."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

ROOT = "lightctl/v1"


class WireLog:
    """Listens from entering to leaving; comes back to a broker that went away."""

    def __init__(self, host: str, port: int) -> None:
        self.documents: dict[tuple[str, int], str] = {}
        self.applied: dict[str, int] = {}
        self.given: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._back: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._boots: dict[str, str] = {}
        self._lock, self._up = threading.Lock(), threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, "wire-log")
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._up.set()
        self._client.on_message = self._heard
        self._client.connect(host, port, keepalive=20)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._up.wait(10), "the listener found no broker"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def take_given(self) -> Counter[str]:
        """Give how many documents each node was given since the last time, or since it said hello after that.

        What it was given before is lost: it was not there to hear it. A node that says hello again is given an answer
        each time, which does not count.
        """
        with self._lock:
            found, self.given = self.given, Counter()
            self._back.clear()
        return found

    def known(self) -> tuple[dict[tuple[str, int], str], dict[str, int]]:
        """Give the documents seen so far (by node and revision) and the highest revision each node said it holds."""
        with self._lock:
            return dict(self.documents), dict(self.applied)

    def _connected(self, client: Client, *_more: object) -> None:
        client.subscribe([(f"{ROOT}/+/+/desired", 1), (f"{ROOT}/+/+/reported", 1), (f"{ROOT}/+/+/hello", 1)])

    def _heard(self, _client: Client, _state: object, message: MQTTMessage) -> None:
        *_, node, leaf = message.topic.split("/")
        if not message.payload:
            return
        said: dict[str, Any] = json.loads(message.payload)
        with self._lock:
            if leaf == "desired":
                self._document(node, said["revision"], message)
            else:
                if leaf == "hello":
                    # An answer is owed to each; what it was given before the first is lost.
                    self.given[node] = self.given[node] - 1 if node in self._back else 0
                    self._back.add(node)
                self._applied(node, said["boot_id"], said["applied_revision"], said.get("seq", 0))

    def _applied(self, node: str, boot: str, revision: int, number: int) -> None:
        if self._boots.setdefault(node, boot) != boot:
            # A live node forgets its document when it starts anew.
            self._boots[node], self._numbers[node], self.applied[node] = boot, 0, 0
        before = self.applied.get(node, 0)
        # A report that a broker or a node repeated comes late; its number says so.
        if number > self._numbers.get(node, 0) and revision < before:
            self.wrong.append(f"I5: {node} went from revision {before} back to {revision}")
        self.applied[node] = max(revision, before)
        self._numbers[node] = max(number, self._numbers.get(node, 0))

    def _document(self, node: str, revision: int, message: MQTTMessage) -> None:
        content = hashlib.sha256(message.payload).hexdigest()
        if self.documents.setdefault((node, revision), content) != content:
            self.wrong.append(f"I5: revision {revision} of {node} stands for two documents")
        if not message.retain:
            self.given[node] += 1

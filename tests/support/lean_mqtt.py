"""The least MQTT 3.1.1 client that will do: a floor for measurements and the voice of lean responders.

One connection, QoS 1 both ways, what is written in one turn of the loop written at once. No reconnect, no keep-alive,
no store: a broker that drops it ends the measurement.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

QOS_BITS = 0x06
PUBLISH = 0x32
HIGHEST_ID = 0xFFFF


class LeanMqtt(asyncio.Protocol):
    """A connection. `hear` gets topic and payload of each message; at most `window` publishes are unacknowledged."""

    def __init__(self, client_id: str, hear: Callable[[str, bytes], None], window: int = 500) -> None:
        self.ready = asyncio.Event()
        self.lost = asyncio.Event()
        self.outstanding = 0
        self._hello = _connect(client_id)
        self._hear = hear
        self._window = window
        self._waiting: deque[tuple[int, bytes, bytes]] = deque()
        self._received = bytearray()
        self._answers: list[bytes] = []
        self._last_id = 0
        self._transport: asyncio.Transport | None = None

    @property
    def waiting(self) -> int:
        """How many publishes have not been written yet."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether all that was published has been acknowledged."""
        return not self._waiting and not self.outstanding

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._hello)

    def connection_lost(self, _: Exception | None) -> None:
        self.lost.set()

    def subscribe(self, *filters: str) -> None:
        """Ask for topics at QoS 1; `ready` is set when the broker has agreed."""
        self.ready.clear()
        body = self._next_id() + b"".join(_text(topic) + b"\x01" for topic in filters)
        self._write(b"\x82" + _length(len(body)) + body)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Queue a publish at QoS 1."""
        self._waiting.append((PUBLISH | retain, _text(topic), payload))
        self._pump()

    def close(self) -> None:
        """Take leave and let the connection go."""
        self._write(b"\xe0\x00")
        assert self._transport is not None
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        at = 0
        while (packet := _next_packet(self._received, at)) is not None:
            kind, body, at = packet
            self._take(kind, body)
        del self._received[:at]
        self._pump()

    def _take(self, kind: int, body: bytes) -> None:
        match kind & 0xF0:
            case 0x30:  # PUBLISH
                size = 2 + int.from_bytes(body[:2], "big")
                topic, rest = body[2:size].decode(), body[size:]
                if kind & QOS_BITS:
                    self._answers.append(b"\x40\x02" + rest[:2])
                    rest = rest[2:]
                self._hear(topic, rest)
            case 0x40:  # PUBACK
                self.outstanding -= 1
            case 0x20 | 0x90:  # CONNACK, SUBACK
                self.ready.set()

    def _pump(self) -> None:
        out, self._answers = self._answers, []
        while self._waiting and self.outstanding < self._window:
            kind, topic, payload = self._waiting.popleft()
            body = topic + self._next_id() + payload
            out.append(bytes((kind,)) + _length(len(body)) + body)
            self.outstanding += 1
        if out:
            self._write(b"".join(out))

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def _next_id(self) -> bytes:
        self._last_id = self._last_id % HIGHEST_ID + 1
        return self._last_id.to_bytes(2, "big")


async def connect(
    host: str, port: int, client_id: str, hear: Callable[[str, bytes], None], window: int = 500
) -> LeanMqtt:
    """Give a connection that the broker has accepted."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: LeanMqtt(client_id, hear, window), host, port)
    async with asyncio.timeout(10):
        await client.ready.wait()
    return client


def _connect(client_id: str) -> bytes:
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + _text(client_id)
    return b"\x10" + _length(len(body)) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _length(length: int) -> bytes:
    out = bytearray()
    while True:
        length, low = divmod(length, 128)
        out.append(low | 0x80 if length else low)
        if not length:
            return bytes(out)


def _next_packet(data: bytearray, at: int) -> tuple[int, bytes, int] | None:
    """Give the kind and body of the packet at a place and where the next one begins; None where it is not whole."""
    length, shift, place = 0, 0, at + 1
    while True:
        if place >= len(data):
            return None
        byte = data[place]
        length |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            break
    if place + length > len(data):
        return None
    return data[at], bytes(data[place : place + length]), place + length

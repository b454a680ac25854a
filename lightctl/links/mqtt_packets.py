"""The packets that a city's traffic is made of, as bytes: publishes of QoS 0 and 1 and their acknowledgements.

Pure, for both MQTT 3.1.1 and 5 (sections 3.3 and 3.4 of either). All other packets are the library's. Of a broker's
bytes nothing is believed: what is no packet raises ValueError, whatever it is.
"""

from __future__ import annotations

from typing import NamedTuple

PUBLISH, PUBACK = 0x30, 0x40
KIND, QOS, RETAIN = 0xF0, 0x06, 0x01
MOST_QOS = 0x02
LENGTH_BYTES = 4
LONGEST_EXPIRY_S = 0xFFFF_FFFF
NO_PROPERTIES, EXPIRY = b"\x00", b"\x05\x02"


class Message(NamedTuple):
    """A publish that came; `number` is its packet identifier, 0 at QoS 0. A topic that is no UTF-8 is empty."""

    topic: str
    payload: bytes
    retained: bool
    number: int


def take_packets(unread: bytearray) -> list[tuple[int, bytes]]:
    """Take the whole packets from the beginning of what was read, as first byte and body; the rest stays in it."""
    packets: list[tuple[int, bytes]] = []
    at, end = 0, len(unread)
    while at + 1 < end:
        length, body = _number(unread, at + 1)
        if body < 0 or body + length > end:
            break
        packets.append((unread[at], bytes(unread[body : body + length])))
        at = body + length
    del unread[:at]
    return packets


def publish(topic: str, payload: bytes, *, qos: int, retain: bool, number: int, properties: bytes | None) -> bytes:
    """Write a publish; properties: as they go on the wire, None for MQTT 3.1.1, which has none."""
    name = topic.encode()
    head = len(name).to_bytes(2, "big") + name
    if qos:
        head += number.to_bytes(2, "big")
    if properties is not None:
        head += properties
    return bytes((PUBLISH | qos << 1 | retain,)) + _length(len(head) + len(payload)) + head + payload


def expiring(expiry_s: int | None) -> bytes:
    """Write the properties of a publish that the broker drops after so many seconds, None: never (MQTT 5)."""
    if expiry_s is None:
        return NO_PROPERTIES
    return EXPIRY + max(1, min(expiry_s, LONGEST_EXPIRY_S)).to_bytes(4, "big")


def read_publish(first: int, body: bytes, *, mqtt5: bool) -> Message:
    """Read a publish of QoS 0 or 1; nobody asked for another."""
    if first & QOS > MOST_QOS:
        raise ValueError("a publish of QoS 2 was not asked for")
    at = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:at]
    number = 0
    if first & QOS:
        number = int.from_bytes(body[at : at + 2], "big")
        at += 2
    if at > len(body) or (first & QOS and not number):
        raise ValueError("a publish that is cut short")
    if mqtt5:
        properties, at = _number(body, at)
        at += properties
        if not 0 < at <= len(body):
            raise ValueError("properties that are cut short")
    try:
        name = topic.decode()
    except UnicodeDecodeError:
        name = ""
    return Message(name, body[at:], bool(first & RETAIN), number)


def acknowledge(number: int) -> bytes:
    """Write the acknowledgement of a publish that was taken."""
    return b"\x40\x02" + number.to_bytes(2, "big")


def read_acknowledgement(body: bytes) -> tuple[int, int]:
    """Read which publish the broker has answered and its reason code, 0 where it names none."""
    if len(body) < 2:  # noqa: PLR2004 - a packet identifier
        raise ValueError("an acknowledgement that is cut short")
    return int.from_bytes(body[:2], "big"), body[2] if len(body) > 2 else 0  # noqa: PLR2004


def _number(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """Read a variable byte integer; gives it and the place after it, a place below 0 where it is not whole yet."""
    value = 0
    for place in range(LENGTH_BYTES):
        if at + place >= len(data):
            return 0, -1
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
            return value, at + place + 1
    raise ValueError("a length of more than four bytes")


def _length(length: int) -> bytes:
    out = bytearray()
    while length > 0x7F:  # noqa: PLR2004
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out)

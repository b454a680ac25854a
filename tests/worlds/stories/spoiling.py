"""Words that are not so: a node that lies in a well-formed message, and rubbish that nothing may come of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from lightctl.devices.codec import Outgoing
from lightctl.devices.topics import PAYLOAD_CAP

AREA = "/main/"
HEARD = ("/reported", "/hello", "/state")


def lie(about: str, number: int, newest: Callable[[], int]) -> Callable[[Outgoing], Outgoing]:
    """Give what becomes of a node's messages while it lies; `newest` is the highest revision it was ever given."""

    def spoil(message: Outgoing) -> Outgoing:
        if not message.topic.endswith(HEARD):
            return message
        said = json.loads(message.payload)
        match about:
            case "levels":
                for channel in said.get("channels", {}).values():
                    channel |= {"level": number, "commanded": (number * 7) % 101, "power_w": float(number)}
                if "brightness" in said:
                    said["brightness"] = number
            case "clock" if "at" in said:
                said["at"] += 86_400.0
            case _ if "applied_revision" in said:
                said["applied_revision"] = claimed(about, said["applied_revision"], number, newest())
            case _:
                pass
        return replace(message, payload=json.dumps(said).encode())

    return spoil


def claimed(about: str, revision: int, number: int, newest: int) -> int:
    """Give the revision that a lying node says it has."""
    match about:
        case "older revision":
            return max(0, revision - number)
        case "newer revision":
            return newest + number
        case "the newest revision":
            return newest
        case _:
            return revision


def rubbish(message: Outgoing, number: int) -> Outgoing:
    """Make something of a good message that must be refused."""
    topic, payload = message.topic, message.payload
    native = AREA in topic
    spoiled = [
        Outgoing(topic, payload[: 1 + number % (len(payload) - 1)]),
        Outgoing(topic, b"\xff\xfe{" + payload),
        Outgoing(topic, b"[" * 5000),
        Outgoing(topic, payload[:-1] + b" " * (PAYLOAD_CAP + 1) + b"}"),
        Outgoing(topic, b'"on"'),
    ]
    if native:
        leaf = topic.rpartition("/")[2]
        spoiled += [
            Outgoing(topic.replace(AREA, "/elsewhere/"), payload),
            Outgoing(topic.replace(leaf, "desired"), payload),
            Outgoing(topic.replace(f"/{leaf}", f"-stranger/{leaf}"), payload),
            Outgoing(topic, b"{}"),
            Outgoing(topic, payload.replace(b'"seq":', b'"seq":-')),
            Outgoing(topic, payload.replace(b'"level":', b'"level":1000')),
        ]
    return spoiled[number % len(spoiled)]

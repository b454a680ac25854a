"""The clock of a JSON node: the time we send it, and what its own state says the time is. Always UTC."""

from __future__ import annotations

import datetime as dt

import msgspec

from lightctl.devices.json_fields import Json, get, number, put
from lightctl.devices.maps import JsonClock
from lightctl.devices.messages import read_json
from lightctl.domain.errors import InvalidInput

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LONGEST_TEXT = 40


def encode_time(clock: JsonClock, now: dt.datetime) -> bytes:
    """Give the payload that sets the clock to an instant, to the second."""
    value = time_value(clock, now)
    if clock.field is None:
        return msgspec.json.encode(value) if clock.format == "epoch_s" else str(value).encode()
    content: Json = {}
    put(content, clock.field, value)
    return msgspec.json.encode(content)


def decode_time(clock: JsonClock, payload: bytes, where: str) -> dt.datetime:
    """Read the time a node is told, as the node; raises InvalidInput."""
    if clock.field is not None:
        told = read_time(clock, read_json(payload, dict[str, object], where), clock.field, where)
    else:
        alone = payload.decode("ascii", "replace") if clock.format == "rfc3339" else read_json(payload, float, where)
        told = read_time(clock, {"time": alone}, "time", where)
    if told is None:
        raise InvalidInput(where, "it names no time")
    return told


def read_time(clock: JsonClock, content: Json, path: str, where: str) -> dt.datetime | None:
    """Read the instant at a path, None where there is none; raises InvalidInput for what is no instant."""
    if clock.format == "epoch_s":
        seconds = number(content, path, where)
        try:
            return None if seconds is None else EPOCH + dt.timedelta(seconds=seconds)
        except OverflowError as error:
            raise InvalidInput(where, f"{path} is beyond any date") from error
    text = get(content, path)
    if text is None:
        return None
    try:
        instant = dt.datetime.fromisoformat(text if isinstance(text, str) and len(text) <= LONGEST_TEXT else "")
    except ValueError as error:
        raise InvalidInput(where, f"{path} is no instant such as 2026-12-21T16:00:00Z") from error
    if instant.tzinfo is None:
        raise InvalidInput(where, f"{path} names no time zone")
    return instant.astimezone(dt.UTC)


def time_value(clock: JsonClock, instant: dt.datetime) -> str | int:
    """Give an instant in the make's own form, to the second."""
    if clock.format == "epoch_s":
        return (instant - EPOCH) // dt.timedelta(seconds=1)
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

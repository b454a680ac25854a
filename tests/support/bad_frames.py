"""Frames of a Modbus line, TCP or RTU framing, and what may come of one: late, short, of another unit or function."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from functools import cache

DECEIT, RESET, LOST, NO_ANSWER = "echo without doing it", "reset", "request lost", "no answer"
KINDS = (
    "late", "very late", "short", "wrong checksum or transaction", "another unit", "another function", NO_ANSWER,
    LOST, "noise", "doubled", "echo of another value", DECEIT, RESET,
)  # fmt: skip
WRITES = (5, 6, 15, 16)
HEADER = struct.Struct(">HHHB")


@dataclass(frozen=True, slots=True)
class Framing:
    """How a line frames what is said on it: with a transaction number (TCP), or with a checksum (RTU over TCP)."""

    rtu: bool

    def request(self, frame: bytes) -> tuple[int, int, bytes]:
        """Take a whole request apart: unit, transaction (0 in RTU framing), and the request itself."""
        if self.rtu:
            return frame[0], 0, frame[1:-2]
        transaction, _, _, unit = HEADER.unpack(frame[: HEADER.size])
        return unit, transaction, frame[HEADER.size :]

    def frame(self, unit: int, transaction: int, answer: bytes) -> bytes:
        """Frame an answer."""
        if self.rtu:
            return rtu_frame(unit, answer[0], answer[1:])
        return HEADER.pack(transaction, 0, len(answer) + 1, unit) + answer

    def spoiled(self, kind: str, rng: random.Random, unit: int, transaction: int, answer: bytes) -> bytes:
        """Give the frame that leaves: of a kind of mischief, or the honest one."""
        frame = self.frame(unit, transaction, answer)
        match kind:
            case "short":
                return frame[: rng.randrange(1, len(frame))]
            case "wrong checksum or transaction" if self.rtu:
                return bytes((*frame[:-1], frame[-1] ^ 0x55))
            case "wrong checksum or transaction":
                return self.frame(unit, transaction + rng.choice((-1, 1, 7)) & 0xFFFF, answer)
            case "another unit":
                return self.frame(unit % 247 + 1, transaction, answer)
            case "another function":
                return self.frame(unit, transaction, bytes((rng.choice((1, 2, 3, 4, 5, 6, 16)), *answer[1:])))
            case "noise":
                return rng.randbytes(rng.randrange(1, 40))
            case "doubled":
                return frame * 2
            case "echo of another value" if answer[0] in WRITES:
                return self.frame(unit, transaction, answer[:-1] + bytes((answer[-1] ^ 1,)))
            case _:
                return frame


def echo(request: bytes) -> bytes:
    """Give what a unit says that took a write."""
    return request[:5]


def rtu_frame(unit: int, function: int, body: bytes) -> bytes:
    """Frame an answer in RTU framing."""
    frame = bytes((unit, function)) + body
    return frame + crc(frame)


def crc(frame: bytes) -> bytes:
    """Compute the checksum of Modbus over serial line 1.02, 6.2.2."""
    value = 0xFFFF
    for byte in frame:
        value = value >> 8 ^ _of_byte(value & 0xFF ^ byte)
    return value.to_bytes(2, "little")


@cache
def _of_byte(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value

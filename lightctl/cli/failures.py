"""How commands fail: one exception, one exit code each, the same words whether the daemon said it or this process."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from lightctl.api.codes import Code, code_of
from lightctl.domain.errors import InvalidInput, LightctlError


class ExitCode(IntEnum):
    """What the exit status says; the table stands in docs/cli.md."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_PERMITTED = 4
    UNREACHABLE = 5
    PARTLY = 6
    DIFFERENT = 7
    REFUSED = 8
    INTERRUPTED = 130


_EXITS = {
    Code.INVALID_INPUT: ExitCode.USAGE,
    Code.TOO_LARGE: ExitCode.USAGE,
    Code.UNKNOWN_TARGET: ExitCode.NOT_FOUND,
    Code.UNAUTHENTICATED: ExitCode.NOT_PERMITTED,
    Code.NOT_PERMITTED: ExitCode.NOT_PERMITTED,
    Code.LINK_DOWN: ExitCode.UNREACHABLE,
    Code.SAFETY_REFUSED: ExitCode.REFUSED,
}


class Failure(Exception):  # noqa: N818 - it ends a command; not every end is an error
    """A command cannot go on: what happened, where, and what to do. `result` is data that still goes to stdout."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str = "",
        hint: str = "",
        exit_code: ExitCode | None = None,
        result: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        self.exit_code = exit_code if exit_code is not None else _exit_of(code)
        self.result = result
        super().__init__(message)


def failure_of(error: LightctlError) -> Failure:
    """Turn an error of lightctl into the end of a command."""
    if isinstance(error, InvalidInput):
        return Failure(code_of(error), error.why, where=error.where, hint=error.hint)
    return Failure(code_of(error), error.why)


def _exit_of(code: str) -> ExitCode:
    try:
        return _EXITS.get(Code(code), ExitCode.FAILED)
    except ValueError:
        return ExitCode.FAILED

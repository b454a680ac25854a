"""The first token: a store without any gets one for its operator, in a file only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from lightctl.app.operations import Operations
from lightctl.app.views import Actor, Role

TOKEN_FILE = "operator.token"  # noqa: S105 - a file name
log = structlog.get_logger("lightctl.token")


def write_first_token(operations: Operations, directory: Path) -> Path | None:
    """Make the first operator token and say where it lies; None when there are tokens already."""
    daemon = Actor("daemon", Role.OPERATOR, "daemon")
    if operations.token_list(daemon):
        return None
    token = operations.token_create(daemon, "operator", Role.OPERATOR, None)
    path = directory / TOKEN_FILE
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{token.secret}\n")
    log.info("first token written", path=str(path), role="operator")
    return path

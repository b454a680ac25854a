"""The first token: a store folder without its token file gets one, for whoever may read that folder."""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from lightctl.app.asking import Actor, Role
from lightctl.app.operations import Operations

TOKEN_FILE = "operator.token"  # noqa: S105 - a file name
log = structlog.get_logger("lightctl.token")


def write_first_token(operations: Operations, directory: Path) -> Path | None:
    """Make an operator token and say where it lies; None when the file is there already."""
    path = directory / TOKEN_FILE
    if path.exists():
        return None
    daemon = Actor("daemon", Role.OPERATOR, "daemon")
    taken = {token.name for token in operations.token_list(daemon)}
    names = ("operator", *(f"operator-{number}" for number in range(2, len(taken) + 3)))
    token = operations.token_create(daemon, next(name for name in names if name not in taken), Role.OPERATOR, None)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{token.secret}\n")
    log.info("first token written", path=str(path), role="operator")
    return path

"""The options every connected command takes, and the door they name: a daemon by URL, this host's daemon, or its store.

with_door(command)   gives a command --config, --url, --token-file and --ca-file, and hands it the Door
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec

import typer

if TYPE_CHECKING:
    from lightctl.cli.client import Client
    from lightctl.files.settings import Settings

P = ParamSpec("P")
PANEL = "Where"

Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="LIGHTCTL_CONFIG", help="Settings file (TOML).", rich_help_panel=PANEL),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="LIGHTCTL_URL", help="A daemon elsewhere, e.g. https://host:8480.", rich_help_panel=PANEL
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        envvar="LIGHTCTL_TOKEN_FILE",
        help="File that holds the token; LIGHTCTL_TOKEN holds the token itself.",
        rich_help_panel=PANEL,
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file", envvar="LIGHTCTL_CA_FILE", help="Certificates (PEM) to trust for https.", rich_help_panel=PANEL
    ),
]


@dataclass(frozen=True, slots=True)
class Door:
    """Where the store or the daemon is, as the operator said it."""

    config: Path | None = None
    url: str | None = None
    token_file: Path | None = None
    ca_file: Path | None = None

    def settings(self) -> Settings:
        """Read the settings; raises InvalidInput."""
        from lightctl.files.settings import load_settings  # noqa: PLC0415 - start-up stays short

        return load_settings(self.config, os.environ, Path.cwd())

    def open(self) -> AbstractContextManager[Client]:
        """Open the way to the operations; raises LightctlError when there is none."""
        from lightctl.cli.client import connect  # noqa: PLC0415 - start-up stays short

        return connect(self)


def with_door(command: Callable[Concatenate[Door, P], None]) -> Callable[..., None]:
    """Give a command the options that say where, and hand it the Door they name as its first argument."""

    @functools.wraps(command)
    def opened(*args: P.args, **kwargs: P.kwargs) -> None:
        options = {name: kwargs.pop(name, None) for name in _OPTIONS}
        command(Door(**options), *args, **kwargs)  # type: ignore[arg-type]

    signature = inspect.signature(command, eval_str=True)
    own = list(signature.parameters.values())[1:]
    where = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]
    opened.__signature__ = signature.replace(parameters=[*own, *where])  # type: ignore[attr-defined]
    opened.__annotations__ = {each.name: each.annotation for each in (*own, *where)} | {"return": None}
    return opened


_OPTIONS = {"config": Config, "url": Url, "token_file": TokenFile, "ca_file": CaFile}

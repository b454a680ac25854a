"""serve: run the daemon."""

from __future__ import annotations

from typing import Any

import typer

from lightctl.cli.door import Config, Door
from lightctl.domain.errors import LightctlError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", rich_help_panel="Run")(serve)


def serve(config: Config = None) -> None:
    """Run the daemon: links, control loop, HTTP. Ends cleanly on SIGTERM and Ctrl-C."""
    import asyncio  # noqa: PLC0415 - start-up stays short

    from lightctl.app.daemon import serve as run_daemon  # noqa: PLC0415

    settings = Door(config).settings()
    try:
        asyncio.run(run_daemon(settings, _build_door))
    except* LightctlError as group:
        raise _first(group) from group


def _build_door(*parts: Any, **more: Any) -> Any:  # noqa: ANN401 - an ASGI application has no type of its own
    """Load the HTTP door when it is built: lamps come first, and it takes as long to load as a tenth of a start."""
    from lightctl.api.http import build_app  # noqa: PLC0415

    return build_app(*parts, **more)


def _first(group: BaseExceptionGroup[LightctlError]) -> LightctlError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error

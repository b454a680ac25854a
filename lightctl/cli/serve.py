"""serve: run the daemon."""

from __future__ import annotations

import typer

from lightctl.cli.door import Config, Door
from lightctl.domain.errors import LightctlError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", rich_help_panel="Run")(serve)


def serve(config: Config = None) -> None:
    """Run the daemon: links, control loop, HTTP. Ends cleanly on SIGTERM and Ctrl-C."""
    import asyncio  # noqa: PLC0415 - start-up stays short

    from lightctl.api.http import build_app  # noqa: PLC0415
    from lightctl.app.daemon import serve as run_daemon  # noqa: PLC0415

    settings = Door(config).settings()
    try:
        asyncio.run(run_daemon(settings, build_app))
    except* LightctlError as group:
        raise _first(group) from group


def _first(group: BaseExceptionGroup[LightctlError]) -> LightctlError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error

"""init: a folder to start from, with settings, a schedule, its schema and an inventory that work as they are."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from lightctl.cli.output import talk, write
from lightctl.domain.errors import InvalidInput

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder; made when it is not there.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", rich_help_panel="Run")(init)


def init(folder: Folder = Path()) -> None:
    """Write commented settings, an example schedule with its schema for editors, an example inventory.

    Overwrites nothing.
    """
    from lightctl.files.schedule_schema import schema_text  # noqa: PLC0415 - start-up stays short
    from lightctl.files.settings import default_settings_toml  # noqa: PLC0415 - start-up stays short

    templates = resources.files("lightctl.cli") / "templates"
    sheets = {
        Path("lightctl.toml"): default_settings_toml(),
        Path("schedules/residential.yaml"): (templates / "residential.yaml").read_text(encoding="utf-8"),
        Path("schedules/schedule.schema.json"): schema_text() + "\n",
        Path("inventory.csv"): (templates / "inventory.csv").read_text(encoding="utf-8"),
    }
    for name, text in sheets.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            talk(f"kept {path}: it is there already")
        except OSError as error:
            raise InvalidInput(str(path), f"it cannot be written: {error.strerror or error}") from error
        else:
            write(str(path))
    talk(
        "next: edit lightctl.toml, then `lightctl inventory import inventory.csv`, `lightctl schedule apply schedules`"
    )
    talk("and `lightctl serve`; `lightctl doctor` says what is missing")

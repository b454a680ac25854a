"""schedule export: the schedules in force as files again, into a folder, or on one sheet for the eye."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Format, Json, count, local_time, talk
from lightctl.domain.errors import InvalidInput

Folder = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="Where the files go, made when it is not there; without it all go to stdout."),
]
Version = Annotated[
    int | None, typer.Option("--version", min=1, help="An earlier version; without it the one in force.", metavar="N")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that differ.")]


@with_door
def export(
    door: Door,
    folder: Folder = None,
    *,
    version: Version = None,
    force: Force = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Give the schedules in force as files: checked and applied again, they change nothing."""
    with door.open() as client:
        view = client.get("/v1/schedules", version=version)
    if not view["files"]:
        talk("no schedules are in force; `lightctl schedule apply FILE...` puts some there")
    written = [] if folder is None or not view["files"] else _write_all(view["files"], folder, force=force)
    if fmt is Format.TABLE:
        if folder is None:
            _show(view)
        for path in written:
            output.write(str(path))
        return
    rows = [
        {key: view[key] for key in ("version", "applied_at", "user")} | {"file": name, "text": text}
        for name, text in view["files"].items()
    ]
    output.show_one(view | ({} if folder is None else {"written": [str(path) for path in written]}), fmt, (), rows)


def _show(view: Json) -> None:
    """Write all files on one sheet. One file alone stays a schedule file: what is said about it are comments."""
    for number, (name, text) in enumerate(view["files"].items()):
        if number == 0:
            at, user = local_time(view["applied_at"]), output.clean(view["user"])
            output.write(f"# version {view['version']}, {count(len(view['files']), 'file')}, applied {at} by {user}")
        output.write(f"# {output.clean(name)}")
        for line in text.removesuffix("\n").split("\n"):
            output.write("\t".join(output.clean(part) for part in line.removesuffix("\r").split("\t")))


def _write_all(files: Json, folder: Path, *, force: bool) -> list[Path]:
    """Write the files that are not there already as they are; gives them. All of them, or InvalidInput and none."""
    from lightctl.files.schedule_names import file_names  # noqa: PLC0415 - start-up stays short

    names = file_names(files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        texts = {folder / names[name]: text.encode() for name, text in files.items()}
        fresh = {path: text for path, text in texts.items() if not path.exists() or path.read_bytes() != text}
        differing = [str(path) for path in fresh if path.exists() or path.is_symlink()]
        if differing and not force:
            raise InvalidInput(
                ", ".join(differing),
                "there already, and different; nothing was written",
                hint="Choose another folder, or overwrite with --force.",
            )
        for path, text in fresh.items():
            _write(path, text)
        others = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path not in texts)
    except OSError as error:
        where = error.filename or folder
        raise InvalidInput(str(where), f"it cannot be written: {error.strerror or error}") from error
    for name, plain in names.items():
        if name != plain and not name.endswith(f"/{plain}"):
            talk(f"{output.clean(name)} is written as {plain}")
    for path in texts.keys() - fresh.keys():
        talk(f"kept {path}: it is the same")
    if others:
        talk(f"warning: {', '.join(map(str, others))} was there and is not in force; do not apply it along by mistake")
    return list(fresh)


def _write(path: Path, text: bytes) -> None:
    """Write one file whole; what stood there is replaced, and a link is never followed out of the folder."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with beside.open("xb") as file:
        file.write(text)
    beside.replace(path)

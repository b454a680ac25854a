"""demo: the command."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from lightctl.cli import output
from lightctl.cli.output import Format

Lamps = Annotated[int, typer.Option("--lamps", min=1, max=20000, help="Lamps on the broker; the cabinets come on top.")]
Nights = Annotated[int, typer.Option("--nights", min=1, max=30, help="Nights to run.")]
Speed = Annotated[
    float | None, typer.Option("--speed", min=1, help="Seconds of the night a second; default: to end soon.")
]
Seed = Annotated[int, typer.Option("--seed", help="Another number, another town.")]
Keep = Annotated[
    bool, typer.Option("--keep", help="Leave the scratch folder: settings, store, logs, the lamps' truth.")
]
Output = Annotated[Format, typer.Option("--output", "-o", help="table for people, json for scripts.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", rich_help_panel="Run")(demo)


def demo(
    *,
    lamps: Lamps = 500,
    nights: Nights = 1,
    speed: Speed = None,
    seed: Seed = 1,
    keep: Keep = False,
    fmt: Output = Format.TABLE,
) -> None:
    """Run a winter night of a simulated town on a real broker and a real Modbus line, and prove what it did."""
    from lightctl.cli.demo.cast import Cast  # noqa: PLC0415 - start-up stays short

    home = Path(".lightctl")
    home.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=home)).resolve()
    try:
        with Cast(folder) as cast:  # they load while we do
            from lightctl.cli.demo.night import Outcome, Wishes, run_demo  # noqa: PLC0415
            from lightctl.cli.demo.show import Show  # noqa: PLC0415

            with Show() as show:
                outcome: Outcome = run_demo(Wishes(lamps, nights, speed, seed), cast, show)
    finally:
        if keep:
            output.talk(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if fmt is Format.TABLE:
        _tell(outcome.as_json())
    else:
        output.write(json.dumps(outcome.as_json(), ensure_ascii=False, indent=2 if fmt is Format.JSON else None))
    if not outcome.passed:
        raise typer.Exit(1)


def _tell(found: dict[str, object]) -> None:
    checks = found["checks"]
    assert isinstance(checks, list)
    for check in checks:
        mark = output.coloured("ok  ", "green") if check["ok"] else output.coloured("FAIL", "bold red")
        output.write(f"{mark}  {check['name']}: {check['detail']}")
    energy, baseline = found["energy_kwh"], found["baseline_kwh"]
    assert isinstance(energy, float)
    assert isinstance(baseline, float)
    saving = 100 * (1 - energy / baseline) if baseline else 0.0
    word = output.coloured("PASS", "bold green") if found["result"] == "pass" else output.coloured("FAIL", "bold red")
    output.write(
        f"{word}  {found['followed']} of {found['lamps']} light points followed {found['nights']} night(s); "
        f"{energy:.1f} kWh, {saving:.1f} % below full power"
    )
    if found["result"] == "pass":
        output.talk("next: lightctl init my-city")

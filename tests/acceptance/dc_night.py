"""`python -m tests.acceptance.dc_night`: one night of downtown Washington's 3,963 street lights, in figures.

Imports the District's register through the command line, applies schedules/dc, lets one night of December pass on
simulated nodes over a real broker, and exits 0 only when every lamp followed its plan by its own log.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import sys
import tempfile
from pathlib import Path

from lightctl.domain.assets import Place
from tests.support.register_night import Figures, Register, run_register, shown

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT.parent / "shared" / "data" / "dc_streetlights.csv"
SECONDS = 300.0
THURSDAY = dt.date(2026, 12, 3)


def washington(inventory: Path, night: dt.date = THURSDAY) -> Register:
    """Give the District's register with the schedules and the mapping that are shipped for it."""
    return Register(
        name="Washington, DC",
        inventory=inventory,
        mapping=ROOT / "schedules" / "dc" / "mapping.toml",
        schedules=ROOT / "schedules" / "dc" / "dc.yaml",
        place=Place(38.8995, -77.0215, "America/New_York"),
        night=night,
        dim="road_class=collector",
    )


def main() -> int:
    """Run the command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.dc_night", description=__doc__)
    parser.add_argument("--inventory", type=Path, default=INVENTORY, help="the register (CSV)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long the night shall take")
    parser.add_argument("--night", type=dt.date.fromisoformat, default=THURSDAY, help="the evening's date")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table")
    parser.add_argument("--keep", type=Path, help="an empty folder for settings, store, logs and the lamps' truth")
    wishes = parser.parse_args()
    if not wishes.inventory.is_file():
        parser.error(f"{wishes.inventory} is not there; name the register with --inventory")
    register = washington(wishes.inventory.resolve(), wishes.night)
    if wishes.keep is not None:
        wishes.keep.mkdir(parents=True, exist_ok=True)
        figures = _run(register, wishes.keep.resolve(), wishes.seconds)
    else:
        with tempfile.TemporaryDirectory(prefix="dc-night-") as folder:
            figures = _run(register, Path(folder), wishes.seconds)
    found = dataclasses.asdict(figures)
    sys.stdout.write((json.dumps(found, indent=2) if wishes.output == "json" else shown(found)) + "\n")
    return 0 if figures.every_lamp_followed else 1


def _run(register: Register, folder: Path, seconds: float) -> Figures:
    def say(text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    return run_register(register, folder, seconds=seconds, say=say)


if __name__ == "__main__":
    raise SystemExit(main())

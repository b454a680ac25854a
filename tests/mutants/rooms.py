"""The rooms whose tests are put to the test: what is changed there, and the tests that should notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutate import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.txt")


@dataclass(frozen=True)
class Room:
    """Files, each with the functions that are meant (none: all of them), and the tests, by file or one by one."""

    files: dict[str, tuple[str, ...]]
    tests: tuple[str, ...]

    def mutants(self) -> list[Mutant]:
        """Give every mutant of the room."""
        return [each for path, only in self.files.items() for each in mutants_of(ROOT / path, ROOT, only)]


def _tests(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/{folder}/test_{name}.py" for name in names)


ORACLE = "tests/planning/test_plan_nights.py::test_every_minute_of_random_nights_is_what_the_oracle_says"
ROOMS = {
    "planning": Room(
        {f"lightctl/planning/{name}.py": () for name in ("resolve", "overrides", "floors", "night", "reading")},
        (
            *_tests(
                "planning", "edges", "resolve", "overrides", "night", "below_protection", "standing", "cells",
                "dynamics", "night_properties", "forecast", "differences", "impact",
            ),
            ORACLE,
        ),
    ),
    "fit": Room(
        {"lightctl/devices/fit.py": ()}, _tests("devices", "fit", "losses", "repeat", "levels"),
    ),
    "reconcile": Room(
        {"lightctl/control/reconcile.py": ()},
        _tests(
            "control", "reconcile", "controller", "delivery", "overrides", "command_machine", "commands_of_a_street",
            "wrong_clocks",
        ),
    ),
    "machine": Room(
        {
            "lightctl/domain/moves.py": (),
            "lightctl/control/hearing.py": (),
            "lightctl/control/memory.py": tuple(
                f"NodeMemory.{name}"
                for name in (
                    "open_command", "silent_since", "next_revision", "see_revision", "rest", "forgive", "stop_resting",
                    "take", "laid_aside", "change_make", "hear_boot", "live_from",
                )
            ),
            "lightctl/control/controller.py": ("Controller._notice_time",),
            "lightctl/control/renewal.py": ("Renewal._refuse",),
            "lightctl/control/delivery.py": (
                "Delivery.desire", "Delivery.move", "Delivery._send", "Delivery._submit", "Delivery._answer_hello",
                "end",
            ),
        },
        _tests("domain", "moves")
        + _tests(
            "control", "hearing", "next_moves", "controller", "delivery", "overrides", "timekeeping", "command_machine",
            "commands_of_a_street", "wrong_clocks",
        ),
    ),
}  # fmt: skip


def equivalents() -> dict[str, str]:
    """Read the mutants that change nothing anybody could see: the mutant's key, and why."""
    found = {}
    for line in EQUIVALENT.read_text().splitlines():
        if line and not line.startswith("#"):
            key, _, why = line.partition(" :: ")
            found[key.strip()] = why.strip()
    return found
